"""Made by `ysh-pipeline compile --target airflow` from a Node-RED flow; change the flow and compile again.

DAGs: daily_full_ingestion, ysh_daily_alerts, ysh_daily_enrich__late.
Apache Airflow >=3.0,<4, Python 3.10 or newer; plan version 1.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, task, task_group

from ysh_runner import Pipeline, cron

FLOW_SHA256 = "f67645fc440fd51e42bc4c6e9786b0e374282fc45186a13bba75c4c3382fa524"


@dag(
    dag_id="daily_full_ingestion",
    dag_display_name="Diário: tudo às 2 h: Todo dia às 2 h",
    description="Todo dia às 2 h (ysh-daily-run)",
    schedule=cron("0 2 * * *", "America/Sao_Paulo"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["ysh", "schedule"],
    doc_md="**Diário: tudo às 2 h / Todo dia às 2 h**\n\nCompiled from a Node-RED flow (trigger `ysh-daily-run`, 17 nodes, SHA-256 `f67645fc440fd51e42bc4c6e9786b0e374282fc45186a13bba75c4c3382fa524`). Started by its schedule. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_daily_full_ingestion():
    p = Pipeline(__file__, plan="ysh_daily.plan.json", pipeline="ysh-daily-run", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-daily-each__open",
        task_display_name="Conjuntos · open",
    )
    def do_ysh_daily_each__open():
        return p.open("ysh-daily-each")

    ysh_daily_each__open = do_ysh_daily_each__open()

    @task(
        task_id="ysh-daily-each__items",
        task_display_name="Conjuntos · items",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_each__items(opened):
        return p.items("ysh-daily-each", opened)

    ysh_daily_each__items = do_ysh_daily_each__items(ysh_daily_each__open)

    ysh_daily_each_each_ended = []

    @task_group(
        group_id="ysh-daily-each",
    )
    def ysh_daily_each_each(state):
        @task(
            task_id="ysh-daily-fetch",
            task_display_name="Portal da ANEEL",
            trigger_rule="none_failed_min_one_success",
            retries=3,
            retry_delay=timedelta(seconds=60),
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_daily_each_ysh_daily_fetch(states):
            return p.step("ysh-daily-fetch", states)

        ysh_daily_each_ysh_daily_fetch = do_ysh_daily_each_ysh_daily_fetch([state])

        @task(
            task_id="ysh-daily-well",
            task_display_name="Portal bem",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_daily_each_ysh_daily_well(states):
            return p.step("ysh-daily-well", states)

        ysh_daily_each_ysh_daily_well = do_ysh_daily_each_ysh_daily_well([ysh_daily_each_ysh_daily_fetch])

        @task(
            task_id="ysh-daily-raise",
            task_display_name="Avisar uma vez",
            trigger_rule="none_failed_min_one_success",
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_daily_each_ysh_daily_raise(states):
            return p.step("ysh-daily-raise", states)

        ysh_daily_each_ysh_daily_raise = do_ysh_daily_each_ysh_daily_raise([ysh_daily_each_ysh_daily_fetch])

        @task(
            task_id="ysh-daily-reserve",
            task_display_name="Reserva ou última cópia boa",
            trigger_rule="none_failed_min_one_success",
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=4,
        )
        def do_ysh_daily_each_ysh_daily_reserve(states):
            return p.step("ysh-daily-reserve", states)

        ysh_daily_each_ysh_daily_reserve = do_ysh_daily_each_ysh_daily_reserve([ysh_daily_each_ysh_daily_raise])

        ysh_daily_each_each_ended.extend([ysh_daily_each_ysh_daily_well, ysh_daily_each_ysh_daily_raise, ysh_daily_each_ysh_daily_reserve])

    ysh_daily_each_each.expand(state=ysh_daily_each__items)

    @task(
        task_id="ysh-daily-each__close",
        task_display_name="Conjuntos · close",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_each__close(opened, ended):
        return p.close("ysh-daily-each", opened, ended)

    ysh_daily_each__close = do_ysh_daily_each__close(ysh_daily_each__open, [*ysh_daily_each_each_ended])

    @task(
        task_id="ysh-daily-aneel",
        task_display_name="Páginas",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_aneel(states):
        return p.step("ysh-daily-aneel", states)

    ysh_daily_aneel = do_ysh_daily_aneel([ysh_daily_each__close])

    @task(
        task_id="ysh-daily-pages__open",
        task_display_name="Páginas das distribuidoras · open",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_pages__open(states):
        return p.open("ysh-daily-pages", states)

    ysh_daily_pages__open = do_ysh_daily_pages__open([ysh_daily_aneel])

    @task(
        task_id="ysh-daily-pages__items",
        task_display_name="Páginas das distribuidoras · items",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_pages__items(opened):
        return p.items("ysh-daily-pages", opened)

    ysh_daily_pages__items = do_ysh_daily_pages__items(ysh_daily_pages__open)

    ysh_daily_pages_each_ended = []

    @task_group(
        group_id="ysh-daily-pages",
    )
    def ysh_daily_pages_each(state):
        @task(
            task_id="ysh-daily-scrape",
            task_display_name="Ler a página",
            trigger_rule="none_failed_min_one_success",
            retries=3,
            retry_delay=timedelta(seconds=60),
            execution_timeout=timedelta(seconds=960),
            max_active_tis_per_dag=2,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_daily_pages_ysh_daily_scrape(states):
            return p.step("ysh-daily-scrape", states)

        ysh_daily_pages_ysh_daily_scrape = do_ysh_daily_pages_ysh_daily_scrape([state])

        ysh_daily_pages_each_ended.extend([ysh_daily_pages_ysh_daily_scrape])

    ysh_daily_pages_each.expand(state=ysh_daily_pages__items)

    @task(
        task_id="ysh-daily-pages__close",
        task_display_name="Páginas das distribuidoras · close",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_pages__close(opened, ended):
        return p.close("ysh-daily-pages", opened, ended)

    ysh_daily_pages__close = do_ysh_daily_pages__close(ysh_daily_pages__open, [*ysh_daily_pages_each_ended])

    @task(
        task_id="ysh-daily-utilities",
        task_display_name="Documentos das páginas",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_utilities(states):
        return p.step("ysh-daily-utilities", states)

    ysh_daily_utilities = do_ysh_daily_utilities([ysh_daily_pages__close])

    @task(
        task_id="ysh-daily-documents__open",
        task_display_name="Documentos · open",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_documents__open(states):
        return p.open("ysh-daily-documents", states)

    ysh_daily_documents__open = do_ysh_daily_documents__open([ysh_daily_utilities])

    @task(
        task_id="ysh-daily-documents__items",
        task_display_name="Documentos · items",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_documents__items(opened):
        return p.items("ysh-daily-documents", opened)

    ysh_daily_documents__items = do_ysh_daily_documents__items(ysh_daily_documents__open)

    ysh_daily_documents_each_ended = []

    @task_group(
        group_id="ysh-daily-documents",
    )
    def ysh_daily_documents_each(state):
        @task(
            task_id="ysh-daily-pdf",
            task_display_name="3 · PDF",
            trigger_rule="none_failed_min_one_success",
            retries=3,
            retry_delay=timedelta(seconds=60),
            execution_timeout=timedelta(seconds=7260),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_daily_documents_ysh_daily_pdf(states):
            return p.step("ysh-daily-pdf", states)

        ysh_daily_documents_ysh_daily_pdf = do_ysh_daily_documents_ysh_daily_pdf([state])

        @task(
            task_id="ysh-daily-enrich",
            task_display_name="4 · Resumir",
            trigger_rule="none_failed_min_one_success",
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=2,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_daily_documents_ysh_daily_enrich(states):
            return p.step("ysh-daily-enrich", states)

        ysh_daily_documents_ysh_daily_enrich = do_ysh_daily_documents_ysh_daily_enrich([ysh_daily_documents_ysh_daily_pdf])

        @task(
            task_id="ysh-daily-index",
            task_display_name="5 · Indexar",
            trigger_rule="none_failed_min_one_success",
            execution_timeout=timedelta(seconds=14460),
            max_active_tis_per_dag=1,
            max_active_tis_per_dagrun=2,
        )
        def do_ysh_daily_documents_ysh_daily_index(states):
            return p.step("ysh-daily-index", states)

        ysh_daily_documents_ysh_daily_index = do_ysh_daily_documents_ysh_daily_index([ysh_daily_documents_ysh_daily_enrich])

        ysh_daily_documents_each_ended.extend([ysh_daily_documents_ysh_daily_pdf, ysh_daily_documents_ysh_daily_enrich, ysh_daily_documents_ysh_daily_index])

    ysh_daily_documents_each.expand(state=ysh_daily_documents__items)

    @task(
        task_id="ysh-daily-documents__close",
        task_display_name="Documentos · close",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_documents__close(opened, ended):
        return p.close("ysh-daily-documents", opened, ended)

    ysh_daily_documents__close = do_ysh_daily_documents__close(ysh_daily_documents__open, [*ysh_daily_documents_each_ended])

    @task(
        task_id="ysh-daily-all",
        task_display_name="Tudo o que houve",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_all(states):
        return p.step("ysh-daily-all", states)

    ysh_daily_all = do_ysh_daily_all([ysh_daily_documents__close])

    @task(
        task_id="ysh-daily-cache",
        task_display_name="6 · Cache da API",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=960),
        max_active_tis_per_dag=1,
    )
    def do_ysh_daily_cache(states):
        return p.step("ysh-daily-cache", states)

    ysh_daily_cache = do_ysh_daily_cache([ysh_daily_all])

    @task(
        task_id="ysh-daily-mail",
        task_display_name="7 · E-mail de resumo",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_daily_mail(states):
        return p.step("ysh-daily-mail", states)

    ysh_daily_mail = do_ysh_daily_mail([ysh_daily_cache])

    @task(
        task_id="ysh-daily-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_end(states):
        return p.step("ysh-daily-end", states)

    ysh_daily_end = do_ysh_daily_end([ysh_daily_each__open, ysh_daily_each__close, ysh_daily_aneel, ysh_daily_pages__open, ysh_daily_pages__close, ysh_daily_utilities, ysh_daily_documents__open, ysh_daily_documents__close, ysh_daily_all, ysh_daily_cache, ysh_daily_mail])


dag_daily_full_ingestion()


@dag(
    dag_id="ysh_daily_alerts",
    dag_display_name="Diário: tudo às 2 h: Avisos",
    description="Avisos (ysh-daily-alerts)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "alert"],
    doc_md="**Diário: tudo às 2 h / Avisos**\n\nCompiled from a Node-RED flow (trigger `ysh-daily-alerts`, 2 nodes, SHA-256 `f67645fc440fd51e42bc4c6e9786b0e374282fc45186a13bba75c4c3382fa524`). Started by the delivery of the outbox, for each alert. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_daily_alerts():
    p = Pipeline(__file__, plan="ysh_daily.plan.json", pipeline="ysh-daily-alerts", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-daily-tell",
        task_display_name="Avisar o administrador",
        execution_timeout=timedelta(seconds=180),
        max_active_tis_per_dag=1,
    )
    def do_ysh_daily_tell():
        return p.step("ysh-daily-tell")

    ysh_daily_tell = do_ysh_daily_tell()

    @task(
        task_id="ysh-daily-told",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_told(states):
        return p.step("ysh-daily-told", states)

    ysh_daily_told = do_ysh_daily_told([ysh_daily_tell])


dag_ysh_daily_alerts()


@dag(
    dag_id="ysh_daily_enrich__late",
    dag_display_name="Diário: tudo às 2 h: 4 · Resumir",
    description="4 · Resumir (ysh-daily-enrich/late)",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=16,
    tags=["ysh", "late"],
    doc_md="**Diário: tudo às 2 h / 4 · Resumir**\n\nCompiled from a Node-RED flow (trigger `ysh-daily-enrich/late`, 3 nodes, SHA-256 `f67645fc440fd51e42bc4c6e9786b0e374282fc45186a13bba75c4c3382fa524`). Started when the model is back that its step owes work to. Task ids are the ids of the flow's nodes. Change the flow, not this file.\n\nSee [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).",
    default_args={"retries": 0, "execution_timeout": timedelta(seconds=86460)},
)
def dag_ysh_daily_enrich__late():
    p = Pipeline(__file__, plan="ysh_daily.plan.json", pipeline="ysh-daily-enrich/late", sha256=FLOW_SHA256)

    @task(
        task_id="ysh-daily-enrich",
        task_display_name="4 · Resumir",
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=2,
    )
    def do_ysh_daily_enrich():
        return p.step("ysh-daily-enrich")

    ysh_daily_enrich = do_ysh_daily_enrich()

    @task(
        task_id="ysh-daily-late",
        task_display_name="Indexar o que ficou para depois",
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(seconds=14460),
        max_active_tis_per_dag=1,
    )
    def do_ysh_daily_late(states):
        return p.step("ysh-daily-late", states)

    ysh_daily_late = do_ysh_daily_late([ysh_daily_enrich])

    @task(
        task_id="ysh-daily-late-end",
        task_display_name="Fim da execução",
        trigger_rule="none_failed_min_one_success",
    )
    def do_ysh_daily_late_end(states):
        return p.step("ysh-daily-late-end", states)

    ysh_daily_late_end = do_ysh_daily_late_end([ysh_daily_late])


dag_ysh_daily_enrich__late()
