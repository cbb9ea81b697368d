import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FailPoint } from '../../../lib/fail-point.ts'
import { openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { type HookReceiver, type MailReceiver, startHook, startMail } from './receivers.ts'

describe('kill -9 of a process that notifies', { timeout: 300_000 }, () => {
  let surroundings: Surroundings
  let folder: string
  let mail: MailReceiver
  let hook: HookReceiver
  const children = new Set<ChildProcess>()
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pipeline-notify-'))
    surroundings = await openSurroundings('server')
    mail = await startMail()
    hook = await startHook()
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await mail.close()
    await hook.close()
    await surroundings.close()
    await rm(folder, { recursive: true, force: true })
  })

  function start(slot: string, point?: FailPoint) {
    const database = JSON.stringify(surroundings.config)
    const { YSH_FAIL_POINT: _, ...env } = process.env
    const child = fork(
      join(import.meta.dirname, 'kill-child.ts'),
      ['--database', database, '--folder', folder, '--slot', slot, '--mail', String(mail.port), '--hook', hook.url],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: point === undefined ? env : { ...env, YSH_FAIL_POINT: point },
      },
    )
    children.add(child)
    return { child, exited: once(child, 'exit').finally(() => children.delete(child)) }
  }

  async function delivered(slot: string): Promise<boolean> {
    const { rows } = await surroundings.stores.postgres.query<{ all: boolean }>(
      `select count(*) = 2 and bool_and(o.delivered_at is not null) as all
       from pipeline.outbox o join pipeline.run r on r.id = o.run_id where r.slot = $1`,
      [slot],
    )
    return rows[0]?.all === true
  }

  const points: { point: FailPoint; twice: boolean }[] = [
    { point: 'run-started', twice: false },
    { point: 'step-before-commit', twice: false },
    { point: 'step-after-commit', twice: false },
    { point: 'outbox-leased', twice: false },
    // the known window: sent, and not noted
    { point: 'outbox-sent', twice: true },
  ]
  for (const { point, twice } of points) {
    it(`at ${point}: nothing is lost, ${twice ? 'what is sent twice has the same id' : 'nothing is sent twice'}`, async () => {
      mail.got.length = 0
      hook.got.length = 0
      const first = start(point, point)
      const [, signal] = await first.exited
      assert.equal(signal, 'SIGKILL')
      const second = start(point)
      const deadline = Date.now() + 60_000
      while (!(await delivered(point))) {
        assert.ok(Date.now() < deadline, 'never delivered')
        await sleep(50)
      }
      second.child.kill('SIGKILL')
      await second.exited
      const ids = [
        mail.got.map(({ headers }) => headers.get('message-id')),
        hook.got.map(({ headers }) => headers['webhook-id']),
      ]
      for (const each of ids) {
        assert.ok(each.length >= 1 && each.length <= (twice ? 2 : 1), `${each.length} times`)
        assert.equal(new Set(each).size, 1)
      }
      if (twice) assert.ok(ids.some((each) => each.length === 2))
      assert.ok(mail.got.every(({ raw }) => raw.includes(point)))
    })
  }
})
