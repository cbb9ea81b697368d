/** How we present ourselves: `product (+contact)`. What a header cannot carry is percent-encoded, line breaks are dropped. */
export function userAgent(product: string, contact: string | undefined): string {
  const safe = encoded(contact ?? '')
  return safe === '' ? encoded(product) : `${encoded(product)} (+${safe})`
}

/** The word by which robots.txt knows us: the product without its version. */
export function productToken(product: string): string {
  return product.split('/')[0] ?? product
}

function encoded(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .toWellFormed()
    .slice(0, 200)
    .replace(/[^ -~]/gu, encodeURIComponent)
    .replace(/[()\\]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
