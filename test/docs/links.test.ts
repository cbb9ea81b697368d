import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { type Document, documents, prose, root } from './documents.ts'

const repository = /^https:\/\/github\.com\/ysh\/node-red-data-pipeline\/blob\/main\//

/** What is wrong with a link; undefined for nothing. Links to elsewhere are not followed. */
function problem(from: Document, target: string): string | undefined {
  const own = target.replace(repository, '')
  if (/^(https?|mailto):/.test(own)) return undefined
  const [file = '', anchor] = own.split('#')
  const base = own === target ? dirname(from.path) : '.'
  const path = file === '' ? from.path : normalize(join(base, decodeURIComponent(file)))
  if (!existsSync(join(root, path))) return `${from.path}: ${target}: there is no ${path}`
  const found = documents.find((document) => document.path === path)
  if (anchor === undefined || found === undefined || found.anchors.has(anchor)) return undefined
  return `${from.path}: ${target}: ${path} has no heading ${anchor}`
}

function links(text: string): string[] {
  return [...prose(text).matchAll(/\]\(<?([^)\s>]+)>?\)/g)].map(([, target = '']) => target)
}

test('each link in README and docs leads somewhere, also to the heading', () => {
  const found = documents.flatMap((document) => links(document.text).map((target) => ({ document, target })))
  assert.ok(found.length > 150, `only ${found.length} links were found: the search is broken`)
  assert.deepEqual(
    found.map(({ document, target }) => problem(document, target)).filter((each) => each !== undefined),
    [],
  )
})

test('a dead link and a dead anchor would be found', () => {
  const from: Document = { path: 'docs/runs.md', text: '', anchors: new Set() }
  assert.match(problem(from, 'nowhere.md') ?? '', /there is no docs\/nowhere\.md/)
  assert.match(problem(from, 'runbooks.md#nowhere') ?? '', /has no heading nowhere/)
  assert.match(problem(from, 'https://github.com/ysh/node-red-data-pipeline/blob/main/docs/no.md') ?? '', /no\.md/)
  assert.equal(problem(from, 'runbooks.md#disk-full'), undefined)
})

test('README lists each document', () => {
  const readme = documents.find(({ path }) => path === 'README.md')
  assert.ok(readme !== undefined)
  const listed = new Set(links(readme.text).map((target) => target.split('#')[0]))
  assert.deepEqual(
    documents.map(({ path }) => path).filter((path) => path !== 'README.md' && !listed.has(path)),
    [],
  )
})

/** Alerts of Prometheus, and of CloudWatch where there are any, by file. */
const alarms = ['deploy/prometheus/alerts.yml', 'deploy/cloudwatch/alarms.json'].filter((path) =>
  existsSync(join(root, path)),
)

for (const path of alarms) {
  test(`each alert of ${path} leads to a runbook`, () => {
    const text = readFileSync(join(root, path), 'utf8')
    const runbooks = [...text.matchAll(/https:\/\/[^\s"')]*runbooks\.md[^\s"'),.]*/g)].map(([link]) => link)
    assert.ok(runbooks.length > 0)
    const from: Document = { path: 'README.md', text: '', anchors: new Set() }
    assert.deepEqual(
      runbooks.map((link) => problem(from, link)).filter((each) => each !== undefined),
      [],
    )
  })
}

test('each alert of Prometheus is named in its runbook', () => {
  const { groups }: { groups: { rules: { alert: string; annotations: { runbook_url: string } }[] }[] } = parse(
    readFileSync(join(root, 'deploy/prometheus/alerts.yml'), 'utf8'),
  )
  const text = documents.find(({ path }) => path === 'docs/runbooks.md')?.text ?? ''
  const rules = groups.flatMap(({ rules }) => rules)
  assert.ok(rules.length > 15)
  for (const { alert, annotations } of rules) {
    const anchor = annotations.runbook_url.split('#')[1] ?? ''
    const section = text
      .split(/^## /m)
      .find((part) => part.split('\n')[0]?.toLowerCase().replaceAll(' ', '-') === anchor)
    assert.ok(section?.includes(`\`${alert}\``), `${anchor} does not name ${alert}`)
  }
})
