import type { Attributes, Span } from '../spans.ts'

const kinds = { internal: 1, server: 2, client: 3 } as const
/** Longest text of an attribute. */
const longest = 300

/** Spans as OTLP/JSON: ids in hexadecimal, times as texts of nanoseconds, as the protocol's JSON mapping wants it. */
export function otlpMessage(spans: readonly Span[], resource: Record<string, string>, version: string) {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: '@ysh/node-red-data-pipeline', version }, spans: spans.map(spanOf) }],
      },
    ],
  }
}

function spanOf({ traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error }: Span) {
  // what was called off goes on elsewhere or later: that is no error
  const failed = error !== undefined && error !== 'STOPPED' && error !== 'FENCED'
  return {
    ...{ traceId, spanId, ...(parentSpanId === undefined ? {} : { parentSpanId }) },
    ...{ name, kind: kinds[kind], startTimeUnixNano: nanoseconds(startMs), endTimeUnixNano: nanoseconds(endMs) },
    attributes: attributesOf(error === undefined ? attributes : { ...attributes, 'error.type': error }),
    status: failed ? { code: 2, message: error } : {},
  }
}

function attributesOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: string | number | boolean) {
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'string') return { stringValue: value.slice(0, longest) }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

const nanoseconds = (ms: number) => `${BigInt(Math.round(ms * 1_000)) * 1_000n}`
