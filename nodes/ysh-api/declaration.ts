import { OllamaSchema } from '../../lib/models/ollama-config.ts'
import { Type } from '../../lib/schema.ts'
import { CollectionName } from '../../lib/steps/vector/index-schema.ts'
import { defineNode } from '../kit/declaration.ts'

const list = (description: string, pattern?: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 300, ...(pattern === undefined ? {} : { pattern }) }), {
    default: [],
    maxItems: 100,
    description,
  })

/** Where the API is served, who may ask, and how often. */
export const ApiNodeSchema = Type.Object(
  {
    root: Type.String({
      default: '/api/v1',
      maxLength: 200,
      pattern: '^(/[A-Za-z0-9._~-]+)+$',
      description: 'Path of the API below httpNodeRoot',
    }),
    reach: Type.Enum(['loopback', 'everywhere'], {
      default: 'loopback',
      description: 'Who may connect: only this machine, or everybody that reaches the port',
    }),
    requestsPerMinute: Type.Integer({
      default: 600,
      minimum: 1,
      maximum: 10_000_000,
      description: 'Requests of a key or a token’s subject in a minute, over all processes',
    }),
    burst: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Requests that may come at once, beside the even pace',
    }),
    jwksUrl: Type.String({
      default: '',
      maxLength: 500,
      pattern: '^(|https?://[^\\s/@]+(/\\S*)?)$',
      description: 'Address of the public keys of who issues tokens; blank takes no tokens',
    }),
    issuer: Type.String({ default: '', maxLength: 500, description: 'Issuer that tokens must name (iss)' }),
    audiences: list('Audiences of which a token must name one (aud; Cognito: client_id)'),
    requiredClaims: list('Further claims that a token must have, such as token_use=access', '^[^\\s=]+=\\S+$'),
    scopeClaim: Type.String({
      default: '',
      maxLength: 200,
      description: 'Claim that holds the scopes; blank looks at scope, scp and cognito:groups',
    }),
    scopeMap: list(
      'What the issuer’s scopes and groups mean here, such as ysh/read=datasets,documents',
      '^[^\\s=]+=(datasets|documents|runs|events)(,(datasets|documents|runs|events))*$',
    ),
    origins: list('Web pages of these origins may ask, such as https://app.example.com', '^https?://[^\\s/*]+$'),
    proxies: list('Addresses and ranges of proxies whose X-Forwarded-For is believed'),
    collection: CollectionName,
    ollama: Type.Optional(OllamaSchema),
  },
  { additionalProperties: false },
)

export const declaration = defineNode({
  type: 'ysh-api',
  category: 'config',
  config: ApiNodeSchema,
  references: { stores: { type: 'ysh-stores' }, ollama: { type: 'ysh-ollama', required: false } },
  credentials: { firstKey: { type: 'password' } },
  labelFrom: 'root',
  form: [
    { field: 'stores', icon: 'database' },
    { field: 'root', icon: 'globe', widget: 'custom:keys' },
    { field: 'reach', icon: 'shield' },
    { field: 'requestsPerMinute', icon: 'tachometer' },
    { field: 'burst', icon: 'bolt' },
    { field: 'firstKey' },
    {
      section: 'tokens',
      fields: [
        { field: 'jwksUrl', icon: 'key' },
        { field: 'issuer', icon: 'id-card-o' },
        { field: 'audiences' },
        { field: 'requiredClaims' },
        { field: 'scopeClaim', icon: 'tag' },
        { field: 'scopeMap' },
      ],
    },
    { section: 'network', fields: [{ field: 'origins' }, { field: 'proxies' }] },
    {
      section: 'search',
      fields: [
        { field: 'collection', icon: 'files-o' },
        { field: 'ollama', icon: 'server' },
      ],
    },
  ],
  texts: [
    'list.keys',
    'list.name',
    'list.days',
    'list.create',
    'list.new',
    'list.copy',
    'list.once',
    'list.loading',
    'list.none',
    'list.notDeployed',
    'list.failed',
    'list.never',
    'list.used',
    'list.until',
    'list.revoke',
    'list.revoked',
  ],
})
