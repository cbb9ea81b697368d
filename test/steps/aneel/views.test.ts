import { after, before, describe } from 'node:test'
import { actTests } from './views/act.ts'
import { bandeiraTests } from './views/bandeira.ts'
import { createDataset, type Database, openEmbedded, openServer, viewFiles } from './views/database.ts'
import { fileTests } from './views/files.ts'
import { fioBTests } from './views/fio-b.ts'
import { mmgdTests } from './views/mmgd.ts'
import { tarifaRuleTests } from './views/tarifa.ts'
import { tarifaPriceTests } from './views/tarifa-price.ts'

const databases: [name: string, open: () => Promise<Database>][] = [
  ['PostgreSQL server', openServer],
  ['PGlite', openEmbedded],
]

for (const [name, start] of databases) {
  describe(`derived views on ${name}`, { timeout: 120_000 }, () => {
    let database: Database | undefined
    const open = (): Database => {
      if (database === undefined) throw new Error(`${name} is not open`)
      return database
    }

    before(async () => {
      database = await start()
      await database.run('create schema aneel')
      const datasets = new Set(viewFiles().flatMap(({ requires }) => requires))
      for (const dataset of datasets) await createDataset(database, dataset)
      for (const { sql } of viewFiles()) await database.script(sql)
    })
    after(async () => {
      await database?.close()
    })

    describe('the SQL files', () => fileTests(open))
    describe('the date of an act', () => actTests(open))
    describe('the tariff of a day', () => tarifaRuleTests(open))
    describe('its prices, today, and B1', () => tarifaPriceTests(open))
    describe('Fio B', () => fioBTests(open))
    describe('the tariff flag', () => bandeiraTests(open))
    describe('distributed generation by municipality and month', () => mmgdTests(open))
  })
}
