import { type DrawnCell, drawTable, heading, type Look, note, type Sheet, sheet } from './drawing.ts'
import type { Made, TrueRecord, TrueValue } from './made.ts'
import type { Dice } from './random.ts'

type Language = 'en' | 'pt'
type Maker = (dice: Dice) => Promise<Made['content']>

interface ModuleClass {
  power: number
  model: string
  stc: Record<string, number>
  warm: Record<string, number>
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))
const cell = (text: string): DrawnCell => ({ text })

function moduleClasses(dice: Dice, descending: boolean): ModuleClass[] {
  const first = dice.whole(80, 118) * 5
  const name = `${dice.pick(['XYZ', 'SOL', 'HPM', 'LNX'])}${dice.whole(10, 99)}M-`
  const count = dice.whole(3, 6)
  const classes = Array.from({ length: count }, (_, index): ModuleClass => {
    const power = first + 5 * index
    const voc = round(48 + 0.15 * index, 2)
    const vmp = round(0.835 * voc, 2)
    const imp = round(power / vmp, 2)
    const warm = round(0.752 * power, 1)
    const warmVmp = round(0.94 * vmp, 2)
    return {
      power,
      model: `${name}${power}`,
      stc: {
        Pmax: power,
        Voc: voc,
        Isc: round(1.055 * imp, 2),
        Vmp: vmp,
        Imp: imp,
        efficiency: round(power / 25.83, 1),
      },
      warm: {
        Pmax: warm,
        Voc: round(0.945 * voc, 2),
        Isc: round(0.853 * imp, 2),
        Vmp: warmVmp,
        Imp: round(warm / warmVmp, 2),
      },
    }
  })
  return descending ? classes.toReversed() : classes
}

const names: Record<Language, Record<string, [string, string, string]>> = {
  en: {
    Pmax: ['Maximum Power (Pmax)', 'Pmax', 'W'],
    Vmp: ['Maximum Power Voltage (Vmp)', 'Vmp', 'V'],
    Imp: ['Maximum Power Current (Imp)', 'Imp', 'A'],
    Voc: ['Open Circuit Voltage (Voc)', 'Voc', 'V'],
    Isc: ['Short Circuit Current (Isc)', 'Isc', 'A'],
    efficiency: ['Module Efficiency', 'Eff', '%'],
  },
  pt: {
    Pmax: ['Potência máxima (Pmax)', 'Pmax', 'W'],
    Vmp: ['Tensão de máxima potência (Vmp)', 'Vmp', 'V'],
    Imp: ['Corrente de máxima potência (Imp)', 'Imp', 'A'],
    Voc: ['Tensão de circuito aberto (Voc)', 'Voc', 'V'],
    Isc: ['Corrente de curto-circuito (Isc)', 'Isc', 'A'],
    efficiency: ['Eficiência do módulo', 'Ef', '%'],
  },
}

/** The same in other makers' words. */
const otherNames: Record<Language, Record<string, [string, string, string]>> = {
  en: {
    Pmax: ['Rated Maximum Power (Pmax)', 'Pmpp', 'Wp'],
    Vmp: ['Optimum Operating Voltage (Vmpp)', 'Vmpp', 'V'],
    Imp: ['Optimum Operating Current (Impp)', 'Impp', 'A'],
    Voc: ['Open Circuit Voltage - Voc', 'Voc', 'V'],
    Isc: ['Short Circuit Current - Isc', 'Isc', 'A'],
    efficiency: ['Efficiency', 'η', '%'],
  },
  pt: {
    Pmax: ['Potência nominal (Pmáx)', 'Pmpp', 'Wp'],
    Vmp: ['Tensão operacional ideal (Vmp)', 'Vmpp', 'V'],
    Imp: ['Corrente operacional ideal (Imp)', 'Impp', 'A'],
    Voc: ['Tensão em circuito aberto (Voc)', 'Voc', 'V'],
    Isc: ['Corrente de curto circuito (Isc)', 'Isc', 'A'],
    efficiency: ['Eficiência', 'η', '%'],
  },
}

const digits: Record<string, number> = { Vmp: 2, Imp: 2, Voc: 2, Isc: 2, efficiency: 1 }

