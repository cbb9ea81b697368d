/** A text without its accents: `distorção` and `distorcao` are then the same. Letters keep their case. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '')
}
