/** Company and person numbers with right check digits, so that a checker of them has something to accept. */

const CNPJ_WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]

function digit(text: string, weights: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < text.length; i++)
    sum += (text.charCodeAt(i) - 48) * (weights[i + weights.length - text.length] ?? 0)
  const rest = sum % 11
  return rest < 2 ? 0 : 11 - rest
}

/** A CNPJ of 14 digits: an eight-digit root, branch 0001 and the two check digits. */
export function cnpj(root: number, branch = 1): string {
  const first = String(root).padStart(8, '0') + String(branch).padStart(4, '0')
  const second = first + digit(first, CNPJ_WEIGHTS)
  return second + digit(second, CNPJ_WEIGHTS)
}

/** Whether 14 digits are a CNPJ with right check digits. */
export function isCnpj(text: string): boolean {
  if (!/^\d{14}$/.test(text)) return false
  const first = text.slice(0, 12)
  const second = first + digit(first, CNPJ_WEIGHTS)
  return text === second + digit(second, CNPJ_WEIGHTS)
}

/** `18.565.382/0001-66`. */
export function dottedCnpj(text: string): string {
  return `${text.slice(0, 2)}.${text.slice(2, 5)}.${text.slice(5, 8)}/${text.slice(8, 12)}-${text.slice(12)}`
}

/**
 * An invented CPF, masked as the registry masks natural persons: `***.123.456-**`. The six digits are those of no real
 * person on purpose: they always begin with 000.
 */
export function maskedCpf(value: number): string {
  return `***.000.${String(value % 1000).padStart(3, '0')}-**`
}
