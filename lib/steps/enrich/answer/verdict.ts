/** What a check makes of a model's answer. */
export type Verdict<T> =
  | { value: T }
  /** It has not the form that was asked for: cut, no JSON, against the schema. */
  | { formless: string[] }
  /** It says what the document does not, or brings along what it must not. */
  | { unfaithful: string[] }
