import { newPlace, placeIn, spans, traceparent } from '../spans.ts'

/** What is used of a request to the data API. Names of headers in small letters. */
interface Asked {
  method: string
  headers: Readonly<Record<string, string | undefined>>
}
interface Answered {
  headers: Record<string, string>
}

/** How a request was answered. */
export interface Told {
  status: number
  /** The route's pattern: no values of this request. */
  route: string | undefined
  /** Of an error. */
  code: string | undefined
}

/**
 * Answers a request as a span: within the trace that its `traceparent` names, else as a trace of its own. The answer's `traceparent` says which;
 * it has none where nobody traces, here or there. The span ends when the answer begins.
 */
export async function tracedRequest<A extends Answered>(
  { method, headers }: Asked,
  answer: (tell: (told: Told) => void) => Promise<A>,
): Promise<A> {
  const from = placeIn(headers.traceparent)
  // what its sender does not record is not recorded here either: a trace is whole or not there
  if (from?.sampled === false)
    return marked(await answer(() => undefined), traceparent({ ...newPlace(), traceId: from.traceId }, false))
  const begun = { name: method, kind: 'server', attributes: { 'http.request.method': method } } as const
  return spans.within(
    { ...begun, ...(from === undefined ? { root: newPlace() } : { parent: from }) },
    async (note, place) => {
      const response = await answer(({ status, route, code }) =>
        note(
          { 'http.response.status_code': status, ...(route === undefined ? {} : { 'http.route': route }) },
          {
            ...(route === undefined ? {} : { name: `${method} ${route}` }),
            // a caller's mistake is no failure of ours
            ...(status >= 500 ? { error: code ?? `HTTP_${status}` } : {}),
          },
        ),
      )
      if (place !== undefined) return marked(response, traceparent(place))
      return from === undefined
        ? response
        : marked(response, traceparent({ ...newPlace(), traceId: from.traceId }, false))
    },
  )
}

function marked<A extends Answered>(response: A, header: string): A {
  return { ...response, headers: { ...response.headers, traceparent: header } }
}
