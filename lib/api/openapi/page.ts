import type { Document, DocumentParameter, Operation } from './document.ts'

/** The document as one page: no script, nothing from elsewhere, readable on a telephone. */
export function pageOf(document: Document): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0] ?? ''))]
  const sections = tags.map((tag) => {
    const parts = operations
      .filter(({ operation }) => operation.tags[0] === tag)
      .map(({ path, method, operation }) => operationHtml(document, path, method, operation))
    return `<section id="${html(tag)}"><h2>${html(tag)}</h2>${parts.join('')}</section>`
  })
  const { title, version, description } = document.info
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${html(title)}</title><style>${style}</style></head>
<body><header><h1>${html(title)}</h1><p>Version ${html(version)}. ${html(description)}</p>
<p>Send a key with <code>authorization: Bearer …</code> or <code>x-api-key: …</code>. For programs: <a href="openapi.json">openapi.json</a>.
Errors are <code>application/problem+json</code> with a stable <code>code</code>.</p>
<nav>${tags.map((tag) => `<a href="#${html(tag)}">${html(tag)}</a>`).join(' ')}</nav></header><main>${sections.join('')}</main></body></html>`
}

const rootOf = ({ servers }: Document) => servers[0]?.url ?? ''

function operationHtml(document: Document, path: string, method: string, operation: Operation): string {
  const { summary, description = '', parameters, security } = operation
  const root = rootOf(document)
  const verb = method.toUpperCase()
  const rows = parameters.map(parameterHtml).join('')
  const table =
    rows === ''
      ? ''
      : `<table><thead><tr><th>Parameter</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows}</tbody></table>`
  return `<details id="${html(operation.operationId)}"><summary><b>${verb}</b> <code>${html(path)}</code> ${html(summary)}</summary>
${paragraphs(description)}<pre><code>${html(curlOf(root, path, verb, security.length > 0))}</code></pre>
${table}${answersHtml(operation, document)}</details>`
}

function curlOf(root: string, path: string, verb: string, secured: boolean): string {
  const method = verb === 'GET' ? '' : `-X ${verb} `
  const key = secured ? `-H "authorization: Bearer $KEY" ` : ''
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
  return `curl --compressed ${method}${key}"$SERVER${root}${place}"`
}

function parameterHtml({ name, in: place, required, description = '', schema }: DocumentParameter): string {
  const notes = [place === 'path' ? 'in the path' : '', required ? 'needed' : ''].filter((note) => note !== '')
  const shown = notes.length === 0 ? '' : ` <small>${notes.join(', ')}</small>`
  return `<tr><td><code>${html(name)}</code>${shown}</td><td>${html(typeOf(schema))}</td><td>${inline(description)}</td></tr>`
}

function answersHtml({ responses }: Operation, document: Document): string {
  const found: { content?: Record<string, { schema?: object }> } = responses['200'] ?? {}
  const formats = Object.keys(found.content ?? {})
  const schema = found.content?.['application/json']?.schema
  const shown =
    schema === undefined
      ? ''
      : `<details><summary>JSON Schema</summary><pre><code>${html(JSON.stringify(schema, whole(document), 1))}</code></pre></details>`
  return `<p>Answers with ${formats.map((format) => `<code>${html(format)}</code>`).join(', ')}.</p>${shown}`
}

/** For JSON.stringify: named schemas where they are referred to, so that each answer can be read alone. */
function whole({ components: { schemas } }: Document): (key: string, value: unknown) => unknown {
  return (_, value) => {
    const of: { $ref?: unknown } = Object(value)
    return typeof of.$ref === 'string' ? (schemas[of.$ref.replace(/^.*\//, '')] ?? value) : value
  }
}

/** A few words for a schema. */
function typeOf(schema: object): string {
  const of: Record<string, unknown> = { ...schema }
  const words = Array.isArray(of.enum) ? of.enum.join(' | ') : of.type === 'array' ? 'list' : String(of.type ?? 'any')
  const bounds = [
    of.format === undefined ? '' : String(of.format),
    of.minimum === undefined ? '' : `from ${String(of.minimum)}`,
    of.maximum === undefined ? '' : `to ${String(of.maximum)}`,
    of.default === undefined ? '' : `default ${String(of.default)}`,
  ].filter((bound) => bound !== '')
  return [words, ...bounds].join(', ')
}

const paragraphs = (text: string) =>
  text
    .split(/\n{2,}/)
    .filter((part) => part !== '')
    .map((part) => `<p>${inline(part)}</p>`)
    .join('')

/** Text with `code` in it. */
const inline = (text: string) => html(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

const style = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:60rem;padding:1rem}
code,pre{font:.875em/1.45 ui-monospace,monospace}
code{overflow-wrap:anywhere}
pre{overflow:auto;padding:.6rem;border:1px solid #8884;border-radius:.3rem;max-height:30rem}
nav a{margin-right:.8rem}
details{border-top:1px solid #8884;padding:.4rem 0}
details details{border:0}
summary{cursor:pointer}
table{border-collapse:collapse;display:block;overflow:auto}
td,th{border-bottom:1px solid #8884;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}
`
