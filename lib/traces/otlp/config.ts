import { PipelineError } from '../../errors.ts'

/** How spans are sent; from the standard variables of OpenTelemetry. */
export interface OtlpConfig {
  url: string
  headers: Record<string, string>
  gzip: boolean
  timeoutMs: number
  /** Share of the traces, 0 to 1. */
  ratio: number
  queue: number
  batch: number
  delayMs: number
  /** What is said of this process. */
  resource: Record<string, string>
}

type Environment = Readonly<Record<string, string | undefined>>

/** What the environment wants; undefined when no endpoint is set or tracing is switched off. Throws TRACES_CONFIG. */
export function otlpConfig(env: Environment, version: string): OtlpConfig | undefined {
  const own = (name: string) => env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || ''
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? ''
  const whole = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || (base === '' ? '' : `${base.replace(/\/+$/, '')}/v1/traces`)
  const off = /^true$/i.test(env.OTEL_SDK_DISABLED ?? '') || env.OTEL_TRACES_EXPORTER === 'none'
  if (whole === '' || off) return undefined
  const url = URL.parse(whole)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new PipelineError('TRACES_CONFIG', 'OTEL_EXPORTER_OTLP_ENDPOINT begins with http:// or https://')
  }
  const protocol = own('PROTOCOL')
  if (protocol !== '' && !protocol.startsWith('http/')) {
    throw new PipelineError('TRACES_CONFIG', `Traces are sent as http/json, not ${protocol}: the usual port is 4318`)
  }
  const replica = env.YSH_REPLICA ?? ''
  return {
    url: url.href,
    headers: pairs(own('HEADERS')),
    gzip: own('COMPRESSION') === 'gzip',
    timeoutMs: figure(own('TIMEOUT'), 10_000, 60_000),
    ratio: ratioOf(env),
    queue: figure(env.OTEL_BSP_MAX_QUEUE_SIZE, 2_048, 20_000),
    batch: figure(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, 512, 2_048),
    delayMs: figure(env.OTEL_BSP_SCHEDULE_DELAY, 5_000, 60_000),
    resource: {
      'service.name': 'ysh-pipeline',
      'service.version': version,
      ...(replica === '' ? {} : { 'service.instance.id': replica }),
      ...pairs(env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
      ...(env.OTEL_SERVICE_NAME ? { 'service.name': env.OTEL_SERVICE_NAME } : {}),
    },
  }
}

/** Whether a trace is in the share; the same in every process, for the id is. */
export function sampled(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-12), 16) / 2 ** 48 < ratio
}

function ratioOf(env: Environment): number {
  const sampler = (env.OTEL_TRACES_SAMPLER || 'always_on').replace('parentbased_', '')
  if (sampler === 'always_on') return 1
  if (sampler === 'always_off') return 0
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || '1')
  if (sampler === 'traceidratio' && ratio >= 0 && ratio <= 1) return ratio
  throw new PipelineError(
    'TRACES_CONFIG',
    'OTEL_TRACES_SAMPLER is always_on, always_off or traceidratio (also parentbased_…), with OTEL_TRACES_SAMPLER_ARG from 0 to 1',
  )
}

/** `key=value` with commas, values encoded as in an address. */
function pairs(text: string): Record<string, string> {
  const found = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]]
  })
  return Object.fromEntries(found)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function figure(text: string | undefined, usual: number, most: number): number {
  const value = Number(text)
  return text && Number.isFinite(value) && value >= 1 ? Math.min(most, Math.round(value)) : usual
}
