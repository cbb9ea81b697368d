import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { noChromium, startBrowser } from '../helpers/editor.ts'
import { hasTerminals, packageFolder } from '../helpers/node-red.ts'
import { type SafeNodeRed, startSafe, tryLogin } from '../helpers/safe-node-red.ts'

const password = 'a-password-of-the-test'
const get = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(30_000) })

/** Notes which applications of Express are mounted in which: Express keeps that in a closure. */
const mountNoter = (express: string) => `const { application } = require(${JSON.stringify(express)})
const { use } = application
application.use = function (...handlers) {
  for (const each of handlers.flat()) if (each?.handle && each.set) (this.mounted ??= []).push(each)
  return use.apply(this, handlers)
}`
/** Writes down which routes Node-RED's admin application has, and those mounted in it. */
const routeLister = `module.exports = (RED) => {
  const routes = (stack) => stack.flatMap(({ route, handle }) => {
    if (route) return Object.keys(route.methods).flatMap((method) => [route.path].flat().map((path) => [method, String(path)]))
    return Array.isArray(handle.stack) ? routes(handle.stack) : []
  })
  const all = (app) => [...routes(app._router?.stack ?? []), ...(app.mounted ?? []).flatMap((inner) => all(inner).map(([method, path]) => [method, (inner.mountpath + path).replace(/^\\/+/, '/')]))]
  RED.events.on('flows:started', () => require('fs').writeFileSync(process.env.TEST_ROUTES, JSON.stringify(all(RED.httpAdmin.parent))))
}`

/** What has to be answered before anybody has logged in: the page, what it is made of, and the login itself. */
const open = [
  /^\/$/,
  /^\/auth\/(login|token)$/,
  /^\/(theme|icons|locales|vendor|red|resources|debug|core|types|plugins)(\/|$)/,
  /^\/favicon/,
  // the page of runs is files without data; what it asks for is asked with the login
  /^\/ysh-pipeline\/runs(\/[^/]+)?$/,
]

/** An address that a route of Express matches; patterns stand there as text. */
function addressOf(path: string): string {
  if (path.startsWith('/^')) {
    const begin = path
      .slice(2, -1)
      .replaceAll('\\/', '/')
      .replace('(?:$|/(.*))', '/x')
      .replace(/\$$|\/\?$|\?$/g, '')
    const text = begin.replaceAll('[^/]', 'x').replaceAll('(@x+/)?', '').replaceAll('(?:@x+/)?', '')
    return text
      .replace(/\([^()]*\)/g, 'x')
      .replace(/x\+/g, 'x')
      .replace(/\$$|\/\?\$$/g, '')
  }
  return path
    .replace(/:\w+\((\w+)[^)]*\)/g, '$1')
    .replace(/:\w+\??/g, 'x')
    .replace(/\*/g, 'x')
    .replace(/\?/g, '')
}

