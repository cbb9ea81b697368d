import { parser, Type } from '../schema.ts'

/** The parts of Ollama's answers that are read here, by its published API description. What else they hold is left alone. */
export const answers = {
  version: parser(Type.Object({ version: Type.String() }), 'The answer to /api/version', 'MODEL_ANSWER'),
  tags: parser(
    Type.Object({
      models: Type.Array(
        Type.Object({
          name: Type.String(),
          digest: Type.String(),
          size: Type.Optional(Type.Number()),
        }),
      ),
    }),
    'The answer to /api/tags',
    'MODEL_ANSWER',
  ),
  show: parser(
    Type.Object({
      capabilities: Type.Optional(Type.Array(Type.String())),
      model_info: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
    'The answer to /api/show',
    'MODEL_ANSWER',
  ),
  chat: parser(
    Type.Object({
      message: Type.Optional(Type.Object({ content: Type.Optional(Type.String()) })),
      done: Type.Boolean(),
      done_reason: Type.Optional(Type.String()),
      prompt_eval_count: Type.Optional(Type.Integer()),
      eval_count: Type.Optional(Type.Integer()),
    }),
    'A line of the answer to /api/chat',
    'MODEL_ANSWER',
  ),
  pull: parser(
    Type.Object({
      status: Type.String(),
      total: Type.Optional(Type.Number()),
      completed: Type.Optional(Type.Number()),
    }),
    'A line of the answer to /api/pull',
    'MODEL_ANSWER',
  ),
} as const
