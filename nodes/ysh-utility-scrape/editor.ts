import type { Widget } from '../kit/editor/form.ts'
import { mountOwnRecipe, mountRecipePicker } from './editor/recipe-field.ts'
import { mountTrial } from './editor/trial.ts'

export const widgets: Record<string, Widget> = { recipe: mountRecipePicker, own: mountOwnRecipe, try: mountTrial }
