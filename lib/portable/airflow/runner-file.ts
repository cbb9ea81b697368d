import { readFile } from 'node:fs/promises'
import { PipelineError } from '../../errors.ts'

/** The source of the runner, which is shipped beside the compose file. Throws CLI_OUTPUT where the package is not whole. */
export async function readRunner(): Promise<string> {
  // From the source of a checkout, and from the built file.
  for (const up of ['../../../', '../../../../']) {
    try {
      return await readFile(new URL(`${up}deploy/airflow/dags/ysh_runner.py`, import.meta.url), 'utf8')
    } catch {
      // the other place
    }
  }
  throw new PipelineError('CLI_OUTPUT', 'deploy/airflow/dags/ysh_runner.py is missing in this package')
}
