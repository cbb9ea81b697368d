import { PipelineError } from '../../../lib/errors.ts'
import { canonicalText } from '../../../lib/portable/canonical.ts'
import { Type } from '../../../lib/schema.ts'
import { defineStep } from '../../../lib/steps/step.ts'
import { defineNode } from '../../../nodes/kit/declaration.ts'
import type { Red } from '../../../nodes/kit/red.ts'
import { registerStepNode } from '../../../nodes/kit/step-node.ts'
import type { Case, Try } from '../cases.ts'

const declaration = defineNode({
  type: 'ysh-scripted',
  category: 'ysh',
  outputs: ['done', 'other'],
  config: Type.Object(
    {
      script: Type.String({ description: 'JSON of the script of the whole case' }),
      prefix: Type.String({ description: "Before each of the case's ids" }),
    },
    { additionalProperties: false },
  ),
  references: { stores: { type: 'ysh-stores' } },
  limits: { concurrency: 8, queueLimit: 1_000 },
  form: [],
})

const step = defineStep({
  name: 'scripted',
  version: 1,
  config: declaration.config,
  input: Type.Object({}),
  output: Type.Unknown(),
  async run(_input, { script, prefix }, { run, node: path, attempt }) {
    const node = path.replaceAll(prefix, '')
    const tries = scriptOf(script)[node]
    const own = tries?.[run.item] ?? tries?.['*'] ?? [{}]
    const now: Try = own[Math.min(attempt, own.length) - 1] ?? {}
    if (now.error !== undefined) {
      const code = now.code ?? (now.error === 'timeout' ? 'TIMEOUT' : 'SCRIPTED')
      throw new PipelineError(code, `scripted ${now.error}`, { retryable: now.error !== 'permanent' })
    }
    return now.output ?? { step: node, item: run.item }
  },
})

/** A real step node that does what the script of its case says. */
export default function (red: Red): void {
  registerStepNode(red, declaration, step, {
    outputOf(manifest, { script }) {
      const all = Object.values(scriptOf(script)).flatMap((tries) => Object.values(tries).flat())
      const given = canonicalText(manifest)
      const found = all.find(({ output, port }) => port !== undefined && canonicalText(output) === given)
      return found?.port === 'other' ? 1 : 0
    },
  })
}

function scriptOf(text: string): Case['script'] {
  return JSON.parse(text)
}