function printed(value: number, name: string, comma: boolean): string {
  const places = digits[name] ?? (Number.isInteger(value) ? 0 : 1)
  const text = value.toFixed(places)
  return comma ? text.replace('.', ',') : text
}

const coefficients = { tempCoeffPmax: -0.34, tempCoeffVoc: -0.26, tempCoeffIsc: 0.048 }

function common(
  language: Language,
  comma: boolean,
  warm: string,
): { rows: [string, string][]; values: Record<string, TrueValue> } {
  const text = (value: number) => (comma ? String(value).replace('.', ',') : String(value))
  const en = language === 'en'
  const rows: [string, string][] = [
    [en ? 'Temperature Coefficient of Pmax' : 'Coeficiente de temperatura de Pmax', `${text(-0.34)} %/°C`],
    [en ? 'Temperature Coefficient of Voc' : 'Coeficiente de temperatura de Voc', `${text(-0.26)} %/°C`],
    [en ? 'Temperature Coefficient of Isc' : 'Coeficiente de temperatura de Isc', `+${text(0.048)} %/°C`],
    [
      warm === 'NMOT'
        ? en
          ? 'Nominal Module Operating Temperature (NMOT)'
          : 'Temperatura nominal de operação do módulo (NMOT)'
        : en
          ? 'Nominal Operating Cell Temperature (NOCT)'
          : 'Temperatura nominal de operação da célula (NOCT)',
      '45 ± 2 °C',
    ],
    [en ? 'Dimensions' : 'Dimensões', '2278 × 1134 × 35 mm'],
    [en ? 'Weight' : 'Peso', `${text(28.5)} kg`],
    [en ? 'Maximum System Voltage' : 'Tensão máxima do sistema', '1500 V DC'],
    [en ? 'Maximum Series Fuse Rating' : 'Fusível em série máximo', '25 A'],
    [en ? 'Cable' : 'Cabo', '4 mm², 1200 mm'],
    [en ? 'Frame' : 'Moldura', en ? 'Anodized aluminium alloy' : 'Liga de alumínio anodizado'],
  ]
  return {
    rows,
    values: {
      ...Object.fromEntries(Object.entries(coefficients).map(([name, num]) => [name, { num, unit: '%/°C' }])),
      [warm]: { num: 45, unit: '°C' },
      dimensions: { num: [2278, 1134, 35], unit: 'mm' },
      weight: { num: 28.5, unit: 'kg' },
      maxSystemVoltage: { num: 1500, unit: 'V' },
      maxSeriesFuse: { num: 25, unit: 'A' },
    },
  }
}

function recordsOf(classes: readonly ModuleClass[], values: Record<string, TrueValue>, warm: string): TrueRecord[] {
  const of = (numbers: Record<string, number>) =>
    Object.fromEntries(
      Object.entries(numbers).map(([name, num]): [string, TrueValue] => [
        name,
        { num, unit: names.en[name]?.[2] ?? '' },
      ]),
    )
  return classes.flatMap((item) => [
    { model: item.model, condition: 'STC', parameters: { ...of(item.stc), ...values } },
    { model: item.model, condition: warm, parameters: of(item.warm) },
  ])
}

interface ModuleStyle {
  language: Language
  look: Look
  descending: boolean
  comma: boolean
  warm: 'NMOT' | 'NOCT'
  units: 'value' | 'label' | 'column'
  layout: 'blocks' | 'interleaved' | 'across' | 'bands'
  footnotes?: boolean
  /** Other words for the same. */
  otherWords?: boolean
  /** Nothing but power classes over the columns. */
  classesOnly?: boolean
  /** Common data as label, value, label, value. */
  pairs?: boolean
}

