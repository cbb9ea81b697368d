import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { main } from '../../lib/cli/main.ts'
import { parseCommand } from '../../lib/cli/options.ts'
import { blocksOf, documents, inlineCode, root } from './documents.ts'

/** What the command line says of a command when it is asked. */
async function helpFor(topic: string): Promise<string> {
  let text = ''
  const write = (more: string) => {
    text += `${more}\n`
  }
  await main([topic, '--help'], { env: {}, out: write, err: write })
  return text
}

/** The command lines in a text: what follows `ysh-pipeline`, up to the end of the command. A container and a service have that name too. */
function commandLines(text: string): string[] {
  return [
    ...text
      .replaceAll('\\\n', ' ')
      .replaceAll(/^.*\b(?:docker|systemctl) .*$/gm, '')
      .matchAll(/(?:^|[\s(])ysh-pipeline ([a-z][^\n#;&]*)/g),
  ].map(([, line = '']) => line.split(/ [|>] /)[0]?.trim() ?? '')
}

const written = documents.flatMap((document) =>
  [
    ...blocksOf(document)
      .filter(({ info }) => !/docker|yaml|json/.test(info))
      .map(({ text }) => text),
    ...inlineCode(document.text),
  ]
    .flatMap(commandLines)
    .map((line) => ({ path: document.path, line })),
)

/** Why the command line would not take this; undefined if it would. `a|b|c` stands for each. */
async function problem(line: string): Promise<string | undefined> {
  const words = line
    .replaceAll(/[[\]…]/g, '')
    .replaceAll(/'[^']*'|"[^"]*"/g, 'X')
    .split(/\s+/)
    .filter(Boolean)
  const [topic = '', action = ''] = words
  const help = await helpFor(topic)
  if (/There is no command/.test(help)) return `there is no command ${topic}`
  for (const option of words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? '')) {
    if (option !== '--help' && !new RegExp(`${option}\\b`).test(help)) return `${topic} has no ${option}`
  }
  if (!['dead-letters', 'runs', 'api-keys'].includes(topic) || action === '' || action.startsWith('-')) return undefined
  for (const each of action.split('|')) {
    try {
      parseCommand([topic, each], { YSH_FOLDER: 'x' })
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  return undefined
}

test('each command of ysh-pipeline in README and docs is one, and has the options', async () => {
  assert.ok(written.length > 40, `only ${written.length} commands were found: the search is broken`)
  const problems: string[] = []
  for (const { path, line } of written) {
    const found = await problem(line)
    if (found !== undefined) problems.push(`${path}: ysh-pipeline ${line}: ${found}`)
  }
  assert.deepEqual(problems, [])
})

test('a wrong command, action or option would be found', async () => {
  assert.match((await problem('walk list')) ?? '', /no command/)
  assert.match((await problem('runs delete ID')) ?? '', /delete|one of/)
  assert.match((await problem('runs list --colour red')) ?? '', /no --colour/)
})

test('each script that is named as `npm run …` is in package.json', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const named = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => ({ path, name })),
  )
  // `npm run endure` comes with docs/disturbances.md
  assert.deepEqual(
    named.filter(({ name }) => scripts[name] === undefined),
    [],
  )
})
