const places = `Where the runs are (one of them):
  --postgres URL     a PostgreSQL server; better in YSH_POSTGRES, where nobody sees its password
  --folder DIR       the folder of an embedded store that no process has open (YSH_FOLDER)
  --node-red URL     a running Node-RED, such as http://127.0.0.1:1880 (YSH_NODE_RED)
      --token T      its access token (YSH_NODE_RED_TOKEN); or YSH_NODE_RED_USER and YSH_NODE_RED_PASSWORD
      --stores ID    its ysh-stores node, when several are deployed`

const exits = `Exit codes: 0 done, 1 failed, 2 used wrongly, 3 some letters were refused (settled already, or unknown).
--json writes JSON for programs.`

const letters = `ysh-pipeline dead-letters list | show ID | redrive [ID…] | discard [ID…] --reason TEXT

  list       failed items, runs and messages that somebody has to look at
  show       one of them with its input
  redrive    have them done again: items of one run together in a new run of their flow, which starts when it is its turn in
             whichever Node-RED has the flow
  discard    put them aside for good

Which letters:
  --flow ID  --run ID  --kind item|run|message
  --item KEY         the item's key or the message's topic; * stands for anything
  --code CODE        the error's code; * stands for anything
  --since WHEN       2026-01-31, 2026-01-31T06:00:00Z, 90m, 36h or 7d ago
  --state STATE      open (usual), redriven, discarded, any; for list
  --limit N          at most so many
  --all              redrive and discard: all open ones, when nothing else is said`

const runs = `ysh-pipeline runs list | show ID | resume ID | cancel ID | replay ID

  list       the newest runs; --flow ID, --state queued|running|waiting|done|failed|skipped|cancelled, --limit N
  show       one of them with its steps
  resume     a run that failed, was cancelled or waits goes on from its first unfinished step
  cancel     ends a run that is not over; what its steps have published stays
  replay     a new run with the recorded input of this one; --from NODE: what had finished before that node began is not done again
             resume, cancel and replay take --reason TEXT, which is kept with the run`

const keys = `ysh-pipeline api-keys list | create --name NAME | revoke ID | generate

  list       keys of the data API, without their secrets
  create     makes one and shows it, once: --scopes datasets,documents,runs,events (all, when left out), --expires 2027-01-31 or 90d
  revoke     ends one, for all processes at once
  generate   only prints a new key, for the field "First key" of ysh-api or the file that YSH_API_KEY_FILE names`

/** The help of `lint`. */
export const lintHelp = `ysh-pipeline lint FILE…

  Looks at flows before they are deployed: calls without retry or time limit, secrets in the flow or in a debug node, branches that
  meet without a join, runs without an end, endpoints that anybody may call, steps that are not portable.

  --json             JSON for programs
  --strict           warnings count too
  --lang pt-BR       in Portuguese
  --off RULE,RULE    without these rules; in a flow: a line "lint-off: RULE" in the description of the node, its group or its tab

Exit codes: 0 nothing found that counts (errors; with --strict also warnings), 1 something was found, 2 a file cannot be read.`

/** The help of `step`. */
export const stepHelp = `ysh-pipeline step NAME --plan FILE --node ID [--run ID] [--item KEY] [--attempt N] [--input FILE] [--out FILE]

  Does one step of a compiled flow, for a scheduler: one try in one process. NAME is for the reader of a process list.

  --plan FILE        as compile --target plan has written it
  --node ID          the step; of a map ID#open, ID#close
  --run ID           the run; of a first call the name that makes it the same run each time
  --item KEY         path of the item inside a map
  --attempt N        1 for the first try
  --input FILE       the call as JSON (lib/portable/call.ts); - is standard input (usual)
  --out FILE         gets the state, or the error with its class; without it the state is on standard output

Where the data are: as the flow's ysh-stores says, unless YSH_POSTGRES or YSH_FOLDER says otherwise. Secrets: YSH_SECRET_NODE_NAME.
Exit codes: 0 done, 75 worth another try, 1 final, 2 used wrongly.`

/** The help of `deliver`. */
export const deliverHelp = `ysh-pipeline deliver PLAN… [--input FILE] [--out FILE]

  Sends what steps have put into the outbox (mail, webhooks, SNS, subscribers), once, and ends. For a scheduler, each minute; give all plans, or
  flows, whose runs keep their data together. What is to be started, for an alert or because a model is back, it tells as JSON:
  {"starts": [{"pipeline", "slot", "payload"}]}; it tells so again until the slots come back as settled.

  --input FILE       {"settle": ["slot", …]}, runs that have been started; - is standard input
  --out FILE         gets the JSON; without it, it is on standard output

Where the data are: as for step. Exit codes: 0 done, 1 it cannot begin, 2 used wrongly.`

