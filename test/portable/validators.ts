import statelint from '@wmfs/statelint'
import language from 'amazon-states-language-service'
import asl from 'asl-validator'

/** Of a distributed map, which statelint does not know. */
const unknown = /^Field "(ItemReader|ResultWriter|Label|ToleratedFailurePercentage)" not allowed/

const service = language.getLanguageService({})
const linter = new statelint.StateLint()

/** What three validators say of a state machine, each prefixed by its name; empty when all take it. Each misses what another finds. */
export async function problemsOf(definition: object): Promise<string[]> {
  // The first one writes into what it gets.
  const { isValid, errors } = asl(structuredClone(definition))
  const document = language.TextDocument.create('file:///machine.asl.json', 'asl', 1, JSON.stringify(definition))
  const parsed = service.parseJSONDocument(document)
  const found = await service.doValidation(document, parsed, undefined, undefined)
  return [
    ...(isValid ? [] : errors.map((error) => `asl-validator: ${JSON.stringify(error)}`)),
    ...found.map(({ message, range }) => `language service: ${message} at ${document.getText(range).slice(0, 80)}`),
    ...linter
      .validate(structuredClone(definition))
      .filter((message) => !unknown.test(message))
      .map((message) => `statelint: ${message}`),
  ]
}
