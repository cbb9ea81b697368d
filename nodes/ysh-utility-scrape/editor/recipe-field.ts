import { button, changed, element } from '../../kit/editor/element.ts'
import type { WidgetContext } from '../../kit/editor/form.ts'
import type { RecipeEntry } from '../recipe-entry.ts'

const timeout = 15_000

/** The recipe: one of the package, or an own one; below it what it reads and fills. */
export function mountRecipePicker({ input, text, field }: WidgetContext): () => void {
  const english = !RED.i18n.lang().toLowerCase().startsWith('pt')
  const select = document.createElement('select')
  select.setAttribute('aria-label', text('fields.recipe.label'))
  const note = element('div', 'ysh-tip')
  const copy = button(text('list.copy'), 'fa fa-copy', copyRecipe)
  input.hidden = true
  input.after(select)
  const row = input.closest('.form-row')
  row?.append(note)
  row?.after(copyRow())
  let entries: RecipeEntry[] = []
  let closed = false

  function copyRow(): HTMLElement {
    const made = element('div', 'form-row ysh-recipe-copy')
    made.append(element('label'), copy)
    return made
  }

  function fill(): void {
    const own = option('', text('list.own'))
    const known = entries.map(({ recipe, title, titleEn }) => option(recipe, english ? titleEn : title))
    const foreign = input.value !== '' && !entries.some(({ recipe }) => recipe === input.value)
    select.replaceChildren(own, ...known, ...(foreign ? [option(input.value, input.value)] : []))
    select.value = input.value
    describe()
  }

  function describe(): void {
    const entry = entries.find(({ recipe }) => recipe === input.value)
    const nothing = input.value === '' && (field('ownRecipe')?.value ?? '').trim() === ''
    const pages = entry?.pages.map(({ page, url }) => (entry.pages.length > 1 ? `${page}: ${url}` : url)).join(' · ')
    const filled = entry === undefined ? '' : text('list.fills', { datasets: entry.datasets.join(', ') || '–' })
    note.textContent = entry === undefined ? (nothing ? text('list.fromMessage') : '') : `${pages}. ${filled}`
    copy.disabled = entry === undefined
    const page = field('page')
    if (page !== null) {
      page.setAttribute('list', 'ysh-recipe-pages')
      pagesList().replaceChildren(...(entry?.pages ?? []).map(({ page: name }) => option(name, name)))
    }
  }

  function pagesList(): HTMLElement {
    const known = document.getElementById('ysh-recipe-pages')
    if (known !== null) return known
    const made = element('datalist', '', { id: 'ysh-recipe-pages' })
    row?.append(made)
    return made
  }

  function copyRecipe(): void {
    $.ajax({ url: `ysh/utility/recipes/${encodeURIComponent(input.value)}`, timeout }).then(
      (recipe) => {
        const own = field('ownRecipe')
        if (closed || own === null) return
        own.value = JSON.stringify(recipe)
        changed(own)
        input.value = ''
        changed(input)
        fill()
      },
      (answer) => {
        note.textContent = text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })
      },
    )
  }

  select.addEventListener('change', () => {
    input.value = select.value
    changed(input)
    describe()
  })
  fill()
  $.ajax({ url: 'ysh/utility/recipes', timeout }).then(
    (answer) => {
      if (closed) return
      entries = isList(answer) ? answer.recipes : []
      fill()
    },
    (answer) => {
      note.textContent = text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })
    },
  )
  return () => {
    closed = true
  }
}

/** An own recipe as JSON, laid out to be read. */
export function mountOwnRecipe({ input, text }: WidgetContext): () => void {
  const area = document.createElement('textarea')
  area.className = 'ysh-recipe-json'
  area.rows = 14
  area.spellcheck = false
  area.setAttribute('aria-label', text('fields.ownRecipe.label'))
  const note = element('div', 'ysh-tip')
  input.hidden = true
  input.after(area)
  input.closest('.form-row')?.append(note)

  const show = () => {
    if (input.value === area.value.trim()) return
    const value = parsed(input.value)
    area.value = value === undefined ? input.value : JSON.stringify(value, undefined, 2)
    judge()
  }
  const judge = () => {
    note.textContent = area.value.trim() === '' || parsed(area.value) !== undefined ? '' : text('list.notJson')
  }
  const keep = () => {
    const value = parsed(area.value)
    input.value = value === undefined ? area.value.trim() : JSON.stringify(value)
    judge()
    changed(input)
  }
  area.addEventListener('input', keep)
  const follow = () => {
    if (document.activeElement !== area) show()
  }
  input.addEventListener('change', follow)
  show()
  return () => input.removeEventListener('change', follow)
}

function option(value: string, label: string): HTMLOptionElement {
  const made = document.createElement('option')
  made.value = value
  made.textContent = label
  return made
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function isList(value: unknown): value is { recipes: RecipeEntry[] } {
  return typeof value === 'object' && value !== null && 'recipes' in value && Array.isArray(value.recipes)
}
