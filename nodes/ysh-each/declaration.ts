import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Which items go out, how, and how many at once. */
export const EachNodeSchema = Type.Object(
  {
    from: Type.Enum(['payload', 'list'], { default: 'payload', description: 'Where the items are' }),
    list: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { default: [], maxItems: 10_000 }),
    listAt: Type.String({
      default: '',
      maxLength: 100,
      pattern: '^[^.\\s]*$',
      description: 'Property of the payload that holds the list; blank takes the payload itself',
    }),
    property: Type.String({
      default: '',
      maxLength: 100,
      pattern: '^[^.\\s]*$',
      description: 'Property of the payload that an item becomes; blank makes it the whole payload',
    }),
    key: Type.String({
      default: '',
      maxLength: 100,
      pattern: '^[^.\\s]*$',
      description: 'Property that names an item; blank takes texts as they are and a hash of anything else',
    }),
    window: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 1_000,
      description: 'Items that are on their way at once',
    }),
    spread: Type.Boolean({
      default: false,
      description: 'Other Node-RED processes on the same stores take items too, each as many as the window holds',
    }),
  },
  { additionalProperties: false },
)

/** Sends a list item by item. */
export const declaration = defineNode({
  type: 'ysh-each',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-each.svg',
  inputs: 1,
  outputs: ['item', 'empty'],
  config: EachNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  form: [
    { field: 'from', icon: 'list-ul' },
    { field: 'list', when: { field: 'from', is: ['list'] } },
    { field: 'listAt', icon: 'folder-open-o', when: { field: 'from', is: ['payload'] } },
    { field: 'property', icon: 'ellipsis-h' },
    { field: 'key', icon: 'key', when: { field: 'from', is: ['payload'] } },
    { field: 'window', icon: 'random' },
    { field: 'spread', icon: 'share-alt' },
    { field: 'stores', icon: 'database' },
  ],
  messages: { input: null, output: null },
  texts: ['status.items', 'status.resumed', 'status.empty'],
})