const moduleSheet =
  (style: ModuleStyle): Maker =>
  async (dice) => {
    const page = sheet(style.layout === 'interleaved')
    const words = (style.otherWords ? otherNames : names)[style.language]
    const classes = moduleClasses(dice, style.descending).map((item) =>
      style.classesOnly ? { ...item, model: String(item.power) } : item,
    )
    const { rows, values } = common(style.language, style.comma, style.warm)
    heading(page, style.language === 'en' ? 'PHOTOVOLTAIC MODULE' : 'MÓDULO FOTOVOLTAICO', 16)
    const size = dice.whole(7, 8)
    const padding = dice.between(2.5, 4)
    const order = dice.pick([
      ['Pmax', 'Vmp', 'Imp', 'Voc', 'Isc', 'efficiency'],
      ['Pmax', 'Voc', 'Isc', 'Vmp', 'Imp', 'efficiency'],
    ])
    const electrical = (block: 'stc' | 'warm', header: boolean): DrawnCell[][] => [
      ...(header
        ? [
            [
              style.language === 'en' ? 'Module Type' : 'Modelo',
              ...(style.units === 'column' ? ['', ''] : []),
              ...classes.map((item) => item.model),
            ].map(cell),
          ]
        : []),
      ...order
        .filter((name) => classes[0]?.[block][name] !== undefined)
        .map((name, index) => {
          const [label = '', symbol = '', unit = ''] = words[name] ?? []
          const text =
            style.units === 'label' ? `${label} [${unit}]` : style.footnotes && index < 2 ? `${label}¹` : label
          const after = style.units === 'value' ? ` ${unit}` : ''
          const mark = style.footnotes && name === 'Pmax' ? '²' : ''
          return [
            text,
            ...(style.units === 'column' ? [symbol, `[${unit}]`] : []),
            ...classes.map((item) => `${printed(item[block][name] ?? 0, name, style.comma)}${after}${mark}`),
          ].map(cell)
        }),
    ]
    const extra = style.units === 'column' ? [30, 30] : []
    const free = page.doc.page.width - 90 - 150 - extra.reduce((a, b) => a + b, 0)
    const widths = [150, ...extra, ...classes.map(() => free / classes.length)]
    const draw = (drawn: DrawnCell[][], headerRows: number, columns = widths, bands = false) =>
      drawTable(page, {
        look: style.look,
        widths: columns,
        aligns: columns.map((_, index) => (index === 0 ? 'left' : 'center')),
        rows: drawn,
        headerRows,
        size,
        padding,
        bands,
      })
    const titles =
      style.language === 'en'
        ? ['ELECTRICAL DATA (STC)', `ELECTRICAL DATA (${style.warm})`]
        : ['DADOS ELÉTRICOS (STC)', `DADOS ELÉTRICOS (${style.warm})`]
    if (style.layout === 'blocks') {
      heading(page, titles[0] ?? '', 11)
      draw(electrical('stc', true), 1)
      heading(page, titles[1] ?? '', 11)
      draw(electrical('warm', true), 1)
    } else if (style.layout === 'bands') {
      const band = (text: string): DrawnCell[] => [{ text, colSpan: widths.length, bold: true }]
      const [header = [], ...stc] = electrical('stc', true)
      draw(
        [header, band(titles[0] ?? ''), ...stc, band(titles[1] ?? ''), ...electrical('warm', false)],
        1,
        widths,
        true,
      )
    } else if (style.layout === 'interleaved') {
      heading(page, style.language === 'en' ? 'ELECTRICAL CHARACTERISTICS' : 'CARACTERÍSTICAS ELÉTRICAS', 11)
      const columns = [150, ...classes.flatMap(() => [free / classes.length / 2, free / classes.length / 2])]
      const body = order.map((name): DrawnCell[] => {
        const [label = '', , unit = ''] = words[name] ?? []
        if (name === 'efficiency')
          return [
            cell(label),
            ...classes.map(
              (item): DrawnCell => ({ text: `${printed(item.stc[name] ?? 0, name, style.comma)}%`, colSpan: 2 }),
            ),
          ]
        return [
          cell(label),
          ...classes.flatMap((item) =>
            [item.stc, item.warm].map((block) => cell(`${printed(block[name] ?? 0, name, style.comma)} ${unit}`)),
          ),
        ]
      })
      const head: DrawnCell[] = [
        cell(style.language === 'en' ? 'Module Type' : 'Modelo'),
        ...classes.map((item): DrawnCell => ({ text: item.model, colSpan: 2 })),
      ]
      draw([head, [cell(''), ...classes.flatMap(() => [cell('STC'), cell(style.warm)])], ...body], 2, columns)
    } else {
      for (const block of ['stc', 'warm'] as const) {
        heading(page, titles[block === 'stc' ? 0 : 1] ?? '', 11)
        const used = order.filter((name) => classes[0]?.[block][name] !== undefined)
        const head = [style.language === 'en' ? 'Model' : 'Modelo', ...used.map((name) => words[name]?.[0] ?? '')].map(
          cell,
        )
        const body = classes.map((item) =>
          [
            item.model,
            ...used.map((name) => `${printed(item[block][name] ?? 0, name, style.comma)} ${names.en[name]?.[2] ?? ''}`),
          ].map(cell),
        )
        draw([head, ...body], 1, [90, ...used.map(() => (page.doc.page.width - 180) / used.length)])
      }
    }
    heading(page, style.language === 'en' ? 'TEMPERATURE AND MECHANICAL DATA' : 'DADOS TÉRMICOS E MECÂNICOS', 11)
    drawCommon(page, rows, style, size, padding)
    note(
      page,
      style.language === 'en'
        ? 'STC: irradiance 1000 W/m², cell temperature 25 °C, AM 1.5. Measurement tolerance of Pmax ± 3 %.'
        : 'STC: irradiância 1000 W/m², temperatura da célula 25 °C, AM 1,5. Tolerância de medição de Pmax ± 3 %.',
    )
    return { bytes: await page.bytes(), records: recordsOf(classes, values, style.warm) }
  }

