"""Made by `ysh-pipeline compile --target airflow` from a Node-RED flow; change the flow and compile again.

DAGs: ysh_fallback_alerts, fallback_recovery.
Apache Airflow >=3.0,<4, Python 3.10 or newer; plan version 1.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, task, task_group

from ysh_runner import Pipeline

FLOW_SHA256 = "e17a512334898a9abfe3281f71925803a76043d0c7c392b5c28df93650362d87"


@dag(
    dag_id="ysh_fallback_alerts",
    dag_display_name="Se falhar: reserva e última cópia boa: Avisos",
    description="Avisos (ysh-fallback-alerts)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "alert"],
    doc_md="**Se falhar: reserva e última cópia boa / Avisos**\n\nCompiled from a Node-RED flow (trigger `ysh-fallback-alerts`, 2 nodes, SHA-256 `e17a512334898a9abfe3281f71925803a76043d0c7c392b5c28df93650362d87`). Started by the delivery of the outbox, for each alert. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_fallback_alerts():
    p = Pipeline(__file__, plan="ysh_fallback.plan.json", pipeline="ysh-fallback-alerts", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-fallback-tell",
        task_display_name="Avisar o administrador",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_fallback_tell():
        return p.step("ysh-fallback-tell")

    ysh_fallback_tell = do_ysh_fallback_tell()

    @task(
        task_id="ysh-fallback-told",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_fallback_told(states):
        return p.step("ysh-fallback-told", states)

    ysh_fallback_told = do_ysh_fallback_told([ysh_fallback_tell])


dag_ysh_fallback_alerts()


@dag(
    dag_id="fallback_recovery",
    dag_display_name="Se falhar: reserva e última cópia boa: Exemplo: o botão chama",
    description="Exemplo: o botão chama (ysh-fallback-run)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["ysh", "manual"],
    doc_md="**Se falhar: reserva e última cópia boa / Exemplo: o botão chama**\n\nCompiled from a Node-RED flow (trigger `ysh-fallback-run`, 7 nodes, SHA-256 `e17a512334898a9abfe3281f71925803a76043d0c7c392b5c28df93650362d87`). Started by hand or by API. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_fallback_recovery():
    p = Pipeline(__file__, plan="ysh_fallback.plan.json", pipeline="ysh-fallback-run", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-fallback-each__open",
        task_display_name="Conjuntos · open",
    )
    def do_ysh_fallback_each__open():
        return p.open("ysh-fallback-each")

    ysh_fallback_each__open = do_ysh_fallback_each__open()

    @task(
        task_id="ysh-fallback-each__items",
        task_display_name="Conjuntos · items",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_fallback_each__items(opened):
        return p.items("ysh-fallback-each", opened)

    ysh_fallback_each__items = do_ysh_fallback_each__items(ysh_fallback_each__open)

    ysh_fallback_each_each_ended = []

    @task_group(
        group_id="ysh-fallback-each",
    )
    def ysh_fallback_each_each(state):
        @task(
            task_id="ysh-fallback-call__ysh-fallback-fetch",
            task_display_name="Fonte principal",
            trigger_rule="none_failed_min_one_success",
            retries=3,
            retry_delay=timedelta(seconds=60),
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_fetch(states):
            return p.step("ysh-fallback-call/ysh-fallback-fetch", states)

        ysh_fallback_each_ysh_fallback_call__ysh_fallback_fetch = do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_fetch([state])

        @task(
            task_id="ysh-fallback-call__ysh-fallback-well",
            task_display_name="Tudo bem",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_well(states):
            return p.step("ysh-fallback-call/ysh-fallback-well", states)

        ysh_fallback_each_ysh_fallback_call__ysh_fallback_well = do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_well([ysh_fallback_each_ysh_fallback_call__ysh_fallback_fetch])

        @task(
            task_id="ysh-fallback-call__ysh-fallback-raise",
            task_display_name="Avisar uma vez",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_raise(states):
            return p.step("ysh-fallback-call/ysh-fallback-raise", states)

        ysh_fallback_each_ysh_fallback_call__ysh_fallback_raise = do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_raise([ysh_fallback_each_ysh_fallback_call__ysh_fallback_fetch])

        @task(
            task_id="ysh-fallback-call__ysh-fallback-reserve",
            task_display_name="Fontes reserva",
            trigger_rule="none_failed_min_one_success",
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_reserve(states):
            return p.step("ysh-fallback-call/ysh-fallback-reserve", states)

        ysh_fallback_each_ysh_fallback_call__ysh_fallback_reserve = do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_reserve([ysh_fallback_each_ysh_fallback_call__ysh_fallback_raise])

        @task(
            task_id="ysh-fallback-call__ysh-fallback-cached",
            task_display_name="Última cópia boa",
            trigger_rule="none_failed_min_one_success",
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_cached(states):
            return p.step("ysh-fallback-call/ysh-fallback-cached", states)

        ysh_fallback_each_ysh_fallback_call__ysh_fallback_cached = do_ysh_fallback_each_ysh_fallback_call__ysh_fallback_cached([ysh_fallback_each_ysh_fallback_call__ysh_fallback_reserve])

        ysh_fallback_each_each_ended.extend([ysh_fallback_each_ysh_fallback_call__ysh_fallback_well, ysh_fallback_each_ysh_fallback_call__ysh_fallback_raise, ysh_fallback_each_ysh_fallback_call__ysh_fallback_reserve, ysh_fallback_each_ysh_fallback_call__ysh_fallback_cached])

    ysh_fallback_each_each.expand(state=ysh_fallback_each__items)

    @task(
        task_id="ysh-fallback-each__close",
        task_display_name="Conjuntos · close",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_fallback_each__close(opened, ended):
        return p.close("ysh-fallback-each", opened, ended)

    ysh_fallback_each__close = do_ysh_fallback_each__close(ysh_fallback_each__open, [*ysh_fallback_each_each_ended])

    @task(
        task_id="ysh-fallback-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_fallback_end(states):
        return p.step("ysh-fallback-end", states)

    ysh_fallback_end = do_ysh_fallback_end([ysh_fallback_each__open, ysh_fallback_each__close])


dag_fallback_recovery()
