import { Type } from '../../../schema.ts'

const Box = Type.Object({ left: Type.Number(), top: Type.Number(), right: Type.Number(), bottom: Type.Number() })
const Paragraph = Type.Object({
  text: Type.String(),
  role: Type.Enum(['text', 'heading', 'row', 'header', 'footer', 'furniture']),
  box: Box,
  size: Type.Number(),
  bold: Type.Boolean(),
  angle: Type.Number(),
  lines: Type.Integer(),
  guessed: Type.Boolean(),
  confidence: Type.Number(),
})
const Text = Type.Object({
  number: Type.Integer(),
  width: Type.Number(),
  height: Type.Number(),
  kind: Type.Enum(['text', 'scan', 'layer', 'no-text', 'empty']),
  outlined: Type.Boolean(),
  tagged: Type.Boolean(),
  source: Type.Literal('ocr'),
  confidence: Type.Number(),
  illegible: Type.Integer(),
  paragraphs: Type.Array(Paragraph),
})

/** Said by the process, once for each page; without `text` nothing legible was found. */
export const ReplySchema = Type.Union([
  Type.Object({ type: Type.Literal('page'), text: Type.Optional(Text) }),
  Type.Object({ type: Type.Literal('failed'), problem: Type.String() }),
])