function drawCommon(
  page: Sheet,
  rows: readonly [string, string][],
  style: ModuleStyle,
  size: number,
  padding: number,
): void {
  if (!style.pairs) {
    drawTable(page, {
      look: style.look,
      widths: [230, 200],
      aligns: ['left', 'left'],
      rows: rows.map((row) => row.map(cell)),
      headerRows: 0,
      size,
      padding,
    })
    return
  }
  const half = Math.ceil(rows.length / 2)
  const both = rows.slice(0, half).map((row, index) => [...row, ...(rows[half + index] ?? ['', ''])].map(cell))
  drawTable(page, {
    look: style.look,
    widths: [170, 90, 150, 95],
    aligns: ['left', 'right', 'left', 'right'],
    rows: both,
    headerRows: 0,
    size,
    padding,
  })
}

interface InverterModel {
  model: string
  values: Record<string, { text: string; true: TrueValue }>
}

function inverterModels(dice: Dice, count: number, comma: boolean): InverterModel[] {
  const name = dice.pick(['INV', 'SUN', 'GRD'])
  const text = (value: number, places = 0) => (comma ? value.toFixed(places).replace('.', ',') : value.toFixed(places))
  const least = dice.whole(3, 6)
  return Array.from({ length: count }, (_, index) => {
    const kw = least + 2 * index
    const current = dice.whole(12, 16)
    const entry = (shown: string, num: number | number[], unit: string) => ({ text: shown, true: { num, unit } })
    return {
      model: `${name}-${kw}KTL-${dice.pick(['G2', 'X', 'M1'])}`,
      values: {
        maxDcPower: entry(`${kw * 1500} W`, kw * 1500, 'W'),
        maxDcVoltage: entry('1100 V', 1100, 'V'),
        startUpVoltage: entry('180 V', 180, 'V'),
        mpptVoltageRange: entry(`160 V ~ ${950 + 10 * index} V`, [160, 950 + 10 * index], 'V'),
        numberOfMppts: entry('2', 2, ''),
        stringsPerMppt: entry('1', 1, ''),
        maxInputCurrentPerMppt: entry(`${text(current + 0.5, 1)} A`, current + 0.5, 'A'),
        maxShortCircuitCurrentPerMppt: entry(`${current + 5} A`, current + 5, 'A'),
        ratedAcPower: entry(`${kw * 1000} W`, kw * 1000, 'W'),
        maxAcApparentPower: entry(`${kw * 1100} VA`, kw * 1100, 'VA'),
        maxAcCurrent: entry(`${text(kw * 1.6, 1)} A`, round(kw * 1.6, 1), 'A'),
        maxEfficiency: entry(`${text(98.1 + 0.1 * index, 1)} %`, round(98.1 + 0.1 * index, 1), '%'),
        europeanEfficiency: entry(`${text(97.2 + 0.1 * index, 1)} %`, round(97.2 + 0.1 * index, 1), '%'),
        weight: entry(`${text(14.5 + index, 1)} kg`, 14.5 + index, 'kg'),
        dimensions: entry('365 x 365 x 156 mm', [365, 365, 156], 'mm'),
      },
    }
  })
}

