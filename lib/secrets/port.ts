import type { SecretReference } from './reference.ts'

/**
 * Reads secrets of one kind. Throws SECRET_MISSING (nothing of that name), SECRET_DENIED (not for us), SECRET_INVALID (no text, or too
 * large), SECRET_UNAVAILABLE (retryable), AWS_MISSING. No message holds a secret.
 */
export type SecretSource<Kind extends SecretReference['kind']> = (
  reference: Extract<SecretReference, { kind: Kind }>,
  signal: AbortSignal,
) => Promise<string>

/** The largest secret, in bytes: more is some other file. */
export const maxSecretBytes = 64 * 1024
