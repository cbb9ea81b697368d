// "44.0400% para FULANO DE TAL - 123.456.789-09 (PIE), 55.96% para EMPRESA S.A. - 18.565.382/0001-66 (APE)"
const OWNER =
  /(\d+(?:[.,]\d+)?\s*%\s+para\s+)(.+?)(\s*\([A-Z-]{2,10}\))?(?=\s*[;,]\s*\d+(?:[.,]\d+)?\s*%\s+para|\s*$)/gu
const COMPANY = /\d{2}\.?\d{3}\.?\d{3}\/?\d{4}-?\d{2}/

/**
 * Masks natural persons in SIGA's list of owners: whoever stands there without a CNPJ becomes "pessoa física". Companies,
 * percentages and the regime stay. Source of the form: SIGA's column DscPropriRegimePariticipacao (LGPD, Lei 13.709/2018).
 */
export function maskOwners(text: string): string {
  const masked = text.replace(OWNER, (whole: string, share: string, owner: string, regime: string | undefined) =>
    COMPANY.test(owner) ? whole : `${share}pessoa física${regime ?? ''}`,
  )
  // a CPF in any other place does not stay either
  return masked.replace(/\d{3}\.\d{3}\.\d{3}-\d{2}|\*{3}\.\d{3}\.\d{3}-\*{2}/g, '***')
}
