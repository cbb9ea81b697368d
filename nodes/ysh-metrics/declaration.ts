import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Where the metrics are served, who may ask, and where they are sent. */
export const MetricsNodeSchema = Type.Object(
  {
    path: Type.String({
      default: '/metrics',
      maxLength: 200,
      pattern: '^(/[A-Za-z0-9._~-]+)+$',
      description: 'Path of the metrics: below httpNodeRoot on Node-RED’s port, or on a port of its own',
    }),
    reach: Type.Enum(['loopback', 'token'], {
      default: 'loopback',
      description: 'Who may ask: only this machine, or everybody who has the token',
    }),
    port: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 65_535,
      description: 'A port of its own, for a Node-RED whose server of flows is switched off; 0 is Node-RED’s port',
    }),
    prices: Type.Array(Type.String({ minLength: 3, maxLength: 100 }), {
      default: [],
      maxItems: 20,
      description: 'Prices that differ from the list of docs/metrics.md, such as s3_write=0.000007 (US dollars a unit)',
    }),
    cloudwatch: Type.Enum(['off', 'emf', 'put'], {
      default: 'off',
      description: 'Whether metrics go to CloudWatch once a minute: as lines that its agent reads, or by requests',
    }),
    pipeline: Type.String({
      default: 'ysh',
      minLength: 1,
      maxLength: 100,
      pattern: '^[\\x20-\\x7e]+$',
      description: 'Value of the dimension Pipeline, which tells several installations in one account apart',
    }),
    cloudwatchFile: Type.String({
      default: '',
      maxLength: 500,
      description: 'File that the agent reads; blank is standard output',
    }),
    cloudwatchRegion: Type.String({
      default: '',
      maxLength: 50,
      description: 'Region of CloudWatch; blank is what the environment says',
    }),
    cloudwatchEndpoint: Type.String({
      default: '',
      maxLength: 300,
      description: 'Address of an emulator; blank is AWS',
    }),
    cloudwatchMore: Type.Array(Type.String({ minLength: 3, maxLength: 100 }), {
      default: [],
      maxItems: 50,
      description: 'Metrics to send besides the ten; each costs about $0.30 a month',
    }),
  },
  { additionalProperties: false },
)

/** Serves the metrics of this process and its stores to Prometheus, and sends them to CloudWatch. */
export const declaration = defineNode({
  type: 'ysh-metrics',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-metrics.svg',
  inputs: 0,
  config: MetricsNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  credentials: { token: { type: 'password' }, accessKeyId: { type: 'text' }, secretAccessKey: { type: 'password' } },
  labelFrom: 'path',
  form: [
    { field: 'stores', icon: 'database' },
    { field: 'path', icon: 'globe' },
    { field: 'reach', icon: 'shield' },
    { field: 'token', icon: 'key', when: { field: 'reach', is: ['token'] } },
    {
      section: 'cloudwatch',
      fields: [
        { field: 'cloudwatch', icon: 'cloud' },
        { field: 'pipeline', icon: 'tag', when: { field: 'cloudwatch', is: ['emf', 'put'] } },
        { field: 'cloudwatchFile', icon: 'file-o', when: { field: 'cloudwatch', is: ['emf'] } },
        { field: 'cloudwatchRegion', icon: 'globe', when: { field: 'cloudwatch', is: ['put'] } },
        { field: 'cloudwatchEndpoint', icon: 'server', when: { field: 'cloudwatch', is: ['put'] } },
        { field: 'accessKeyId', icon: 'user', when: { field: 'cloudwatch', is: ['put'] } },
        { field: 'secretAccessKey', icon: 'key', when: { field: 'cloudwatch', is: ['put'] } },
        { field: 'cloudwatchMore', icon: 'plus', when: { field: 'cloudwatch', is: ['emf', 'put'] } },
      ],
    },
    { section: 'more', fields: [{ field: 'port', icon: 'plug' }, { field: 'prices' }] },
  ],
  texts: ['status.storeDown'],
})