/** The help of `doctor`. */
export const doctorHelp = `ysh-pipeline doctor [FLOW] [--json]

  Looks at what is needed on this machine, and changes nothing: Node.js, memory, disk, optional parts, the servers that the flow (or
  YSH_POSTGRES) names, their tables (each component's, installed and expected) and clock, and the flow itself.

Exit codes: 0 nothing is bad, 1 something is, 2 used wrongly.`

/** The help of `run`. */
export const runHelp = `ysh-pipeline run FILE [--pipeline ID] [--slot TEXT] [--payload JSON|@FILE]

  Executes a flow, or a plan, in this process, without Node-RED: with its retries, waits, lists and fallbacks.

  --pipeline ID      which trigger, by id or name, where the flow has several
  --slot TEXT        names the run: the same slot is the same run, and what is done is not done again; usual is the time
  --payload JSON     what the run starts with; usual is what the flow says
  --queue            only puts the run on the queue of the flow, for a worker (see worker --help)
  --json             JSON for programs

Where the data are: as for step. Exit codes: 0 done, 1 the run failed, 2 used wrongly or refused, 75 stopped: the same slot goes on.`

/** The help of `worker`. */
export const workerHelp = `ysh-pipeline worker FILE… [--plans DIR] [--once]

  Works on flows, or plans, by a queue in their PostgreSQL: without Node-RED, beside any number of other workers. Keeps their schedules,
  delivers what their steps put into the outbox, and starts runs for alerts and for late work of models. A job is one step.

  --plans DIR        plans of earlier versions (compile --target plan): runs that these have begun are ended with them
  --once             until nothing is due any more; keeps no schedules
  --concurrency N    jobs at once, for each flow (4)
  --grace SECONDS    after SIGTERM jobs at work get so long to end; then they are given back (25)
  --metrics PORT     metrics for Prometheus at http://127.0.0.1:PORT/metrics; HOST:PORT lets others ask, by the token YSH_METRICS_TOKEN.
                     YSH_CLOUDWATCH=emf or put sends them to CloudWatch

Where the data are: as for run; it must be a server. Runs are started with run FILE --queue too.
Exit codes: 0 ended as told, 1 it cannot begin, 2 used wrongly or refused.`

/** The help of `compile`. */
export const compileHelp = `ysh-pipeline compile FILE… --target plan|step-functions|airflow [--out DIR]

  Compiles a flow for other engines. What means nothing there is refused, by the node's name, with the reason and the remedy.

  --target plan             the portable plan, on standard output or as DIR/plan.json
  --target step-functions   state machines, schedules, event rules, source map, estimate and Terraform's variables into DIR; several
                            files get a folder each there
      --fuse                linear steps without retry become one call: fewer transitions
      --distributed-above N lists of more items are distributed maps (200)
      --items N             length of lists that nobody knows, for the estimate (10)
      --seconds N           what a step lasts on average, for the estimate (5)
  --target airflow          a DAG file of the flow's pipelines, their plan and the runner into DIR
      --start-date DATE     of the DAGs, YYYY-MM-DD: from when a schedule that makes up for all slots does so (2026-01-01)
  --env NAME=VALUE          what a variable is worth that must be known when compiling; several times
  --json                    what was found as JSON
  --lang pt-BR              in Portuguese

Exit codes: 0 compiled (warnings may stand), 1 refused, 2 a file cannot be read or written, or an option is wrong.`

/** The help of `cost`. */
export const costHelp = `ysh-pipeline cost FILE

  What a flow costs on Step Functions and Lambda in a month: transitions, calls, GB-s and US dollars, with date and sources of the prices.

  --fuse, --items N, --seconds N, --distributed-above N, --env NAME=VALUE, --json, --lang as for compile

Exit codes as for compile.`

/** The help of a command. */
export function helpOf(topic: 'dead-letters' | 'runs' | 'api-keys'): string {
  const texts = { 'dead-letters': letters, runs, 'api-keys': keys }
  const { [topic]: own, ...others } = texts
  return [
    own,
    ...Object.values(others),
    [
      'ysh-pipeline lint FILE…: looks at flows before they are deployed; see lint --help',
      'ysh-pipeline compile FILE: compiles a flow for other engines; see compile --help',
      'ysh-pipeline run FILE, worker FILE…: executes a flow here, or by a queue; see run --help, worker --help',
      'ysh-pipeline deliver PLAN: sends what lies in the outbox, for a scheduler; see deliver --help',
      'ysh-pipeline cost FILE: what it costs on Step Functions',
      'ysh-pipeline backup, restore, backups: saves all that is kept and brings it back; see backup --help',
      "ysh-pipeline admin-password: a new password for the editor's login; see admin-password --help",
      'ysh-pipeline health: how the Node-RED of this machine is, in one line; exit code 0 when flows run and stores answer',
    ].join('\n'),
    places,
    exits,
  ].join('\n\n')
}
