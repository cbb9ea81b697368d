import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'

/** A user pool's keys, at the address under which it publishes them, and tokens signed with them. */
export function cognitoDouble(pool: string) {
  const keys = { own: pair(), other: pair() }
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const path = `${new URL(pool).pathname}/.well-known/jwks.json`
  const server = createServer((request, response) => {
    response.writeHead(request.url === path ? 200 : 404, { 'content-type': 'application/json' })
    const jwk = { ...keys.own.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'key-1' }
    response.end(JSON.stringify({ keys: [jwk] }))
  })
  const made = {
    url: '',
    async start() {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      made.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}${path}`
    },
    /** A token of these claims; `other` signs with a key that the pool has not. */
    token(claims: object, by: 'own' | 'other' = 'own') {
      const signed = `${text({ kid: 'key-1', alg: 'RS256' })}.${text(claims)}`
      return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), keys[by].privateKey).toString('base64url')}`
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return made
}

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
