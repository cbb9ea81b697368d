import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An argument; one with arguments of its own is a block, or a value of that form. */
export interface Argument extends Partial<Block> {
  required?: boolean
  block?: boolean
}

/** What a resource or a block in one accepts. */
export interface Block {
  takes: Record<string, Argument>
}

/** The part of the AWS provider's schema that deploy/aws uses: see provider-table.ts. */
export interface ProviderTable {
  provider: string
  version: string
  resource: Record<string, Block & { gives: string[] }>
  data: Record<string, Block & { gives: string[] }>
}

/** The checked-in table. */
export function providerTable(): ProviderTable {
  const table: ProviderTable = JSON.parse(readFileSync(join(import.meta.dirname, 'provider.json'), 'utf8'))
  return table
}
