/**
 * The rules of a config schema that a form can check by itself, on the values a form holds: texts, ticks and lists. The runtime
 * checks again with the whole schema; a test holds the two together. No DOM in here.
 */

/** What the form knows of a property's schema. */
export interface Rules {
  kind: 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'choice' | 'other'
  /** Blank is refused: neither a default nor an empty text would do. */
  required?: boolean
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  choices?: readonly string[]
  /** For each entry of a list. */
  items?: Rules
  minItems?: number
  maxItems?: number
}

/** What is wrong with a value: a key under `check.` in the catalogue, and the values for it. */
export interface Violation {
  key: string
  values: Record<string, string | number>
}

const variable = /^\$\{[a-zA-Z_][a-zA-Z0-9_]*\}$/

/** The first rule that a value breaks. `${NAME}` stands for what the runtime will find, so it is let through. */
export function violation(rules: Rules, value: unknown): Violation | undefined {
  if (typeof value === 'string' && variable.test(value)) return undefined
  switch (rules.kind) {
    case 'integer':
    case 'number':
      return numberViolation(rules, value)
    case 'boolean':
      return isBlank(value) || /^(true|false)$/.test(String(value)) ? undefined : says('choice')
    case 'choice':
      return isBlank(value) && rules.required !== true
        ? undefined
        : rules.choices?.some((choice) => choice === String(value).trim())
          ? undefined
          : says('choice')
    case 'list':
      return listViolation(rules, value)
    case 'text':
      return textViolation(rules, isBlank(value) ? '' : String(value).trim())
    default:
      return undefined
  }
}

function numberViolation(rules: Rules, value: unknown): Violation | undefined {
  if (isBlank(value)) return rules.required === true ? says('blank') : undefined
  const text = String(value).trim()
  const number = Number(text)
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(number)) return says('number')
  if (rules.kind === 'integer' && !Number.isInteger(number)) return says('integer')
  if (rules.minimum !== undefined && number < rules.minimum) return says('minimum', { limit: rules.minimum })
  if (rules.maximum !== undefined && number > rules.maximum) return says('maximum', { limit: rules.maximum })
  if (rules.exclusiveMinimum !== undefined && number <= rules.exclusiveMinimum) {
    return says('above', { limit: rules.exclusiveMinimum })
  }
  if (rules.exclusiveMaximum !== undefined && number >= rules.exclusiveMaximum) {
    return says('below', { limit: rules.exclusiveMaximum })
  }
  return undefined
}

function textViolation(rules: Rules, text: string): Violation | undefined {
  if (text === '' && (rules.required === true || (rules.minLength ?? 0) > 0)) return says('blank')
  const length = [...text].length
  if (rules.minLength !== undefined && length < rules.minLength) return says('short', { limit: rules.minLength })
  if (rules.maxLength !== undefined && length > rules.maxLength) return says('long', { limit: rules.maxLength })
  if (rules.pattern !== undefined && !new RegExp(rules.pattern, 'u').test(text)) return says('pattern')
  return undefined
}

function listViolation(rules: Rules, value: unknown): Violation | undefined {
  const entries = Array.isArray(value)
    ? value
    : isBlank(value)
      ? []
      : String(value)
          .split(',')
          .map((entry) => entry.trim())
  if (rules.minItems !== undefined && entries.length < rules.minItems)
    return says('fewItems', { limit: rules.minItems })
  if (rules.maxItems !== undefined && entries.length > rules.maxItems)
    return says('manyItems', { limit: rules.maxItems })
  if (rules.items === undefined) return undefined
  for (const entry of entries) {
    const broken = violation(rules.items, entry)
    if (broken !== undefined) return says('entry', { entry: String(entry) })
  }
  return undefined
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

function says(key: string, values: Violation['values'] = {}): Violation {
  return { key: `check.${key}`, values }
}
