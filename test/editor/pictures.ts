import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** Where the README's pictures go; set by build/screenshots.ts. */
const folder = process.env.README_PICTURES

/** Takes one of the README's pictures, of the page or of the part from the top left corner of an element on, when they are asked for. */
export async function readmePicture(page: Page, name: string, part?: { of: string; height: number }): Promise<void> {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  const box = part && (await page.locator(part.of).first().boundingBox())
  const clip = box && { x: box.x, y: box.y, width: box.width, height: Math.min(part.height, box.height) }
  await page.mouse.move(0, 0)
  await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled', ...(clip ? { clip } : {}) })
}
