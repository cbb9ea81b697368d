/** Within how many bytes of its subtype a picture's dictionary begins and ends. */
const reach = 8_192
const filter = /\/(?:DCT|Flate|JPX|JBIG2|CCITTFax|LZW|RunLength)Decode/g
const side = /\/(?:Width|Height)\s+(\d+)(?!\d|\s+\d+\s+R)/g

/**
 * Makes the pictures of a file one pixel large and undecodable, in place and without moving a byte. Where a picture stands does not
 * depend on its pixels, and decoding them is most of the time and memory that a datasheet costs; a bomb in a picture does not go off.
 * A picture is a stream, so its dictionary is never inside another stream, and names and numbers are in clear in an encrypted
 * file as well.
 */
export function emptyPictures(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = file.indexOf('/Image'); at !== -1; at = file.indexOf('/Image', at + 6)) {
    const before = file.toString('latin1', Math.max(0, at - 16), at)
    if (!/\/Subtype\s*$/.test(before)) continue
    const from = file.lastIndexOf(' obj', at)
    const to = file.indexOf('stream', at)
    if (from === -1 || to === -1 || at - from > reach || to - at > reach) continue
    const dictionary = file.toString('latin1', from, to)
    for (const found of dictionary.matchAll(filter)) file[from + found.index + found[0].length - 1] = 0x78
    for (const found of dictionary.matchAll(side)) {
      const digits = found[1] ?? ''
      const end = from + found.index + found[0].length
      file.fill('0', end - digits.length, end - 1)
      file[end - 1] = 0x31
    }
  }
}
