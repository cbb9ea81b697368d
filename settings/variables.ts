/** An environment variable that the process reads, besides those of the ready flows (docs/flows.md). */
export interface Variable {
  name: string
  /** What holds when it is not set; blank for nothing. */
  usually: string
  what: string
  /** May be given as `NAME_FILE` or as a reference; taken out of the environment once it is read. */
  secret?: true
}

/** Read by deploy/settings.cjs: `npm start` and the Docker image. */
export const settingsVariables = [
  { name: 'NODE_RED_USER_DIR', usually: '`.data/node-red`', what: 'folder of flows, credentials and embedded stores' },
  {
    name: 'NODE_RED_HOST',
    usually: '`127.0.0.1`',
    what: 'address that the editor and the API listen on; `0.0.0.0` for all',
  },
  { name: 'PORT', usually: '`1880`', what: 'their port' },
  { name: 'NODE_RED_ADMIN_USER', usually: '`admin`', what: 'who logs in to the editor' },
  {
    ...{ name: 'NODE_RED_ADMIN_PASSWORD', usually: 'one is made', secret: true },
    what: 'password of the editor, 8 characters or more. A reference is looked up at each login, so that a rotated password needs no restart',
  },
  {
    ...{ name: 'NODE_RED_ADMIN_PASSWORD_HASH', usually: '', secret: true },
    what: 'its bcrypt hash instead (`npx node-red admin hash-pw`); in a compose file write `$$` for each `$`',
  },
  {
    ...{ name: 'NODE_RED_FIRST_PASSWORD', usually: '`terminal` where there is one, `file` in a container or service' },
    what: 'where a made password is shown: `terminal` or `file`',
  },
  {
    ...{ name: 'NODE_RED_CREDENTIAL_SECRET', usually: 'one is made in the user folder', secret: true },
    what: 'encrypts the credentials of the flows; 16 characters or more',
  },
  {
    ...{ name: 'NODE_RED_CREDENTIAL_SECRET_PREVIOUS', usually: '', secret: true },
    what: 'the one before, for the one start that changes it',
  },
  {
    name: 'NODE_RED_EDITOR',
    usually: '`on`',
    what: '`off`: no editor; flows run, the API serves, the admin API asks for the login',
  },
  {
    name: 'NODE_RED_TLS_CERT',
    usually: '',
    what: 'file of the certificate chain (PEM); with the next one HTTPS is served',
  },
  {
    name: 'NODE_RED_TLS_KEY',
    usually: '',
    what: 'file of its key. Both are looked at every 15 minutes and reloaded when they change',
  },
  { name: 'NODE_RED_LANG', usually: '`pt-BR`', what: 'language of editor and log: `pt-BR` or `en-US`' },
  {
    name: 'NODE_RED_AUDIT',
    usually: '`off`',
    what: '`on`: logins and changes are written to the log, with user and address',
  },
  { name: 'LOG_LEVEL', usually: '`info`', what: '`fatal`, `error`, `warn`, `info`, `debug` or `trace`' },
] as const satisfies readonly Variable[]

/** Name of a variable of {@link settingsVariables}. */
export type SettingsVariable = (typeof settingsVariables)[number]['name']