describe('a start with the settings of the package', { timeout: 300_000 }, () => {
  let red: SafeNodeRed
  let browser: Browser | undefined
  let routes: [string, string][]
  before(async () => {
    const userDir = mkdtempSync(join(tmpdir(), 'ysh-safe-'))
    const lister = join(userDir, 'node_modules', 'node-red-contrib-routes')
    mkdirSync(lister, { recursive: true })
    writeFileSync(
      join(lister, 'package.json'),
      JSON.stringify({
        name: 'node-red-contrib-routes',
        version: '1.0.0',
        'node-red': { nodes: { routes: 'routes.js' } },
      }),
    )
    writeFileSync(join(lister, 'routes.js'), routeLister)
    writeFileSync(join(lister, 'routes.html'), '')
    const express = createRequire(join(packageFolder, 'node_modules/@node-red/editor-api/package.json')).resolve(
      'express',
    )
    writeFileSync(join(lister, 'mounts.cjs'), mountNoter(express))
    writeFileSync(
      join(userDir, 'package.json'),
      JSON.stringify({ name: 'u', version: '0.0.1', dependencies: { 'node-red-contrib-routes': '1.0.0' } }),
    )
    red = await startSafe({
      userDir,
      env: {
        NODE_RED_ADMIN_PASSWORD: password,
        TEST_ROUTES: join(userDir, 'routes.json'),
        NODE_OPTIONS: `--require ${join(lister, 'mounts.cjs')}`,
      },
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'in', type: 'http in', z: 'tab', x: 1, y: 1, url: '/mine', method: 'get', wires: [['env']] },
        {
          id: 'env',
          type: 'function',
          z: 'tab',
          x: 1,
          y: 1,
          func: "msg.payload = { password: env.get('NODE_RED_ADMIN_PASSWORD') ?? 'none' }\nreturn msg",
          outputs: 1,
          wires: [['out']],
        },
        { id: 'out', type: 'http response', z: 'tab', x: 1, y: 1, wires: [] },
        { id: 'stores', type: 'ysh-stores', name: '', folder: '' },
      ],
    })
    routes = JSON.parse(readFileSync(join(userDir, 'routes.json'), 'utf8'))
  })
  after(async () => {
    await browser?.close()
    await red?.stop()
    if (red !== undefined) rmSync(red.userDir, { recursive: true, force: true, maxRetries: 5 })
  })

  test('no route of the admin API answers anybody who has not logged in', async () => {
    const mine = routes.filter(([, path]) => path.startsWith('/ysh/'))
    assert.ok(routes.length > 60, `${routes.length} routes`)
    assert.ok(mine.length > 15, `${mine.length} routes of ours`)
    const answered: string[] = []
    for (const [method, path] of routes) {
      if (method === '_all') continue
      const address = addressOf(path)
      if (open.some((each) => each.test(address))) continue
      const { status } = await fetch(red.url + address, {
        method: method.toUpperCase(),
        ...(['get', 'head'].includes(method) ? {} : { body: '{}', headers: { 'content-type': 'application/json' } }),
        signal: AbortSignal.timeout(30_000),
      })
      // projects are off: there is nothing
      if (status !== 401 && !(status === 404 && address.startsWith('/projects/')))
        answered.push(`${status} ${method} ${path}`)
    }
    assert.deepEqual(answered, [])
  })

  test('what is answered to anybody says nothing of flows and settings', async () => {
    assert.equal((await get(`${red.url}/flows`)).status, 401)
    assert.equal((await get(`${red.url}/settings`)).status, 401)
    const token = await red.login(password)
    const authorization = `Bearer ${token}`
    assert.equal((await get(`${red.url}/flows`, { authorization })).status, 200)
    assert.notEqual((await get(`${red.url}/diagnostics`, { authorization })).status, 200)
    const settings = JSON.stringify(await (await get(`${red.url}/settings`, { authorization })).json())
    for (const secret of [password, readFileSync(join(red.userDir, 'credential-secret'), 'utf8').trim()])
      assert.doesNotMatch(settings, new RegExp(secret))
    const install = await fetch(`${red.url}/nodes`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ module: 'node-red-contrib-none' }),
      signal: AbortSignal.timeout(30_000),
    })
    assert.ok(install.status >= 400, String(install.status))
  })

  test('pages come with careful headers, those of flows with their own', async () => {
    const editor = await get(red.url)
    assert.match(editor.headers.get('content-security-policy') ?? '', /default-src 'self'.*frame-ancestors 'none'/)
    assert.equal(editor.headers.get('x-frame-options'), 'DENY')
    const mine = await get(`${red.url}/mine`)
    assert.equal(
      mine.headers.get('content-security-policy'),
      "frame-ancestors 'self'; object-src 'none'; base-uri 'self'",
    )
    for (const { headers } of [editor, mine]) {
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      assert.equal(headers.get('strict-transport-security'), null)
      assert.equal(headers.get('x-powered-by'), null)
    }
    // flows do not find the password in the environment
    assert.deepEqual(await mine.json(), { password: 'none' })
  })

  test('Node-RED makes no key of its own, and nothing of the user folder is for others', () => {
    assert.doesNotMatch(readFileSync(join(red.userDir, '.config.runtime.json'), 'utf8'), /_credentialSecret/)
    for (const file of ['credential-secret', '.config.runtime.json', '.sessions.json'])
      assert.equal(statSync(join(red.userDir, file)).mode & 0o077, 0, file)
  })

  test('the editor works under its policy: login, dialog, deploy', { skip: noChromium }, async () => {
    browser = await startBrowser()
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(45_000)
    const problems: string[] = []
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) problems.push(message.text())
    })
    // the browser's own waiting needs eval, which the policy forbids
    const until = async (expression: string) => {
      for (let left = 300; !(await page.evaluate(expression)); left -= 1) {
        assert.ok(left > 0, `never: ${expression}`)
        await sleep(100)
      }
    }
    await page.goto(red.url)
    await page.locator('#node-dialog-login-username').fill('admin')
    await page.locator('#node-dialog-login-password').fill(password)
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/login.png` })
    await page.locator('#node-dialog-login-submit').click()
    await until('window.RED && RED.nodes && RED.nodes.version && Boolean(RED.nodes.version())')
    await until('!document.querySelector("#red-ui-loading-progress")?.offsetParent')
    await page.evaluate("RED.editor.edit(RED.nodes.node('env'))")
    // the code editor with its worker
    await page.locator('.red-ui-tray .monaco-editor:visible').first().waitFor()
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/editor.png` })
    await page.locator('#node-dialog-cancel').click()
    await until('document.querySelectorAll(".red-ui-tray").length === 0')
    await page.evaluate("RED.editor.editConfig('', 'ysh-stores', 'stores')")
    await page.locator('.ysh-form').waitFor()
    await page.evaluate("fetch('https://elsewhere.example/').catch(() => {})")
    await sleep(200)
    assert.deepEqual(
      problems.filter((text) => !/elsewhere\.example/.test(text)),
      [],
    )
    assert.ok(problems.length > 0, 'the policy is not in force')
  })

  test('who guesses is turned away, before the name is locked for its owner', async () => {
    const statuses = []
    for (let count = 0; count < 5; count += 1) statuses.push((await tryLogin(red.url, `wrong ${count}`)).status)
    assert.deepEqual(
      statuses.slice(0, 4).filter((status) => status === 429),
      [],
    )
    assert.equal(statuses[4], 429)
  })
})

