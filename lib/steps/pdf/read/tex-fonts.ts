/**
 * Big brackets, operators and roots of TeX's extension fonts (CMEX and its kin): their glyphs have names that no list knows, so that only
 * the code says what is drawn. Codes 0x00 to 0x7f, as in every such font; a space is what has no character.
 */
const extension =
  '()[]⌊⌋⌈⌉{}⟨⟩∣∥/\\()()[]⌊⌋⌈⌉{}⟨⟩/\\()[]⌊⌋⌈⌉{}⟨⟩/\\/\\⎛⎞⎡⎤⎣⎦⎢⎥⎧⎫⎩⎭⎨⎬⎪∣⎝⎠⎜⎟⟨⟩⊔⊔∮∮⊙⊙⊕⊕⊗⊗∑∏∫⋃⋂⊎⋀⋁∑∏∫⋃⋂⊎⋀⋁∐∐ˆˆˆ˜˜˜[]⌊⌋⌈⌉{}√√√√⎷√√∥↑↓    ⇑⇓'

/** Whether a font is one of TeX's extension fonts. */
export const isTexExtension = (font: string): boolean => /^(?:CMEX|EUEX|MTEX|TXEX|PXEX)\d*/i.test(font)

/** The character of a code in such a font, or undefined. */
export function extensionCharacter(code: number): string | undefined {
  const found = extension[code]
  return found === ' ' ? undefined : found
}