/** Read by the nodes themselves, in any Node-RED. */
export const processVariables: readonly Variable[] = [
  {
    name: 'YSH_REPLICA',
    usually: 'host and user folder',
    what: 'name of this Node-RED among several on one PostgreSQL ([runs](runs.md))',
  },
  {
    name: 'YSH_HEALTH_SOCKET',
    usually: '`ysh-health.sock` in the user folder',
    what: 'socket that answers how this Node-RED is; asked by `ysh-pipeline health` too ([docker](docker.md#health))',
  },
  {
    name: 'YSH_EMBEDDED_TEMPLATE',
    usually: '',
    what: 'folder with an empty embedded database, copied at a first start instead of making one; set in the image',
  },
  { name: 'YSH_API_KEY_FILE', usually: '', what: 'file with a first key of the data API ([access](api-access.md))' },
  {
    name: 'YSH_METRICS_TOKEN',
    usually: '',
    what: 'token for the metrics where the node has none, and of a worker ([metrics](metrics.md))',
  },
  {
    name: 'YSH_FAIL_POINT',
    usually: '',
    what: 'for tests only: the process kills itself at a place in the code ([chaos](chaos.md))',
  },
  {
    name: 'YSH_BACKUP_PASSPHRASE',
    usually: '',
    what: 'opens and closes the secrets in backups, 12 characters or more; may be a reference ([backup](backup.md))',
  },
  {
    name: 'AWS_REGION',
    usually: '`AWS_DEFAULT_REGION`, else `us-east-1`',
    what: 'region of S3, SQS, SSM and Secrets Manager where no other is said',
  },
  { name: 'AWS_DEFAULT_REGION', usually: '`us-east-1`', what: 'the same, when that one is not set' },
  // functions of Lambda, and whatever else runs steps without Node-RED
  {
    name: 'YSH_CLOUDWATCH',
    usually: '`off`',
    what: 'metrics of a function or worker without Node-RED: `off` (in a function `emf`), `emf` or `put` ([metrics](metrics.md))',
  },
  { name: 'YSH_CLOUDWATCH_FILE', usually: '', what: 'file that its EMF lines go to; else standard output' },
  { name: 'YSH_CLOUDWATCH_MORE', usually: '', what: 'metrics besides the ten, with commas' },
  { name: 'YSH_PIPELINE', usually: '`ysh`', what: 'its name in them' },
  // the data API in a function: what the form of ysh-api says elsewhere
  { name: 'YSH_API_ROOT', usually: '', what: 'data API in a function: path before its own, such as `/prod`' },
  {
    name: 'YSH_API_REQUESTS_PER_MINUTE',
    usually: '600',
    what: 'data API in a function: requests of a key in a minute',
  },
  { name: 'YSH_API_BURST', usually: '100', what: 'data API in a function: requests that may come at once' },
  { name: 'YSH_API_ORIGINS', usually: '', what: 'data API in a function: origins of web pages, with commas between' },
  { name: 'YSH_API_JWKS_URL', usually: '', what: 'data API in a function: public keys of who issues tokens' },
  { name: 'YSH_API_ISSUER', usually: '', what: 'data API in a function: issuer that tokens must name' },
  { name: 'YSH_API_AUDIENCES', usually: '', what: 'data API in a function: audiences of which a token must name one' },
  {
    name: 'YSH_API_REQUIRED_CLAIMS',
    usually: '',
    what: 'data API in a function: further claims, such as `token_use=access`',
  },
  { name: 'YSH_API_SCOPE_CLAIM', usually: '', what: 'data API in a function: claim that holds the scopes' },
  { name: 'YSH_API_SCOPE_MAP', usually: '', what: 'data API in a function: what the issuer’s scopes mean here' },
  {
    name: 'YSH_API_EVENTS_ENDPOINT',
    usually: '',
    what: 'functions that send events: where connections are managed, `https://DOMAIN/STAGE` ([events](api-events.md#behind-api-gateway)); set by Terraform',
  },
  {
    name: 'YSH_PLANS',
    usually: '`/opt/plans`',
    what: 'where a function finds its plans ([AWS](aws.md)); set by Terraform',
  },
  {
    name: 'YSH_STATE_MACHINES',
    usually: '',
    what: 'the function that delivers: state machines by id of the pipeline, as JSON; set by Terraform',
  },
]

/** Read by the command line `ysh-pipeline`. */
export const commandVariables: readonly Variable[] = [
  { name: 'YSH_POSTGRES', usually: '', what: 'as `--postgres`' },
  { name: 'YSH_FOLDER', usually: '', what: 'as `--folder`' },
  {
    name: 'YSH_OBJECTS',
    usually: '',
    what: 'outside Node-RED: bucket of the objects, `s3://name/prefix`, whatever the flow says; set by Terraform',
  },
  {
    name: 'YSH_RESULTS',
    usually: '`YSH_OBJECTS`',
    what: 'bucket of the lists of distributed maps ([portable flows](portable.md)); set by Terraform',
  },
  { name: 'YSH_NODE_RED', usually: '', what: 'as `--node-red`' },
  { name: 'YSH_NODE_RED_TOKEN', usually: '', what: 'as `--token`' },
  { name: 'YSH_NODE_RED_USER', usually: '', what: 'who logs in there' },
  { name: 'YSH_NODE_RED_PASSWORD', usually: '', what: 'with which password' },
  { name: 'YSH_BACKUP', usually: '', what: 'as `--to` and `--from` of backups ([backup](backup.md))' },
]
