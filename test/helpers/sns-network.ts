// Loaded into a Node-RED process before anything else (`sns-double.ts`): the name of SNS leads to a public address, so that the address
// guard says what it would say, and the connection that it has let through goes to the double.
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { type LookupFunction, Socket } from 'node:net'

const [host = '', port = ''] = (process.env.YSH_TEST_SNS ?? '').split(':')
const publicAddress = '52.94.206.1'

const lookup = dns.lookup
Object.assign(dns, {
  lookup: (name: string, ...rest: []) =>
    name === host ? Promise.resolve([{ address: publicAddress, family: 4 }]) : lookup(name, ...rest),
})
syncBuiltinESMExports()

type Connect = { host?: string; port?: number; lookup?: LookupFunction }
const connect = Socket.prototype.connect
Object.assign(Socket.prototype, {
  connect(this: Socket, ...parts: Parameters<Socket['connect']>) {
    // what `net` and `tls` make of their arguments: [[options, callback]]
    const [first] = parts
    const given: Connect | undefined = Array.isArray(first) ? first[0] : first
    if (given !== undefined && given.host === host) {
      const guarded = given.lookup
      if (guarded === undefined) throw new Error('nobody guards this connection')
      given.port = Number(port)
      given.lookup = (name, options, callback) =>
        guarded(name, options, (error, addresses, family) => {
          if (error !== null) callback(error, addresses, family)
          else if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
          else callback(null, '127.0.0.1', 4)
        })
    }
    return connect.apply(this, parts)
  },
})
