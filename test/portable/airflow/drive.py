"""Reads a DAG file against the stub; prints its graph, or runs a DAG in order and prints what became of its tasks.

drive.py FILE graph
drive.py FILE run DAG_ID [RUN.json]     RUN: {run_id, run_type, logical_date, conf, events}
"""

import ast
import importlib.util
import json
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).with_name("stub")))

from airflow import sdk  # noqa: E402
from airflow.sdk import exceptions  # noqa: E402


def read(path):
    folder = Path(path).resolve().parent
    for source in (Path(path), folder / "ysh_runner.py"):
        ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 10))
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("dag_file", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return sdk.DAGS


def plain(value):
    if isinstance(value, sdk.CronTriggerTimetable):
        return {"cron": value.cron, "timezone": value.timezone}
    if isinstance(value, sdk.Asset):
        return {"asset": value.name, "uri": value.uri}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def graph(dags):
    return {
        dag_id: {
            "arguments": {name: plain(value) for name, value in dag.given.items() if name != "doc_md"},
            "tasks": {
                one.id: {
                    "kind": one.kind,
                    "group": one.group.id if one.group else None,
                    "upstream": sorted(before.id for before in one.upstream),
                    "arguments": {name: plain(value) for name, value in one.given.items() if name != "task_display_name"},
                }
                for one in dag.tasks.values()
            },
        }
        for dag_id, dag in dags.items()
    }


class Run:
    """Executes the tasks of a DAG by their trigger rules, one after the other. Waits are left out."""

    def __init__(self, dag, given):
        self.dag, self.given = dag, given
        self.states, self.xcoms, self.lengths = {}, {}, {}
        self.dag_run = SimpleNamespace(
            run_id=given.get("run_id", "manual__1"), run_type=given.get("run_type", "manual"), conf=given.get("conf")
        )

    def all(self):
        waiting = list(self.dag.tasks.values())
        finished = set()
        while waiting:
            task = next(one for one in waiting if one.upstream <= finished)
            waiting.remove(task)
            for index in self.indexes(task):
                self.instance(task, index)
            finished.add(task)
        after = {before for one in self.dag.tasks.values() for before in one.upstream}
        leaves = [task for task in self.dag.tasks.values() if task not in after]
        bad = [one for task in leaves for one in self.of(task) if one in ("failed", "upstream_failed")]
        return "failed" if bad else "success"

    def indexes(self, task):
        if task.group is None:
            return [None]
        over = task.group.over
        if self.states[(over, None)] != "success":
            self.states[(task, None)] = "upstream_failed" if "failed" in self.states[(over, None)] else "skipped"
            return []
        count = len(self.xcoms[(over, None)])
        if count == 0:
            self.states[(task, None)] = "skipped"
        return list(range(count))

    def of(self, task):
        return [state for (one, _), state in self.states.items() if one is task]

    def before(self, task, index):
        for one in task.upstream:
            if one.group is not None and one.group is task.group:
                yield self.states[(one, index)]
            else:
                yield from self.of(one)

    def instance(self, task, index):
        key = (task, index)
        if key in self.states:
            return  # a choice has skipped it
        before = list(self.before(task, index))
        rule = task.given.get("trigger_rule", "all_success")
        if any(state in ("failed", "upstream_failed") for state in before):
            self.states[key] = "upstream_failed"
        elif before and rule == "all_success" and "skipped" in before:
            self.states[key] = "skipped"
        elif before and rule == "none_failed_min_one_success" and "success" not in before:
            self.states[key] = "skipped"
        else:
            assert rule in ("all_success", "none_failed_min_one_success"), f"the stub does not run {rule}"
            self.states[key] = self.work(task, index)

    def work(self, task, index):
        arguments = {name: self.resolved(value, index) for name, value in task.arguments.items()}
        if task.kind == "trigger":
            self.xcoms[(task, index)] = arguments["kwargs"]
            return "success"
        for attempt in range(1, task.retries + 2):
            try:
                result = self.tried(task, index, arguments, attempt)
                break
            except exceptions.AirflowSkipException:
                return "skipped"
            except exceptions.AirflowFailException as error:
                print(f"{task.id}: {error}", file=sys.stderr)
                return "failed"
            except exceptions.AirflowException as error:
                print(f"{task.id}, try {attempt}: {error}", file=sys.stderr)
        else:
            return "failed"
        if task.kind == "branch":
            self.branched(task, index, result)
        self.xcoms[(task, index)] = json.loads(json.dumps(result))
        return "success"

    def tried(self, task, index, arguments, attempt):
        when = self.given.get("logical_date")
        given = SimpleNamespace(task_id=task.id, map_index=-1 if index is None else index, try_number=attempt)
        given.max_tries, given.task = task.retries, SimpleNamespace(retries=task.retries)
        events = [SimpleNamespace(extra=extra) for extra in self.given.get("events", [])]
        for pokes in (0, 1):
            sdk.CONTEXT.clear()
            sdk.CONTEXT.update(
                dag_run=self.dag_run,
                ti=given,
                logical_date=datetime.fromisoformat(when) if when else None,
                task_reschedule_count=pokes,
                triggering_asset_events={"asset": events},
            )
            result = task.function(**arguments)
            if task.kind != "sensor":
                return result
            if result.is_done:
                return result.xcom_value
        raise exceptions.AirflowFailException("The sensor was put off twice")

    def branched(self, task, index, chosen):
        assert isinstance(chosen, list)
        direct = {one.id: one for one in self.dag.tasks.values() if task in one.upstream}
        assert set(chosen) <= set(direct), f"{chosen} do not follow {task.id}"
        kept = set()

        def keep(one):
            kept.add(one)
            for after in self.dag.tasks.values():
                if one in after.upstream and after not in kept:
                    keep(after)

        for one in chosen:
            keep(direct[one])
        for one in direct.values():
            if one not in kept:
                self.states[(one, index if one.group is task.group else None)] = "skipped"

    def resolved(self, value, index):
        if isinstance(value, sdk.Mapped):
            return self.xcoms[(value.source.task, None)][index]
        if isinstance(value, sdk.XComArg):
            one = value.task
            if one.group is None:
                return self.xcoms.get((one, None))
            inside = [(key[1], got) for key, got in self.xcoms.items() if key[0] is one]
            if index is not None:
                return self.xcoms.get((one, index))
            return [got for _, got in sorted(inside, key=lambda pair: pair[0])]
        if isinstance(value, list):
            return [self.resolved(one, index) for one in value]
        return value


def main(path, what, dag_id=None, given="{}"):
    dags = read(path)
    if what == "graph":
        print(json.dumps(graph(dags)))
        return
    run = Run(dags[dag_id], json.loads(given))
    state = run.all()
    tasks = {}
    for (task, index), became in run.states.items():
        tasks[task.id if index is None else f"{task.id}[{index}]"] = became
    out = {"state": state, "tasks": tasks, "graph": graph(dags)}
    out["results"] = {task.id: got for (task, index), got in run.xcoms.items() if task.kind == "trigger" or index is None}
    print(json.dumps(out))


main(*sys.argv[1:])
