import {
  type Cell,
  type Chance,
  type ChangedPage,
  cell,
  insertColumn,
  isValue,
  labelColumns,
  type Model,
  mapBody,
  mapHeader,
  mapValue,
  removeColumn,
  text,
  times,
  valueColumns,
} from './model.ts'

/**
 * What a careful reader makes of a changed page: `same` rows as before; `fewer`, some of the rows and no others, so many; `nothing`:
 * what can be read cannot be trusted or is not what it was.
 */
export type Expectation = 'same' | 'nothing' | { fewer: number }

/** A change under way: the page, its table, and where chance decides. */
export interface Work {
  page: ChangedPage
  model: Model
  chance: Chance
  /** Whether the recipe takes any rows, not only those that it names. */
  open: boolean
}

/** A changed page and what is expected of it; undefined where the change does not apply. */
export type Change = (work: Work) => { html: string; expect: Expectation } | undefined

const unit = /R\$\s?\/\s?([kM])Wh/i
const written = ({ page }: Work, model: Model, expect: Expectation = 'same') => ({ html: page.write(model), expect })
const unitHeaders = ({ header }: Model) => new Set(header.flat().filter(({ html }) => unit.test(html)))
const withoutUnit = (one: Cell): Cell => ({
  ...one,
  html: one.html.replace(/<br>|&nbsp;|\(?R\$\s?\/\s?k(?:Wh|w)\)?/gi, ' ').trim(),
})

/** Energy columns: those under a header with R$/kWh. */
function energyColumns(model: Model): number[] {
  return valueColumns(model).filter((x) => model.header.some((row) => row[x] !== undefined && unit.test(row[x].html)))
}

function inEnergy(model: Model, change: (value: string) => string): Model {
  const columns = energyColumns(model)
  return mapBody(model, (one, x) => (columns.includes(x) ? mapValue(one, change) : one))
}

const raised = (value: string) => {
  const places = value.split(',')[1]?.length ?? 2
  return (Number(value.replaceAll('.', '').replace(',', '.')) * 1.2345).toFixed(places).replace('.', ',')
}

const aValueColumn = ({ model, chance }: Work) => chance.pick(valueColumns(model)) ?? 0

/** Another column beside a value's, whose header is made from that one's. */
function beside(work: Work, head: (was: string) => string, attributes = '', place = 1) {
  const { model } = work
  const at = aValueColumn(work)
  const was = model.header.at(-1)?.[at] ?? cell('')
  return insertColumn(model, at + place, cell(head(was.html), was.tag, attributes), (y) => {
    const one = model.body[y]?.[at] ?? cell('')
    return { ...mapValue(one, raised), attributes }
  })
}

