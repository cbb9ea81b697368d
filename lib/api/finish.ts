import { encode, encodingFor, mayEncode } from './compress.ts'
import { encodedTag, isFresh, jsonTag, notModified } from './conditional.ts'
import type { ApiRequest, ApiResponse } from './http.ts'
import { drop, isStream } from './stream.ts'

/** Makes of a route's answer what goes out: validators and 304, encoding, length, HEAD without a body. */
export async function finish(
  request: ApiRequest,
  response: ApiResponse,
  { isPublic }: { isPublic: boolean },
): Promise<ApiResponse> {
  const { headers } = response
  headers['x-content-type-options'] = 'nosniff'
  const vary = new Set((headers.vary ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])))
  if (mayEncode(response)) vary.add('accept-encoding')
  if (!isPublic) {
    vary.add('authorization')
    vary.add('x-api-key')
  }
  if (vary.size > 0) headers.vary = [...vary].join(', ')
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const encoding = encodingFor(request.headers, response)
  if (response.status === 200 && reads) {
    if (headers.etag === undefined && typeof response.body === 'string') headers.etag = jsonTag(response.body)
    const { etag } = headers
    // a weak one does not speak of bytes
    if (encoding !== undefined && etag?.startsWith('"')) headers.etag = encodedTag(etag, encoding)
    if (isFresh(request.headers, validatorsOf(headers))) {
      await drop(response.body)
      return notModified(headers)
    }
  }
  if (request.method === 'HEAD') {
    await drop(response.body)
    if (response.body !== undefined && !isStream(response.body) && encoding === undefined) {
      headers['content-length'] = String(Buffer.byteLength(response.body))
    }
    if (encoding !== undefined) headers['content-encoding'] = encoding
    return { status: response.status, headers }
  }
  if (response.body === undefined) return response
  if (encoding !== undefined) headers['content-encoding'] = encoding
  const body = encoding === undefined ? response.body : await encode(response.body, encoding)
  if (isStream(body)) return { ...response, body }
  // a text stays one: head and body then leave in a single write
  headers['content-length'] = String(Buffer.byteLength(body))
  return { ...response, body }
}

function validatorsOf(headers: Record<string, string>): { etag?: string; modified?: Date } {
  const modified = headers['last-modified'] === undefined ? undefined : new Date(headers['last-modified'])
  return {
    ...(headers.etag === undefined ? {} : { etag: headers.etag }),
    ...(modified === undefined ? {} : { modified }),
  }
}
