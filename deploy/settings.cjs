// Node-RED settings for `npm start` and the Docker image; Node-RED reads them by require(). All of it can be set from the environment.
const { existsSync, mkdirSync, symlinkSync } = require('node:fs')
const { join, resolve } = require('node:path')

const env = process.env
const root = resolve(__dirname, '..')
const userDir = resolve(env.NODE_RED_USER_DIR || join(root, '.data', 'node-red'))
mkdirSync(userDir, { recursive: true })

// The daily flow, as this version has it until the user changes it; from then on the file is the user's.
const { provideFlows } = require(join(root, 'dist', 'lib', 'flow-file.js'))
if (provideFlows(join(root, 'flows', 'daily.json'), userDir) === 'kept') {
  console.log('This version has newer ready flows; yours are kept. Import > Examples > Pipelines has the new ones.')
}

// Run from a checkout, the package is not in any node_modules where Node-RED looks.
if (!root.includes('node_modules')) {
  const link = join(userDir, 'node_modules', '@ysh', 'node-red-data-pipeline')
  if (!existsSync(link)) {
    mkdirSync(join(userDir, 'node_modules', '@ysh'), { recursive: true })
    symlinkSync(root, link, 'junction')
  }
}

const user = env.NODE_RED_ADMIN_USER
const password = env.NODE_RED_ADMIN_PASSWORD_HASH
const host = env.NODE_RED_HOST || '127.0.0.1'
if (host !== '127.0.0.1' && host !== 'localhost' && !(user && password)) {
  throw new Error(
    'Node-RED would be open to the network without a password. Set NODE_RED_ADMIN_USER and NODE_RED_ADMIN_PASSWORD_HASH ' +
      '(made by: npx node-red admin hash-pw), or leave NODE_RED_HOST at 127.0.0.1',
  )
}

module.exports = {
  userDir,
  flowFile: 'flows.json',
  uiHost: host,
  uiPort: Number(env.PORT || 1880),
  lang: env.NODE_RED_LANG || 'pt-BR',
  ...(env.NODE_RED_CREDENTIAL_SECRET ? { credentialSecret: env.NODE_RED_CREDENTIAL_SECRET } : {}),
  ...(user && password
    ? { adminAuth: { type: 'credentials', users: [{ username: user, password, permissions: '*' }] } }
    : {}),
  telemetry: { enabled: false, updateNotification: false },
  nodeMessageBufferMaxLength: 1000,
  runtimeState: { enabled: true, ui: true },
  editorTheme: { tours: false, projects: { enabled: false } },
  logging: { console: { level: env.LOG_LEVEL || 'info', metrics: false, audit: false } },
}
