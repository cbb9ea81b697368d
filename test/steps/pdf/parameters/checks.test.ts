import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { check } from '../../../../lib/steps/pdf/parameters/checks.ts'
import type { EquipmentRecord } from '../../../../lib/steps/pdf/parameters/model.ts'

const units: Record<string, string> = {
  Pmax: 'W',
  Vmp: 'V',
  Imp: 'A',
  Voc: 'V',
  Isc: 'A',
  efficiency: '%',
  dimensions: 'mm',
  tempCoeffPmax: '%/°C',
  tempCoeffVoc: '%/°C',
}

function record(numbers: Record<string, number | number[]>, more: Partial<EquipmentRecord> = {}): EquipmentRecord {
  const box = { left: 0, top: 0, right: 0, bottom: 0 }
  const parameters = Object.fromEntries(
    Object.entries(numbers).map(([name, num]) => [
      name,
      {
        value: String(num),
        unit: '',
        num,
        canonical: { unit: units[name] ?? '', num },
        label: name,
        page: 1,
        box,
        confidence: 1,
      },
    ]),
  )
  return { kind: 'module', model: 'M', condition: 'STC', parameters, status: 'unchecked', reasons: [], ...more }
}

const right = {
  Pmax: 410,
  Vmp: 38.48,
  Imp: 10.65,
  Voc: 45.31,
  Isc: 11.11,
  efficiency: 20.9,
  dimensions: [1879, 1045, 32],
  tempCoeffPmax: -0.34,
}

function checked(item: EquipmentRecord, ...others: EquipmentRecord[]): EquipmentRecord {
  check([item, ...others])
  return item
}

describe('physical checks', () => {
  it('pass what agrees', () => {
    assert.deepEqual([checked(record(right)).status, record(right).reasons], ['checked', []])
  })

  const wrong: [string, Record<string, number | number[]>, RegExp][] = [
    ['Voc below Vmp', { ...right, Voc: 36 }, /Voc \(36\) is not above Vmp/],
    ['Isc below Imp', { ...right, Isc: 10 }, /Isc/],
    ['a power that is not voltage times current', { ...right, Pmax: 450, efficiency: 22.9 }, /Vmp × Imp is 409\.8 W/],
    ['an efficiency that the area does not give', { ...right, efficiency: 23.5 }, /over the area gives 20\.9/],
    ['a positive power coefficient', { ...right, tempCoeffPmax: 0.34 }, /tempCoeffPmax is 0\.34/],
  ]
  for (const [name, numbers, reason] of wrong) {
    it(`find ${name}`, () => {
      const item = checked(record(numbers))
      assert.equal(item.status, 'suspicious')
      assert.match(item.reasons.join('; '), reason)
    })
  }

  it('compare the power at NMOT with the one at STC', () => {
    const cold = record(right)
    assert.equal(checked(record({ Pmax: 307.6, Vmp: 36.61, Imp: 8.4 }, { condition: 'NMOT' }), cold).status, 'checked')
    assert.equal(checked(record({ Pmax: 400, Vmp: 40, Imp: 10 }, { condition: 'NMOT' }), cold).status, 'suspicious')
  })

  it('say unchecked where nothing can be compared', () => {
    assert.equal(checked(record({ Pmax: 410 })).status, 'unchecked')
  })

  it('compare an inverter’s efficiencies and voltages', () => {
    const item = checked(
      record(
        { maxEfficiency: 97, europeanEfficiency: 98, mpptVoltageRange: [200, 1100], maxDcVoltage: 1000 },
        { kind: 'inverter', condition: 'rated' },
      ),
    )
    assert.equal(item.reasons.length, 2)
  })
})
