import { PipelineError } from '../../lib/errors.ts'
import type { Red } from './red.ts'

/** The admin endpoint behind a node's button, `POST ysh/<type>/<id>/press`; the editor's part is in editor/form.ts. */
export function registerButton(red: Red, type: string): Map<string, () => Promise<void>> {
  const presses = new Map<string, () => Promise<void>>()
  red.httpAdmin.post(`/ysh/${type}/:id/press`, red.auth.needsPermission(`${type}.write`), (request, response) => {
    const press = presses.get(request.params.id ?? '')
    if (press === undefined) {
      response.status(404).json({ code: 'NOT_DEPLOYED', message: 'The node is not deployed, or it is not set up' })
      return
    }
    press().then(
      () => response.status(204).end(),
      (thrown: unknown) => {
        const { code, message } = PipelineError.from(thrown)
        response.status(409).json({ code, message })
      },
    )
  })
  return presses
}
