import { createHash } from 'node:crypto'
import type { ApiResponse } from '../http.ts'
import type { GraphqlLimits } from './limits.ts'

/**
 * A small page for people: the schema as text, and a box to ask in. GraphiQL would be 2 MB from elsewhere or in the package. The page itself
 * holds nothing; with a key, which stays in the page and is never stored, it reads the schema and sends what is typed.
 */
export function graphqlPage({ depth, cost, aliases, tokens }: GraphqlLimits): ApiResponse {
  const hash = createHash('sha256').update(script).digest('base64')
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
      'referrer-policy': 'no-referrer',
      'cache-control': 'public, max-age=60',
      vary: 'accept',
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>GraphQL</title><style>${style}</style></head><body><h1>GraphQL</h1>
<p>Send <code>POST</code> with <code>content-type: application/json</code> and a key:</p>
<pre>curl -H "authorization: Bearer $KEY" -H "content-type: application/json" \\
  -d '{"query":"{ datasets { name field } }"}' "$SERVER/graphql"</pre>
<p>Decimals come as text, exactly as they are held; <code>numbers: number</code> makes JSON numbers of them. A request may be ${depth} fields
deep, have ${aliases} aliases and ${tokens} tokens, and cost ${cost} (rows times fields, and 50 for each statement). Subscriptions speak
<code>graphql-transport-ws</code> at the same address, with <code>{"key": …}</code> as connection parameters.</p>
<p><label>Key <input id="key" type="password" autocomplete="off" spellcheck="false"></label>
<button id="read">Read the schema</button> <button id="ask">Ask</button></p>
<textarea id="query" rows="8" spellcheck="false" aria-label="Query">{ datasets { name field title provenance { version publishedAt } } }</textarea>
<pre id="answer" aria-live="polite"></pre><pre id="schema"></pre><script>${script}</script></body></html>`,
  }
}

const script = `
const at = (id) => document.getElementById(id)
const base = location.pathname.replace(/\\/(page)?$/, '')
async function show(id, path, init = {}) {
  at(id).textContent = '…'
  try {
    const headers = { ...init.headers, authorization: 'Bearer ' + at('key').value.trim() }
    const answer = await fetch(base + path, { ...init, headers })
    const text = await answer.text()
    const json = (answer.headers.get('content-type') || '').includes('json')
    at(id).textContent = json ? JSON.stringify(JSON.parse(text), null, 2) : text
  } catch (error) {
    at(id).textContent = String(error)
  }
}
at('read').onclick = () => show('schema', '/schema.graphql')
at('ask').onclick = () => show('answer', '', {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: JSON.stringify({ query: at('query').value }),
})
`

const style = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:60rem;padding:1rem}
code,pre,textarea{font:.875em/1.45 ui-monospace,monospace}
pre{overflow:auto}
textarea{width:100%;box-sizing:border-box}
`
