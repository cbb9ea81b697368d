import type { Widget } from '../kit/editor/form.ts'
import { mountKeys } from './editor/keys.ts'

export const widgets: Record<string, Widget> = { keys: mountKeys }
