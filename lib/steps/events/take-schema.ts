import { Type } from '../../schema.ts'
import { ObjectEventSchema } from './event.ts'

/** Config of the step `take-object`. */
export const TakeConfigSchema = Type.Object(
  {
    region: Type.String({ default: '' }),
    endpoint: Type.String({ default: '' }),
    accessKeyId: Type.String({ default: '' }),
    secretAccessKey: Type.String({ default: '' }),
    maxBytes: Type.Integer({ default: 1_000_000_000, minimum: 1 }),
  },
  { additionalProperties: false },
)

/** The object of an event, copied into the object store. */
export const TakenSchema = Type.Object({
  ...ObjectEventSchema.properties,
  /** `s3://bucket/key`, or the file. */
  source: Type.String(),
  /** The last part of the key, as the name of the document. */
  text: Type.String(),
  /** Key of the copy in the object store; null where none was asked for. */
  artifact: Type.Union([Type.String(), Type.Null()]),
  sha256: Type.Union([Type.String(), Type.Null()]),
})