/** Changes of the table's columns and header. */
export const columnChanges: Record<string, Change> = {
  'columns in another order': (work) => {
    const order = work.chance.shuffle(work.model.header[0]?.map((_, at) => at) ?? [])
    const turn = (row: Cell[]) => order.map((at) => row[at] ?? cell(''))
    return written(work, { ...work.model, header: work.model.header.map(turn), body: work.model.body.map(turn) })
  },
  'a column of remarks': (work) => {
    const at = work.chance.below((work.model.header[0]?.length ?? 0) + 1)
    return written(
      work,
      insertColumn(work.model, at, cell('Observação'), () => cell('vigente')),
    )
  },
  'a column of other numbers': (work) => {
    const at = work.chance.below((work.model.header[0]?.length ?? 0) + 1)
    return written(
      work,
      insertColumn(work.model, at, cell('Variação (%)'), () => cell('3,27')),
    )
  },
  'a column of old values': (work) =>
    written(
      work,
      beside(work, (was) => `${was} (antiga)`, '', work.chance.below(2)),
    ),
  'a column with taxes': (work) =>
    written(
      work,
      beside(work, (was) => `${was} com tributos`, '', work.chance.below(2)),
    ),
  'two columns of one name': (work) =>
    written(
      work,
      beside(work, (was) => was),
      'nothing',
    ),
  'a hidden column': (work) =>
    written(
      work,
      beside(work, (was) => was, ' style="display: none"', work.chance.below(2)),
    ),
  'a blank column': (work) => {
    const at = work.chance.below((work.model.header[0]?.length ?? 0) + 1)
    return written(
      work,
      insertColumn(work.model, at, cell(''), () => cell('&nbsp;')),
    )
  },
  'a column of values is gone': (work) => written(work, removeColumn(work.model, aValueColumn(work)), 'nothing'),
  'a column of labels is gone': (work) => {
    const at = work.chance.pick(labelColumns(work.model))
    return at === undefined ? undefined : written(work, removeColumn(work.model, at), 'nothing')
  },
  'a header in other words': (work) => {
    const at = aValueColumn(work)
    const was = work.model.header.at(-1)?.[at]
    return written(
      work,
      mapHeader(work.model, (one) => (one === was ? { ...one, html: 'Valor' } : one)),
    )
  },
  'a header that now has taxes in it': (work) => {
    const at = aValueColumn(work)
    const was = work.model.header.at(-1)?.[at]
    return written(
      work,
      mapHeader(work.model, (one) => (one === was ? { ...one, html: `${one.html} com tributos` } : one)),
      'nothing',
    )
  },
  'headers in capitals, without accents': (work) =>
    written(
      work,
      mapHeader(work.model, (one) => {
        const bare = text(one.html).normalize('NFD').replace(/\p{M}/gu, '').toUpperCase()
        return { ...one, html: bare.replace(/R\$ ?\/ ?KWH/g, 'R$/kWh').replace(/R\$ ?\/ ?KW\b/g, 'R$/kW') }
      }),
    ),
  'the unit in a row of its own': (work) => {
    const { model } = work
    const last = model.header.at(-1)
    if (last === undefined || !last.some(({ html }) => unit.test(html))) return undefined
    const units = last.map((one) => cell(/\(?R\$\s?\/\s?k(?:Wh|w)\)?/i.exec(one.html)?.[0] ?? '', one.tag))
    const names = last.map(withoutUnit)
    return written(work, { ...model, header: [...model.header.slice(0, -1), names, units] })
  },
  'thead or not': (work) => {
    const { model } = work
    const tag = model.thead ? 'td' : 'th'
    return written(work, { ...mapHeader(model, (one) => ({ ...one, tag })), thead: !model.thead })
  },
  'a row above the header': (work) => {
    const title = cell('Valores', 'th')
    const above = work.model.header[0]?.map(() => title) ?? []
    return written(work, { ...work.model, header: [above, ...work.model.header] })
  },
  'labels as th': (work) => {
    const labels = labelColumns(work.model)
    return written(
      work,
      mapBody(work.model, (one, x) => (labels.includes(x) ? { ...one, tag: 'th' } : one)),
    )
  },
  'the table on its side': (work) => {
    const all = [...work.model.header, ...work.model.body]
    const turned = (all[0] ?? []).map((_, x) => all.map((row) => ({ ...(row[x] ?? cell('')) })))
    return written(work, { ...work.model, header: turned.slice(0, 1), body: turned.slice(1) })
  },
}