describe('a newcomer', { timeout: 300_000 }, () => {
  test('sees the login once, and gets in with it; the second start does not show it', {
    skip: !hasTerminals && 'no script of util-linux',
  }, async () => {
    const userDir = mkdtempSync(join(tmpdir(), 'ysh-newcomer-'))
    const flows = [{ id: 'tab', type: 'tab', label: 'test' }]
    const env = { NODE_RED_FIRST_PASSWORD: 'terminal' }
    try {
      const first = await startSafe({ userDir, flows, env, terminal: true })
      const shown = /password\s+(\w{6}(?:-\w{6}){3})/.exec(first.output())?.[1] ?? ''
      try {
        assert.equal(first.output().split(shown).length, 2, first.output())
        await first.login(shown)
      } finally {
        await first.stop()
      }
      const second = await startSafe({ userDir, env, terminal: true })
      try {
        assert.doesNotMatch(second.output(), /shown only now|\w{6}(-\w{6}){3}/)
        await second.login(shown)
      } finally {
        await second.stop()
      }
      assert.equal(existsSync(join(userDir, 'first-admin-password')), false)
    } finally {
      rmSync(userDir, { recursive: true, force: true, maxRetries: 5 })
    }
  })

  test('is told in one line what is wrong', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ysh-wrong-'))
    const main = ['node_modules/node-red/red.js', '--settings', 'deploy/settings.cjs']
    const cases: [Record<string, string>, RegExp][] = [
      [{ NODE_RED_ADMIN_PASSWORD: 'short' }, /SETTINGS_INVALID: NODE_RED_ADMIN_PASSWORD has fewer than 8/],
      [
        { NODE_RED_ADMIN_PASSWORD_FILE: '/none/such' },
        /NODE_RED_ADMIN_PASSWORD: SECRET_MISSING: The file \/none\/such/,
      ],
      [{ NODE_RED_TLS_CERT: '/none' }, /both NODE_RED_TLS_CERT and NODE_RED_TLS_KEY/],
      [{ NODE_RED_EDITOR: 'maybe' }, /NODE_RED_EDITOR is one of: on, off/],
    ]
    for (const [env, words] of cases) {
      const { status, stderr, stdout } = spawnSync(process.execPath, main, {
        ...{ cwd: packageFolder, encoding: 'utf8', timeout: 60_000 },
        env: { ...process.env, NODE_RED_USER_DIR: folder, ...env },
      })
      assert.equal(status, 1)
      assert.match(stderr, words)
      assert.doesNotMatch(stderr + stdout, / at .*:\d+:\d+/)
    }
    rmSync(folder, { recursive: true, force: true })
  })

  const openssl = spawnSync('openssl', ['version']).status === 0
  test('may switch the editor off and TLS on: flows and the admin API serve', {
    skip: !openssl && 'no openssl',
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ysh-tls-'))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const made = spawnSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=first -keyout ${key} -out ${cert}`.split(
        ' ',
      ),
    )
    assert.equal(made.status, 0)
    const red = await startSafe({
      https: true,
      env: {
        NODE_RED_TLS_CERT: cert,
        NODE_RED_TLS_KEY: key,
        NODE_RED_EDITOR: 'off',
        NODE_RED_ADMIN_PASSWORD: password,
      },
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'in', type: 'http in', z: 'tab', x: 1, y: 1, url: '/mine', method: 'get', wires: [['out']] },
        { id: 'out', type: 'http response', z: 'tab', x: 1, y: 1, wires: [] },
      ],
    })
    const ask = (path: string) =>
      new Promise<{ status: number; hsts: string | undefined }>((resolve, reject) =>
        request({ port: red.port, host: '127.0.0.1', path, rejectUnauthorized: false, agent: false }, (answer) => {
          answer.resume()
          resolve({ status: answer.statusCode ?? 0, hsts: answer.headers['strict-transport-security'] })
        })
          .on('error', reject)
          .end(),
      )
    try {
      assert.deepEqual(await ask('/mine'), { status: 200, hsts: 'max-age=15552000' })
      assert.equal((await ask('/')).status, 404)
      assert.equal((await ask('/flows')).status, 401)
    } finally {
      await red.dispose()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
