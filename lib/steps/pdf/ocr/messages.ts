import { type Infer, Type } from '../../../schema.ts'

/** Said to the process: a page as PNG strips from top to bottom, and where in the whole picture each begins. */
export interface Ask {
  strips: { png: Uint8Array; top: number }[]
}

/** Given to the process when it starts, as JSON. */
export interface OcrStart {
  memoryMb: number
  dpi: number
}

const Word = Type.Object({
  text: Type.String(),
  /** 0 to 100. */
  confidence: Type.Number(),
  left: Type.Number(),
  right: Type.Number(),
})

/** What was recognised in a picture, in its pixels, after it was turned upright around its middle. */
export const RecognisedSchema = Type.Object({
  type: Type.Literal('page'),
  width: Type.Integer(),
  height: Type.Integer(),
  /** By how much the picture was turned clockwise before it was read. */
  radians: Type.Number(),
  lines: Type.Array(
    Type.Object({
      baseline: Type.Number(),
      /** From the top of high letters to the bottom of low ones: about the size of the font. */
      size: Type.Number(),
      words: Type.Array(Word),
    }),
  ),
})
export type Recognised = Infer<typeof RecognisedSchema>

/** Said by the process. */
export const ReplySchema = Type.Union([
  RecognisedSchema,
  Type.Object({ type: Type.Literal('failed'), problem: Type.String() }),
])
