import { PdfConfigSchema, PdfInputSchema, PdfOutputSchema } from '../../lib/steps/pdf/step-schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Extracts text, tables, formulas and technical parameters of PDFs. */
export const declaration = defineNode({
  type: 'ysh-pdf-extract',
  category: 'ysh',
  color: '#C9B79C',
  icon: 'ysh-pdf-extract.svg',
  inputs: 1,
  outputs: ['extracted', 'unchanged', 'page'],
  config: PdfConfigSchema,
  references: { stores: { type: 'ysh-stores' }, ollama: { type: 'ysh-ollama', required: false } },
  credentials: { password: { type: 'password' } },
  limits: { concurrency: 1, queueLimit: 1_000, timeoutSeconds: 7_200 },
  form: [
    { field: 'tables', icon: 'table' },
    { field: 'formulas', icon: 'superscript' },
    { field: 'parameters', icon: 'sun-o' },
    { field: 'ocr', icon: 'eye' },
    { field: 'stores', icon: 'database' },
    { field: 'again', icon: 'refresh' },
    { field: 'perPage', icon: 'files-o' },
    {
      section: 'sources',
      fields: [
        { field: 'folder', icon: 'folder-open-o' },
        { field: 'password' },
        { field: 'contact', icon: 'envelope-o' },
        { field: 'paceMs', icon: 'clock-o' },
        { field: 'tries', icon: 'repeat' },
        { field: 'backoffMs', icon: 'step-forward' },
      ],
    },
    {
      section: 'vision',
      fields: [
        { field: 'ollama', icon: 'server' },
        { field: 'visionModel', icon: 'eye' },
      ],
    },
    {
      section: 'documents',
      fields: [
        { field: 'maxBytes', icon: 'arrows-h' },
        { field: 'maxPages', icon: 'file-o' },
        { field: 'maxSeconds', icon: 'hourglass-o' },
        { field: 'maxMemoryMb', icon: 'microchip' },
      ],
    },
  ],
  messages: { input: PdfInputSchema, output: PdfOutputSchema },
  texts: ['status.extracted', 'status.partial', 'status.unchanged'],
})
