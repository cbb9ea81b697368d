// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { packageFolder } from '../helpers/node-red.ts'

interface Service {
  profiles: string[]
  image: string
  build?: string
  mem_limit: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  restart?: string
  ports?: string[]
  healthcheck?: { test: string[]; interval: string; timeout: string }
  secrets?: string[]
  networks?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  stop_grace_period?: string
}
const text = readFileSync(join(packageFolder, 'compose.yaml'), 'utf8')
const compose: {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
  networks: Record<string, { internal?: boolean } | null>
} = parse(text, { merge: true })
const services = Object.entries(compose.services)
const inProfiles = (...names: string[]) =>
  services.filter(([, { profiles }]) => profiles.some((each) => names.includes(each)))
const mebibytes = (limit: string) => {
  const [, number, unit] = /^(\d+)([mg])$/.exec(limit) ?? []
  assert.ok(number !== undefined, limit)
  return Number(number) * (unit === 'g' ? 1_024 : 1)
}
const total = (of: typeof services) => of.reduce((sum, [, { mem_limit }]) => sum + mebibytes(mem_limit), 0)

describe('compose.yaml', () => {
  test('its limits leave room for the host: embedded in 1 GiB, full in 2 GiB, also with monitoring', (context) => {
    const sums = {
      embedded: total(inProfiles('embedded')),
      full: total(inProfiles('full')),
      all: total(inProfiles('full', 'monitoring')),
    }
    context.diagnostic(JSON.stringify(sums))
    assert.ok(sums.embedded <= 1_024 - 160)
    assert.ok(sums.full <= 2_048 - 256)
    assert.ok(sums.all <= 2_048 - 256)
  })

  test('every service is pinned, limited, watched, on a read-only root and without capabilities', () => {
    for (const [name, service] of services) {
      assert.match(service.image, /:v?\d+\.\d+\.\d+[\w.-]*$/, name)
      assert.equal(service.read_only, true, name)
      assert.deepEqual(service.cap_drop, ['ALL'], name)
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
      assert.equal(service.restart, 'unless-stopped', name)
      // the image of the pipeline brings its own
      if (service.build === undefined) assert.ok(service.healthcheck?.timeout, name)
    }
  })

  test("publishes Node-RED's port, Grafana's on loopback, and nothing of the stores, which reach nobody outside", () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`))
    assert.deepEqual(published, [
      'pipeline-embedded ${YSH_PUBLISH:-127.0.0.1:1880}:1880',
      'pipeline ${YSH_PUBLISH:-127.0.0.1:1880}:1880',
      'grafana 127.0.0.1:3000:3000',
    ])
    for (const name of ['postgres', 'redis', 'qdrant']) assert.deepEqual(compose.services[name]?.networks, ['stores'])
    assert.equal(compose.networks.stores?.internal, true)
  })

  test("the V8 heap leaves half of the pipeline's limit to everything else", () => {
    for (const name of ['pipeline-embedded', 'pipeline']) {
      const service = compose.services[name]
      const heap = Number(/--max-old-space-size=(\d+)/.exec(service?.environment?.NODE_OPTIONS ?? '')?.[1])
      assert.ok(heap <= mebibytes(service?.mem_limit ?? '0m') / 2, name)
      assert.equal(service?.stop_grace_period, '45s') // of the image's test
    }
  })

  test('Prometheus asks the pipeline with the token that both are given, and Grafana has data source and dashboards', () => {
    const read = (file: string) => parse(readFileSync(join(packageFolder, 'deploy', file), 'utf8'))
    const [job] = read('prometheus/prometheus.yml').scrape_configs
    const [{ names, port }] = job.dns_sd_configs
    const flow: { type: string; path: string; reach: string }[] = JSON.parse(
      readFileSync(join(packageFolder, 'flows/daily.json'), 'utf8'),
    )
    const served = flow.find(({ type }) => type === 'ysh-metrics')
    assert.deepEqual([job.metrics_path, port], [served?.path, 1_880])
    assert.equal(served?.reach, '$'.concat('{YSH_METRICS_REACH}'))
    const secret = /^\/run\/secrets\/(\w+)$/.exec(job.authorization.credentials_file)?.[1] ?? ''
    const prometheus = compose.services.prometheus
    assert.ok(prometheus?.secrets?.includes(secret))
    for (const name of names) {
      const { environment = {}, secrets = [], networks = [] } = compose.services[name] ?? {}
      assert.equal(environment.YSH_METRICS_REACH, 'token', name)
      assert.equal(environment.YSH_METRICS_TOKEN_FILE, `/run/secrets/${secret}`)
      assert.ok(secrets.includes(secret))
      assert.ok(networks.some((network) => prometheus?.networks?.includes(network)))
    }
    const grafana = compose.services.grafana
    const [source] = read('grafana/provisioning/datasources/prometheus.yml').datasources
    assert.equal(source.url, '$'.concat('{PROMETHEUS_URL}'))
    assert.equal(grafana?.environment?.PROMETHEUS_URL, 'http://prometheus:9090')
    const [provider] = read('grafana/provisioning/dashboards/ysh.yml').providers
    for (const inside of [provider.options.path, '/etc/grafana/provisioning', '/etc/prometheus']) {
      const volumes = [...(grafana?.volumes ?? []), ...(prometheus?.volumes ?? [])]
      const mounted = volumes.find((volume) => volume.split(':')[1] === inside)?.split(':')[0] ?? ''
      assert.ok(existsSync(join(packageFolder, mounted)) && mounted !== '', inside)
    }
  })

  test('no secret stands in it; deploy/secrets.sh makes each that it names, once', () => {
    assert.doesNotMatch(text, /:\/\/[^/\s]*:[^/\s]*@/)
    const folder = mkdtempSync(join(tmpdir(), 'ysh-secrets-'))
    try {
      const make = () =>
        spawnSync('sh', [join(packageFolder, 'deploy/secrets.sh')], { cwd: folder, encoding: 'utf8', timeout: 10_000 })
      assert.equal(make().status, 0)
      const contents = () => Object.values(compose.secrets).map(({ file }) => readFileSync(join(folder, file), 'utf8'))
      const before = contents()
      assert.equal(new Set(before).size, Object.keys(compose.secrets).length)
      assert.equal(statSync(join(folder, 'secrets')).mode & 0o777, 0o700)
      assert.equal(make().stdout, '')
      assert.deepEqual(contents(), before)
      const url = new URL(readFileSync(join(folder, 'secrets/postgres_url'), 'utf8'))
      assert.equal(url.password, readFileSync(join(folder, 'secrets/postgres_password'), 'utf8'))
      for (const [name, { secrets = [] }] of services)
        for (const secret of secrets) assert.ok(secret in compose.secrets, `${name} ${secret}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
