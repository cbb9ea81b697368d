/** A text in small plain letters, and for each of its characters the place in the text it came from. */
export interface PlainLetters {
  text: string
  places: Uint32Array
}

/** Letters of other scripts that look like Latin ones. */
const lookalikes: Readonly<Record<string, string>> = {
  а: 'a',
  е: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
  і: 'i',
  ј: 'j',
  ѕ: 's',
  һ: 'h',
  ԁ: 'd',
  ӏ: 'l',
  ո: 'n',
  ս: 'u',
  к: 'k',
  м: 'm',
  т: 't',
  в: 'b',
  н: 'h',
  г: 'r',
  ԛ: 'q',
  ѡ: 'w',
  α: 'a',
  ε: 'e',
  ι: 'i',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  ν: 'v',
  κ: 'k',
  χ: 'x',
  η: 'n',
  μ: 'u',
  ϲ: 'c',
  ı: 'i',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  ʀ: 'r',
  ꜱ: 's',
  ᴀ: 'a',
  ʙ: 'b',
  ᴄ: 'c',
  ᴅ: 'd',
  ᴇ: 'e',
  ꜰ: 'f',
  ɢ: 'g',
  ʜ: 'h',
  ɪ: 'i',
  ᴊ: 'j',
  ᴋ: 'k',
  ʟ: 'l',
  ᴍ: 'm',
  ɴ: 'n',
  ᴏ: 'o',
  ᴘ: 'p',
  ᴛ: 't',
  ᴜ: 'u',
  ᴠ: 'v',
  ᴡ: 'w',
  ʏ: 'y',
  ᴢ: 'z',
  '’': "'",
  '‘': "'",
}
const unseen = /[\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]/u

/**
 * Accents, case, lookalikes, full-width and mathematical letters and unseen characters taken away, spaces on a line made one, a single line break
 * within a paragraph kept.
 */
export function plainLetters(source: string): PlainLetters {
  const text: string[] = []
  const places = new Uint32Array(source.length * 4 + 1)
  let length = 0
  for (let i = 0; i < source.length; i++) {
    const code = source.charCodeAt(i)
    if (code < 128) {
      const isSpace = code === 32 || code === 9
      if (isSpace && text[length - 1] === ' ') continue
      places[length] = i
      text[length++] = isSpace ? ' ' : code >= 65 && code <= 90 ? String.fromCharCode(code + 32) : (source[i] ?? '')
      continue
    }
    const letter = String.fromCodePoint(source.codePointAt(i) ?? 0)
    if (!unseen.test(letter)) {
      const base = letter.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
      for (const part of [...base].slice(0, 4)) {
        places[length] = i
        text[length++] = /\s/.test(part) ? ' ' : (lookalikes[part] ?? part)
      }
    }
    i += letter.length - 1
  }
  return { text: text.join(''), places }
}
