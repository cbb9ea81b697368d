/** What stands before a text when it is embedded. */
export interface EmbeddingPrompts {
  /** Part of an embedder's id; raised when the words change, for other words are other vectors. */
  id: string
  document: string
  question: string
}

const none: EmbeddingPrompts = { id: '', document: '', question: '' }
const searchSentence = 'Represent this sentence for searching relevant passages: '
const searchTask = 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:'

/**
 * By the model's name without registry, namespace and tag: the first that fits. The words are those of each model's card (on Hugging Face, or
 * in its `config_sentence_transformers.json`): models were trained with them and find less without. bge-m3, granite-embedding, all-minilm
 * and paraphrase-multilingual want none.
 */
const families: readonly [RegExp, EmbeddingPrompts][] = [
  [/^nomic-embed-text/, { id: 'nomic-1', document: 'search_document: ', question: 'search_query: ' }],
  [/^multilingual-e5-.*instruct/, { id: 'e5-instruct-1', document: '', question: `${searchTask} ` }],
  [/^e5-mistral/, { id: 'e5-instruct-1', document: '', question: `${searchTask} ` }],
  [/(^|-)e5(-|$)/, { id: 'e5-1', document: 'passage: ', question: 'query: ' }],
  [/^mxbai-embed/, { id: 'sentence-1', document: '', question: searchSentence }],
  [/^snowflake-arctic-embed-?(2|.*-v2)/, { id: 'query-1', document: '', question: 'query: ' }],
  [/^snowflake-arctic-embed/, { id: 'sentence-1', document: '', question: searchSentence }],
  [/^bge-(small|base|large)-en/, { id: 'sentence-1', document: '', question: searchSentence }],
  // after "Query:" no space, as its authors have it
  [/^qwen3-embedding/, { id: 'qwen3-1', document: '', question: searchTask }],
  [/^embeddinggemma/, { id: 'gemma-1', document: 'title: none | text: ', question: 'task: search result | query: ' }],
]

/** The words that a model wants before texts. */
export function promptsOf(model: string): EmbeddingPrompts {
  const [name = ''] = (model.split('/').at(-1) ?? '').toLowerCase().split(':')
  return families.find(([pattern]) => pattern.test(name))?.[1] ?? none
}
