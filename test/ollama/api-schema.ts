/**
 * What Ollama's published API description says of requests: docs/openapi.yaml of github.com/ollama/ollama (MIT), as of commit fb30760.
 * Only the endpoints that are used here. Stricter in one point: properties that it does not name are violations, so that a slip in a name
 * is found. What the server takes although openapi.yaml does not name it is marked with where it stands.
 */
type JsonSchema = Readonly<Record<string, unknown>>

// api/types.go, Duration: a string is read by Go's time.ParseDuration, which wants a unit on all but 0
const duration = { type: 'string', pattern: '^(0|-?[0-9]+(\\.[0-9]+)?(ms|s|m|h))$' }
const model = { type: 'string', minLength: 1 }

const options: JsonSchema = {
  type: 'object',
  properties: {
    seed: { type: 'integer' },
    temperature: { type: 'number' },
    top_k: { type: 'integer' },
    top_p: { type: 'number' },
    min_p: { type: 'number' },
    stop: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    num_ctx: { type: 'integer', minimum: 1 },
    num_predict: { type: 'integer' },
  },
  additionalProperties: false,
}

const think = { oneOf: [{ type: 'boolean' }, { type: 'string', enum: ['high', 'medium', 'low', 'max'] }] }
const format = { oneOf: [{ type: 'string', enum: ['json'] }, { type: 'object' }] }
const images = { type: 'array', items: { type: 'string', pattern: '^[A-Za-z0-9+/]+={0,2}$' } }

const message: JsonSchema = {
  type: 'object',
  required: ['role', 'content'],
  properties: {
    role: { type: 'string', enum: ['system', 'user', 'assistant', 'tool'] },
    content: { type: 'string' },
    images,
    tool_calls: { type: 'array' },
  },
  additionalProperties: false,
}

/** By method and path. Those without a body have none. */
export const requestSchemas: Readonly<Record<string, JsonSchema | undefined>> = {
  'GET /api/version': undefined,
  'GET /api/tags': undefined,
  'GET /api/ps': undefined,
  'POST /api/show': {
    type: 'object',
    required: ['model'],
    properties: { model, verbose: { type: 'boolean' } },
    additionalProperties: false,
  },
  'POST /api/embed': {
    type: 'object',
    required: ['model', 'input'],
    properties: {
      model,
      input: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      truncate: { type: 'boolean' },
      dimensions: { type: 'integer' },
      keep_alive: duration,
      options,
    },
    additionalProperties: false,
  },
  'POST /api/chat': {
    type: 'object',
    required: ['model', 'messages'],
    properties: {
      model,
      messages: { type: 'array', items: message },
      tools: { type: 'array' },
      format,
      options,
      stream: { type: 'boolean' },
      think,
      keep_alive: { oneOf: [duration, { type: 'number' }] },
      logprobs: { type: 'boolean' },
      top_logprobs: { type: 'integer' },
      truncate: { type: 'boolean' }, // api/types.go, ChatRequest
      shift: { type: 'boolean' }, // api/types.go, ChatRequest
    },
    additionalProperties: false,
  },
  'POST /api/generate': {
    type: 'object',
    required: ['model'],
    properties: {
      model,
      prompt: { type: 'string' },
      suffix: { type: 'string' },
      images,
      format,
      system: { type: 'string' },
      stream: { type: 'boolean' },
      think,
      raw: { type: 'boolean' },
      keep_alive: { oneOf: [duration, { type: 'number' }] },
      options,
    },
    additionalProperties: false,
  },
  'POST /api/pull': {
    type: 'object',
    // api/types.go, PullRequest: `name` is the older spelling, and what the npm package `ollama` still sends
    anyOf: [{ required: ['model'] }, { required: ['name'] }],
    properties: { model, name: model, insecure: { type: 'boolean' }, stream: { type: 'boolean' } },
    additionalProperties: false,
  },
}
