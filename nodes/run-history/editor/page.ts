import { element, textElement } from '../../kit/editor/element.ts'
import { createApp } from './app.ts'
import { createLogin } from './login.ts'
import { press } from './parts.ts'
import { textsIn } from './texts.ts'

const language = document.documentElement.lang === 'pt-BR' ? 'pt-BR' : 'en-US'
const texts = textsIn(language)
/** Path of Node-RED's admin root, without a slash at its end. */
const root = location.pathname.replace(/\/ysh-pipeline\/runs\/?$/, '')
/** Where the editor of the same root keeps its token: one login for both. */
const store = `auth-tokens${root.replaceAll('/', '-')}`

function token(): string | undefined {
  try {
    const { access_token: known }: { access_token?: unknown } = Object(JSON.parse(localStorage.getItem(store) ?? '{}'))
    return typeof known === 'string' ? known : undefined
  } catch {
    return undefined
  }
}

const header = element('header', 'ysh-page-header')
const editor = element('a', '', { href: `${root}/` })
editor.textContent = texts.openEditor
const logout = press(texts.logout, () => {
  localStorage.removeItem(store)
  refused()
})
header.append(textElement('h1', '', texts.title), editor, logout)
const login = createLogin(texts, { root: `${root}/`, store, done: begin })
const content: { shown(): boolean } = { shown: () => false }
const app = createApp({
  language,
  root: `${root}/`,
  token,
  visible: () => content.shown(),
  reveal(canvas) {
    location.assign(`${root}/#node/${canvas}`)
    return true
  },
  refused,
})

content.shown = () => app.content.isConnected

function refused(): void {
  logout.hidden = true
  if (login.content.isConnected) return
  document.body.replaceChildren(header, login.content)
  login.ask()
}

function begin(): void {
  logout.hidden = token() === undefined
  const main = element('main')
  main.append(app.content)
  document.body.replaceChildren(header, main)
  app.refresh()
}

begin()
