import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** Where pictures go, for a person to look at: `SCREENSHOTS=/tmp/shots node --test test/editor/daily.test.ts`. */
const folder = process.env.SCREENSHOTS

/** Takes a picture of the page, or of a part of it, when pictures are asked for. */
export async function pictureOf(
  page: Page,
  name: string,
  clip?: { x: number; y: number; width: number; height: number },
): Promise<void> {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled', ...(clip === undefined ? {} : { clip }) })
}
