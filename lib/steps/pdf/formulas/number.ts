const printed = /^\((?:Eq\.?\s?)?([A-Z]{0,2}[.\-–]?\d{1,3}(?:[.\-–]\d{1,3}){0,3}[a-z]?)\)$/u

/** The number of an equation, when a text is one in its brackets: `(3.2)` is `3.2`, `(Eq. A-4)` is `A-4`. */
export const equationNumber = (text: string): string | undefined => printed.exec(text.replaceAll(' ', ''))?.[1]
