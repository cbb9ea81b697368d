import { type DrawnCell, type DrawnTable, drawTable, heading, type Look, note, sheet } from './drawing.ts'
import type { Made, TrueTable } from './made.ts'
import type { Dice } from './random.ts'

const words = [
  'Tarifa',
  'Demanda',
  'Consumo',
  'Energia',
  'Ponta',
  'Fora',
  'Posto',
  'Classe',
  'Rural',
  'Residencial',
  'Comercial',
  'Industrial',
  'Irrigação',
  'Serviço',
  'Público',
  'Geração',
  'Rede',
  'Medição',
  'Fatura',
  'Leitura',
  'Unidade',
  'Módulo',
  'Prazo',
  'Limite',
] as const

const cell = (text: string): DrawnCell => ({ text })

function phrase(dice: Dice, low: number, high: number): string {
  return Array.from({ length: dice.whole(low, high) }, () => dice.pick([...words])).join(' ')
}

function number(dice: Dice): string {
  const value = dice.next() < 0.2 ? dice.between(1000, 3000) : dice.between(0, 600)
  return value.toLocaleString('pt-BR', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

interface Plain {
  header: string[]
  rows: string[][]
}

function plain(dice: Dice, rows: number, texts: number, numbers: number, long = false): Plain {
  return {
    header: [
      ...Array.from({ length: texts }, (_, index) => `${dice.pick([...words])} ${String.fromCharCode(65 + index)}`),
      ...Array.from({ length: numbers }, (_, index) => `Valor ${index + 1}`),
    ],
    rows: Array.from({ length: rows }, () => [
      ...Array.from({ length: texts }, (_, index) =>
        long && index === texts - 1 ? phrase(dice, 6, 14) : phrase(dice, 1, 2),
      ),
      ...Array.from({ length: numbers }, () => number(dice)),
    ]),
  }
}

function drawn(data: Plain, look: Look, dice: Dice, widths: number[], texts: number): DrawnTable {
  const side = dice.pick<'right' | 'center'>(['right', 'center'])
  return {
    look,
    widths,
    aligns: data.header.map((_, index) => (index < texts ? 'left' : side)),
    rows: [data.header.map(cell), ...data.rows.map((row) => row.map(cell))],
    headerRows: 1,
    size: dice.whole(7, 9),
    padding: dice.between(2.5, 4.5),
  }
}

const truth = ({ rows, header }: Plain): TrueTable => ({ columns: header.length, rows })

type Maker = (dice: Dice) => Promise<Made['content']>

const simple =
  (look: Look, long = false, atTop = false): Maker =>
  async (dice) => {
    const page = sheet()
    const numbers = dice.whole(2, 4)
    const data = plain(dice, dice.whole(8, 18), 2, numbers, long)
    heading(page, `Tabela ${dice.whole(1, 9)} - ${phrase(dice, 2, 4)}`)
    const widths = [110, long ? 150 : 120, ...Array.from({ length: numbers }, () => 55)]
    drawTable(page, { ...drawn(data, look, dice, widths, 2), atTop })
    note(page, `${phrase(dice, 10, 16)}, ${phrase(dice, 10, 16)}.`)
    return { bytes: await page.bytes(), tables: [truth(data)] }
  }

const merged: Maker = async (dice) => {
  const page = sheet(true)
  const rows: DrawnCell[][] = [
    [
      { text: 'SUBGRUPO', rowSpan: 2 },
      { text: 'MODALIDADE', rowSpan: 2 },
      { text: 'POSTO', rowSpan: 2 },
      { text: 'TARIFAS DE APLICAÇÃO', colSpan: 2 },
      { text: 'BASE ECONÔMICA', colSpan: 2 },
    ],
    ['TUSD', 'TE', 'TUSD', 'TE'].map(cell),
  ]
  const filled: string[][] = []
  for (let group = 0; group < dice.whole(3, 4); group += 1) {
    const name = `A${group + 2} (${dice.whole(2, 88)} kV)`
    const modes = dice.whole(2, 3)
    const posts = Array.from({ length: modes }, () => dice.whole(1, 3))
    const total = posts.reduce((a, b) => a + b, 0)
    for (const [mode, count] of posts.entries()) {
      const label = phrase(dice, 1, 2).toUpperCase()
      for (let post = 0; post < count; post += 1) {
        const values = Array.from({ length: 4 }, () => number(dice))
        const posto = ['P', 'FP', 'NA'][post] ?? 'NA'
        filled.push([name, label, posto, ...values])
        rows.push([
          ...(mode === 0 && post === 0 ? [{ text: name, rowSpan: total, turned: total > 4 }] : []),
          ...(post === 0 ? [{ text: label, rowSpan: count }] : []),
          ...[posto, ...values].map(cell),
        ])
      }
    }
  }
  heading(page, 'TABELA 1 - TARIFAS')
  drawTable(page, {
    look: 'grid',
    widths: [60, 150, 50, 70, 70, 70, 70],
    aligns: ['center', 'left', 'left', 'right', 'right', 'right', 'right'],
    rows,
    headerRows: 2,
    size: 8,
    padding: dice.between(2, 4),
  })
  return { bytes: await page.bytes(), tables: [{ columns: 7, rows: filled }] }
}

const spanned =
  (look: Look): Maker =>
  async (dice) => {
    const page = sheet()
    const data = plain(dice, dice.whole(8, 14), 1, 4)
    const table = drawn(data, look, dice, [140, 75, 75, 75, 75], 1)
    table.aligns = ['left', 'center', 'center', 'center', 'center']
    table.rows = [[cell(''), { text: 'Primeiro ano', colSpan: 2 }, { text: 'Segundo ano', colSpan: 2 }], ...table.rows]
    table.headerRows = 2
    drawTable(page, table)
    return { bytes: await page.bytes(), tables: [truth(data)] }
  }

const long =
  (look: Look, wraps: boolean): Maker =>
  async (dice) => {
    const page = sheet()
    const data = plain(dice, dice.whole(70, 110), 2, 3, wraps)
    heading(page, phrase(dice, 3, 5))
    drawTable(page, { ...drawn(data, look, dice, [110, wraps ? 170 : 120, 60, 60, 60], 2), repeatHeader: true })
    return { bytes: await page.bytes(), tables: [truth(data)] }
  }

const beside =
  (look: Look): Maker =>
  async (dice) => {
    const page = sheet()
    const tables = [plain(dice, dice.whole(8, 12), 1, 2), plain(dice, dice.whole(8, 12), 1, 2)] as const
    const top = page.y
    drawTable(page, drawn(tables[0], look, dice, [110, 55, 55], 1), 45)
    const low = page.y
    page.y = top + dice.pick([0, 4, 7])
    drawTable(page, drawn(tables[1], look, dice, [110, 55, 55], 1), 305)
    page.y = Math.max(low, page.y)
    return { bytes: await page.bytes(), tables: tables.map(truth) }
  }

const sections =
  (look: Look): Maker =>
  async (dice) => {
    const page = sheet()
    const data = plain(dice, dice.whole(12, 16), 1, 3)
    const table = drawn(data, look, dice, [170, 80, 80, 80], 1)
    const [header, ...body] = table.rows
    const rows: DrawnCell[][] = header === undefined ? [] : [header]
    const filled: string[][] = []
    for (const [index, row] of body.entries()) {
      if (index % 4 === 0) {
        const name = `${phrase(dice, 1, 3)} ${index}`
        rows.push([{ text: name, colSpan: 4, bold: true }])
        filled.push([name, name, name, name])
      }
      rows.push(row)
      filled.push(data.rows[index] ?? [])
    }
    drawTable(page, { ...table, rows, bands: true })
    return { bytes: await page.bytes(), tables: [{ columns: 4, rows: filled }] }
  }

/** Makers by name; each is used with one seed to work with and one that is only looked at in the end. */
export const tableMakers: Readonly<Record<string, Maker>> = {
  grid: simple('grid'),
  rules: simple('rules'),
  zebra: simple('zebra'),
  unruled: simple('none'),
  'grid, wrapped': simple('grid', true),
  'rules, wrapped': simple('rules', true),
  'zebra, wrapped': simple('zebra', true),
  'unruled, wrapped': simple('none', true),
  'unruled, wrapped, at the top': simple('none', true, true),
  'rules, wrapped, at the top': simple('rules', true, true),
  'grid, wrapped, at the top': simple('grid', true, true),
  'merged and turned': merged,
  'beside, unruled': beside('none'),
  'spanned header, unruled': spanned('none'),
  'sections, unruled': sections('none'),
  'sections, zebra': sections('zebra'),
  'pages, unruled, wrapped': long('none', true),
  'spanned header, grid': spanned('grid'),
  'spanned header, rules': spanned('rules'),
  'pages, grid': long('grid', false),
  'pages, rules': long('rules', false),
  'pages, grid, wrapped': long('grid', true),
  'beside, grid': beside('grid'),
  'beside, rules': beside('rules'),
  'sections, grid': sections('grid'),
  'sections, rules': sections('rules'),
}
