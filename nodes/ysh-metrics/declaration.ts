import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Where the metrics are served, and who may ask. */
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
  },
  { additionalProperties: false },
)

/** Serves the metrics of this process and its stores to Prometheus. */
export const declaration = defineNode({
  type: 'ysh-metrics',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-metrics.svg',
  inputs: 0,
  config: MetricsNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  credentials: { token: { type: 'password' } },
  labelFrom: 'path',
  form: [
    { field: 'stores', icon: 'database' },
    { field: 'path', icon: 'globe' },
    { field: 'reach', icon: 'shield' },
    { field: 'token', icon: 'key', when: { field: 'reach', is: ['token'] } },
    { section: 'more', fields: [{ field: 'port', icon: 'plug' }, { field: 'prices' }] },
  ],
  texts: ['status.storeDown'],
})
