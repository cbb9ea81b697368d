/** A model's name with its tag: without one Ollama means `latest`. */
export function taggedName(name: string): string {
  const trimmed = name.trim()
  // a colon before the last slash is a registry's port
  return /:[^/]*$/.test(trimmed) ? trimmed : `${trimmed}:latest`
}

/** A model's name as people write it: without `latest`. */
export function shortName(name: string): string {
  return name.replace(/:latest$/, '')
}
