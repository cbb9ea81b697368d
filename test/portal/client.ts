import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'

/** An answer as its bytes came, also when the connection broke. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** Set when the connection broke before the declared end. */
  broken: string | undefined
}

/** One request on a connection of its own. Rejects only when there is no answer at all. */
export async function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body, signal } = options
    const request = httpRequest(
      url,
      { method, headers, agent: false, ...(signal === undefined ? {} : { signal }) },
      (response) => {
        const chunks: Buffer[] = []
        const end = (broken: string | undefined): void =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), broken })
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => end(undefined))
        response.on('error', (error) => end(error.message))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** The JSON of an answer. The caller checks what it uses. */
export async function askJson(
  url: string,
  options: Parameters<typeof ask>[1] = {},
): Promise<{ status: number; json: unknown }> {
  const { status, body } = await ask(url, options)
  return { status, json: JSON.parse(body.toString('utf8')) }
}

/** A value inside JSON, by path; undefined where there is none. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here: unknown = value
  for (const name of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Reflect.get(here, name)
  }
  return here
}

/** A list inside JSON, by path; throws where there is none. */
export function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = at(value, ...path)
  if (!Array.isArray(found)) throw new TypeError(`no list at ${path.join('.')}`)
  return found
}
