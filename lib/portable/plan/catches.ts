import { type FlowNode, textOf, textsOf } from '../../flow-check/node.ts'
import type { Flow, Ref, SubflowModules } from './flow.ts'
import type { Retry } from './schema.ts'
import type { Settings, Tell } from './settings.ts'

/** What becomes of a node's error. */
export interface Handling {
  retry: Retry | null
  /** The catch node, and what its message comes to. */
  catch: { node: Ref; to: Ref } | null
}

const none: Handling = { retry: null, catch: null }
const retryType = 'ysh-retry-backoff'

/** Who gets whose errors, with ysh-retry-backoff folded into a policy. */
export class Catches {
  readonly #flow: Flow
  readonly #settings: Settings
  readonly #tell: Tell
  readonly #byNode = new Map<string, FlowNode[]>()
  /** Those without a list of nodes, by what holds them. */
  readonly #wide = new Map<string, FlowNode[]>()
  readonly #known = new Map<Ref, Handling>()
  readonly #policies = new Map<Ref, Retry>()

  constructor(flow: Flow, modules: SubflowModules, settings: Settings, tell: Tell) {
    this.#flow = flow
    this.#settings = settings
    this.#tell = tell
    for (const node of [...flow.nodes, ...Object.values(modules).flat()]) {
      if (node.type !== 'catch' || flow.isOff(node)) continue
      if (Array.isArray(node.scope)) for (const id of textsOf(node.scope)) push(this.#byNode, id, node)
      else push(this.#wide, textOf(node.z), node)
    }
  }

  /** What becomes of a node's errors; outside of a subflow or a called tab also what nobody catches inside. */
  of(ref: Ref): Handling {
    let known = this.#known.get(ref)
    if (known === undefined) {
      known = this.#fold(ref)
      this.#known.set(ref, known)
    }
    return known
  }

  /** A retry node that the way leads through: the first step behind it. */
  through(ref: Ref): Ref[] {
    const seen = new Set<Ref>()
    let refs = [ref]
    while (refs.length === 1 && refs[0]?.node.type === retryType && !seen.has(refs[0])) {
      seen.add(refs[0])
      refs = this.#flow.behind(refs[0], 0)
    }
    return refs
  }

  #catchOf(ref: Ref): Ref | undefined {
    const { node, frame } = ref
    const named = (this.#byNode.get(node.id) ?? []).filter(({ z }) => z === node.z)
    const wide = this.#wide.get(textOf(node.z)) ?? []
    const groups = wide.filter(({ scope, g }) => scope === 'group' && this.#isIn(ref, textOf(g)))
    const own = [...named, ...groups].map((one) => this.#flow.ref(frame, one))
    const [first, second] = own
    if (second !== undefined) this.#tell('CATCH_TWICE', second, { from: this.#flow.placeOf(ref).name })
    if (first !== undefined) return first
    const all = wide.find(({ scope }) => scope !== 'group')
    if (all !== undefined) {
      const catchAll = this.#flow.ref(frame, all)
      this.#tell('CATCH_ALL', catchAll)
      return catchAll
    }
    return frame.holder === undefined ? undefined : this.#catchOf(frame.holder)
  }

  #isIn({ node, frame }: Ref, group: string): boolean {
    for (let at = frame.byId.get(textOf(node.g)); at !== undefined; at = frame.byId.get(textOf(at.g))) {
      if (at.id === group) return true
    }
    return false
  }

  #fold(ref: Ref): Handling {
    const catcher = this.#catchOf(ref)
    if (catcher === undefined) return none
    const from = this.#flow.placeOf(ref).name
    const [to, other] = this.#flow.behind(catcher, 0)
    if (other !== undefined && to !== undefined) {
      this.#tell('FAN_OUT', catcher, { to: this.#names([to, other]) })
      return none
    }
    if (to === undefined) {
      this.#tell('CATCH_NOWHERE', catcher, { from })
      return none
    }
    if (to.node.type !== retryType) return { retry: null, catch: { node: catcher, to } }
    const retry = this.policyOf(to)
    const [again] = this.#flow.behind(to, 0)
    if (again !== undefined && again !== ref) {
      if (this.#catchOf(again) === catcher) this.#tell('RETRY_SHARED', to)
      else this.#tell('RETRY_ELSEWHERE', to)
    } else if (again === undefined) this.#tell('RETRY_ELSEWHERE', to)
    const [gaveUp, second] = this.#flow.behind(to, 1)
    if (gaveUp === undefined) {
      this.#tell('OPEN_END', to, { output: 'gaveUp' })
      return none
    }
    if (second !== undefined) {
      this.#tell('FAN_OUT', to, { to: this.#names([gaveUp, second]) })
      return none
    }
    if (gaveUp.node.type === retryType) {
      this.#tell('RETRY_NESTED', gaveUp, { from })
      return none
    }
    return { retry, catch: { node: catcher, to: gaveUp } }
  }

  #names(refs: readonly Ref[]): string {
    return refs.map((one) => this.#flow.placeOf(one).name).join(', ')
  }

  /** A retry node's policy. */
  policyOf(ref: Ref): Retry {
    const known = this.#policies.get(ref)
    if (known !== undefined) return known
    const numbers = this.#settings
    const retryOn = numbers.word(ref, 'retryOn', ['pipeline', 'codes', 'expression'], 'pipeline')
    if (retryOn === 'expression') this.#tell('RETRY_EXPRESSION', ref)
    const policy: Retry = {
      node: ref.id,
      maxRetries: numbers.number(ref, 'attempts', 4, { min: 1, max: 1_000 }) - 1,
      law: numbers.word(ref, 'backoff', ['fixed', 'linear', 'exponential'], 'fixed'),
      baseSeconds: numbers.number(ref, 'baseSeconds', 60),
      capSeconds: numbers.number(ref, 'capSeconds', 3_600),
      jitter: numbers.word(ref, 'jitter', ['none', 'full'], 'none'),
      deadlineSeconds: numbers.number(ref, 'deadlineSeconds', 86_400),
      on:
        retryOn === 'codes'
          ? { errors: ref.node.codesMean === 'except' ? 'except' : 'codes', codes: textsOf(ref.node.codes) }
          : { errors: 'retryable' },
    }
    const cut = { ...policy, maxRetries: within(policy) }
    this.#policies.set(ref, cut)
    return cut
  }
}

/** The wait before the n-th retry, in seconds, without jitter. */
export function waitBefore({ law, baseSeconds, capSeconds }: Retry, retry: number): number {
  const growth = law === 'fixed' ? 1 : law === 'linear' ? retry : 2 ** (retry - 1)
  return Math.min(baseSeconds * growth, capSeconds)
}

/** Retries whose waits alone end before the deadline. */
function within(policy: Retry): number {
  let waited = 0
  for (let retry = 1; retry <= policy.maxRetries; retry++) {
    waited += waitBefore(policy, retry)
    if (waited >= policy.deadlineSeconds) return retry - 1
  }
  return policy.maxRetries
}

function push(map: Map<string, FlowNode[]>, key: string, node: FlowNode): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [node])
  else list.push(node)
}
