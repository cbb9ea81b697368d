import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entryOf } from '../../../../lib/steps/pdf/parameters/labels.ts'
import type { EquipmentKind } from '../../../../lib/steps/pdf/parameters/model.ts'
import { type Decimal, numberOf, readValue } from '../../../../lib/steps/pdf/parameters/values.ts'

function read(label: string, text: string, kind: EquipmentKind, unit?: string, decimal: Decimal = 'point') {
  const entry = entryOf(label, kind)?.entry
  assert.ok(entry, label)
  return readValue(text, entry, unit, decimal)
}

describe('numbers', () => {
  const cases: [string, Decimal, boolean, number][] = [
    ['1.855,14', 'comma', false, 1855.14],
    ['1,855.14', 'point', false, 1855.14],
    ['42,30', 'comma', false, 42.3],
    ['0,045', 'comma', false, 0.045],
    ['0.045', 'comma', false, 0.045],
    ['1.500', 'comma', true, 1500],
    ['1,500', 'point', true, 1500],
    ['42.305', 'point', false, 42.305],
    ['1 500', 'point', true, 1500],
    ['1.234.567', 'comma', false, 1234567],
  ]
  for (const [text, decimal, large, expected] of cases) {
    it(`${text} is ${expected} in a document with a decimal ${decimal}`, () => {
      assert.equal(numberOf(text, decimal, large), expected)
    })
  }
})

describe('values', () => {
  const cases: [string, string, EquipmentKind, string | undefined, unknown][] = [
    ['Pmax', '410 Wp', 'module', undefined, { value: '410', unit: 'Wp', num: 410, canonical: { unit: 'W', num: 410 } }],
    ['Voc', '45.20', 'module', '[V]', { value: '45.20', unit: 'V', num: 45.2, canonical: { unit: 'V', num: 45.2 } }],
    [
      'Temperature coefficient of Pmax',
      '- 0.29% / °C',
      'module',
      undefined,
      { value: '- 0.29', unit: '% / °C', num: -0.29, canonical: { unit: '%/°C', num: -0.29 } },
    ],
    [
      'Temperature coefficient of Voc',
      '−132 mV/°C',
      'module',
      undefined,
      { value: '−132', unit: 'mV/°C', num: -132, canonical: { unit: 'mV/°C', num: -132 } },
    ],
    [
      'NMOT',
      '109 ± 5.4 (43 ± 3 °C)',
      'module',
      '[°F]',
      { value: '109 ± 5.4 (43 ± 3 °C)', unit: '°F', num: 109, canonical: { unit: '°C', num: 43 } },
    ],
    [
      'Weight',
      '48.5 lbs (22.0 kg)',
      'module',
      undefined,
      { value: '48.5 lbs (22.0 kg)', unit: 'lbs', num: 48.5, canonical: { unit: 'kg', num: 22 } },
    ],
    [
      'Dimensions',
      '74.0 in × 41.1 in × 1.26 in (1879 mm × 1045 mm × 32 mm)',
      'module',
      undefined,
      {
        value: '74.0 in × 41.1 in × 1.26 in (1879 mm × 1045 mm × 32 mm)',
        unit: 'mm',
        num: [1879, 1045, 32],
        canonical: { unit: 'mm', num: [1879, 1045, 32] },
      },
    ],
    [
      'MPPT voltage range',
      '90 V–560 V',
      'inverter',
      undefined,
      { value: '90 V–560', unit: 'V', num: [90, 560], canonical: { unit: 'V', num: [90, 560] } },
    ],
    [
      'MPPT voltage range',
      '150V-450V/370V',
      'inverter',
      undefined,
      { value: '150V-450V/370V', unit: 'V', num: [150, 450], canonical: { unit: 'V', num: [150, 450] } },
    ],
    [
      'Max. input current per MPPT',
      'DC1: 15 A, DC2: 10 A',
      'inverter',
      undefined,
      { value: 'DC1: 15 A, DC2: 10 A', unit: 'A', num: [15, 10], canonical: { unit: 'A', num: [15, 10] } },
    ],
    [
      'Rated output power',
      '10.0 kVA',
      'inverter',
      undefined,
      { value: '10.0', unit: 'kVA', num: 10, canonical: { unit: 'VA', num: 10000 } },
    ],
    [
      'Number of MPPTs',
      'Parallel inputs: 1; separate inputs: 2',
      'inverter',
      undefined,
      { value: 'Parallel inputs: 1; separate inputs: 2', unit: '', num: 2 },
    ],
  ]
  for (const [label, text, kind, unit, expected] of cases) {
    it(`${label}: ${text}`, () => {
      const { assumed: _, ...value } = read(label, text, kind, unit) ?? { assumed: false }
      assert.deepEqual(value, expected)
    })
  }

  it('says when no unit is printed', () => {
    assert.equal(read('Voc', '45.20', 'module')?.assumed, true)
  })

  it('takes no number of another quantity', () => {
    assert.equal(read('Voc', '10 A', 'module'), undefined)
    assert.equal(read('NOCT', 'AM = 1.5', 'module'), undefined)
    assert.equal(read('Weight', '—', 'module'), undefined)
  })
})
