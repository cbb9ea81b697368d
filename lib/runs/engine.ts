import { randomBytes } from 'node:crypto'
import { PipelineError } from '../errors.ts'
import type { HttpClient } from '../net/http.ts'
import type { Infer, Schema } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import { migrate } from '../stores/postgres/migrate.ts'
import type { Stores } from '../stores/stores.ts'
import { executeStep, type StepAnswer, type StepWork } from './execute.ts'
import { FanOut } from './fanout.ts'
import { fenced } from './fence.ts'
import type { StepEvent } from './flight.ts'
import { journalError, loadJournal } from './journal.ts'
import { heldRuns, keepAlive, pruneRuns, releaseRuns, sayGoodbye } from './leases.ts'
import {
  type ClaimedRun,
  type Claimant,
  claimable,
  claimRun,
  type Ending,
  endRun,
  failLostMessages,
  nextQueued,
  type RunRequest,
  startRun,
} from './lifecycle.ts'
import { callOff, isOf, type LiveRun, liven, refOf } from './live.ts'
import { runMigrations } from './migrations.ts'
import type { RunRef, Trigger } from './run.ts'
import { stopped, systemTimer, type Timer } from './time.ts'
import { judge } from './watchdog.ts'
