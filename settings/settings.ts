import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PipelineError } from '../lib/errors.ts'
import { provideFlows } from '../lib/flow-file.ts'
import { credentialSecret } from '../lib/settings/credential-secret.ts'
import { type Environment, type Given, takeEnvironment } from './environment.ts'
import { editorHeaders, flowHeaders } from './headers.ts'
import { adminAuth, type Showing } from './login.ts'
import { loginLimit } from './login-limit.ts'
import { tlsOf } from './tls.ts'

/** Hours between two looks at the files of TLS. */
const tlsLookHours = 0.25
/** A function node that does not come back holds everything up; the longest that one may take at a time, in seconds. */
const functionSeconds = 60

/** What the settings are made of. */
export interface Surroundings {
  env: Environment
  /** The package's folder. */
  root: string
  stderr: { isTTY?: boolean; write(text: string): unknown }
  /** Whether this is a container, whose terminal is a log. */
  inContainer?: boolean
}

/** Node-RED's settings, safe without a setting made. Throws SETTINGS_INVALID. */
export function settingsOf({ env, root, stderr, inContainer = isContainer() }: Surroundings) {
  // credentials, sessions, tables and files are nobody else's on this machine
  process.umask(0o077)
  const given = takeEnvironment(env)
  const userDir = resolve(given.NODE_RED_USER_DIR ?? join(root, '.data', 'node-red'))
  prepareFolder(userDir, root, stderr)
  const https = tlsOf(given.NODE_RED_TLS_CERT, given.NODE_RED_TLS_KEY)
  return {
    userDir,
    flowFile: 'flows.json',
    uiHost: given.NODE_RED_HOST ?? '127.0.0.1',
    uiPort: portOf(given.PORT ?? '1880'),
    lang: given.NODE_RED_LANG ?? 'pt-BR',
    credentialSecret: credentialSecret(userDir, {
      given: given.NODE_RED_CREDENTIAL_SECRET,
      previous: given.NODE_RED_CREDENTIAL_SECRET_PREVIOUS,
    }),
    adminAuth: adminAuth({
      userDir,
      user: given.NODE_RED_ADMIN_USER ?? 'admin',
      password: given.NODE_RED_ADMIN_PASSWORD,
      hash: given.NODE_RED_ADMIN_PASSWORD_HASH,
      showing: showing(given, stderr, inContainer),
    }),
    ...(https === undefined ? {} : { https, httpsRefreshInterval: tlsLookHours }),
    disableEditor: choice(given, 'NODE_RED_EDITOR', ['on', 'off'], 'on') === 'off',
    httpAdminMiddleware: [editorHeaders, loginLimit()],
    // the one place that all of what flows serve passes; it lets everybody through
    httpNodeAuth: flowHeaders,
    apiMaxLength: '5mb',
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpload: false, allowUpdate: false },
      modules: { allowInstall: false },
    },
    functionExternalModules: false,
    functionGlobalContext: {},
    globalFunctionTimeout: functionSeconds,
    exportGlobalContextKeys: false,
    // in memory: what flows keep aside is never written to the disk
    contextStorage: { default: { module: 'memory' } },
    diagnostics: { enabled: false, ui: false },
    runtimeState: { enabled: true, ui: true },
    telemetry: { enabled: false, updateNotification: false },
    nodeMessageBufferMaxLength: 1000,
    editorTheme: {
      tours: false,
      projects: { enabled: false },
      palette: { catalogues: [] },
      multiplayer: { enabled: false },
    },
    logging: {
      console: {
        level: choice(given, 'LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'info'),
        metrics: false,
        audit: choice(given, 'NODE_RED_AUDIT', ['on', 'off'], 'off') === 'on',
      },
    },
  }
}

function prepareFolder(userDir: string, root: string, stderr: Surroundings['stderr']): void {
  try {
    mkdirSync(userDir, { recursive: true })
    // The daily flow, as this version has it until the user changes it; from then on the file is the user's.
    if (provideFlows(join(root, 'flows', 'daily.json'), userDir) === 'kept') {
      stderr.write(
        'This version has newer ready flows; yours are kept. Import > Examples > Pipelines has the new ones.\n',
      )
    }
    // Run from a checkout, the package is not in any node_modules where Node-RED looks.
    if (root.includes('node_modules')) return
    const link = join(userDir, 'node_modules', '@ysh', 'node-red-data-pipeline')
    if (existsSync(link)) return
    mkdirSync(join(userDir, 'node_modules', '@ysh'), { recursive: true })
    symlinkSync(root, link, 'junction')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PipelineError('SETTINGS_INVALID', `The user folder ${userDir} cannot be written: ${why}`, { cause })
  }
}

/** Where nobody sits in front, what is written ends in a log that is kept. */
function showing(given: Given, stderr: Surroundings['stderr'], inContainer: boolean): Showing {
  const usual = stderr.isTTY === true && !inContainer ? 'terminal' : 'file'
  const isTerminal = choice(given, 'NODE_RED_FIRST_PASSWORD', ['terminal', 'file'], usual) === 'terminal'
  return { isTerminal: isTerminal && stderr.isTTY === true, write: (text) => stderr.write(text) }
}

function isContainer(): boolean {
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv')
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new PipelineError('SETTINGS_INVALID', 'PORT is no number from 0 to 65535')
}

function choice<const T extends string>(given: Given, name: keyof Given, of: readonly T[], usual: T): T {
  const value = given[name] ?? usual
  const known = of.find((each) => each === value.toLowerCase())
  if (known !== undefined) return known
  throw new PipelineError('SETTINGS_INVALID', `${name} is one of: ${of.join(', ')}`)
}
