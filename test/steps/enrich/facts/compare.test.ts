import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CompareOptions, type FactLanguage, lost, unfounded } from '../../../../lib/steps/enrich/facts/facts.ts'
import { seeded } from '../../../helpers/seeded.ts'
import { type Mutation, mutate, mutations } from './mutations.ts'
import { pairs } from './pairs.ts'

const directions = pairs.flatMap(
  ([pt, en]) =>
    [
      { input: pt, from: 'pt', output: en, to: 'en' },
      { input: en, from: 'en', output: pt, to: 'pt' },
    ] as const,
)

/** What an output says without ground: text and reason. */
function bad(
  output: string,
  input: string,
  options: CompareOptions = {},
  to: FactLanguage = 'pt',
  from: FactLanguage = 'pt',
): string[] {
  return unfounded(output, to, input, from, options).map(({ fact, reason }) => `${fact.text}: ${reason}`)
}

describe('what an output makes up', () => {
  const cases: ReadonlyArray<readonly [why: string, output: string, input: string, ...bad: string[]]> = [
    ['another number', 'São 586 W.', 'São 585 W.', '586 W: absent'],
    ['a vanished minus', '0,29 %/°C', '-0,29 %/°C', '0,29 %/°C: sign'],
    ['a minus from nowhere', '-5 °C', '5 °C', '-5 °C: sign'],
    ['a tolerance that became a value', '3 %', '±3 %', '3 %: sign'],
    ['another unit', '300 R$/kWh', '300 R$/MWh', '300 R$/kWh: unit'],
    ['money of another country', 'US$ 5', 'R$ 5', 'US$ 5: unit'],
    ['a decimal that moved', '6,1791', '0,61791', '6,1791: absent'],
    ['thousands taken for decimals', '1,234 kWh', '1.234 kWh', '1,234 kWh: absent'],
    ['day and month swapped', '03/12/2024', '12/03/2024', '03/12/2024: absent'],
    ["an act's year", 'REN nº 1.000/2022', 'REN nº 1.000/2021', 'REN nº 1.000/2022: absent'],
    ["an act's type", 'Decreto nº 14.300/2022', 'Lei nº 14.300/2022', 'Decreto nº 14.300/2022: unit'],
    ["an article's number", 'art. 6º', 'art. 5º', 'art. 6º: absent'],
    ['a paragraph made an article', 'art. 2º', '§ 2º', 'art. 2º: unit'],
    ['a conversion', '0,58 kWp', '580 Wp', '0,58 kWp: absent'],
    ['days for months', '30 meses', '30 dias', '30 meses: unit'],
    ['working days for days', '30 dias', '30 dias úteis', '30 dias: unit'],
    ['a model name', 'JKM580N-72HL4', 'JKM585N-72HL4', 'JKM580N-72HL4: absent'],
    ['a more exact date than known', '12/03/2024', 'março de 2024', '12/03/2024: absent'],
    ['a year for an act without one', 'Lei nº 14.300/2022', 'Lei nº 14.300', 'Lei nº 14.300/2022: absent'],
    ['a unit from nowhere', '5 kWh', 'são 5', '5 kWh: unit'],
    ['a unit that went', 'são 585', 'são 585 W', '585: unit'],
    ['a number in words', 'três dias', 'dois dias', 'três dias: absent'],
    ['ends of a range', '10 a 25 kWh', '10 a 20 kWh', '25 kWh: absent'],
    ['a list that does not count from 1', '4. um\n5. dois', 'nada', '4: absent', '5: absent', 'dois: absent'],
    ['million for thousand', 'R$ 5 milhões', 'R$ 5 mil', 'R$ 5 milhões: absent'],
    ['another hour', '15h30', '14h30', '15h30: absent'],
    ['another quarter', '2T24', '1T24', '2T24: absent'],
    ['a year from a date', 'em 2024', 'em 12 de março de 2024'],
    ['a month from a date', 'em março de 2024', 'em 12/03/2024'],
    ['an act without its year', 'Lei nº 14.300', 'Lei nº 14.300/2022'],
    ['one of two voltages', '220 V', '127/220 V'],
    ['markers of a list', '1. a\n2. b\n3. c', 'a, b, c'],
    ['figures for words', '30 dias', 'trinta dias'],
    ['an article that is none', 'um módulo', 'módulos'],
    ['the unit from the head of the column', 'R$ 0,61791/kWh', 'Energia R$/kWh\nB1 Residencial 0,61791'],
    ['the unit in a head of the output', '| Energia (R$/kWh) |\n| 0,61791 |', 'R$ 0,61791/kWh'],
    ['a range whose unit stands once', '10 kWh', '10 a 20 kWh'],
  ]
  for (const [why, output, input, ...expected] of cases) {
    test(why, () => assert.deepEqual(bad(output, input), expected))
  }

  test('the same quantity by an SI prefix only where that is asked for, and exactly', () => {
    assert.deepEqual(bad('0,58 kWp', '580 Wp', { siPrefixes: true }), [])
    assert.deepEqual(bad('0,617 R$/kWh', '617 R$/MWh', { siPrefixes: true }), ['0,617 R$/kWh: absent'])
    assert.deepEqual(bad('0,59 kWp', '580 Wp', { siPrefixes: true }), ['0,59 kWp: absent'])
    assert.deepEqual(bad('0,58 kW', '580 Wp', { siPrefixes: true }), ['0,58 kW: absent'])
  })

  test('a bare number stands for one with a unit that the schema says', () => {
    assert.deepEqual(bad('585', '585 W', { assumedUnits: ['W'] }), [])
    assert.deepEqual(bad('585', '585 W', { assumedUnits: ['V'] }), ['585: unit'])
  })

  test('the nearest fact of the input is named', () => {
    assert.equal(unfounded('0,29 %/°C', 'pt', 'é de -0,29 %/°C', 'pt')[0]?.nearest?.text, '-0,29 %/°C')
  })
})

