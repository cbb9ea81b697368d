import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { scanFile, scanned } from './scan.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** A copy of the sources in a place where the optional packages are not installed. */
async function withoutPackages(folder: string): Promise<void> {
  await cp(join(root, 'lib'), join(folder, 'lib'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await mkdir(join(folder, 'node_modules'))
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.includes('tesseract')) await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
}

test('without the optional packages a scan fails with how to install them, and pages with text are kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'no-ocr-'))
  try {
    await withoutPackages(folder)
    await writeFile(join(folder, 'scan.pdf'), await scanFile(scanned([])))
    await writeFile(join(folder, 'both.pdf'), await scanFile(scanned([]), 'Texto'))
    await writeFile(
      join(folder, 'run.ts'),
      `import { extractPdf } from './lib/steps/pdf/extract.ts'
       const alone = await extractPdf({ path: 'scan.pdf' }, { ocr: {} }).catch((error) => error)
       const both = await extractPdf({ path: 'both.pdf' }, { ocr: {} })
       console.log(JSON.stringify({ code: alone.code, message: alone.message, stop: both.stop?.code, read: both.read }))
       process.exit()`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['run.ts'], { cwd: folder, timeout: 60_000 })
    assert.deepEqual(JSON.parse(stdout), {
      code: 'PDF_OCR_MISSING',
      message: 'OCR needs two optional packages: npm install tesseract.js@7 @tesseract.js-data/por@1',
      stop: 'PDF_OCR_MISSING',
      read: 2,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
