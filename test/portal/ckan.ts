import type { PackageEntry } from './catalogue/index.ts'
import type { Holding } from './files/holding.ts'
import type { Variant } from './files/variant.ts'
import { hash, seedOf, uuidOf } from './generate/random.ts'

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** What the metadata of a resource need besides its entry. */
export interface ResourceState {
  publication: number
  /** Scheme and host that the client spoke to. */
  base: string
  /** Set when the file is published wrong. */
  variant: Variant | undefined
  /** null when the file is not there yet. */
  size: number | null
  md5: string | undefined
}

/** The address a resource is downloaded from. */
export function downloadPath(entry: Pick<PackageEntry, 'id'>, resource: Holding['resource']): string {
  return `/dataset/${entry.id}/resource/${resource.id}/download/${resource.file}`
}

/** A resource as `package_show` and `resource_show` have it, with the loader's fields where it was loaded whole. */
export function resourceJson(holding: Holding, state: ResourceState): Record<string, Json> {
  const { resource } = holding
  const modified = holding.modified(state.publication, state.variant)
  const loaded = resource.datastore === 'whole'
  const url = `${state.base}${downloadPath(holding.package, resource)}`
  const h = hash(seedOf(resource.id), 5)
  return {
    cache_last_updated: null,
    cache_url: null,
    ...(loaded ? { ckan_url: state.base } : {}),
    created: resource.created,
    datastore_active: resource.datastore !== 'none',
    datastore_contains_all_records_of_source_file: loaded,
    description: resource.description,
    format: resource.format,
    hash:
      resource.hash === 'none'
        ? ''
        : resource.hash === 'fresh'
          ? (state.md5 ?? '')
          : uuidOf(resource.id).replaceAll('-', ''),
    id: resource.id,
    ...(loaded ? { ignore_hash: false } : {}),
    last_modified: modified,
    // A loaded resource is touched again when the loader is done; the others within milliseconds.
    metadata_modified: later(modified, loaded ? 17_237 : 13),
    mimetype: resource.mimetype,
    mimetype_inner: null,
    name: resource.name,
    ...(loaded ? { original_url: url } : {}),
    package_id: holding.package.id,
    position: holding.package.resources.indexOf(resource),
    ...(loaded ? { queue_name: 'default', resource_id: resource.id } : {}),
    resource_type: null,
    ...(loaded ? { set_url_type: false } : {}),
    size: state.size,
    state: 'active',
    ...(loaded ? { task_created: later(modified, 224).replace('T', ' ') } : {}),
    url,
    url_type: 'upload',
    tracking_summary: { total: 4 + (h % 300), recent: 2 + (h % 30) + state.publication },
  }
}

/** A naive moment with microseconds, some milliseconds later. */
function later(moment: string, milliseconds: number): string {
  const [seconds = '', micros = '0'] = moment.split('.')
  const whole = new Date(Date.parse(`${seconds}Z`) + Math.floor(Number(micros) / 1000) + milliseconds)
  return `${whole.toISOString().slice(0, -1)}${micros.slice(3)}`
}

const ORGANISATION = {
  id: 'e43edce4-1514-4493-8a22-fe11fa98ef9e',
  name: 'agencia-nacional-de-energia-eletrica',
  title: 'Agência Nacional de Energia Elétrica',
  type: 'organization',
  description: 'Réplica local do portal, com dados inventados.',
  image_url: '2026-05-29-130337.442419Aneel.png',
  created: '2026-05-27T12:53:06.102274',
  is_organization: true,
  approval_status: 'approved',
  state: 'active',
} as const

function slugOf(title: string): string {
  return title
    .normalize('NFD')
    .replace(/[^\w ]/g, '')
    .toLowerCase()
    .replaceAll(' ', '-')
}

/** A package as `package_show` and `package_search` have it. */
export function packageJson(entry: PackageEntry, resources: readonly Record<string, Json>[]): Record<string, Json> {
  const changed = resources.map((resource) => String(resource.metadata_modified)).sort()
  const group = slugOf(entry.group)
  const frequency = { key: 'Frequência de atualização', value: entry.frequency }
  return {
    author: entry.author,
    author_email: 'replica@example.org',
    creator_user_id: '41156dc5-1418-42dc-9b77-26e8a26604f0',
    id: entry.id,
    isopen: true,
    license_id: 'odc-odbl',
    license_title: 'Open Data Commons Open Database License (ODbL)',
    license_url: 'http://www.opendefinition.org/licenses/odc-odbl',
    maintainer: 'EGDI/ANEEL',
    maintainer_email: 'replica@example.org',
    metadata_created: entry.created,
    metadata_modified: later(changed.at(-1) ?? entry.created, 22),
    name: entry.name,
    notes: entry.notes,
    num_resources: resources.length,
    num_tags: entry.tags.length,
    organization: ORGANISATION,
    owner_org: ORGANISATION.id,
    private: false,
    state: 'active',
    title: entry.title,
    type: 'dataset',
    url: 'https://dadosabertos.aneel.gov.br',
    version: '1.0',
    extras: [
      { key: 'Metodologia', value: 'Réplica local' },
      { key: 'Categorias no VCGE', value: 'Energia Elétrica' },
      { key: 'Cobertura geográfica', value: 'Nacional' },
      ...(entry.discontinued ? [{ key: 'Situação', value: 'Descontinuado' }] : [frequency]),
    ],
    groups: [
      {
        description: '',
        display_name: entry.group,
        id: uuidOf(`group ${group}`),
        image_display_url: '',
        name: group,
        title: entry.group,
      },
    ],
    resources,
    tags: entry.tags.map((tag) => ({
      display_name: tag,
      id: uuidOf(`tag ${tag}`),
      name: tag,
      state: 'active',
      vocabulary_id: null,
    })),
    relationships_as_subject: [],
    relationships_as_object: [],
    tracking_summary: { total: 100 + (seedOf(entry.id) % 5000), recent: seedOf(entry.id) % 300 },
  }
}

/** JSON as CKAN writes it: a space after `:` and `,`, everything outside ASCII escaped. */
export function ckanText(value: Json): string {
  const text = JSON.stringify(value)
  return text.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
