import type { HttpClient } from '../net/http.ts'
import type { RunRef } from '../runs/run.ts'
import type { Infer, Schema } from '../schema.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import type { Stores } from '../stores/stores.ts'

/** Time, so that tests can bend it. */
export interface Clock {
  now(): Date
}

/** Where a step writes what a person may want to read later. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** What a progress report is about: a phase ("download", "load") and how far it is. */
export interface Progress {
  phase: string
  done: number
  total?: number
  unit: 'bytes' | 'rows' | 'items' | 'pages'
}

/** What the surroundings (Node-RED node, CLI, Lambda, Airflow task) hand to a step. Nothing in it knows which they are. */
export interface StepContext<Output = unknown> {
  run: RunRef
  /** The node's stable id; with the run and its item it names this piece of work. */
  node: string
  /** 1 for the first try. */
  attempt: number
  /** Aborted on close, redeploy, timeout; every await on the outside gives up with it. */
  signal: AbortSignal
  stores: Stores
  http: HttpClient
  clock: Clock
  log: Logger
  progress(progress: Progress): void
  /**
   * Writes the step's end into the journal inside the caller's own transaction, so that effect and journal commit
   * together. Throws FENCED if another process has taken the run over. A step that never calls it is journalled by the
   * surroundings after it returns.
   */
  finish(tx: Queryable, output: Output): Promise<void>
}

/**
 * A step: one idempotent piece of work against the stores. Declared once; the node's runtime, its form's defaults and
 * validators, its help tables, the CLI, the Lambda handler and the Airflow task all read this declaration.
 */
export interface Step<C extends Schema, I extends Schema, O extends Schema> {
  /** Kebab case, without prefix: `aneel-fetch`. */
  name: string
  /** Raised when the same input must give another result, so that a journal's old answers are not reused. */
  version: number
  /** JSON Schemas. Config properties carry `default`, `title`, `description`. */
  config: C
  input: I
  output: O
  run(input: Infer<I>, config: Infer<C>, context: StepContext<Infer<O>>): Promise<Infer<O>>
}

/** Declares a step; only there to let TypeScript infer the three types from the schemas. */
export function defineStep<const C extends Schema, const I extends Schema, const O extends Schema>(
  step: Step<C, I, O>,
): Step<C, I, O> {
  return step
}
