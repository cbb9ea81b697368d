import type { OllamaTrial } from '../../lib/models/trial.ts'

/** What the button "Test connection" is told. */
export type Tested = { server: OllamaTrial } | { error: { code: string; message: string } }
