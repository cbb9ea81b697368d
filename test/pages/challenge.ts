/** An answer that keeps programs out, in the shape of a vendor. */
export interface Challenge {
  status: number
  headers: Record<string, string>
  html: string
}

/** Whose shape a challenge has. */
export type Vendor = 'cloudflare' | 'incapsula' | 'akamai' | 'aws-waf' | 'captcha'

const page = (title: string, body: string) =>
  `<!DOCTYPE html><html lang="en-US"><head><title>${title}</title><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><meta name="robots" content="noindex,nofollow"></head><body>${body}</body></html>`

/** Pages in the shapes that the vendors' challenges have. */
export const challenges: Record<Vendor, Challenge> = {
  cloudflare: {
    status: 403,
    headers: { server: 'cloudflare', 'cf-mitigated': 'challenge', 'cf-ray': '8f00000000000000-GRU' },
    html: page(
      'Just a moment...',
      '<noscript><div id="challenge-error-text">Enable JavaScript and cookies to continue</div></noscript>' +
        '<script>(function(){window._cf_chl_opt={cvId:"3",cType:"managed"};var a=document.createElement("script");' +
        'a.src="/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=8f00000000000000";document.head.appendChild(a)}())</script>',
    ),
  },
  incapsula: {
    status: 200,
    headers: { 'x-iinfo': '10-1234567-0 0NNN RT(1) q(0 -1 -1 -1) r(0 -1) B10(4,289,0) U18', 'x-cdn': 'Imperva' },
    html:
      '<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body style="margin:0px;height:100%">' +
      '<iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=10-1234567-0" frameborder=0 width="100%" height="100%">' +
      'Request unsuccessful. Incapsula incident ID: 1234000560123456789-123456789012345678</iframe></body></html>',
  },
  akamai: {
    status: 403,
    headers: { server: 'AkamaiGHost', 'mime-version': '1.0' },
    html:
      '<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \nYou don\'t have permission to access "http&#58;&#47;&#47;www&#46;exemplo&#46;com&#46;br&#47;" on this server.<P>\n' +
      'Reference&#32;&#35;18&#46;4d0c1002&#46;1764100000&#46;1a2b3c\n</BODY>\n</HTML>\n',
  },
  'aws-waf': {
    status: 202,
    headers: { 'x-amzn-waf-action': 'challenge', server: 'awselb/2.0', 'cache-control': 'no-store, max-age=0' },
    html: page(
      '',
      '<script>window.awsWafCookieDomainList = [];window.gokuProps = {"key":"AAAA","iv":"BBBB","context":"CCCC"};</script>' +
        '<script src="/challenge.js"></script><div id="challenge-container"></div><script>AwsWafIntegration.saveReferrer();' +
        'AwsWafIntegration.checkForceRefresh().then(()=>AwsWafIntegration.getToken())</script>',
    ),
  },
  captcha: {
    status: 200,
    headers: {},
    html: page(
      'Verificação de segurança',
      '<h1>Verificação de segurança</h1><p>Confirme que você não é um robô para continuar.</p><form method="post">' +
        '<div class="g-recaptcha" data-sitekey="6Lc_test"></div><button>Continuar</button></form>' +
        '<script src="/recaptcha/api.js" async defer></script>',
    ),
  },
}

/** A page that a program makes in the browser: nothing to read in it. */
export const scriptOnly =
  '<!DOCTYPE html><html lang="pt-BR"><head><meta charset="utf-8"><title>Tarifas</title><link rel="stylesheet" href="/static/css/main.css"></head>' +
  '<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>' +
  '<script src="/static/js/runtime.js"></script><script src="/static/js/vendor.js"></script><script src="/static/js/main.js"></script></body></html>'
