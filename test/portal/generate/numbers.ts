/** Numbers as the portal writes them. */

const three: string[] = []
for (let i = 0; i < 1000; i++) three.push(String(i).padStart(3, '0'))
const two = three.slice(0, 100).map((text) => text.slice(1))

/** Three digits, 0 to 999. */
export function pad3(value: number): string {
  return three[value] ?? String(value)
}

/** `nnn.nnn.nnn`, the number in a distributed-generation code. */
export function dotted9(value: number): string {
  return `${pad3(Math.floor(value / 1_000_000) % 1000)}.${pad3(Math.floor(value / 1000) % 1000)}.${pad3(value % 1000)}`
}

/**
 * Hundredths as text with a decimal comma and no leading zero: 0 is `,00`, 50 is `,50`, -5 is `-,05`. That is how the
 * tariff, plant and registry files write zero.
 */
export function hundredths(value: number): string {
  const size = value < 0 ? -value : value
  const whole = Math.floor(size / 100)
  const text = `${whole === 0 ? '' : whole},${two[size % 100]}`
  return value < 0 ? `-${text}` : text
}

/** Like {@link hundredths} with any number of decimals (8 in coordinates of plants, 6 in SAMP). */
export function fixed(value: number, decimals: number): string {
  const size = Math.abs(value)
  const scale = 10 ** decimals
  const whole = Math.floor(size / scale)
  const text = `${whole === 0 ? '' : whole},${String(size % scale).padStart(decimals, '0')}`
  return value < 0 ? `-${text}` : text
}

/**
 * A double with 17 significant digits, decimal comma and `E-9` exponents: `214,53560037400001`, `8,9999999999999995E-9`,
 * `0`. That is how the tariff components and the subsidies are exported, binary noise included.
 */
export function binaryNoise(value: number): string {
  if (value === 0) return '0'
  const [mantissa, exponent] = value.toPrecision(17).split('e')
  const short = (mantissa ?? '').includes('.') ? (mantissa ?? '').replace(/\.?0+$/, '') : (mantissa ?? '')
  return `${short.replace('.', ',')}${exponent === undefined ? '' : `E${exponent.replace('+', '')}`}`
}