const inverterNames: Record<Language, Record<string, string>> = {
  en: {
    maxDcPower: 'Max. DC power',
    maxDcVoltage: 'Max. input voltage',
    startUpVoltage: 'Start-up voltage',
    mpptVoltageRange: 'MPPT voltage range',
    numberOfMppts: 'Number of MPPTs',
    stringsPerMppt: 'Strings per MPPT',
    maxInputCurrentPerMppt: 'Max. input current per MPPT',
    maxShortCircuitCurrentPerMppt: 'Max. short-circuit current per MPPT',
    ratedAcPower: 'Rated output power',
    maxAcApparentPower: 'Max. apparent power',
    maxAcCurrent: 'Max. output current',
    maxEfficiency: 'Max. efficiency',
    europeanEfficiency: 'European efficiency',
    weight: 'Weight',
    dimensions: 'Dimensions (W x H x D)',
  },
  pt: {
    maxDcPower: 'Potência CC máxima',
    maxDcVoltage: 'Tensão máxima de entrada',
    startUpVoltage: 'Tensão de partida',
    mpptVoltageRange: 'Faixa de tensão MPPT',
    numberOfMppts: 'Número de MPPTs',
    stringsPerMppt: 'Strings por MPPT',
    maxInputCurrentPerMppt: 'Corrente máxima de entrada por MPPT',
    maxShortCircuitCurrentPerMppt: 'Corrente máxima de curto-circuito por MPPT',
    ratedAcPower: 'Potência nominal de saída',
    maxAcApparentPower: 'Potência aparente máxima',
    maxAcCurrent: 'Corrente máxima de saída',
    maxEfficiency: 'Eficiência máxima',
    europeanEfficiency: 'Eficiência europeia',
    weight: 'Peso',
    dimensions: 'Dimensões (L x A x P)',
  },
}

const sectionNames: Record<Language, [string, string, string]> = {
  en: ['Input (DC)', 'Output (AC)', 'General data'],
  pt: ['Entrada (CC)', 'Saída (CA)', 'Dados gerais'],
}

const inverterSheet =
  (language: Language, look: Look, count: number, comma: boolean, labelsOnce = false): Maker =>
  async (dice) => {
    const page = sheet()
    const models = inverterModels(dice, count, comma)
    heading(page, language === 'en' ? 'STRING INVERTER' : 'INVERSOR DE STRING', 16)
    const order = Object.keys(inverterNames[language])
    const size = dice.whole(7, 8)
    const padding = dice.between(2.5, 4)
    const top = page.y
    const draw = (shown: readonly InverterModel[], labels: boolean) => {
      const width = labels ? (page.doc.page.width - 290) / shown.length : 110
      const columns = [...(labels ? [200] : []), ...shown.map(() => width)]
      const first = language === 'en' ? 'Technical data' : 'Dados técnicos'
      const rows: DrawnCell[][] = [[...(labels ? [first] : []), ...shown.map((item) => item.model)].map(cell)]
      for (const [index, name] of order.entries()) {
        const section = [0, 8, 11].indexOf(index)
        if (labels && section >= 0)
          rows.push([{ text: sectionNames[language][section] ?? '', colSpan: columns.length, bold: true }])
        if (!labels && section >= 0) rows.push(columns.map(() => cell('')))
        rows.push(
          [
            ...(labels ? [inverterNames[language][name] ?? ''] : []),
            ...shown.map((item) => item.values[name]?.text ?? ''),
          ].map(cell),
        )
      }
      drawTable(page, {
        look,
        widths: columns,
        aligns: columns.map((_, index) => (labels && index === 0 ? 'left' : 'center')),
        rows,
        headerRows: 1,
        size,
        padding,
      })
    }
    if (labelsOnce) {
      draw(models.slice(0, 2), true)
      page.doc.addPage()
      page.y = top
      draw(models.slice(2), false)
    } else draw(models, true)
    const records = models.map(
      (item): TrueRecord => ({
        model: item.model,
        condition: 'rated',
        parameters: Object.fromEntries(Object.entries(item.values).map(([name, value]) => [name, value.true])),
      }),
    )
    return { bytes: await page.bytes(), records }
  }

