import type { Widget } from '../kit/editor/form.ts'
import { mountTest } from './editor/test.ts'

export const widgets: Record<string, Widget> = { test: mountTest }
