import { Ajv } from 'ajv'

const word = { type: 'string', minLength: 1, maxLength: 255 }
const units =
  '^(Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Percent|Count|Bytes/Second|Count/Second|None)$'

/**
 * What AWS publishes of the embedded metric format (CloudWatch user guide, "Specification: Embedded metric format"): its schema, and from its
 * words what the schema does not say: at most 100 metrics, targets on the root that are numbers or at most 100 numbers.
 */
const valid = new Ajv().compile<Line>({
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      properties: {
        Timestamp: { type: 'integer' },
        CloudWatchMetrics: {
          type: 'array',
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            properties: {
              Namespace: word,
              Dimensions: {
                type: 'array',
                minItems: 1,
                items: { type: 'array', minItems: 0, maxItems: 9, items: word },
              },
              Metrics: {
                type: 'array',
                maxItems: 100,
                items: {
                  type: 'object',
                  required: ['Name'],
                  additionalProperties: false,
                  properties: { Name: word, Unit: { type: 'string', pattern: units } },
                },
              },
            },
          },
        },
      },
    },
  },
})

export interface Line {
  _aws: {
    Timestamp: number
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit?: string }[] }[]
  }
  [target: string]: unknown
}

const numbers = (value: unknown) =>
  typeof value === 'number' ||
  (Array.isArray(value) && value.length <= 100 && value.every((each) => typeof each === 'number'))

/** A line of the format with its metrics; throws where it is none. */
export function readEmf(text: string): { line: Line; metrics: { key: string; values: number[] }[] } {
  const line: unknown = JSON.parse(text)
  if (!valid(line)) throw new Error(`${JSON.stringify(valid.errors)}: ${text}`)
  if (Buffer.byteLength(text) > 256 * 1_024) throw new Error('longer than 256 KB')
  const metrics = line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((set) =>
      Metrics.map(({ Name }) => {
        const value = line[Name]
        if (!numbers(value)) throw new Error(`${Name} is no number: ${text}`)
        for (const name of set) if (typeof line[name] !== 'string') throw new Error(`dimension ${name} is no text`)
        const said = set.map((name) => `${name}=${line[name]}`).join(',')
        return { key: `${Namespace} ${Name} ${said}`, values: Array.isArray(value) ? value : [Number(value)] }
      }),
    ),
  )
  return { line, metrics }
}