/** Changes of units and of how numbers are written. */
export const valueChanges: Record<string, Change> = {
  'the unit in the cells': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    const columns = energyColumns(work.model)
    const model = mapBody(work.model, (one, x) =>
      columns.includes(x) ? mapValue(one, (value) => `R$ ${value}/kWh`) : one,
    )
    return written(
      work,
      mapHeader(model, (one) => (unit.test(one.html) ? withoutUnit(one) : one)),
    )
  },
  'the unit in the caption': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    const model = mapHeader(work.model, (one) => (unit.test(one.html) ? withoutUnit(one) : one))
    return written(work, { ...model, caption: 'Valores de energia em R$/kWh' })
  },
  'the unit nowhere': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    return written(
      work,
      mapHeader(work.model, (one) => (unit.test(one.html) ? withoutUnit(one) : one)),
      'nothing',
    )
  },
  'in R$/MWh, said so': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    const model = inEnergy(work.model, (value) => times(value, 3, work.chance.below(2) === 0))
    return written(
      work,
      mapHeader(model, (one) => ({ ...one, html: one.html.replace(unit, 'R$/MWh') })),
    )
  },
  'in R$/MWh, not said': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    return written(
      work,
      inEnergy(work.model, (value) => times(value, 3)),
      'nothing',
    )
  },
  'R$/MWh said of values in R$/kWh': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    return written(
      work,
      mapHeader(work.model, (one) => ({ ...one, html: one.html.replace(unit, 'R$/MWh') })),
      'nothing',
    )
  },
  'a caption with another scale': (work) =>
    unitHeaders(work.model).size === 0
      ? undefined
      : written(work, { ...work.model, caption: 'Valores em R$/MWh' }, 'nothing'),
  'a unit that nobody knows': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    return written(
      work,
      mapHeader(work.model, (one) => ({ ...one, html: one.html.replace(unit, 'centavos/kWh') })),
      'nothing',
    )
  },
  'decimals with a dot': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => value.replace(',', '.'))),
    ),
  'no decimal comma at all': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => value.replace(',', ''))),
      'nothing',
    ),
  'R$ before the numbers': (work) => {
    if (unitHeaders(work.model).size === 0) return undefined
    return written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `R$&nbsp;${value}`)),
    )
  },
  'notes in sup': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `${value}<sup>1</sup>`)),
    ),
  'notes as links': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `${value}<a href="#n2">2</a>`)),
    ),
  'notes in small': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `${value}<small>3</small>`)),
    ),
  'notes by a class': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `${value}<span class="nota">1</span>`)),
    ),
  'stars at numbers': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `${value}*`)),
    ),
  'notes at headers': (work) =>
    written(
      work,
      mapHeader(work.model, (one) => ({ ...one, html: `${one.html}<sup>1</sup>` })),
    ),
  'numbers in pieces': (work) =>
    written(
      work,
      mapBody(work.model, (one) =>
        mapValue(one, (value) => `<span>${value.slice(0, 3)}</span><span>${value.slice(3)}</span>`),
      ),
    ),
  'decimals in another size': (work) =>
    written(
      work,
      mapBody(work.model, (one) =>
        mapValue(one, (value) => value.replace(/,(\d)(\d*)$/, ',$1<span style="font-size: 8px">$2</span>')),
      ),
    ),
  'labels for small screens in the cells': (work) => {
    const heads = work.model.header.at(-1) ?? []
    return written(
      work,
      mapBody(work.model, (one, x) => ({
        ...one,
        html: `<span class="d-md-none">${text(heads[x]?.html ?? '')}</span> ${one.html}`,
      })),
    )
  },
  'old values struck out before the new': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `<del>${raised(value)}</del> ${value}`)),
    ),
  'old values beside the new in the cell': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `${raised(value)} ${value}`)),
      'nothing',
    ),
  'thin spaces beside numbers': (work) =>
    written(
      work,
      mapBody(work.model, (one) => mapValue(one, (value) => `&nbsp;${value}&thinsp;`)),
    ),
  'one value blank': (work) => {
    const cells = work.model.body.flat().filter(isValue)
    const one = work.chance.pick(cells)
    return written(
      work,
      mapBody(work.model, (each) => (each === one ? cell('&nbsp;', each.tag) : each)),
      'nothing',
    )
  },
  'one value zero': (work) => {
    const cells = work.model.body.flat().filter(isValue)
    const one = work.chance.pick(cells)
    return written(
      work,
      mapBody(work.model, (each) => (each === one ? cell('0,00', each.tag) : each)),
      'nothing',
    )
  },
  'one value is a dash': (work) => {
    const cells = work.model.body.flat().filter(isValue)
    const one = work.chance.pick(cells)
    return written(
      work,
      mapBody(work.model, (each) => (each === one ? cell('–', each.tag) : each)),
      { fewer: 1 },
    )
  },
}
