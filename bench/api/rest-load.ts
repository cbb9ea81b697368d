// Asks a server as fast as it answers, over so many connections, and says how long each answer took.
import { Agent, get } from 'node:http'

/** What the parent asks for. */
export interface Load {
  port: number
  targets: string[]
  headers: Record<string, string>
  connections: number
  seconds: number
}

process.on('message', (load: Load) => {
  void run(load)
})

async function run({ port, targets, headers, connections, seconds }: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let wrong = 0
  let at = 0
  const began = performance.now()
  const end = began + seconds * 1_000
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const start = performance.now()
      const path = targets[at++ % targets.length]
      get({ agent, port, host: '127.0.0.1', path, headers }, (response) => {
        if (response.statusCode !== 200) wrong += 1
        response.resume()
        response.once('end', () => {
          times.push(performance.now() - start)
          resolve()
        })
      }).once('error', reject)
    })
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) await ask()
    }),
  )
  const took = (performance.now() - began) / 1_000
  agent.destroy()
  times.sort((a, b) => a - b)
  const percentile = (p: number) => times[Math.floor((times.length * p) / 100)] ?? Number.NaN
  process.send?.({ perSecond: times.length / took, p50: percentile(50), p99: percentile(99), wrong })
}
