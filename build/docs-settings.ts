// Writes the tables of docs/settings.md from settings/variables.ts: `node build/docs-settings.ts`. A test holds that the file is up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandVariables, processVariables, settingsVariables, type Variable } from '../settings/variables.ts'

/** The document whose tables this script writes. */
export const target = new URL('../docs/settings.md', import.meta.url)

const cell = (text: string) => text.replaceAll('|', '\\|')

function table(variables: readonly Variable[]): string {
  return [
    '| variable | without it | what |',
    '| --- | --- | --- |',
    ...variables.map(
      ({ name, usually, what, secret }) =>
        `| \`${name}\`${secret ? ' (secret)' : ''} | ${cell(usually)} | ${cell(what)} |`,
    ),
  ].join('\n')
}

/** The document with its three tables anew; what stands between them is written by hand. Throws when it has not three of them. */
export function settingsMarkdown(document: string): string {
  const tables = [settingsVariables, processVariables, commandVariables].map(table)
  let count = 0
  const written = document.replace(/^\| variable \|.*\n\|[ -|]*\n(?:\|.*(?:\n|$))*/gm, (found) => {
    const next = tables[count] ?? ''
    count += 1
    return found.endsWith('\n') ? `${next}\n` : next
  })
  if (count !== tables.length) throw new Error(`docs/settings.md has ${count} tables of variables`)
  return written
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(target, settingsMarkdown(readFileSync(target, 'utf8')))
}
