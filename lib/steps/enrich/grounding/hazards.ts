import type { Span } from './quote.ts'

/** What an answer must not bring along. */
export type HazardKind = 'url' | 'email' | 'html' | 'link' | 'image' | 'role' | 'tool'

/** Something in an answer that its source does not have. */
export interface Hazard extends Span {
  kind: HazardKind
  text: string
}

const patterns: ReadonlyArray<readonly [HazardKind, RegExp]> = [
  ['image', /!\[[^\]\n]{0,500}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])/g],
  [
    'link',
    /\[[^\]\n]{1,500}\]\((?:[a-z]+:|\/|www\.|#|[\w-]+\.)[^)\n]{0,2000}\)|^\s{0,3}\[[^\]\n]{1,100}\]:\s*\S{1,2000}/gim,
  ],
  ['html', /<!--|<\/?[a-z][a-z0-9-]{0,40}(?:\s[^<>]{0,2000})?\/?>|&#x?[0-9a-f]{2,6};/gi],
  [
    'role',
    /<\|[\w-]{1,40}\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:start|end)_of_turn>|^\s{0,8}(?:#{1,4}\s*)?(?:system|assistant|user|human|developer)\s*:/gim,
  ],
  [
    'tool',
    /"(?:tool_calls?|function_call|tool_use|tool_name)"\s*:|\{\s*"(?:name|function|tool|action)"\s*:\s*"[^"\n]{1,100}"\s*,\s*"(?:arguments|parameters|input|args|action_input)"\s*:|<\/?(?:tool_call|function_calls?|invoke)\b/gi,
  ],
  ['email', /[\p{L}\d._%+-]{1,64}@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63}){1,5}/gu],
  [
    'url',
    /\b(?:https?|ftp|file|data|javascript|vbscript|mailto|tel):[^\s<>"'`)\]]{2,2000}|\bwww\.[^\s<>"'`)\]]{2,500}|(?<![\p{L}\d@.])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|dev|app|info|biz|xyz|ai|co|me|gov|edu|br|pt|ru|cn)(?:\.br)?(?![\p{L}\d.]\p{L})(?:[/:?#][^\s<>"'`)\]]{0,1000})?(?![\p{L}\d-])/giu,
  ],
]

/** URLs, addresses, markup, role markers and tool calls of an answer that the source does not contain, in order. */
export function outputHazards(output: string, source: string): Hazard[] {
  let known: string | undefined
  const found: Hazard[] = []
  for (const [kind, pattern] of patterns) {
    for (const match of output.matchAll(pattern)) {
      const whole = match[0].trim()
      // the mark of a role is part of it, that of a sentence is none of an address
      const text = kind === 'url' || kind === 'email' ? whole.replace(/[.,;:]+$/, '') : whole
      const start = match.index + match[0].indexOf(text)
      const end = start + text.length
      if (found.some((other) => other.start <= start && end <= other.end)) continue
      known ??= plain(source)
      if (!known.includes(plain(text))) found.push({ kind, text, start, end })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ')
}
