/** What must never be written: passwords in addresses, tokens, those of the environment. Returns how to blank them in a text. */
export function redactor(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const secrets = new Set<string>()
  const note = (secret: string | undefined) => {
    // A secret of a letter or two would blank half of the output, and hides nothing.
    if (secret !== undefined && secret.length > 2) secrets.add(secret)
  }
  for (const [at, arg] of args.entries()) {
    if (arg === '--token') note(args[at + 1])
    if (arg.startsWith('--token=')) note(arg.slice('--token='.length))
    note(passwordIn(arg.replace(/^--[\w-]+=/, '')))
  }
  for (const name of ['YSH_NODE_RED_TOKEN', 'YSH_NODE_RED_PASSWORD', 'PGPASSWORD', 'YSH_BACKUP_PASSPHRASE'])
    note(env[name])
  for (const name of ['YSH_POSTGRES', 'YSH_NODE_RED']) note(passwordIn(env[name] ?? ''))
  const forms = [...secrets].flatMap((secret) => [secret, encodeURIComponent(secret), decoded(secret)])
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((blanked, secret) => blanked.replaceAll(secret, '***'), text)
}

function passwordIn(address: string): string | undefined {
  if (!/^[a-z]+:\/\//i.test(address)) return undefined
  // An address that cannot be parsed has its secret all the same.
  return /^[a-z]+:\/\/[^/@]*?:(.+)@/i.exec(address)?.[1]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
