import { existsSync, readFileSync } from 'node:fs'
import type { AdminResponse, Red } from '../kit/red.ts'
import { languageOf } from './admin.ts'

/** The page may load its own files and talk to its own server, and nothing else. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

/** Files of the side bar and the page, which the build puts beside this one. They hold no data, and need no login. */
const files: Readonly<Record<string, string>> = {
  'page.js': 'text/javascript; charset=utf-8',
  'sidebar.js': 'text/javascript; charset=utf-8',
  'runs.css': 'text/css; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
}

/** `GET ysh-pipeline/runs`, the page, and its files. */
export function serveFiles({ httpAdmin }: Red): void {
  httpAdmin.get('/ysh-pipeline/runs', (request, response) => {
    const [path = '', query] = (request.url ?? '').split('?')
    // With a slash at the end the page would look for its files in the wrong place.
    if (path.endsWith('/')) {
      response.setHeader('location', `../runs${query === undefined ? '' : `?${query}`}`)
      response.status(302).end()
      return
    }
    send(response, 'text/html; charset=utf-8', pageHtml(languageOf(request)))
  })
  httpAdmin.get('/ysh-pipeline/runs/:file', (request, response) => {
    const name = request.params.file ?? ''
    const type = Object.hasOwn(files, name) ? files[name] : undefined
    const file = new URL(`./files/${name}`, import.meta.url)
    if (type === undefined || !existsSync(file)) response.status(404).end()
    else send(response, type, readFileSync(file))
  })
}

function send(response: AdminResponse, type: string, body: string | Buffer): void {
  response.setHeader('content-type', type)
  response.setHeader('content-security-policy', policy)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'same-origin')
  response.setHeader('cache-control', 'no-cache')
  response.status(200).end(body)
}

function pageHtml(language: string): string {
  const title = language === 'pt-BR' ? 'Execuções' : 'Runs'
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="runs/runs.css">
<link rel="stylesheet" href="runs/page.css">
<script src="runs/page.js" defer></script>
</head>
<body></body>
</html>
`
}
