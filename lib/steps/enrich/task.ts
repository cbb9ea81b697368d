import { PipelineError } from '../../errors.ts'
import type { Language } from '../language.ts'
import { type FieldSchema, readFieldSchema } from './fields/field-schema.ts'
import type { EnrichConfig } from './step-schema.ts'

/** A class and when it applies. */
export interface Label {
  name: string
  description: string
}

/** What is asked for, with what it needs: the config, checked. */
export type Task =
  | { name: 'summarise'; words: number }
  | { name: 'classify'; labels: readonly Label[]; several: boolean }
  | { name: 'extract'; fields: FieldSchema; prompt: string }
  | { name: 'translate'; from: Language; to: Language }
  | { name: 'describe'; picture: 'image' | 'formula'; words: number }
  | { name: 'prompt'; prompt: string }

const mostLabels = 200

/** What the config asks for. Throws CONFIG in words for whoever set it up. */
export function taskOf(config: EnrichConfig): Task {
  if (config.model.trim() === '') throw wrong('No model is chosen')
  switch (config.task) {
    case 'summarise':
      return { name: 'summarise', words: config.words }
    case 'classify':
      return { name: 'classify', labels: labelsOf(config.labels), several: config.several }
    case 'extract':
      return { name: 'extract', fields: readFieldSchema(config.schema), prompt: '' }
    case 'translate':
      return config.direction === 'pt-en'
        ? { name: 'translate', from: 'pt', to: 'en' }
        : { name: 'translate', from: 'en', to: 'pt' }
    case 'describe':
      return { name: 'describe', picture: config.picture, words: config.words }
    case 'prompt':
      if (config.prompt.trim() === '') throw wrong('The prompt is blank')
      // with fields it is an extraction that is told more
      return config.schema.trim() === ''
        ? { name: 'prompt', prompt: config.prompt }
        : { name: 'extract', fields: readFieldSchema(config.schema), prompt: config.prompt }
  }
}

function labelsOf(text: string): Label[] {
  const labels = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = line, description = ''] = /^([^:]+):\s*(.*)$/s.exec(line) ?? []
      return { name: name.trim(), description }
    })
  if (labels.length < 2) throw wrong('At least two classes are needed, one a line')
  if (labels.length > mostLabels) throw wrong(`There are ${labels.length} classes; ${mostLabels} are the most`)
  const repeated = labels.find(({ name }, at) => labels.findIndex((label) => label.name === name) !== at)
  if (repeated !== undefined) throw wrong(`The class ${repeated.name} is there twice`)
  return labels
}

function wrong(words: string): PipelineError {
  return new PipelineError('CONFIG', words)
}
