import type { SummaryFacts } from '../../../lib/steps/notify/summary/collect.ts'

/** A run of which everything can be told. */
export const everything: SummaryFacts = {
  ...{
    run: '6f0e4c0a-2b1d-4f8b-9a57-0d3c7e5b8a41',
    flow: 'daily',
    slot: '2026-07-14T05:00:00.000Z',
    trigger: 'schedule',
  },
  ...{ outcome: 'partly', startedAt: '2026-07-14T05:00:02.000Z', seconds: 754 },
  datasets: [
    dataset('utility.tarifas', {
      page: 'celesc-tarifas',
      outcome: 'stale',
      reason: 'The header of table 2 changed: "TUSD" was "Tarifa de uso"',
      tier: 'cache',
      ageSeconds: 259_200,
      rows: 96,
    }),
    dataset('aneel.mmgd', {
      tier: 'backup',
      ageSeconds: 7_300,
      why: 'NET_TIMEOUT',
      rows: 4_656_839,
      new: 12_034,
      changed: 871,
      vanished: 17,
    }),
    dataset('aneel.tarifas', {
      rows: 330_211,
      new: 1_204,
      changed: 33,
      vanished: 2,
      quarantined: 12,
      warnings: 1,
      ageSeconds: 4,
    }),
    dataset('aneel.siga', { outcome: 'unchanged', rows: 25_114, ageSeconds: 90_000 }),
  ],
  documents: { extracted: 12, unchanged: 88, partial: 1, pages: 1_467, tables: 512, formulas: 74, records: 206 },
  steps: [
    { step: 'enrich', done: 101, seconds: 341.7, figures: { translated: 12_034, skipped: 88 } },
    { step: 'index', done: 3, seconds: 21.2, figures: { written: 15_901 } },
  ],
  errors: [
    {
      step: 'aneel-fetch',
      item: 'aneel.subsidios',
      code: 'GATE_ROWS',
      message: 'The file has 1,204 rows, the version before had 88,120 <b>"bold"</b>',
      retryable: false,
    },
    {
      step: 'pdf-extract',
      item: 'manuais / inversor-ção.pdf',
      code: 'PDF_PASSWORD',
      message: 'The document is encrypted',
      retryable: false,
    },
  ],
  left: { datasets: 0, errors: 0 },
  next: '2026-07-15T05:00:00.000Z',
  attributions: ['Fonte: ANEEL, Dados Abertos (dadosabertos.aneel.gov.br), licença ODbL'],
}

function dataset(name: string, more: Partial<SummaryFacts['datasets'][number]>): SummaryFacts['datasets'][number] {
  return {
    ...{ dataset: name, page: '', outcome: 'published', reason: '', tier: 'primary', ageSeconds: 0, why: '' },
    ...{ rows: 0, new: 0, changed: 0, vanished: 0, quarantined: 0, warnings: 0, ...more },
  }
}
