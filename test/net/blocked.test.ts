import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { challengeOf, scriptOnly } from '../../lib/net/blocked.ts'

const html = (head: string, body: string) => `<!doctype html><html><head>${head}</head><body>${body}</body></html>`

describe('pages that are none', () => {
  for (const [by, headers, page] of [
    ['Cloudflare', { 'cf-mitigated': 'challenge' }, html('<title>Um momento…</title>', '')],
    [
      'Cloudflare',
      {},
      html('<title>Just a moment...</title>', '<noscript>Enable JavaScript and cookies to continue</noscript>'),
    ],
    [
      'Cloudflare',
      {},
      html('<title>Attention Required! | Cloudflare</title>', '<h1>Sorry, you have been blocked</h1>'),
    ],
    ['AWS WAF', { 'x-amzn-waf-action': 'challenge' }, ''],
    [
      'AWS WAF',
      {},
      html('<script>window.awsWafCookieDomainList = []; window.gokuProps = {}</script>', '<noscript>JS</noscript>'),
    ],
    ['Imperva Incapsula', {}, html('', '<iframe src="/_Incapsula_Resource?CWUDNSAI=9"></iframe>')],
    ['Imperva Incapsula', {}, html('', '<p>Request unsuccessful. Incapsula incident ID: 0-1</p>')],
    [
      'Akamai',
      {},
      html(
        '<TITLE>Access Denied</TITLE>',
        "<H1>Access Denied</H1>You don't have permission. Reference&#32;&#35;18.1 Reference #18.1",
      ),
    ],
    [
      'F5',
      {},
      html(
        '<title>Request Rejected</title>',
        'The requested URL was rejected. Please consult with your administrator. Your support ID is: 1',
      ),
    ],
    [
      'a captcha',
      {},
      html('<title>Verificação</title>', '<form><div class="g-recaptcha" data-sitekey="x"></div></form>'),
    ],
    ['a captcha', {}, html('<title>Verificação</title>', '<div class="cf-turnstile"></div>')],
  ] as const) {
    test(`${by}: ${page.slice(40, 110) || JSON.stringify(headers)}`, () => {
      assert.equal(challengeOf(headers, page)?.by, by)
    })
  }

  test('a page with a form behind a captcha, or with the scripts of such a maker, is a page', () => {
    const text = `<p>${'Confira as tarifas vigentes da sua distribuidora nesta página. '.repeat(50)}</p>`
    const table = '<table><tr><td>B1</td><td>0,6</td></tr></table>'
    const script = '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert.equal(challengeOf({ server: 'cloudflare' }, html(script, text + table)), undefined)
    assert.equal(challengeOf({}, html('', `${text}<div class="g-recaptcha"></div>`)), undefined)
    assert.equal(challengeOf({}, html(script, '<p>Página em manutenção</p>')), undefined)
    assert.equal(scriptOnly(html(script, table)), undefined)
    assert.equal(scriptOnly(html(script, text)), undefined)
    assert.equal(scriptOnly(html('', '<p>curta, mas sem script</p>')), undefined)
  })

  test('a shell that a script would fill', () => {
    assert.match(
      scriptOnly(html('<title>Portal</title><script src="/a.js"></script>', '<div id="root"></div>'))?.sign ?? '',
      /no text/,
    )
    const words =
      '<noscript>You need to enable JavaScript to run this app.</noscript><div id="app">Carregando…</div><script></script>'
    assert.equal(scriptOnly(html('', words))?.sign, 'Carregando…')
  })
})
