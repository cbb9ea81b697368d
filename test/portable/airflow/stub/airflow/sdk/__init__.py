"""Strict stub of airflow.sdk: refuses unknown and ill-typed arguments, ids that are illegal or there twice, unknown trigger rules, cycles."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, timedelta

import airflow

RULES = {
    "all_success", "all_failed", "all_done", "all_skipped", "one_success", "one_failed", "one_done", "none_failed",
    "none_failed_min_one_success", "none_skipped", "always", "all_done_setup_success", "all_done_min_one_success",
}  # fmt: skip
_version = tuple(int(part) for part in airflow.__version__.split(".")[:2])
_backoff = (int, float) if _version >= (3, 2) else (bool,)
_common = {
    "task_id": str,
    "task_display_name": str,
    "trigger_rule": str,
    "retries": int,
    "retry_delay": timedelta,
    "max_retry_delay": timedelta,
    "retry_exponential_backoff": _backoff,
    "execution_timeout": timedelta,
    "max_active_tis_per_dag": int,
    "max_active_tis_per_dagrun": int,
}
_sensor = {**_common, "mode": str, "poke_interval": (int, float), "timeout": (int, float)}
_dag = {
    "dag_id": str,
    "dag_display_name": str,
    "description": str,
    "schedule": object,
    "start_date": datetime,
    "catchup": bool,
    "max_active_runs": int,
    "tags": list,
    "doc_md": str,
    "default_args": dict,
}
_id = re.compile(r"[\w.-]{1,250}", re.ASCII)

#: DAGs of the file, by id.
DAGS: dict = {}
_current: list = []
_group: list = []
CONTEXT: dict = {}


def check(what, given, known):
    for name, value in given.items():
        if name not in known:
            raise TypeError(f"{what} has no argument {name}")
        if known[name] is int and isinstance(value, bool) or not isinstance(value, known[name]):
            raise TypeError(f"{what}: {name} is {type(value).__name__}")
    if given.get("trigger_rule", "all_success") not in RULES:
        raise ValueError(f"{what}: unknown trigger rule {given['trigger_rule']}")
    if _version < (3, 2) and given.get("retry_exponential_backoff") is False:
        raise ValueError("a backoff that is none")
    if _version >= (3, 2) and given.get("retry_exponential_backoff") in (True, 1):
        raise ValueError("a factor of 1 never doubles")


def _legal(what, value):
    if not isinstance(value, str) or not _id.fullmatch(value):
        raise ValueError(f"{what} {value!r} is no legal id")


class Dag:
    def __init__(self, given):
        check("dag", given, _dag)
        _legal("dag_id", given["dag_id"])
        if given["dag_id"] in DAGS:
            raise ValueError(f"The DAG {given['dag_id']} is there twice")
        check("default_args", given.get("default_args", {}), _common)
        schedule = given.get("schedule")
        if not (schedule is None or isinstance(schedule, CronTriggerTimetable) or isinstance(schedule, list)):
            raise TypeError("schedule is none of what is known")
        if given["start_date"].tzinfo is None:
            raise ValueError("start_date has no zone")
        self.given, self.tasks, self.groups = given, {}, set()


class Task:
    def __init__(self, kind, given, function, arguments):
        self.kind, self.given, self.function, self.arguments = kind, given, function, arguments
        self.group = _group[-1] if _group else None
        own = given.get("task_id") or function.__name__
        _legal("task_id", own)
        self.id = own if self.group is None else f"{self.group.id}.{own}"
        self.upstream: set = set()
        self.retries = given.get("retries", _current[-1].given.get("default_args", {}).get("retries", 0))


class XComArg:
    def __init__(self, task):
        self.task = task

    def __rshift__(self, other):
        if not isinstance(other, XComArg):
            raise TypeError(">> wants a task")
        other.task.upstream.add(self.task)
        return other

    def __iter__(self):
        raise TypeError("the result of a task is not there while Airflow reads the file")


class Mapped:
    """The argument of a mapped group."""

    def __init__(self, source):
        self.source = source


def references(value):
    if isinstance(value, XComArg):
        yield value.task
    elif isinstance(value, Mapped):
        yield value.source.task
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        yield from references(list(value.values()))


def make_task(kind, given, function, arguments):
    if not _current:
        raise RuntimeError("a task outside of a DAG")
    made = Task(kind, given, function, arguments)
    tasks = _current[-1].tasks
    if made.id in tasks or made.id in _current[-1].groups:
        raise ValueError(f"The task {made.id} is there twice")
    made.upstream.update(references(arguments))
    tasks[made.id] = made
    return XComArg(made)


def _decorator(kind, known):
    def decorate(function=None, **given):
        if function is not None:
            raise TypeError("the stub wants arguments")
        check(f"@{kind}", given, known)

        def of(function):
            def call(*args, **kwargs):
                bound = inspect.signature(function).bind(*args, **kwargs)
                return make_task(kind, given, function, dict(bound.arguments))

            return call

        return of

    return decorate


task = _decorator("task", _common)
task.branch = _decorator("branch", _common)
task.sensor = _decorator("sensor", _sensor)


class Group:
    def __init__(self, given):
        check("task_group", given, {"group_id": str})
        _legal("group_id", given["group_id"])
        self.id, self.over = given["group_id"], None


def task_group(**given):
    def of(function):
        class Factory:
            @staticmethod
            def expand(**mapped):
                if _group:
                    raise NotImplementedError("expansion inside of an expanded task group")
                (argument,) = mapped.values()
                if not isinstance(argument, XComArg) or argument.task.group is not None:
                    raise TypeError("expand wants the result of a task outside")
                group = Group(given)
                if group.id in _current[-1].groups or group.id in _current[-1].tasks:
                    raise ValueError(f"The group {group.id} is there twice")
                _current[-1].groups.add(group.id)
                group.over = argument.task
                _group.append(group)
                try:
                    function(**{name: Mapped(value) for name, value in mapped.items()})
                finally:
                    _group.pop()

        return Factory

    return of


def dag(**given):
    def of(function):
        def call():
            made = Dag(given)
            _current.append(made)
            try:
                function()
            finally:
                _current.pop()
            _acyclic(made)
            DAGS[given["dag_id"]] = made
            return made

        return call

    return of


def _acyclic(made):
    done, open_ = set(), set()

    def visit(one):
        if one in done:
            return
        if one in open_:
            raise ValueError(f"A cycle through {one.id}")
        open_.add(one)
        for before in one.upstream:
            visit(before)
        done.add(one)

    for one in made.tasks.values():
        visit(one)


class CronTriggerTimetable:
    def __init__(self, cron, *, timezone):
        import zoneinfo

        if len(cron.split()) != 5:
            raise ValueError(f"{cron!r} is no cron")
        zoneinfo.ZoneInfo(timezone)
        self.cron, self.timezone = cron, timezone


class Asset:
    def __init__(self, *, name, uri, watchers):
        if not isinstance(name, str) or not isinstance(uri, str) or not isinstance(watchers, list) or "://" not in uri:
            raise TypeError("Asset")
        self.name, self.uri, self.watchers = name, uri, watchers


class PokeReturnValue:
    def __init__(self, is_done, xcom_value=None):
        self.is_done, self.xcom_value = is_done, xcom_value


def get_current_context():
    if not CONTEXT:
        raise RuntimeError("no task runs")
    return CONTEXT
