/** The DAG that delivers for all flows of a folder; the same for all, as the runner is. */
export const deliverDag = `"""Sends what lies in the outbox of the flows in this folder, each minute, and starts the DAGs that wait for an alert or for a model.

Made by \`ysh-pipeline compile --target airflow\`; the same for all flows. An alert is one run of a DAG, however often it is tried.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from ysh_runner import Delivery, cron


@dag(
    dag_id="ysh_deliver",
    dag_display_name="Deliveries",
    description="Sends the outbox, and starts what waits for alerts and models",
    schedule=cron("* * * * *", "UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["ysh", "deliver"],
    default_args={"retries": 0, "execution_timeout": timedelta(minutes=10)},
)
def dag_ysh_deliver():
    d = Delivery(__file__)

    @task(task_id="owed")
    def owed():
        return d.owed()

    # What could not be started, or told, is owed with the next minute again.
    @task(task_id="settle", trigger_rule="none_failed")
    def settle(starts):
        d.settle(starts)

    starts = owed()
    started = TriggerDagRunOperator.partial(task_id="start", skip_when_already_exists=True).expand_kwargs(starts)
    started >> settle(starts)


dag_ysh_deliver()
`
