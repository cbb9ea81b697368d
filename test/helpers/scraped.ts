import assert from 'node:assert/strict'

/** One line of a scrape. */
export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

const label = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g
const line = /^([a-z_][a-z_0-9]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[\d.e+-]+)$/

/** What a scrape said, in Prometheus's text format. Strict: a line that is none of the format fails the test. */
export class Scraped {
  readonly text: string
  readonly samples: Sample[] = []
  /** What `# TYPE` says of each. */
  readonly types = new Map<string, string>()

  constructor(text: string) {
    this.text = text
    for (const each of text.split('\n')) {
      if (each === '' || /^# (HELP|EOF)/.test(each)) continue
      const [, typed = '', type = ''] = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram)$/.exec(each) ?? []
      if (type !== '') {
        assert.ok(!this.types.has(typed), `${typed} is declared twice`)
        this.types.set(typed, type)
        continue
      }
      const [, name = '', labels = '', value = ''] = line.exec(each) ?? []
      assert.ok(name !== '', `no line of the format: ${each}`)
      this.samples.push({
        name,
        labels: Object.fromEntries([...labels.matchAll(label)].map(([, key = '', said = '']) => [key, said])),
        value: Number(value),
      })
    }
    const keys = this.samples.map(({ name, labels }) => JSON.stringify([name, labels]))
    assert.equal(new Set(keys).size, keys.length, 'a series is there twice')
  }

  /** The sum of the samples with these labels; undefined where there is none. */
  find(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.samples.filter(
      (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
    )
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
  }

  /** The same, where it has to be there. */
  value(name: string, labels: Record<string, string> = {}): number {
    const value = this.find(name, labels)
    assert.ok(value !== undefined, `${name} ${JSON.stringify(labels)} is not in the scrape`)
    return value
  }
}

/** Scrapes an address. */
export async function scrape(url: string, headers: Record<string, string> = {}): Promise<Scraped> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return new Scraped(text)
}
