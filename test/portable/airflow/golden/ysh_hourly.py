"""Made by `ysh-pipeline compile --target airflow` from a Node-RED flow; change the flow and compile again.

DAGs: hourly_incremental, ysh_hourly_alerts, ysh_hourly_enrich__late.
Apache Airflow >=3.0,<4, Python 3.10 or newer; plan version 1.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, task, task_group

from ysh_runner import Pipeline, cron

FLOW_SHA256 = "6b3b4dfbfa67736f758bc587f3d12c7536852acd2c760d78dce169abcbd36d45"


@dag(
    dag_id="hourly_incremental",
    dag_display_name="De hora em hora: só o que mudou: De hora em hora",
    description="De hora em hora (ysh-hourly-run)",
    schedule=cron("0 * * * *", "America/Sao_Paulo"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["ysh", "schedule"],
    doc_md="**De hora em hora: só o que mudou / De hora em hora**\n\nCompiled from a Node-RED flow (trigger `ysh-hourly-run`, 20 nodes, SHA-256 `6b3b4dfbfa67736f758bc587f3d12c7536852acd2c760d78dce169abcbd36d45`). Started by its schedule. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_hourly_incremental():
    p = Pipeline(__file__, plan="ysh_hourly.plan.json", pipeline="ysh-hourly-run", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-hourly-each__open",
        task_display_name="Conjuntos · open",
    )
    def do_ysh_hourly_each__open():
        return p.open("ysh-hourly-each")

    ysh_hourly_each__open = do_ysh_hourly_each__open()

    @task(
        task_id="ysh-hourly-each__items",
        task_display_name="Conjuntos · items",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_each__items(opened):
        return p.items("ysh-hourly-each", opened)

    ysh_hourly_each__items = do_ysh_hourly_each__items(ysh_hourly_each__open)

    ysh_hourly_each_each_ended = []

    @task_group(
        group_id="ysh-hourly-each",
    )
    def ysh_hourly_each_each(state):
        @task(
            task_id="ysh-hourly-fetch",
            task_display_name="Mudou? buscar",
            trigger_rule="none_failed_min_one_success",
            retries=3,
            retry_delay=timedelta(seconds=60),
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_fetch(states):
            return p.step("ysh-hourly-fetch", states)

        ysh_hourly_each_ysh_hourly_fetch = do_ysh_hourly_each_ysh_hourly_fetch([state])

        @task(
            task_id="ysh-hourly-well",
            task_display_name="Portal bem",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_well(states):
            return p.step("ysh-hourly-well", states)

        ysh_hourly_each_ysh_hourly_well = do_ysh_hourly_each_ysh_hourly_well([ysh_hourly_each_ysh_hourly_fetch])

        @task(
            task_id="ysh-hourly-raise",
            task_display_name="Avisar uma vez",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_raise(states):
            return p.step("ysh-hourly-raise", states)

        ysh_hourly_each_ysh_hourly_raise = do_ysh_hourly_each_ysh_hourly_raise([ysh_hourly_each_ysh_hourly_fetch])

        @task(
            task_id="ysh-hourly-reserve",
            task_display_name="Reserva ou última cópia boa",
            trigger_rule="none_failed_min_one_success",
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_reserve(states):
            return p.step("ysh-hourly-reserve", states)

        ysh_hourly_each_ysh_hourly_reserve = do_ysh_hourly_each_ysh_hourly_reserve([ysh_hourly_each_ysh_hourly_raise])

        @task(
            task_id="ysh-hourly-changed",
            task_display_name="Publicado e pequeno?",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_changed(states):
            return p.step("ysh-hourly-changed", states)

        ysh_hourly_each_ysh_hourly_changed = do_ysh_hourly_each_ysh_hourly_changed([ysh_hourly_each_ysh_hourly_well, ysh_hourly_each_ysh_hourly_reserve])

        @task(
            task_id="ysh-hourly-rows",
            task_display_name="Conjunto",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_rows(states):
            return p.step("ysh-hourly-rows", states)

        ysh_hourly_each_ysh_hourly_rows = do_ysh_hourly_each_ysh_hourly_rows([ysh_hourly_each_ysh_hourly_changed])

        @task(
            task_id="ysh-hourly-query",
            task_display_name="Linhas",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_query(states):
            return p.map("ysh-hourly-query", states)

        ysh_hourly_each_ysh_hourly_query = do_ysh_hourly_each_ysh_hourly_query([ysh_hourly_each_ysh_hourly_rows])

        @task(
            task_id="ysh-hourly-back",
            task_display_name="De volta",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_hourly_each_ysh_hourly_back(states):
            return p.step("ysh-hourly-back", states)

        ysh_hourly_each_ysh_hourly_back = do_ysh_hourly_each_ysh_hourly_back([ysh_hourly_each_ysh_hourly_query])

        ysh_hourly_each_each_ended.extend([ysh_hourly_each_ysh_hourly_well, ysh_hourly_each_ysh_hourly_raise, ysh_hourly_each_ysh_hourly_reserve, ysh_hourly_each_ysh_hourly_changed, ysh_hourly_each_ysh_hourly_rows, ysh_hourly_each_ysh_hourly_query, ysh_hourly_each_ysh_hourly_back])

    ysh_hourly_each_each.expand(state=ysh_hourly_each__items)

    @task(
        task_id="ysh-hourly-each__close",
        task_display_name="Conjuntos · close",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_each__close(opened, ended):
        return p.close("ysh-hourly-each", opened, ended)

    ysh_hourly_each__close = do_ysh_hourly_each__close(ysh_hourly_each__open, [*ysh_hourly_each_each_ended])

    @task(
        task_id="ysh-hourly-joined",
        task_display_name="Guardar",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_joined(states):
        return p.step("ysh-hourly-joined", states)

    ysh_hourly_joined = do_ysh_hourly_joined([ysh_hourly_each__close])

    @task(
        task_id="ysh-hourly-any",
        task_display_name="Alguma novidade?",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_any(states):
        return p.step("ysh-hourly-any", states)

    ysh_hourly_any = do_ysh_hourly_any([ysh_hourly_joined])

    @task(
        task_id="ysh-hourly-cache",
        task_display_name="Cache da API",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=960),
        max_active_tis_per_dag=1,
    )
    def do_ysh_hourly_cache(states):
        return p.step("ysh-hourly-cache", states)

    ysh_hourly_cache = do_ysh_hourly_cache([ysh_hourly_any])

    @task(
        task_id="ysh-hourly-message",
        task_display_name="Escrever o aviso",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_message(states):
        return p.step("ysh-hourly-message", states)

    ysh_hourly_message = do_ysh_hourly_message([ysh_hourly_cache])

    @task(
        task_id="ysh-hourly-notify",
        task_display_name="Webhook",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_hourly_notify(states):
        return p.step("ysh-hourly-notify", states)

    ysh_hourly_notify = do_ysh_hourly_notify([ysh_hourly_message])

    @task(
        task_id="ysh-hourly-restore",
        task_display_name="De volta",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_restore(states):
        return p.step("ysh-hourly-restore", states)

    ysh_hourly_restore = do_ysh_hourly_restore([ysh_hourly_notify])

    @task(
        task_id="ysh-hourly-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_end(states):
        return p.step("ysh-hourly-end", states)

    ysh_hourly_end = do_ysh_hourly_end([ysh_hourly_each__open, ysh_hourly_each__close, ysh_hourly_joined, ysh_hourly_any, ysh_hourly_cache, ysh_hourly_message, ysh_hourly_notify, ysh_hourly_restore])


dag_hourly_incremental()


@dag(
    dag_id="ysh_hourly_alerts",
    dag_display_name="De hora em hora: só o que mudou: Avisos",
    description="Avisos (ysh-hourly-alerts)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "alert"],
    doc_md="**De hora em hora: só o que mudou / Avisos**\n\nCompiled from a Node-RED flow (trigger `ysh-hourly-alerts`, 2 nodes, SHA-256 `6b3b4dfbfa67736f758bc587f3d12c7536852acd2c760d78dce169abcbd36d45`). Started by the delivery of the outbox, for each alert. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_hourly_alerts():
    p = Pipeline(__file__, plan="ysh_hourly.plan.json", pipeline="ysh-hourly-alerts", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-hourly-tell",
        task_display_name="Avisar o administrador",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_hourly_tell():
        return p.step("ysh-hourly-tell")

    ysh_hourly_tell = do_ysh_hourly_tell()

    @task(
        task_id="ysh-hourly-told",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_told(states):
        return p.step("ysh-hourly-told", states)

    ysh_hourly_told = do_ysh_hourly_told([ysh_hourly_tell])


dag_ysh_hourly_alerts()


@dag(
    dag_id="ysh_hourly_enrich__late",
    dag_display_name="De hora em hora: só o que mudou: Resumir",
    description="Resumir (ysh-hourly-enrich/late)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "late"],
    doc_md="**De hora em hora: só o que mudou / Resumir**\n\nCompiled from a Node-RED flow (trigger `ysh-hourly-enrich/late`, 5 nodes, SHA-256 `6b3b4dfbfa67736f758bc587f3d12c7536852acd2c760d78dce169abcbd36d45`). Started when the model is back that its step owes work to. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_hourly_enrich__late():
    p = Pipeline(__file__, plan="ysh_hourly.plan.json", pipeline="ysh-hourly-enrich/late", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-hourly-enrich",
        task_display_name="Resumir",
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=2,
    )
    def do_ysh_hourly_enrich():
        return p.step("ysh-hourly-enrich")

    ysh_hourly_enrich = do_ysh_hourly_enrich()

    @task.branch(
        task_id="ysh-hourly-late-good",
        task_display_name="Depois: resumiu?",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_late_good(states):
        return p.choose("ysh-hourly-late-good", states, {"ysh-hourly-late-document": "ysh-hourly-late-document", "ysh-hourly-late-end": "ysh-hourly-late-end"})

    ysh_hourly_late_good = do_ysh_hourly_late_good([ysh_hourly_enrich])

    @task(
        task_id="ysh-hourly-late-document",
        task_display_name="Só o resumo",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_late_document(states):
        return p.step("ysh-hourly-late-document", states)

    ysh_hourly_late_document = do_ysh_hourly_late_document([ysh_hourly_enrich])
    ysh_hourly_late_good >> ysh_hourly_late_document

    @task(
        task_id="ysh-hourly-late",
        task_display_name="Indexar o resumo",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=1,
    )
    def do_ysh_hourly_late(states):
        return p.step("ysh-hourly-late", states)

    ysh_hourly_late = do_ysh_hourly_late([ysh_hourly_late_document])

    @task(
        task_id="ysh-hourly-late-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_hourly_late_end(states):
        return p.step("ysh-hourly-late-end", states)

    ysh_hourly_late_end = do_ysh_hourly_late_end([ysh_hourly_enrich, ysh_hourly_late_document, ysh_hourly_late])
    ysh_hourly_late_good >> ysh_hourly_late_end


dag_ysh_hourly_enrich__late()
