import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A type as Terraform writes it. `dynamic`: one that the bindings do not tell. */
export type Kind = 'string' | 'number' | 'bool' | 'dynamic' | ['list' | 'set' | 'map', 'string' | 'number' | 'bool']

/** An argument; one with arguments of its own is a block, or a value of that form. */
export interface Argument extends Partial<Block> {
  required?: boolean
  /** The provider fills it in when it is not given. */
  computed?: boolean
  /** Of what is no block. */
  kind?: Kind
  block?: boolean
  nesting?: 'list' | 'set' | 'single'
  /** How many blocks there may be; undefined: any number. */
  most?: number
}

/** What a resource or a block in one accepts. */
export interface Block {
  takes: Record<string, Argument>
}

/** A resource or data source. */
export interface TypeOf extends Block {
  /** What it gives and does not accept. */
  gives: Record<string, Kind>
}

/** The part of the AWS provider's schema that deploy/aws uses: see provider-table.ts. */
export interface ProviderTable {
  provider: string
  version: string
  /** Of the provider itself. */
  settings: Block['takes']
  resource: Record<string, TypeOf>
  data: Record<string, TypeOf>
}

export const tableFile = join(import.meta.dirname, 'provider.json')

/** The checked-in table. */
export function providerTable(): ProviderTable {
  const table: ProviderTable = JSON.parse(readFileSync(tableFile, 'utf8'))
  return table
}
