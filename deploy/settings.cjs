// Node-RED's settings for `npm start` and the Docker image; Node-RED reads them by require(). All of it can be set from the environment: docs/settings.md.
const { existsSync } = require('node:fs')
const { join, resolve } = require('node:path')

const root = resolve(__dirname, '..')
const built = join(root, 'dist', 'settings', 'settings.js')

/** Says what is wrong in one line, without a stack, and does not start. */
function refuse(words) {
  process.stderr.write(`\nNode-RED does not start. ${words}\n\n`)
  process.exit(1)
}

if (!existsSync(built)) refuse('The package is not built: npm run build')
if (!process.features.require_module) refuse('These settings need Node 22.12 or newer.')
try {
  const { settingsOf } = require(built)
  module.exports = settingsOf({ env: process.env, root, stderr: process.stderr })
} catch (error) {
  if (typeof error?.code !== 'string' || error.name !== 'PipelineError') throw error
  refuse(`${error.code}: ${error.message}`)
}
