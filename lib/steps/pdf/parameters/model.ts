import type { Box } from '../read/model.ts'

/** What a datasheet is about. */
export type EquipmentKind = 'module' | 'inverter'

/** One parameter as it is printed, and what it says. */
export interface ParameterValue {
  /** As printed, without its unit where that stands at the end or elsewhere. */
  value: string
  /** As printed; empty when the parameter has none, or when none is printed. */
  unit: string
  /** What it reads as, in the printed unit: a number, the ends of a range, or one number for each part. */
  num?: number | number[]
  /** The same in the unit that this parameter is always given in (W, V, A, %, %/°C, °C, mm, kg, Hz). */
  canonical?: { unit: string; num: number | number[] }
  /** The words it stands under. */
  label: string
  page: number
  box: Box
  /** From 0 to 1: lower where the unit is not printed, or the class was inferred. */
  confidence: number
}

/** The parameters of one model or power class under one condition. */
export interface EquipmentRecord {
  kind: EquipmentKind
  /** As printed; the power class alone where the document names no models. */
  model: string
  /** `STC`, `NMOT`, `NOCT`, `STC, bifacial gain 10%`, `rated`, or `unspecified`. */
  condition: string
  parameters: Record<string, ParameterValue>
  /** Whether the values agree with physics and with each other; `unchecked` when there is too little to compare. */
  status: 'checked' | 'suspicious' | 'unchecked'
  /** Why it is suspicious, in words. */
  reasons: string[]
}

/** A parameter that the document gives twice, differently. */
export interface Contradiction {
  model: string
  condition: string
  name: string
  values: ParameterValue[]
}

/** What a document says about equipment. */
export interface EquipmentData {
  kind: EquipmentKind | undefined
  records: EquipmentRecord[]
  contradictions: Contradiction[]
}