/** Numbers in rows and columns without a single label: nothing may be made of them. */
const nameless: Maker = async (dice) => {
  const page = sheet()
  const classes = moduleClasses(dice, false)
  const rows = ['Pmax', 'Vmp', 'Imp', 'Voc', 'Isc'].map((name) =>
    classes.map((item) => cell(printed(item.stc[name] ?? 0, name, false))),
  )
  drawTable(page, {
    look: 'grid',
    widths: classes.map(() => 70),
    aligns: classes.map(() => 'center'),
    rows,
    headerRows: 0,
    size: 8,
    padding: 3,
  })
  note(page, 'Specifications may change without notice. Read the manual before use.')
  return { bytes: await page.bytes(), records: [] }
}

const base: ModuleStyle = {
  language: 'en',
  look: 'rules',
  descending: false,
  comma: false,
  warm: 'NMOT',
  units: 'value',
  layout: 'blocks',
}

/** Makers by name, as for tables. */
export const datasheetMakers: Readonly<Record<string, Maker>> = {
  'module, rules': moduleSheet(base),
  'module, descending, pt, zebra': moduleSheet({
    ...base,
    language: 'pt',
    look: 'zebra',
    descending: true,
    comma: true,
    warm: 'NOCT',
  }),
  'module, unit column': moduleSheet({ ...base, units: 'column', warm: 'NOCT' }),
  'module, unit column, unruled': moduleSheet({ ...base, units: 'column', look: 'none', descending: true }),
  'module, units in labels, grid': moduleSheet({ ...base, units: 'label', look: 'grid', language: 'pt', comma: true }),
  'module, interleaved, rules': moduleSheet({ ...base, layout: 'interleaved', warm: 'NOCT' }),
  'module, interleaved, grid, pt': moduleSheet({
    ...base,
    layout: 'interleaved',
    look: 'grid',
    language: 'pt',
    comma: true,
  }),
  'module, models in rows': moduleSheet({ ...base, layout: 'across' }),
  'module, models in rows, grid, pt': moduleSheet({
    ...base,
    layout: 'across',
    look: 'grid',
    language: 'pt',
    comma: true,
    descending: true,
  }),
  'module, bands': moduleSheet({ ...base, layout: 'bands', units: 'label' }),
  'module, bands, grid, pt': moduleSheet({
    ...base,
    layout: 'bands',
    look: 'grid',
    language: 'pt',
    comma: true,
    units: 'column',
  }),
  'module, footnotes, pairs': moduleSheet({ ...base, footnotes: true, pairs: true }),
  'module, mixed commas': moduleSheet({ ...base, language: 'pt', comma: false, pairs: true, look: 'none' }),
  'module, other words, unit column, classes': moduleSheet({
    ...base,
    otherWords: true,
    units: 'column',
    classesOnly: true,
    layout: 'bands',
    look: 'zebra',
  }),
  'module, other words, pt, unruled': moduleSheet({
    ...base,
    otherWords: true,
    language: 'pt',
    comma: true,
    look: 'none',
    warm: 'NOCT',
  }),
  'module, other words, pt, units in labels': moduleSheet({
    ...base,
    otherWords: true,
    language: 'pt',
    comma: true,
    units: 'label',
    look: 'rules',
    pairs: true,
  }),
  'module, interleaved, zebra, other words': moduleSheet({
    ...base,
    otherWords: true,
    layout: 'interleaved',
    look: 'zebra',
    warm: 'NOCT',
  }),
  'module, models in rows, unruled': moduleSheet({ ...base, layout: 'across', look: 'none', otherWords: true }),
  'inverter, grid': inverterSheet('en', 'grid', 3, false),
  'inverter, pt, unruled': inverterSheet('pt', 'none', 1, true),
  'inverter, pt, zebra': inverterSheet('pt', 'zebra', 2, true),
  'inverter, rules': inverterSheet('en', 'rules', 4, false),
  'inverter, labels once': inverterSheet('en', 'grid', 4, false, true),
  'inverter, en, unruled, three': inverterSheet('en', 'none', 3, false),
  'inverter, labels once, rules': inverterSheet('pt', 'rules', 4, true, true),
  'numbers without names': nameless,
}
