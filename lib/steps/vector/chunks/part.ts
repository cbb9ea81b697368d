/** Ends of sentences: what follows begins with a capital, a digit, a quote or a bullet; not after `Art.`, `n.`, `Sr.` and the like. */
const sentence =
  /(?<!\b(?:[Aa]rts?|[Ii]nc|[Aa]l|[Nn]|[Nn]º|[Ss]ra?|[Dd]ra?|[Ff]ls?|pp?|[Pp]ág|[Ff]ig|[Tt]ab|[Ee]x|etc|[Mm]in|[Mm]áx|[Cc]f))[.!?…;:](?=\s+[\p{Lu}\d"“(•–-])\s/gu
const paragraph = /\n\s*\n/g
const line = /\n/g
const word = /\s+/g

/**
 * A text in parts of at most `most` characters, cut where paragraphs end, else lines, sentences, words, else anywhere (never between the halves of a
 * character). Linear in the text's length: each look goes back from the limit over the last part only.
 */
export function partText(text: string, most: number): string[] {
  const parts: string[] = []
  for (let at = 0; at < text.length; ) {
    if (text.length - at <= most) {
      parts.push(text.slice(at))
      break
    }
    const window = text.slice(at, at + most + 1)
    const cut = lastEnd(window, most)
    parts.push(window.slice(0, cut))
    at += cut
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function lastEnd(window: string, most: number): number {
  // a cut in the first third would leave scraps
  const least = most / 3
  for (const pattern of [paragraph, line, sentence, word]) {
    let best = 0
    for (const match of window.matchAll(pattern)) {
      const end = match.index + match[0].length
      if (end <= most && end > least) best = end
    }
    if (best > 0) return best
  }
  const code = window.charCodeAt(most)
  return code >= 0xdc00 && code <= 0xdfff ? most - 1 : most
}