describe('what a translation loses', () => {
  const of = (output: string, input: string) =>
    lost(output, 'en', input, 'pt').map(({ fact, reason }) => `${fact.text}: ${reason}`)

  test('a fact that is missing, and one that is there too seldom', () => {
    assert.deepEqual(of('It is 5 V.', 'São 5 V e 10 A.'), ['10 A: missing'])
    assert.deepEqual(of('It is 5 V.', 'São 5 V e depois 5 V.'), ['5 V: missing'])
  })

  test('facts of one unit that changed places within a paragraph', () => {
    assert.deepEqual(of('from 20 V to 10 V', 'de 10 V a 20 V'), ['20 V: order'])
    assert.deepEqual(of('10 A and 5 V', '5 V e 10 A'), [])
    assert.deepEqual(of('B is 20 V.\nA is 10 V.', 'A tem 10 V.\nB tem 20 V.'), [])
  })

  test('a number that took the place of another that stands elsewhere', () => {
    assert.deepEqual(of('10 V here and 10 V there', '20 V aqui e 10 V ali'), ['20 V: missing'])
  })
})

test(`no false alarm on ${directions.length} faithful translations`, () => {
  const alarms = directions.filter(
    ({ input, from, output, to }) =>
      unfounded(output, to, input, from).length + lost(output, to, input, from).length > 0,
  )
  assert.deepEqual(alarms, [])
})

test('every single mutation of a fact in a faithful translation is detected', (t) => {
  const random = seeded(6)
  const tried = new Map<Mutation, number>()
  const missed: string[] = []
  let total = 0
  while (total < 6000) {
    const pair = directions[Math.floor(random() * directions.length)]
    const mutation = mutations[Math.floor(random() * mutations.length)]
    if (pair === undefined || mutation === undefined) continue
    const { input, from, output, to } = pair
    const changed = mutate(output, to, mutation, random)
    if (changed === undefined || changed === output) continue
    total++
    tried.set(mutation, (tried.get(mutation) ?? 0) + 1)
    if (unfounded(changed, to, input, from).length + lost(changed, to, input, from).length === 0) {
      missed.push(`${mutation}: ${output} -> ${changed}`)
    }
  }
  t.diagnostic(`${total - missed.length} of ${total} mutations detected: ${JSON.stringify(Object.fromEntries(tried))}`)
  assert.deepEqual(missed, [])
})

test('5 MB are read once, not for every fact', (t) => {
  const sentence =
    'A distribuidora deve concluir a obra de que trata o art. 88 em até 120 dias, ao custo de R$ 1.234,56, salvo o disposto na REN nº 1.000/2021. '
  const input = sentence.repeat(Math.ceil(5_000_000 / sentence.length))
  const output = 'Works of article 88 take up to 120 days and cost R$ 1,234.56 or R$ 7. '.repeat(500)
  const timed = (text: string): number => {
    const start = process.cpuUsage()
    assert.equal(unfounded(output, 'en', text, 'pt').length, 500)
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
  timed(input.slice(0, 1_000_000))
  const fifth = timed(input.slice(0, 1_000_000))
  const whole = timed(input)
  t.diagnostic(`1 MB ${fifth.toFixed(0)} ms, 5 MB ${whole.toFixed(0)} ms of processor time`)
  assert.ok(whole < 4000, `${whole} ms`)
  assert.ok(whole < fifth * 12 + 500, `${fifth} ms, then ${whole} ms`)
})

test('hostile repetition costs no more', () => {
  for (const part of [
    '1.',
    '1/',
    '(30 (',
    'R$ ',
    '10 a ',
    'mil e ',
    'art. 5º, ',
    '-',
    '1e',
    'vinte e ',
    '12 de ',
    '((((',
    '0,5 R$/kWh R$/kWh ',
    '§',
  ]) {
    const text = part.repeat(Math.ceil(200_000 / part.length))
    const start = process.cpuUsage()
    unfounded(`${text} 7`, 'pt', text, 'pt')
    lost(text, 'pt', text, 'pt')
    const { user } = process.cpuUsage(start)
    assert.ok(user < 4_000_000, `${JSON.stringify(part)}: ${user / 1000} ms`)
  }
})
