import type { Change, Work } from './kinds.ts'
import { type Cell, cell, isValue, labelColumns, type Model, mapBody, mapValue, text, valueColumns } from './model.ts'

const written = ({ page }: Work, model: Model, expect: 'same' | 'nothing' | { fewer: number } = 'same') => ({
  html: page.write(model),
  expect,
})
const values = (rows: readonly Cell[][]) => rows.flat().filter(isValue).length
const raised = (one: Cell): Cell =>
  mapValue(one, (value) =>
    (Number(value.replace(',', '.')) * 1.1).toFixed(value.split(',')[1]?.length ?? 2).replace('.', ','),
  )
/** Rows that are no section. */
const dataRows = ({ body }: Model) => body.filter((row) => row.some(isValue))

/** Changes of the table's rows. */
export const rowChanges: Record<string, Change> = {
  'rows in another order': (work) => {
    const { model, chance } = work
    // rows of one block stay together where a section stands above them
    if (dataRows(model).length < Math.max(2, model.body.length)) return undefined
    return written(work, { ...model, body: chance.shuffle(model.body) })
  },
  'a row that was not there': (work) => {
    if (work.open) return undefined
    const { model, chance } = work
    const from = chance.pick(dataRows(model)) ?? []
    const labels = labelColumns(model)
    const row = from.map((one, x) => (labels.includes(x) ? cell('Nova classe') : raised(one)))
    return written(work, { ...model, body: model.body.toSpliced(chance.below(model.body.length + 1), 0, row) })
  },
  'a row is gone': (work) => {
    const { model, chance } = work
    if (dataRows(model).length < 2) return undefined
    const gone = chance.pick(dataRows(model))
    const expect = work.open ? { fewer: values([gone ?? []]) } : 'nothing'
    return written(work, { ...model, body: model.body.filter((row) => row !== gone) }, expect)
  },
  'a row twice, with other values': (work) => {
    const { model, chance } = work
    const from = chance.pick(dataRows(model)) ?? []
    return written(work, { ...model, body: [...model.body, from.map((one) => ({ ...raised(one) }))] }, 'nothing')
  },
  'only the first half of the rows': (work) => {
    const { model } = work
    if (model.body.length < 2) return undefined
    const half = model.body.slice(0, Math.ceil(model.body.length / 2))
    const lost = values(model.body) - values(half)
    return written(work, { ...model, body: half }, work.open ? { fewer: lost } : 'nothing')
  },
  'spans written out': (work) => {
    if (!hasSpans(work.model)) return undefined
    return written(work, { ...work.model, body: work.model.body.map((row) => row.map((one) => ({ ...one }))) })
  },
  'spans as blanks': (work) => {
    if (!hasSpans(work.model)) return undefined
    const seen = new Set<Cell>()
    const body = work.model.body.map((row) =>
      row.map((one) => {
        if (seen.has(one)) return cell('')
        seen.add(one)
        return { ...one }
      }),
    )
    return written(work, { ...work.model, body })
  },
  'first labels as sections': (work) => {
    const { model } = work
    const [first = 0, second] = labelColumns(model)
    if (second === undefined || dataRows(model).length < model.body.length) return undefined
    let last: Cell | undefined
    const body = model.body.flatMap((row) => {
      const one = row[first] ?? cell('')
      const rest = row.toSpliced(first, 1)
      if (one === last) return [rest]
      last = one
      const section = { ...one }
      return [rest.map(() => section), rest]
    })
    return written(work, { ...model, header: model.header.map((row) => row.toSpliced(first, 1)), body })
  },
  'a section of another regime in the middle': (work) => {
    const { model } = work
    const middle = Math.ceil(model.body.length / 2)
    const section = cell('Valores com tributos inclusos')
    const row = (model.header[0] ?? []).map(() => section)
    return written(
      work,
      { ...model, body: model.body.toSpliced(middle, 0, row) },
      middle < model.body.length ? 'nothing' : 'same',
    )
  },
  'all rows again under a section of next year': (work) => {
    const { model } = work
    const section = cell('A partir de 22/08/2027')
    const again = mapBody(model, raised).body
    const row = (model.header[0] ?? []).map(() => section)
    return written(work, { ...model, body: [...model.body, row, ...again] }, 'nothing')
  },
  'labels of a new regime': (work) => {
    if (work.open) return undefined
    const [first] = labelColumns(work.model).toReversed()
    return written(
      work,
      mapBody(work.model, (one, x) => (x === first ? { ...one, html: `${one.html} (Lei 15.235)` } : raised(one))),
      'nothing',
    )
  },
  'a note in the last row': (work) => {
    const note = cell('* Valores sujeitos a arredondamento.')
    return written(work, { ...work.model, body: [...work.model.body, (work.model.header[0] ?? []).map(() => note)] })
  },
  'a note with taxes in the last row': (work) => {
    const note = cell('Valores com ICMS, PIS e COFINS inclusos.')
    return written(
      work,
      { ...work.model, body: [...work.model.body, (work.model.header[0] ?? []).map(() => note)] },
      'nothing',
    )
  },
  'the header again in the middle': (work) => {
    const { model } = work
    return written(work, { ...model, body: model.body.toSpliced(Math.ceil(model.body.length / 2), 0, ...model.header) })
  },
  'blank rows between': (work) => {
    const { model } = work
    const blank = (model.header[0] ?? []).map(() => cell('&nbsp;'))
    const body = model.body.flatMap((row) => [row.map((one) => ({ ...one })), blank.map((one) => ({ ...one }))])
    return written(work, { ...model, body })
  },
  'headers of two columns change places': (work) => {
    const { model } = work
    const [a, b] = valueColumns(model)
    if (a === undefined || b === undefined || model.header.length > 1) return undefined
    const header = model.header.map((row) => {
      const next = [...row]
      const [one, two] = [row[a], row[b]]
      if (one !== undefined && two !== undefined) [next[a], next[b]] = [two, one]
      return next
    })
    const body = model.body.map((row) => {
      const next = [...row]
      const [one, two] = [row[a], row[b]]
      if (one !== undefined && two !== undefined) [next[a], next[b]] = [two, one]
      return next
    })
    return written(work, { ...model, header, body })
  },
}

