import { element, textElement } from '../../kit/editor/element.ts'
import type { Texts } from './texts.ts'

/** Node-RED's own login, for who has not come from the editor; the token is kept where the editor keeps it. */
export function createLogin(texts: Texts, { root, store, done }: { root: string; store: string; done(): void }) {
  const content = element('main', 'ysh-page-login')
  const form = document.createElement('form')
  const note = element('p', 'ysh-runs-said', { role: 'alert' })
  const user = field(texts.user, 'text', 'username')
  const password = field(texts.password, 'password', 'current-password')
  const send = document.createElement('button')
  send.type = 'submit'
  send.className = 'red-ui-button ysh-runs-button primary'
  send.textContent = texts.login
  form.append(user.label, password.label, send)
  content.append(form, note)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send.disabled = true
    note.textContent = ''
    enter()
      .catch((thrown: unknown) => {
        note.textContent = thrown instanceof Error ? thrown.message : String(thrown)
      })
      .finally(() => {
        send.disabled = false
      })
  })

  async function enter(): Promise<void> {
    const body = new URLSearchParams({
      ...{ client_id: 'node-red-editor', grant_type: 'password', scope: '' },
      ...{ username: user.input.value, password: password.input.value },
    })
    const response = await fetch(`${root}auth/token`, { method: 'POST', body, signal: AbortSignal.timeout(20_000) })
    const answer: unknown = await response.json().catch(() => undefined)
    const { access_token: token }: { access_token?: unknown } = Object(answer)
    if (!response.ok || typeof token !== 'string') throw new Error(texts.loginFailed)
    localStorage.setItem(store, JSON.stringify(answer))
    password.input.value = ''
    done()
  }

  /** Asks how one logs in here: with user and password, or only with the editor (another service's login). */
  async function kind(): Promise<void> {
    const response = await fetch(`${root}auth/login`, { signal: AbortSignal.timeout(20_000) })
    const { type }: { type?: unknown } = Object(await response.json().catch(() => undefined))
    form.hidden = type !== 'credentials'
    if (form.hidden) note.textContent = texts.loginEditor
    else user.input.focus()
  }

  return { content, ask: () => void kind().catch(() => undefined) }
}

function field(words: string, type: string, autocomplete: 'username' | 'current-password') {
  const label = element('label', '')
  const input = document.createElement('input')
  input.type = type
  input.autocomplete = autocomplete
  input.required = true
  label.append(textElement('span', '', words), input)
  return { label, input }
}
