"""Made by `ysh-pipeline compile --target airflow` from a Node-RED flow; change the flow and compile again.

DAGs: pdf_processing, ysh_event_alerts, ysh_event_translate__late.
Apache Airflow >=3.0,<4, Python 3.10 or newer; plan version 1.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, dag, task

from ysh_runner import Pipeline, watchers

FLOW_SHA256 = "00d421f3f7e6a69560639d74d1376314af6db7c0f2daf3b60703c8f8377bd580"


@dag(
    dag_id="pdf_processing",
    dag_display_name="Evento: PDF novo: PDF novo",
    description="PDF novo (ysh-event-new)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["ysh", "object"],
    doc_md="**Evento: PDF novo / PDF novo**\n\nCompiled from a Node-RED flow (trigger `ysh-event-new`, 14 nodes, SHA-256 `00d421f3f7e6a69560639d74d1376314af6db7c0f2daf3b60703c8f8377bd580`). Started by the events of its asset, or by API. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_pdf_processing():
    p = Pipeline(__file__, plan="ysh_event.plan.json", pipeline="ysh-event-new", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-event-new",
        task_display_name="PDF novo",
        retries=3,
        retry_delay=timedelta(seconds=60),
        execution_timeout=timedelta(seconds=3660),
        max_active_tis_per_dag=2,
    )
    def do_ysh_event_new():
        return p.step("ysh-event-new")

    ysh_event_new = do_ysh_event_new()

    @task(
        task_id="ysh-event-name",
        task_display_name="Nome",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_name(states):
        return p.step("ysh-event-name", states)

    ysh_event_name = do_ysh_event_name([ysh_event_new])

    @task(
        task_id="ysh-event-pdf",
        task_display_name="Fórmulas e parâmetros",
        trigger_rule="none_failed_min_one_success",
        retries=3,
        retry_delay=timedelta(seconds=60),
        execution_timeout=timedelta(seconds=7260),
        max_active_tis_per_dag=1,
    )
    def do_ysh_event_pdf(states):
        return p.step("ysh-event-pdf", states)

    ysh_event_pdf = do_ysh_event_pdf([ysh_event_name])

    @task.branch(
        task_id="ysh-event-language",
        task_display_name="Em português?",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_language(states):
        return p.choose("ysh-event-language", states, {"ysh-event-document": "ysh-event-document", "ysh-event-translate": "ysh-event-translate"})

    ysh_event_language = do_ysh_event_language([ysh_event_pdf])

    @task(
        task_id="ysh-event-translate",
        task_display_name="Traduzir",
        trigger_rule="none_failed_min_one_success",
        retries=3,
        retry_delay=timedelta(seconds=60),
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=2,
    )
    def do_ysh_event_translate(states):
        return p.step("ysh-event-translate", states)

    ysh_event_translate = do_ysh_event_translate([ysh_event_pdf])
    ysh_event_language >> ysh_event_translate

    @task(
        task_id="ysh-event-document",
        task_display_name="Lembrar o documento",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_document(states):
        return p.step("ysh-event-document", states)

    ysh_event_document = do_ysh_event_document([ysh_event_pdf, ysh_event_translate])
    ysh_event_language >> ysh_event_document

    @task(
        task_id="ysh-event-index",
        task_display_name="Indexar",
        trigger_rule="none_failed_min_one_success",
        retries=3,
        retry_delay=timedelta(seconds=60),
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=1,
    )
    def do_ysh_event_index(states):
        return p.step("ysh-event-index", states)

    ysh_event_index = do_ysh_event_index([ysh_event_document])

    @task(
        task_id="ysh-event-well",
        task_display_name="Tudo funciona de novo",
        trigger_rule="none_failed_min_one_success",
        max_active_tis_per_dag=4,
    )
    def do_ysh_event_well(states):
        return p.step("ysh-event-well", states)

    ysh_event_well = do_ysh_event_well([ysh_event_index])

    @task(
        task_id="ysh-event-well-own",
        task_display_name="Este documento está bem",
        trigger_rule="none_failed_min_one_success",
        max_active_tis_per_dag=4,
    )
    def do_ysh_event_well_own(states):
        return p.step("ysh-event-well-own", states)

    ysh_event_well_own = do_ysh_event_well_own([ysh_event_well])

    @task(
        task_id="ysh-event-message",
        task_display_name="Escrever o aviso",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_message(states):
        return p.step("ysh-event-message", states)

    ysh_event_message = do_ysh_event_message([ysh_event_well_own])

    @task(
        task_id="ysh-event-notify",
        task_display_name="Avisar assinantes",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_event_notify(states):
        return p.step("ysh-event-notify", states)

    ysh_event_notify = do_ysh_event_notify([ysh_event_message])

    @task(
        task_id="ysh-event-problem",
        task_display_name="De quem é o problema?",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_problem(states):
        return p.step("ysh-event-problem", states)

    ysh_event_problem = do_ysh_event_problem([ysh_event_new, ysh_event_pdf, ysh_event_translate, ysh_event_index])

    @task(
        task_id="ysh-event-raise",
        task_display_name="Problema: avisar uma vez",
        trigger_rule="none_failed_min_one_success",
        max_active_tis_per_dag=4,
    )
    def do_ysh_event_raise(states):
        return p.step("ysh-event-raise", states)

    ysh_event_raise = do_ysh_event_raise([ysh_event_problem])

    @task(
        task_id="ysh-event-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_end(states):
        return p.step("ysh-event-end", states)

    ysh_event_end = do_ysh_event_end([ysh_event_name, ysh_event_document, ysh_event_index, ysh_event_well, ysh_event_well_own, ysh_event_message, ysh_event_notify, ysh_event_problem, ysh_event_raise])


dag_pdf_processing()


@dag(
    dag_id="pdf_processing__objects",
    dag_display_name="Evento: PDF novo: PDF novo · objects",
    description="PDF novo (ysh-event-new)",
    schedule=[Asset(name="ysh-event-new", uri="x-ysh://objects/ysh-event-new", watchers=watchers("ysh-event-new"))],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["ysh", "object"],
    doc_md="**Evento: PDF novo / PDF novo**\n\nCompiled from a Node-RED flow (trigger `ysh-event-new`, 14 nodes, SHA-256 `00d421f3f7e6a69560639d74d1376314af6db7c0f2daf3b60703c8f8377bd580`). Started by the events of its asset, or by API. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_pdf_processing__objects():
    p = Pipeline(__file__, plan="ysh_event.plan.json", pipeline="ysh-event-new", sha256=FLOW_SHA256)

    @task(task_id="objects")
    def objects():
        return p.objects()

    TriggerDagRunOperator.partial(
        task_id="start", trigger_dag_id="pdf_processing", skip_when_already_exists=True
    ).expand_kwargs(objects())


dag_pdf_processing__objects()


@dag(
    dag_id="ysh_event_alerts",
    dag_display_name="Evento: PDF novo: Avisos",
    description="Avisos (ysh-event-alerts)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "alert"],
    doc_md="**Evento: PDF novo / Avisos**\n\nCompiled from a Node-RED flow (trigger `ysh-event-alerts`, 2 nodes, SHA-256 `00d421f3f7e6a69560639d74d1376314af6db7c0f2daf3b60703c8f8377bd580`). Started by the delivery of the outbox, for each alert. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_event_alerts():
    p = Pipeline(__file__, plan="ysh_event.plan.json", pipeline="ysh-event-alerts", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-event-tell",
        task_display_name="Avisar o administrador",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_event_tell():
        return p.step("ysh-event-tell")

    ysh_event_tell = do_ysh_event_tell()

    @task(
        task_id="ysh-event-told",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_told(states):
        return p.step("ysh-event-told", states)

    ysh_event_told = do_ysh_event_told([ysh_event_tell])


dag_ysh_event_alerts()


@dag(
    dag_id="ysh_event_translate__late",
    dag_display_name="Evento: PDF novo: Traduzir",
    description="Traduzir (ysh-event-translate/late)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "late"],
    doc_md="**Evento: PDF novo / Traduzir**\n\nCompiled from a Node-RED flow (trigger `ysh-event-translate/late`, 10 nodes, SHA-256 `00d421f3f7e6a69560639d74d1376314af6db7c0f2daf3b60703c8f8377bd580`). Started when the model is back that its step owes work to. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_event_translate__late():
    p = Pipeline(__file__, plan="ysh_event.plan.json", pipeline="ysh-event-translate/late", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-event-translate",
        task_display_name="Traduzir",
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=2,
    )
    def do_ysh_event_translate():
        return p.step("ysh-event-translate")

    ysh_event_translate = do_ysh_event_translate()

    @task(
        task_id="ysh-event-document",
        task_display_name="Lembrar o documento",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_document(states):
        return p.step("ysh-event-document", states)

    ysh_event_document = do_ysh_event_document([ysh_event_translate])

    @task(
        task_id="ysh-event-index",
        task_display_name="Indexar",
        trigger_rule="none_failed_min_one_success",
        retries=3,
        retry_delay=timedelta(seconds=60),
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=1,
    )
    def do_ysh_event_index(states):
        return p.step("ysh-event-index", states)

    ysh_event_index = do_ysh_event_index([ysh_event_document])

    @task(
        task_id="ysh-event-well",
        task_display_name="Tudo funciona de novo",
        trigger_rule="none_failed_min_one_success",
        max_active_tis_per_dag=4,
    )
    def do_ysh_event_well(states):
        return p.step("ysh-event-well", states)

    ysh_event_well = do_ysh_event_well([ysh_event_index])

    @task(
        task_id="ysh-event-well-own",
        task_display_name="Este documento está bem",
        trigger_rule="none_failed_min_one_success",
        max_active_tis_per_dag=4,
    )
    def do_ysh_event_well_own(states):
        return p.step("ysh-event-well-own", states)

    ysh_event_well_own = do_ysh_event_well_own([ysh_event_well])

    @task(
        task_id="ysh-event-message",
        task_display_name="Escrever o aviso",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_message(states):
        return p.step("ysh-event-message", states)

    ysh_event_message = do_ysh_event_message([ysh_event_well_own])

    @task(
        task_id="ysh-event-notify",
        task_display_name="Avisar assinantes",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_event_notify(states):
        return p.step("ysh-event-notify", states)

    ysh_event_notify = do_ysh_event_notify([ysh_event_message])

    @task(
        task_id="ysh-event-problem",
        task_display_name="De quem é o problema?",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_problem(states):
        return p.step("ysh-event-problem", states)

    ysh_event_problem = do_ysh_event_problem([ysh_event_index])

    @task(
        task_id="ysh-event-raise",
        task_display_name="Problema: avisar uma vez",
        trigger_rule="none_failed_min_one_success",
        max_active_tis_per_dag=4,
    )
    def do_ysh_event_raise(states):
        return p.step("ysh-event-raise", states)

    ysh_event_raise = do_ysh_event_raise([ysh_event_problem])

    @task(
        task_id="ysh-event-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_event_end(states):
        return p.step("ysh-event-end", states)

    ysh_event_end = do_ysh_event_end([ysh_event_document, ysh_event_index, ysh_event_well, ysh_event_well_own, ysh_event_message, ysh_event_notify, ysh_event_problem, ysh_event_raise])


dag_ysh_event_translate__late()