const hasSpans = ({ body }: Model) => new Set(body.flat()).size < body.flat().length

/** Changes of what stands around the table. */
export const pageChanges: Record<string, Change> = {
  'divs around the table': ({ page }) => {
    page.table.wrap('<div class="row"><div class="col-12"><div class="scroll"></div></div></div>')
    return { html: page.$.html(), expect: 'same' }
  },
  'a layout table around the table': ({ page }) => {
    page.table.wrap('<table class="layout"><tbody><tr><td class="left"></td></tr></tbody></table>')
    return { html: page.$.html(), expect: 'same' }
  },
  'the heading in the caption': ({ page, model }) => {
    const heading = page.heading()
    if (heading === undefined) return undefined
    const caption = heading.text()
    heading.remove()
    return { html: page.write({ ...model, caption }), expect: 'same' }
  },
  'the heading in a title row': ({ page, model }) => {
    const heading = page.heading()
    if (heading === undefined) return undefined
    const title = cell(heading.text(), 'td')
    heading.remove()
    return {
      html: page.write({ ...model, header: [(model.header[0] ?? []).map(() => title), ...model.header] }),
      expect: 'same',
    }
  },
  'the heading is a plain paragraph': ({ page }) => {
    const heading = page.heading()
    if (heading === undefined) return undefined
    heading.replaceWith(`<p>${heading.text()}</p>`)
    return { html: page.$.html(), expect: 'same' }
  },
  'the heading is a button that opens': ({ page }) => {
    const heading = page.heading()
    if (heading === undefined) return undefined
    heading.replaceWith(`<button type="button" aria-expanded="false" aria-controls="p1">${heading.text()}</button>`)
    page.table.wrap('<div id="p1" style="display:none"></div>')
    return { html: page.$.html(), expect: 'same' }
  },
  'another name for the table': ({ page }) => {
    const heading = page.heading()
    if (heading === undefined) return undefined
    heading.text('Quadro 7')
    return { html: page.$.html(), expect: 'same' }
  },
  'the old table before, under the same name': ({ page, model }) =>
    old(page, model, 'before', (name) => name, 'nothing'),
  'the old table after, under the same name': ({ page, model }) => old(page, model, 'after', (name) => name, 'nothing'),
  'the old table before, named as old': ({ page, model }) =>
    old(page, model, 'before', (name) => `Anterior: ${name}`, 'same'),
  'the old table after, named by its year': ({ page, model }) =>
    old(page, model, 'after', (name) => `${name} – 2024`, 'same'),
  'the new table is in another place, the old one stays': ({ page, model }) =>
    old(page, model, 'after', (name) => `Novo: ${name} a partir de 2027`, 'same'),
  'a hidden old table': ({ page, model }) => {
    const before = page.table.clone()
    page.write(mapBody(model, raised))
    const other = page.table.clone()
    page.table.replaceWith(before)
    before.before(`<div style="display:none">${page.$.html(other)}</div>`)
    return { html: page.$.html(), expect: 'same' }
  },
  'the table is gone': ({ page }) => {
    page.table.remove()
    return { html: page.$.html(), expect: 'nothing' }
  },
  'the table is a picture': ({ page }) => {
    page.table.replaceWith('<img src="/tarifas.png" alt="Tabela de tarifas">')
    return { html: page.$.html(), expect: 'nothing' }
  },
  'a paragraph above says that taxes are in': ({ page }) => {
    page.table.before('<p>Valores com ICMS, PIS e COFINS.</p>')
    return { html: page.$.html(), expect: 'nothing' }
  },
  'a paragraph below says that taxes are in': ({ page }) => {
    page.table.after('<p>Os valores acima são com tributos.</p>')
    return { html: page.$.html(), expect: 'nothing' }
  },
  'a heading that says revoked': ({ page }) => {
    const heading = page.heading()
    if (heading === undefined) return undefined
    heading.text(`${heading.text()} – revogada`)
    return { html: page.$.html(), expect: 'nothing' }
  },
  'taxes are in, says the heading': ({ page }) => {
    const heading = page.heading()
    if (heading === undefined || !/sem tributos/.test(heading.text())) return undefined
    heading.text(heading.text().replace('sem tributos', 'com tributos'))
    return { html: page.$.html(), expect: 'nothing' }
  },
  'a menu and news before': ({ page }) => {
    page
      .$('body')
      .prepend('<div><h2>Notícias</h2><p>Tarifa sobe 3,2%</p><table><tr><td>1</td><td>2,5</td></tr></table></div>')
    return { html: page.$.html(), expect: 'same' }
  },
}

function old(
  page: Work['page'],
  model: Model,
  place: 'before' | 'after',
  rename: (name: string) => string,
  expect: 'same' | 'nothing',
): ReturnType<Change> {
  const heading = page.heading()
  const before = page.table.clone()
  page.write(mapBody(model, raised))
  const other = page.$.html(page.table)
  page.table.replaceWith(before)
  const name = heading === undefined ? text(model.header[0]?.[0]?.html ?? '') : heading.text()
  const level = heading?.prop('tagName')?.toLowerCase() ?? 'h4'
  const title = level === 'p' ? `<p><strong>${rename(name)}</strong></p>` : `<${level}>${rename(name)}</${level}>`
  if (place === 'before') (heading ?? before).before(title + other)
  else before.after(title + other)
  return { html: page.$.html(), expect }
}
