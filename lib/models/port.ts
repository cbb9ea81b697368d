/** One message of a conversation. The models have no tools: what they say is text, and nothing else happens. */
export interface ChatMessage {
  role: 'user' | 'assistant'
  content: string
  /** PNG or JPEG, for models that see. */
  images?: readonly Uint8Array[]
}

/** What a model is asked. */
export interface ChatRequest {
  model: string
  /** What the model is told to do; never holds text of a document. */
  system?: string
  messages: readonly ChatMessage[]
  /** JSON Schema that the answer should satisfy; models keep to it only as far as the server makes them. */
  format?: Readonly<Record<string, unknown>>
  /** By default 0: the most likely answer, the same one again. */
  temperature?: number
  /** Most tokens of the answer; one that needs more is `cut`. */
  maxTokens: number
  /** Tokens that question and answer together may have; left out: the model's own default. */
  contextTokens?: number
  signal: AbortSignal
  /** Told how many characters are there, as they come. */
  onText?(characters: number): void
}

/** What a model answered. */
export interface ChatAnswer {
  text: string
  /** The answer ended at a limit, not by itself. */
  cut: boolean
  questionTokens: number
  answerTokens: number
}

/** What texts are turned into vectors with. */
export interface EmbedRequest {
  model: string
  /** Any number: sent in batches. */
  texts: readonly string[]
  signal: AbortSignal
  /** Told how many of the texts are done. */
  onProgress?(done: number): void
}

/** What a server has of a model. */
export interface ModelInfo {
  /** With its tag: `bge-m3:latest`. */
  name: string
  /** SHA-256 of its files: another one is another model, whatever the name. */
  digest: string
  /** What it can: `completion`, `embedding`, `vision`; empty where the server does not say. */
  capabilities: readonly string[]
  /** Tokens that it was made for. */
  contextTokens?: number
  /** Numbers of a vector. */
  dimensions?: number
}

/** How far the download of a model is. */
export interface PullProgress {
  status: string
  /** Bytes. */
  done: number
  total?: number
}

/**
 * A server of language models. Errors are PipelineErrors: MODEL_UNAVAILABLE (no answer, or a failure of the server; retryable),
 * MODEL_MISSING (the server does not have it), MODEL_CANNOT (it has it, but not for this), MODEL_TIMEOUT (retryable), MODEL_ANSWER (not
 * the form that the API promises; retryable), MODEL_BUSY (too many wait already; retryable), STOPPED.
 */
export interface LanguageModel {
  /** For messages: scheme, host and port. */
  readonly place: string
  chat(request: ChatRequest): Promise<ChatAnswer>
  /** A vector for each text, in order. A text longer than the model takes is MODEL_CANNOT, never shortened in silence. */
  embed(request: EmbedRequest): Promise<Float32Array[]>
  /** What is known of a model; fetches it first where that is allowed. Asked once a minute at most. */
  describe(model: string, options: { signal: AbortSignal; onPull?(progress: PullProgress): void }): Promise<ModelInfo>
}
