import { spawnSync } from 'node:child_process'

/** Where Debian's package `prometheus` puts it, or `PROMTOOL` says. */
const promtool = process.env.PROMTOOL ?? 'promtool'

/** Why Prometheus's own tool cannot be asked here; false where it can. */
export const noPromtool: string | false =
  spawnSync(promtool, ['--version']).status === 0
    ? false
    : 'promtool is not installed: apt-get install prometheus, or PROMTOOL=<path>'

/** Calls promtool. Throws with what it says when it is not content. */
export function askPromtool(words: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(promtool, [...words], { input, encoding: 'utf8', timeout: 60_000 })
  if (status !== 0) throw new Error(`promtool ${words.join(' ')} (${status}):\n${stdout}${stderr}`)
  return `${stdout}${stderr}`
}
