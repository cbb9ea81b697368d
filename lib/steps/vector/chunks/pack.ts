import type { Block, Chunk, ChunkSizes, Place } from './model.ts'
import { partText } from './part.ts'

/** Below this a chunk says too little to stand alone, in characters. */
const short = 200
/** Pages that a chunk names. */
const mostPlaces = 10

/** Blocks joined and cut to chunks, in order: long ones are cut, short neighbours under the same headings become one. */
export function packChunks(blocks: Iterable<Block>, sizes: ChunkSizes): Chunk[] {
  const chunks: Chunk[] = []
  for (const section of sectionsOf(blocks)) {
    const [first] = section
    if (first === undefined) continue
    if (first.kind === 'text') chunks.push(...packText(section, sizes))
    else chunks.push(...packLines(first, sizes))
  }
  return joinShort(chunks, sizes)
}

/** Neighbours that may share a chunk: running text under the same headings; tables and formulas are alone. */
function* sectionsOf(blocks: Iterable<Block>): Generator<Block[]> {
  let section: Block[] = []
  for (const block of blocks) {
    const [first] = section
    const same = first?.kind === 'text' && block.kind === 'text' && samePath(first.headings, block.headings)
    if (!same && section.length > 0) {
      yield section
      section = []
    }
    section.push(block)
  }
  if (section.length > 0) yield section
}

const samePath = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((heading, at) => heading === other[at])

interface Piece {
  text: string
  place: Place | undefined
}

function packText(section: readonly Block[], sizes: ChunkSizes): Chunk[] {
  const [first] = section
  if (first === undefined) return []
  const pieces = section.flatMap(({ parts }) => parts.flatMap((part) => piecesOf(part, sizes.most)))
  const total = pieces.reduce((sum, { text }) => sum + text.length + 1, -1)
  const whole = first.article ? sizes.most : sizes.target
  if (total <= whole) return [chunkOf(first, pieces)]
  const chunks: Chunk[] = []
  let open: Piece[] = []
  let length = 0
  for (const piece of pieces) {
    const longer = length + 1 + piece.text.length
    const fits = longer <= sizes.target || (length < sizes.target / 2 && longer <= sizes.most)
    if (open.length > 0 && !fits) {
      chunks.push(chunkOf(first, open))
      open = []
      length = 0
    }
    open.push(piece)
    length = open.length === 1 ? piece.text.length : length + 1 + piece.text.length
  }
  if (open.length > 0) chunks.push(chunkOf(first, open))
  return chunks
}

/** Rows under their header, repeated in each chunk. */
function packLines(block: Block, sizes: ChunkSizes): Chunk[] {
  const header = block.header === undefined ? '' : `${block.header.slice(0, sizes.most / 2).trim()}\n`
  const room = sizes.most - header.length
  const target = Math.max(Math.min(sizes.target - header.length, room), 1)
  const chunks: Chunk[] = []
  let open: Piece[] = []
  let length = 0
  const close = () => {
    if (open.length === 0) return
    const chunk = chunkOf(block, open)
    chunks.push({ ...chunk, text: `${header}${chunk.text}` })
    open = []
    length = 0
  }
  for (const part of block.parts) {
    for (const piece of piecesOf(part, room)) {
      if (open.length > 0 && length + 1 + piece.text.length > target) close()
      open.push(piece)
      length += piece.text.length + 1
    }
  }
  close()
  return chunks
}

function piecesOf({ text, place }: { text: string; place?: Place }, most: number): Piece[] {
  return partText(text, most).map((piece) => ({ text: piece, place }))
}

function chunkOf({ kind, headings }: Block, pieces: readonly Piece[]): Chunk {
  return {
    kind,
    headings,
    text: pieces.map(({ text }) => text).join('\n'),
    places: mergePlaces(pieces.flatMap(({ place }) => place ?? [])),
  }
}

/** One box a page, around all that stands on it. */
function mergePlaces(places: readonly Place[]): Place[] {
  const merged = new Map<number, Place>()
  for (const { page, box } of places) {
    const before = merged.get(page)?.box
    merged.set(page, {
      page,
      box:
        before === undefined
          ? box
          : {
              left: Math.min(before.left, box.left),
              top: Math.min(before.top, box.top),
              right: Math.max(before.right, box.right),
              bottom: Math.max(before.bottom, box.bottom),
            },
    })
  }
  return [...merged.values()].slice(0, mostPlaces)
}

/**
 * Short leftovers go to their neighbour: of the same headings, or of headings that differ in the last one only, which then stands in the text. Articles
 * stay by themselves: what is cited is an article.
 */
function joinShort(chunks: readonly Chunk[], sizes: ChunkSizes): Chunk[] {
  const joined: Chunk[] = []
  for (const chunk of chunks) {
    const last = joined.at(-1)
    const both = last === undefined ? undefined : join(last, chunk, sizes)
    if (both === undefined) joined.push(chunk)
    else joined[joined.length - 1] = both
  }
  return joined
}

const isArticle = (heading: string | undefined) => heading !== undefined && /^Art\. /.test(heading)

function join(last: Chunk, next: Chunk, sizes: ChunkSizes): Chunk | undefined {
  if (last.kind !== 'text' || next.kind !== 'text') return undefined
  if (last.text.length >= short && next.text.length >= short) return undefined
  const places = mergePlaces([...last.places, ...next.places])
  if (samePath(last.headings, next.headings)) {
    const text = `${last.text}\n${next.text}`
    return text.length > sizes.most ? undefined : { ...last, text, places }
  }
  const [own, heading] = [last.headings.at(-1), next.headings.at(-1)]
  if (isArticle(own) || isArticle(heading)) return undefined
  const parent = next.headings.slice(0, -1)
  const sibling = last.headings.length === next.headings.length
  if (parent.length === 0 || !samePath(sibling ? last.headings.slice(0, -1) : last.headings, parent)) return undefined
  // the headings that no longer stand above the chunk stand in it
  const text = [...(sibling ? [own] : []), last.text, heading, next.text].join('\n')
  return text.length > sizes.target ? undefined : { ...last, headings: parent, text, places }
}
