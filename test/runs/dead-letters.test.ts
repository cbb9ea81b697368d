import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns } from '../../lib/runs/display.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import type { Joined } from '../../lib/runs/fanout.ts'
import { itemPath } from '../../lib/runs/identity.ts'
import type { ItemEnd } from '../../lib/runs/joined.ts'
import { journalError } from '../../lib/runs/journal.ts'
import { pruneRuns } from '../../lib/runs/leases.ts'
import { type Letter, maxOpenLetters } from '../../lib/runs/letter.ts'
import { listLetters } from '../../lib/runs/letter-list.ts'
import { discardLetters, redriveLetters } from '../../lib/runs/letter-settle.ts'
import { maxQueued } from '../../lib/runs/lifecycle.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

const gone = (key: string) => journalError(new PipelineError('HTTP_404', `${key} is gone`))
const limit = { timeout: 60_000 }

for (const kind of kinds) {
  describe(`dead letters on ${kind}`, limit, () => {
    let surroundings: Surroundings
    let store: PostgresStore
    const engines: RunEngine[] = []
    const log = memoryLog()
    before(async () => {
      surroundings = await openSurroundings(kind)
      store = surroundings.stores.postgres
      await engine()
    })
    after(async () => {
      await closeAll()
      await surroundings.close()
    })
    beforeEach(async () => {
      await closeAll()
      log.lines.length = 0
      await store.query('truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, pipeline.dead_letter')
    })
    async function closeAll() {
      await Promise.all(engines.splice(0).map((each) => each.close()))
    }
    async function engine(owner = 'a'): Promise<RunEngine> {
      const made = await createEngine({ stores: surroundings.stores, http: noHttp, log, owner })
      engines.push(made)
      return made
    }

    /** trigger -> each over `list` -> `work` -> join -> end. What is sent is noted by run and key. */
    function flow(on: RunEngine, list: Json[], work: (key: string, run: RunRef) => ItemEnd | Promise<ItemEnd>) {
      const sent: string[] = []
      const ended: { slot: string; joined: Joined }[] = []
      let news = Promise.withResolvers<void>()
      const fail = (error: unknown) => news.reject(error)
      on.fanOut.registerJoin('join', (joined) => {
        const { run, failed } = joined
        on.end(
          run,
          failed === 0 ? { outcome: 'done' } : { outcome: 'failed', error: new PipelineError('RUN_FAILED', 'x') },
        )
          .then(() => {
            ended.push({ slot: run.slot, joined })
            news.resolve()
            news = Promise.withResolvers()
          })
          .catch(fail)
      })
      on.register('f', {
        send: (run) => {
          const items = list.map((value) => ({ key: String(value), value }))
          const send = ({ key }: { key: string }, itsRun: RunRef) => {
            sent.push(`${run.slot}: ${key}`)
            Promise.resolve(work(key, itsRun))
              .then((end) => on.fanOut.record(itsRun, 'join', end))
              .catch(fail)
          }
          on.fanOut.open({ run, node: 'each', items, window: 2, message: { topic: 't', req: {} }, send }).catch(fail)
        },
      })
      return {
        sent,
        ended,
        async until(count: number) {
          while (ended.length < count) await news.promise
        },
      }
    }
    const start = (on: RunEngine, slot = 's', input: Json = { year: 2026 }) =>
      on.start({ flow: 'f', slot, trigger: 'schedule', input, overlap: 'queue' })
    const failing = (keys: readonly string[]) => (key: string) =>
      keys.includes(key) ? { state: 'failed' as const, error: gone(key) } : { state: 'done' as const, output: key }
    const ids = (letters: readonly Letter[]) => letters.map(({ id }) => id)
    const by = { by: 'test' }

    /** A run of five items of which four failed, and its letters in the order of their keys. */
    async function fourFailed() {
      const on = await engine()
      const bad = ['b', 'c/1', 'd', 'e']
      const at = flow(on, ['a', 'b', 'c/1', 'd', 'e'], (key) => failing(bad)(key))
      await on.replay()
      await start(on)
      await at.until(1)
      const { letters } = await on.letters.list({}, { withInput: true })
      return { on, at, bad, letters: letters.toSorted((x, y) => (x.key < y.key ? -1 : 1)) }
    }

    it('keeps failed items with input, error and tries, and no letter of the run beside them', async () => {
      const { letters } = await fourFailed()
      assert.deepEqual(
        letters.map((letter) => [
          letter.kind,
          letter.key,
          letter.flow,
          letter.slot,
          letter.node,
          letter.state,
          letter.attempts,
        ]),
        ['b', 'c/1', 'd', 'e'].map((key) => ['item', key, 'f', 's', 'each', 'open', 1]),
      )
      assert.deepEqual(letters[1]?.input, { topic: 't', payload: 'c/1' })
      assert.equal(letters[1]?.item, itemPath('', 'c/1'))
      assert.deepEqual(letters[0]?.error, gone('b'))
      assert.equal((await listRuns(store))[0]?.state, 'failed')
    })

    it('redrives two of the failed items in one run that sends exactly these', async () => {
      const { on, at, bad, letters } = await fourFailed()
      bad.splice(0)
      const answer = await on.letters.redrive({ ids: ids(letters.slice(1, 3)) }, 'test')
      assert.deepEqual([answer.redriven, answer.refused], [2, []])
      assert.deepEqual(
        answer.runs.map(({ flow, slot, letters: count }) => [flow, slot, count]),
        [['f', 'redrive 1 of s', 2]],
      )
      await at.until(2)
      assert.deepEqual(at.sent.slice(5).sort(), ['redrive 1 of s: c/1', 'redrive 1 of s: d'])
      assert.deepEqual(
        at.ended[1]?.joined.items.map(({ key, state }) => [key, state]),
        [
          ['c/1', 'done'],
          ['d', 'done'],
        ],
      )
      const [first] = (await on.letters.list({ ids: ids(letters.slice(1, 2)), state: 'any' })).letters
      const run = answer.runs[0]?.id
      assert.deepEqual(
        [first?.state, first?.settledBy, first?.redriveRun, first?.recoveredRun],
        ['redriven', 'test', run, run],
      )
      const [row] = await listRuns(store, { id: run ?? '' })
      assert.deepEqual([row?.input, row?.state, row?.trigger], [{ year: 2026 }, 'done', 'manual'])
      assert.equal(await on.letters.count(), 2)
    })

    it('makes one run of a double click, and refuses the second with a code', async () => {
      const { on, at, letters } = await fourFailed()
      const chosen = { ids: ids(letters) }
      const answers = await Promise.all([redriveLetters(store, chosen, by), redriveLetters(store, chosen, by)])
      assert.deepEqual(answers.map(({ redriven }) => redriven).sort(), [0, 4])
      const late = answers.find(({ redriven }) => redriven === 0)
      assert.deepEqual(
        late?.refused.map(({ code }) => code),
        Array(4).fill('LETTER_SETTLED'),
      )
      assert.equal((await listRuns(store)).length, 2)
      // A third click, which is refused as well; a replay would send what is on its way once more.
      await on.letters.redrive(chosen, 'test')
      await at.until(2)
      assert.equal(at.sent.length, 5 + 4)
    })

    it('numbers the redrives of a run, keeps what fails again, and tells all its letters of the success', async () => {
      const { on, at, bad, letters } = await fourFailed()
      bad.splice(0, 4, 'b')
      await on.letters.redrive({ item: 'b' }, 'test')
      await at.until(2)
      const again = (await on.letters.list({ item: 'b' })).letters
      assert.deepEqual(
        again.map(({ slot, state }) => [slot, state]),
        [['redrive 1 of s', 'open']],
      )
      bad.splice(0)
      const { runs } = await on.letters.redrive({ ids: ids(again) }, 'test')
      assert.equal(runs[0]?.slot, 'redrive 2 of s')
      await at.until(3)
      assert.deepEqual(at.sent.slice(6), ['redrive 2 of s: b'])
      const both = (await on.letters.list({ item: 'b', state: 'any' })).letters
      assert.deepEqual(
        both.map(({ recoveredRun }) => recoveredRun),
        [runs[0]?.id, runs[0]?.id],
      )
      assert.equal(letters.length, 4)
    })

    it('waits for its turn, and for a process that has the flow', async () => {
      const { on, bad, letters } = await fourFailed()
      await closeAll()
      bad.splice(0)
      const { runs } = await redriveLetters(store, { ids: ids(letters) }, by)
      assert.equal((await listRuns(store, { id: runs[0]?.id ?? '' }))[0]?.state, 'queued')
      assert.notEqual(on, await engine('b'))
      const other = await engine('c')
      const at = flow(other, ['a', 'b', 'c/1', 'd', 'e'], failing([]))
      await other.replay()
      await at.until(1)
      assert.equal(at.sent.length, 4)
    })

    it('redrives the items of an each inside an each, and whole outer items', async () => {
      const on = await engine()
      const bad = new Set(['A/x1/1', 'A/x2/2'])
      const sent: string[] = []
      const ends: RunRef[] = []
      const over = { wait: Promise.withResolvers<void>() }
      const fail = (error: unknown) => over.wait.reject(error)
      on.fanOut.registerJoin('inner join', ({ run, failed }) => {
        const end: ItemEnd =
          failed > 0 && run.item === 'x2' ? { state: 'failed', error: gone('x2') } : { state: 'done', output: failed }
        on.fanOut.record(run, 'outer join', end).catch(fail)
      })
      on.fanOut.registerJoin('outer join', ({ run }) => {
        on.end(run, { outcome: 'done' }).then(() => {
          ends.push(run)
          over.wait.resolve()
        }, fail)
      })
      on.register('f', {
        send: (run) => {
          const inner = (itsRun: RunRef, key: string) =>
            on.fanOut.open({
              run: itsRun,
              node: 'inner',
              items: ['1', '2', '3'].map((n) => ({ key: n, value: n })),
              window: 2,
              message: null,
              send: (item, itemRun) => {
                const name = `${key}/${item.key}`
                sent.push(name)
                const end: ItemEnd = bad.has(`A/${name}`)
                  ? { state: 'failed', error: gone(name) }
                  : { state: 'done', output: 1 }
                on.fanOut.record(itemRun, 'inner join', end).catch(fail)
              },
            })
          on.fanOut
            .open({
              run,
              node: 'outer',
              items: ['x1', 'x2', 'x3'].map((n) => ({ key: n, value: n })),
              window: 3,
              message: null,
              send: ({ key }, itsRun) => {
                inner(itsRun, key).catch(fail)
              },
            })
            .catch(fail)
        },
      })
      await on.replay()
      await start(on)
      await over.wait.promise
      assert.equal(sent.length, 9)
      const { letters } = await on.letters.list()
      assert.deepEqual(letters.map(({ key, node }) => `${node} ${key}`).sort(), [
        'inner x1 / 1',
        'inner x2 / 2',
        'outer x2',
      ])
      bad.clear()
      const next = async (filter: Parameters<typeof on.letters.redrive>[0]) => {
        sent.length = 0
        over.wait = Promise.withResolvers()
        await on.letters.redrive(filter, 'test')
        await over.wait.promise
        return sent.toSorted()
      }
      assert.deepEqual(await next({ item: 'x1 / 1' }), ['x1/1'])
      assert.deepEqual(await next({}), ['x2/1', 'x2/2', 'x2/3'], 'an outer item is done again as a whole')
      const all = (await on.letters.list({ state: 'any' })).letters
      assert.ok(all.every(({ recoveredRun, redriveRun }) => recoveredRun === redriveRun && recoveredRun !== null))
    })

    it('keeps a run that failed as a whole, and does all of it again', async () => {
      const on = await engine()
      const sent: { run: RunRef; input: Json }[] = []
      on.register('f', { send: (run, input) => sent.push({ run, input }) })
      await on.replay()
      await start(on)
      assert.ok(sent[0])
      await on.end(sent[0].run, {
        outcome: 'failed',
        error: new PipelineError('HTTP_503', 'down', { retryable: true }),
      })
      const { letters } = await on.letters.list({ kind: 'run' }, { withInput: true })
      assert.deepEqual(
        letters.map(({ key, input, error }) => [key, input, error.code]),
        [['s', { payload: { year: 2026 } }, 'HTTP_503']],
      )
      const { runs } = await on.letters.redrive({ code: 'HTTP_5*' }, 'test')
      while (sent.length < 2) await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual([sent[1]?.run.slot, sent[1]?.input], ['redrive 1 of s', { year: 2026 }])
      assert.ok(sent[1])
      await on.end(sent[1].run, { outcome: 'done' })
      const [letter] = (await on.letters.list({ state: 'redriven' })).letters
      assert.equal(letter?.recoveredRun, runs[0]?.id)
    })

    it('changes nothing when the flow has too many runs waiting', async () => {
      const { letters } = await fourFailed()
      await closeAll()
      await store.query(
        `insert into pipeline.run (id, flow, slot, trigger, overlap, input, state, epoch)
         select gen_random_uuid(), 'f', 'waiting ' || n, 'event', 'queue', 'null', 'queued', 0 from generate_series(1, ${maxQueued}) as n`,
      )
      await assert.rejects(redriveLetters(store, { ids: ids(letters) }, by), {
        code: 'RUN_QUEUE_FULL',
        retryable: true,
      })
      assert.equal((await listLetters(store, { state: 'open' })).total, 4)
    })

    it('discards with a reason, once', async () => {
      const { on, letters } = await fourFailed()
      const chosen = { ids: [...ids(letters.slice(0, 1)), '00000000-0000-4000-8000-000000000000'] }
      const first = await discardLetters(store, chosen, { by: 'ana', reason: 'gone for good' })
      assert.deepEqual([first.discarded, first.refused.map(({ code }) => code)], [1, ['LETTER_UNKNOWN']])
      const second = await on.letters.discard(chosen, 'bia', 'other')
      assert.deepEqual(
        [second.discarded, second.refused.map(({ code }) => code)],
        [0, ['LETTER_SETTLED', 'LETTER_UNKNOWN']],
      )
      const [letter] = (await on.letters.list({ state: 'discarded' })).letters
      assert.deepEqual([letter?.settledBy, letter?.reason], ['ana', 'gone for good'])
      assert.deepEqual((await on.letters.redrive(chosen, 'x')).redriven, 0)
    })

    it('filters by item, code and time', async () => {
      const { on } = await fourFailed()
      const keys = async (filter: Parameters<typeof on.letters.list>[0]) =>
        (await on.letters.list(filter)).letters.map(({ key }) => key).sort()
      assert.deepEqual(await keys({ item: 'c/1' }), ['c/1'])
      assert.deepEqual(await keys({ item: 'c*' }), ['c/1'])
      assert.deepEqual(await keys({ item: '_' }), [], 'a wildcard of SQL is none here')
      assert.deepEqual(await keys({ code: 'HTTP_404', since: '1h' }), ['b', 'c/1', 'd', 'e'])
      assert.deepEqual(await keys({ since: '2999-01-01' }), [])
      assert.deepEqual(await keys({ flow: 'other' }), [])
      const page = await on.letters.list({ limit: 2 })
      assert.deepEqual([page.letters.length, page.total], [2, 4])
    })

    it('opens the letters again whose redrive another run replaced', async () => {
      const { on } = await fourFailed()
      // Nobody has the flow: the redrive waits.
      await closeAll()
      await redriveLetters(store, {}, by)
      const other = await engine()
      other.register('f', { send: () => {} })
      await other.start({ flow: 'f', slot: 'next', trigger: 'schedule', input: null, overlap: 'replace' })
      assert.equal(await other.letters.count(), 4)
      assert.ok(on !== other)
    })

    it('keeps an input that is too large, or no JSON, as far as it can, and says what is missing', async () => {
      const on = await engine()
      const circular: Record<string, unknown> = {}
      circular.self = circular
      const { id } = await on.letters.keep({
        node: 'dead',
        message: {
          payload: 'x'.repeat(100_000),
          circular,
          nul: 'a\0b',
          half: '\ud800',
          bytes: Buffer.from('abc'),
          topic: 't',
          res: {},
        },
        run: undefined,
        error: gone('x'),
        attempts: 3,
      })
      const letter = await on.letters.read(id)
      assert.deepEqual(Object.keys(Object(letter?.input)).sort(), ['bytes', 'topic'])
      assert.match(letter?.note ?? '', /circular.*payload, nul, half.*dead-letters\//)
      const sent: Record<string, unknown>[] = []
      on.register('dead', {
        send: (run) => {
          void (async () => {
            for await (const { message } of on.letters.messagesOf(run.id)) sent.push(message)
            await on.end(run, { outcome: 'done' })
          })()
        },
      })
      await on.replay()
      const { runs } = await on.letters.redrive({ kind: 'message' }, 'test')
      while ((await listRuns(store, { id: runs[0]?.id ?? '' }))[0]?.state !== 'done');
      assert.deepEqual(sent, [
        { payload: 'x'.repeat(100_000), nul: 'a\0b', half: '\ud800', bytes: Buffer.from('abc'), topic: 't' },
      ])
    })

    it('is one letter for a message that comes twice, and the same one again when it comes back', async () => {
      const on = await engine()
      const keep = (before?: string) =>
        on.letters.keep({
          node: 'dead',
          message: { _msgid: 'm', payload: 1 },
          run: undefined,
          error: gone('x'),
          attempts: 2,
          before,
        })
      const first = await keep()
      assert.deepEqual(await keep(), { ...first, fresh: false })
      await on.letters.redrive({}, 'test')
      assert.deepEqual(await keep(first.id), { ...first, fresh: true })
      const letter = await on.letters.read(first.id)
      assert.deepEqual([letter?.state, letter?.attempts, letter?.redriveRun], ['open', 4, null])
    })

    it('opens messages again whose redrive failed', async () => {
      const on = await engine()
      const keep = on.letters.keep({
        node: 'dead',
        message: { payload: 1 },
        run: undefined,
        error: gone('x'),
        attempts: 1,
      })
      const { id } = await keep
      const runs: RunRef[] = []
      on.register('dead', { send: (run) => runs.push(run) })
      await on.replay()
      await on.letters.redrive({}, 'test')
      while (runs.length === 0) await new Promise((resolve) => setImmediate(resolve))
      assert.ok(runs[0])
      await on.end(runs[0], { outcome: 'failed', error: new PipelineError('OBJECT_NOT_FOUND', 'lost') })
      const letter = await on.letters.read(id)
      assert.deepEqual([letter?.state, letter?.error.code], ['open', 'OBJECT_NOT_FOUND'])
      assert.equal((await on.letters.list({ kind: 'run' })).total, 0)
    })

    it('keeps a message inside a run as the failure of its item, which the join then records once', async () => {
      const on = await engine()
      const at = flow(on, ['a', 'b'], async (key, run) => {
        if (key === 'a') return { state: 'done', output: 1 }
        const kept = await on.letters.keep({
          node: 'dead',
          message: { payload: 'late' },
          run,
          error: gone('b'),
          attempts: 4,
        })
        assert.deepEqual([kept.kind, kept.fresh], ['item', true])
        return { state: 'failed', error: gone('b') }
      })
      await on.replay()
      await start(on)
      await at.until(1)
      const { letters } = await on.letters.list({}, { withInput: true })
      assert.deepEqual(
        letters.map(({ key, attempts, input }) => [key, attempts, input]),
        [['b', 4, { payload: 'late' }]],
      )
      const stale = {
        id: letters[0]?.run ?? '',
        flow: 'f',
        slot: 's',
        epoch: 1,
        item: 'b',
        each: ['each'],
        generation: 1,
      }
      await assert.rejects(on.letters.keep({ node: 'dead', message: {}, run: stale, error: gone('b'), attempts: 1 }), {
        code: 'FENCED',
      })
    })

    it('says so in the log when a flow has too many open letters, and refuses messages', async () => {
      const on = await engine()
      await store.query(
        `insert into pipeline.dead_letter (id, kind, flow, node, error, attempts)
         select gen_random_uuid(), 'message', f, f, '{"code":"X","message":"x","retryable":false}', 1
         from generate_series(1, ${maxOpenLetters}), unnest(array['f', 'dead']) as f`,
      )
      const at = flow(on, ['a', 'b', 'c'], failing(['b', 'c']))
      await on.replay()
      await start(on)
      await at.until(1)
      assert.equal(await on.letters.count({ kind: 'item' }), 0)
      // The run's letter has no room either.
      assert.equal(log.lines.filter((line) => line.startsWith('error')).length, 2)
      await assert.rejects(
        on.letters.keep({ node: 'dead', message: { payload: 1 }, run: undefined, error: gone('x'), attempts: 1 }),
        { code: 'LETTERS_FULL', retryable: true },
      )
    })

    it('prunes settled letters, keeps runs with open ones, and counts open ones that are far too old', async () => {
      const { on, letters } = await fourFailed()
      await on.letters.discard({ ids: ids(letters.slice(0, 1)) }, 'x', 'y')
      const back = (days: number) =>
        store.query(
          `update pipeline.dead_letter set created_at = created_at - $1::int * interval '1 day',
             settled_at = settled_at - $1::int * interval '1 day'`,
          [days],
        )
      await back(91)
      assert.deepEqual(await on.letters.prune(90), { settled: 1, open: 0 })
      await store.query(`update pipeline.run set finished_at = finished_at - interval '91 days'`)
      assert.equal(await pruneRuns(store, 90), 0, 'a redrive starts from the run')
      await back(900)
      assert.deepEqual(await on.letters.prune(90), { settled: 0, open: 3 })
      assert.equal(await pruneRuns(store, 90), 1)
      assert.ok(log.lines.some((line) => line.startsWith('error 3 dead letters')))
    })
  })
}
