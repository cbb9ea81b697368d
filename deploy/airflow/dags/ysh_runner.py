"""Does the steps of a compiled flow as Airflow tasks (Airflow 3.0 or newer, Python 3.10 or newer, standard library only).

`ysh-pipeline compile --target airflow` writes DAG files that call this module; the work itself is done by `ysh-pipeline step`, one process a
try. What travels between tasks is a state: small JSON with references, `to` names the node that is next. A task that no state names skips
itself, so that branches, fallbacks and joins need no more than one trigger rule. An error that the flow catches is a state too: the runner
performs the catch on the last try, and the task is green. Errors of items are values, so that one item never stops its neighbours.

Environment: YSH_STEP_CLI (command line of the step CLI, default `ysh-pipeline`; `docker run -i …` works where the folders of plan and
YSH_STEP_FOLDER are mounted under the same paths), YSH_STEP_FOLDER (where results are handed over, default the temporary folder), YSH_CALLS
(a file that gets a JSON line for each call, for tests).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional

log = logging.getLogger("ysh_runner")

RETRY, SKIP = 75, 99
GRACE_SECONDS = 10.0
LONGEST_LINE = 8_000
LARGEST_RESULT = 16 * 1024 * 1024
#: A step without a limit of its own is stopped after a day.
DAY_SECONDS = 86_400.0

State = Dict[str, Any]


class StepError(Exception):
    """A try that failed. `kind`: retryable, timeout, permanent, or run (the run has ended and failed; nothing is caught)."""

    def __init__(self, code: str, message: str, kind: str, source: Optional[Dict[str, str]] = None):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.kind, self.source = code, message, kind, source

    @property
    def again(self) -> bool:
        return self.kind in ("retryable", "timeout")


class StepSkipped(Exception):
    """The step runtime says that there is nothing to do."""


def doubling() -> Any:
    """`retry_exponential_backoff` for waits that double: a flag up to Airflow 3.1, a factor since 3.2 (where True would be a factor of 1)."""
    import airflow

    major, minor = (int(part) for part in airflow.__version__.split(".")[:2])
    return 2.0 if (major, minor) >= (3, 2) else True


class Pipeline:
    """One pipeline of a plan. The file is read when a task runs, never while Airflow parses."""

    def __init__(self, dag_file: str, plan: str, pipeline: str, sha256: str):
        self.path = Path(dag_file).resolve().with_name(plan)
        self.id, self.sha256 = pipeline, sha256
        self._read: Optional[Dict[str, Any]] = None

    # What the tasks of a DAG call.

    def objects(self) -> List[Dict[str, Any]]:
        """A run for each object that the asset's events tell of: one run of an Airflow DAG may have been given many events."""
        found: Dict[str, Dict[str, Any]] = {}
        for events in dict(_context()["triggering_asset_events"]).values():
            for event in events:
                for told in _told(event.extra or {}):
                    if _is_wanted(self._pipeline()["trigger"], told):
                        found[_run_of(told)] = told
        return [
            {"trigger_run_id": run, "conf": {"slot": run, "payload": told}} for run, told in found.items()
        ]

    def begin(self) -> State:
        """Makes the run where no step stands first."""
        state = self._first()
        return {**self._task_call(f"{self.id}#begin", ["#begin"], state, None), "to": self._region("")["start"]}

    def step(self, node_id: str, states: Any = None) -> State:
        """A step or a run's end; answers the state for what follows."""
        node = self._node(node_id)
        state = self._first() if states is None else self._arrived(node_id, states)
        return self._work(node, node_id, state, {"exit": True} if self._leaves(node) else {})

    def choose(self, node_id: str, states: Any, ways: Dict[str, str]) -> List[str]:
        """Ids of the tasks that a choice leads to. What they do with the state they work out themselves, from the same rules."""
        state = _one(states, lambda one: self._follow(one.get("to"), one, node_id) == node_id)
        to = self._chosen(self._node(node_id), state)
        return [ways[to]] if to in ways else []

    def wait(self, node_id: str, states: Any) -> Any:
        """For a sensor that is put off once, for as long as the wait is."""
        from airflow.sdk import PokeReturnValue

        state = self._arrived(node_id, states)
        node = self._node(node_id)
        pokes = int(_context().get("task_reschedule_count") or 0)
        return PokeReturnValue(is_done=pokes > 0 or node["seconds"] <= 0, xcom_value={**state, "to": node["next"]})

    def open(self, node_id: str, states: Any = None) -> State:
        """Makes the items of a map, in `items`; or goes on where there are none, or where that failed."""
        node = self._node(node_id)
        state = self._first() if states is None else self._arrived(node_id, states)
        return self._open(node, state, {"most": _most_items()})

    def items(self, node_id: str, opened: State) -> List[State]:
        """The state of each item, as the first step of its region gets it."""
        if opened is None or opened.get("to") != f"{node_id}#each":
            raise _skip("No items: the map has another way to go")
        return self._items(self._node(node_id), opened)

    def close(self, node_id: str, opened: State, results: Any) -> State:
        """Brings the items together."""
        if opened is None or opened.get("to") != f"{node_id}#each":
            raise _skip("The map has another way to go")
        return self._close(self._node(node_id), opened, list(_flat(results)), self._airflow_try)

    def map(self, node_id: str, states: Any = None) -> State:
        """A map inside of an item: Airflow maps no tasks inside of mapped ones, so that all of it is one task, item after item."""
        node = self._node(node_id)
        state = self._first() if states is None else self._arrived(node_id, states)
        return self._whole(node, state)

    # Ways.

    def _arrived(self, node_id: str, states: Any) -> State:
        return _one(states, lambda one: self._follow(one.get("to"), one) == node_id)

    def _follow(self, to: Optional[str], state: State, at: Optional[str] = None) -> Optional[str]:
        """Where a state goes: through choices, which are no place to be at; or as far as the choice `at`."""
        while to is not None and to != at and "#" not in to and self._node(to)["kind"] == "choice":
            to = self._chosen(self._node(to), state)
        return to

    def _chosen(self, node: Dict[str, Any], state: State) -> Optional[str]:
        value = _property(state.get("message", {}), node["property"])
        for rule in node["rules"]:
            if _matches(rule, value):
                return rule["to"]
        return node["otherwise"]

    def _leaves(self, node: Dict[str, Any]) -> bool:
        """Whether an item ends with this step, whatever its result."""
        return node["kind"] == "step" and self._home(node["id"]) != "" and not any(node["ports"].values())

    # Work. `state` is the one that arrived; what is answered has the next node in `to`.

    def _work(self, node: Dict[str, Any], unit: str, state: State, flags: Dict[str, Any]) -> State:
        try:
            answer = self._task_call(unit, [unit], state, node, flags)
        except StepError as error:
            return self._failed(node, state, error)
        if node["kind"] == "end":
            return {**answer, "to": None}
        return self._trimmed(node, {**answer, "to": self._port(node, answer)})

    def _port(self, node: Dict[str, Any], answer: State) -> Optional[str]:
        ports = node["ports"]
        port = answer.get("port")
        if port in ports:
            return ports[port]
        targets = set(ports.values())
        if len(targets) == 1:
            return targets.pop()
        raise _final(f"{node['id']} answered on the output {port!r}, and the plan has only {', '.join(ports)}")

    def _trimmed(self, node: Dict[str, Any], state: State) -> State:
        """Of an item that has ended only this much is wanted; nothing else is kept."""
        if self._home(node["id"]) == "" or self._follow(state["to"], state) is not None:
            return state
        message = state.get("message", {})
        small = {"run": state.get("run"), "error": state.get("error"), "to": None}
        return {**small, "message": {"payload": message["payload"]} if "payload" in message else {}}

    def _failed(self, node: Dict[str, Any], state: State, error: StepError) -> State:
        """The catch; without one an item fails as a value, and the run fails as a task."""
        caught = node.get("catch")
        inside = self._home(node["id"]) != ""
        if error.kind == "run" or (caught is None and not inside):
            raise _final(str(error))
        source = error.source or {"id": node["path"], "type": node["type"], "name": node["name"]}
        told = {"code": error.code, "message": error.message, "retryable": error.again, "source": source}
        log.warning("Caught %s of %s", error, node["id"])
        return self._trimmed(node, {**state, "error": told, "to": caught["to"] if caught else None})

    def _open(self, node: Dict[str, Any], state: State, flags: Dict[str, Any]) -> State:
        try:
            answer = self._task_call(f"{node['id']}#open", [f"{node['id']}#open"], state, node, flags)
        except StepError as error:
            return self._failed(node, state, error)
        if answer.get("port") == "empty" and node["empty"] != node["next"]:
            return {**answer, "to": node["empty"]}
        return {**answer, "to": f"{node['id']}#each"}

    def _items(self, node: Dict[str, Any], opened: State) -> List[State]:
        start = self._region(node["region"])["start"]
        common = {"run": opened.get("run") or {}, "message": opened.get("message") or {}}
        return [
            {
                "run": {**common["run"], **item.get("run", {})},
                "message": {**common["message"], **item.get("message", {})},
                "error": opened.get("error"),
                "to": start,
            }
            for item in opened.get("items") or []
        ]

    def _close(self, node: Dict[str, Any], opened: State, results: List[State], attempt: Any) -> State:
        order = {item["run"]["item"]: at for at, item in enumerate(opened.get("items") or [])}
        # Ways through a region are apart: of each item one state has left it.
        ended = {s["run"]["item"]: s for s in results if self._follow(s.get("to"), s) is None}
        missing = [item for item in order if item not in ended]
        if missing:
            raise _final(f"{len(missing)} items of {node['id']} never ended, the first is {missing[0]}")
        sent = [_bare(ended[item]) for item in sorted(ended, key=lambda item: order.get(item, len(order)))]
        state = {**{name: value for name, value in opened.items() if name not in ("items", "port")}, "results": sent}
        unit = f"{node['id']}#close"
        try:
            answer = self._call(unit, [unit], state, {**node, "retry": None, "timeoutSeconds": 0}, {}, attempt())
        except StepError as error:
            return self._failed(node, state, error)
        answer.pop("results", None)
        return self._trimmed(node, {**answer, "to": node["next"]})

    # A region inside of one task: what Airflow does elsewhere is done here.

    def _whole(self, node: Dict[str, Any], state: State) -> State:
        opened = self._in_process(node, state, lambda tries: self._open_once(node, state, tries))
        if opened.get("to") != f"{node['id']}#each":
            return opened
        results = [self._through(node["region"], item) for item in self._items(node, opened)]
        return self._close(node, opened, results, lambda: 1)

    def _open_once(self, node: Dict[str, Any], state: State, attempt: int) -> State:
        unit = f"{node['id']}#open"
        answer = self._call(unit, [unit], state, node, {}, attempt)
        empty = answer.get("port") == "empty" and node["empty"] != node["next"]
        return {**answer, "to": node["empty"] if empty else f"{node['id']}#each"}

    def _through(self, region: str, state: State) -> State:
        to = self._follow(state.get("to"), state)
        while to is not None:
            node = self._node(to)
            if node["kind"] == "wait":
                time.sleep(node["seconds"])
                state = {**state, "to": node["next"]}
            elif node["kind"] == "map":
                state = self._whole(node, state)
            else:
                state = self._in_process(node, state, self._once(node, state))
            to = self._follow(state.get("to"), state)
        return state

    def _once(self, node: Dict[str, Any], state: State) -> Any:
        flags = {"exit": True} if self._leaves(node) else {}

        def once(attempt: int) -> State:
            answer = self._call(node["id"], [node["id"]], state, node, flags, attempt)
            return self._trimmed(node, {**answer, "to": self._port(node, answer)})

        return once

    def _in_process(self, node: Dict[str, Any], state: State, once: Any) -> State:
        retry = node.get("retry") or {"maxRetries": 0}
        for attempt in range(1, retry["maxRetries"] + 2):
            try:
                return once(attempt)
            except StepSkipped as skipped:
                raise _skip(str(skipped)) from None
            except StepError as error:
                if not error.again or attempt > retry["maxRetries"]:
                    return self._failed(node, state, error)
                time.sleep(_pause(retry, attempt))
        raise AssertionError("unreachable")

    # Calls.

    def _task_call(
        self, unit: str, units: List[str], state: State, node: Optional[Dict[str, Any]], flags: Any = None
    ) -> State:
        """One try of an Airflow task. What is worth another one is Airflow's as long as it has tries left."""
        attempt, last = self._airflow_try(), self._is_last_try()
        try:
            return self._call(unit, units, state, node, flags or {}, attempt)
        except StepSkipped as skipped:
            raise _skip(str(skipped)) from None
        except StepError as error:
            if error.again and not last:
                raise _retry(str(error)) from None
            raise

    def _call(
        self,
        unit: str,
        units: List[str],
        state: State,
        node: Optional[Dict[str, Any]],
        flags: Dict[str, Any],
        attempt: int,
    ) -> State:
        given = _bare(state)
        run = given.get("run") or {}
        call = {"pipeline": self.id, "units": units, **flags, "retries": attempt - 1, "state": given}
        call["execution"] = state.get("slot") or run.get("slot") or _run_id()
        limit = float((node or {}).get("timeoutSeconds") or DAY_SECONDS)
        name = (node or {}).get("type") or "begin"
        args = ["step", name, "--plan", str(self.path), "--node", unit, "--run", str(run.get("id") or _run_id())]
        if run.get("item"):
            args += ["--item", str(run["item"])]
        args += ["--attempt", str(attempt), "--input", "-"]
        try:
            answer = run_cli(args, call, limit)
        except StepError as error:
            failed = {"code": error.code, "kind": error.kind}
            _record(pipeline=self.id, unit=unit, item=run.get("item", ""), attempt=attempt, error=failed, state=None)
            raise
        item = (answer.get("run") or {}).get("item", run.get("item", ""))
        _record(pipeline=self.id, unit=unit, item=item, attempt=attempt, error=None, state=answer)
        return answer

    # Airflow.

    def _first(self) -> State:
        """What the trigger says. The slot makes a run the same one, however often it is started."""
        context = _context()
        dag_run = context["dag_run"]
        conf = dict(getattr(dag_run, "conf", None) or {})
        pipeline = self._pipeline()
        kind = pipeline["trigger"]["kind"]
        scheduled = str(getattr(dag_run.run_type, "value", dag_run.run_type)) in ("scheduled", "backfill")
        due = _instant(context.get("logical_date")) if scheduled else None
        trigger = {"object": "event", "alert": "alert", "late": "late"}.get(kind, "schedule" if due else "manual")
        slot = conf.get("slot") or due or dag_run.run_id
        return {"trigger": trigger, "slot": slot, "message": {"payload": conf.get("payload", pipeline["payload"])}}

    def _airflow_try(self) -> int:
        return max(int(_context()["ti"].try_number), 1)

    def _is_last_try(self) -> bool:
        ti = _context()["ti"]
        most = getattr(ti, "max_tries", None)
        return int(ti.try_number) > int(ti.task.retries if most is None else most)

    # The plan.

    def _pipeline(self) -> Dict[str, Any]:
        if self._read is None:
            try:
                plan = json.loads(self.path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise _final(f"The plan cannot be read, compile the flow again: {error}") from None
            found = plan["source"]["sha256"]
            if found != self.sha256:
                raise _final(f"DAG file and plan are of different flows ({self.sha256[:12]}, {found[:12]}): deploy both")
            own = next((one for one in plan["pipelines"] if one["id"] == self.id), None)
            if own is None:
                raise _final(f"The plan has no pipeline {self.id}: compile the flow again")
            self._nodes = {node["id"]: node for region in own["regions"] for node in region["nodes"]}
            self._homes = {node["id"]: region["id"] for region in own["regions"] for node in region["nodes"]}
            self._read = own
        return self._read

    def _node(self, node_id: str) -> Dict[str, Any]:
        self._pipeline()
        return self._nodes[node_id]

    def _home(self, node_id: str) -> str:
        self._pipeline()
        return self._homes[node_id]

    def _region(self, region_id: str) -> Dict[str, Any]:
        return next(region for region in self._pipeline()["regions"] if region["id"] == region_id)


class Delivery:
    """Deliveries of all flows of a folder, for the DAG that does them each minute."""

    def __init__(self, dag_file: str):
        self.folder = Path(dag_file).resolve().parent

    def owed(self) -> List[Dict[str, Any]]:
        """Delivers what can be, and answers a run of a DAG for each that is to be started."""
        dags, plans = self._flows()
        if not plans:
            return []
        starts = self._deliver(plans, [])
        return [
            {
                "trigger_dag_id": dags[start["pipeline"]],
                "trigger_run_id": _delivered(start["slot"]),
                "conf": {"slot": start["slot"], "payload": start["payload"]},
            }
            for start in starts
            if start["pipeline"] in dags
        ]

    def settle(self, starts: Any) -> None:
        """Says that these runs have been started."""
        slots = sorted({start["conf"]["slot"] for start in starts or []})
        if slots:
            self._deliver(self._flows()[1], slots)

    def _flows(self) -> Any:
        dags: Dict[str, str] = {}
        plans: List[str] = []
        for file in sorted(self.folder.glob("ysh_*.dags.json")):
            told = json.loads(file.read_text(encoding="utf-8"))
            plans.append(str(self.folder / told["plan"]))
            dags.update(told["dags"])
        return dags, plans

    def _deliver(self, plans: List[str], slots: List[str]) -> List[Dict[str, Any]]:
        try:
            return list(run_cli(["deliver", *plans, "--input", "-"], {"settle": slots}, 540.0)["starts"])
        except StepError as error:
            raise _final(str(error)) from None


def _delivered(slot: str) -> str:
    """A run's id: the same for the same slot."""
    return f"delivered__{hashlib.sha256(slot.encode()).hexdigest()[:40]}"


def run_cli(args: List[str], call: Dict[str, Any], limit: float) -> State:
    """Runs the step CLI once; its log lines become ours. Raises StepError or StepSkipped. Whatever ends this process ends that one too."""
    command = shlex.split(os.environ.get("YSH_STEP_CLI") or "ysh-pipeline")
    folder = os.environ.get("YSH_STEP_FOLDER") or None
    with tempfile.TemporaryDirectory(prefix="ysh-step-", dir=folder) as place:
        given, out = Path(place, "call.json"), Path(place, "result.json")
        given.write_text(json.dumps(call), encoding="utf-8")
        os.chmod(place, 0o777)  # noqa: S103 - a container may write as another user; the folder lives as long as the call
        with given.open("rb") as stdin:
            try:
                child = subprocess.Popen(  # noqa: S603 - the command is the operator's own
                    [*command, *args, "--out", str(out)],
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise _final(f"The step CLI cannot be started, see YSH_STEP_CLI: {error}") from None
        code = _finish(child, limit)
        if code is None:
            raise StepError("TIMEOUT", f"A try took longer than {limit:g} s", "timeout")
        result = _result(out)
    if code == 0:
        if not isinstance(result, dict):
            raise StepError("STEP_RESULT", "The step CLI left no result, or no JSON", "permanent")
        return result
    told = result if isinstance(result, dict) else {}
    message = str(told.get("message") or f"The step CLI ended with {code}; its log says more")
    if code == SKIP:
        raise StepSkipped(message)
    killed = code < 0 or code in (137, 143)
    kind = _kinds.get(str(told.get("class")), "retryable" if code == RETRY or killed else "permanent")
    if kind in ("retryable", "timeout") and code != RETRY and not killed:
        kind = "permanent"  # the exit code has the policy of the node in it
    if code == RETRY and kind == "permanent":
        kind = "retryable"
    source = told.get("source") if isinstance(told.get("source"), dict) else None
    raise StepError(str(told.get("code") or ("STEP_KILLED" if killed else "STEP_FAILED")), message, kind, source)


_kinds = {
    "retryable": "retryable",
    "RetryableError": "retryable",
    "timeout": "timeout",
    "TimeoutError": "timeout",
    "permanent": "permanent",
    "PermanentError": "permanent",
    "run": "run",
    "RunFailed": "run",
}


def _finish(child: "subprocess.Popen[bytes]", limit: float) -> Optional[int]:
    """The exit code; None when the time was over. Stops the child on every other way out: SIGTERM, Airflow's own timeout, an error."""
    reader = threading.Thread(target=_relay, args=(child,), daemon=True)
    reader.start()
    before: Any = None
    main = threading.current_thread() is threading.main_thread()

    def ended(number: int, frame: Any) -> None:
        _stop(child)
        if callable(before):
            before(number, frame)
        raise SystemExit(128 + number)

    if main:
        before = signal.signal(signal.SIGTERM, ended)
    try:
        return child.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _stop(child)
        if main:
            signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
        reader.join(GRACE_SECONDS)


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """SIGTERM to the process and all that it started, and after a while SIGKILL."""
    if child.poll() is not None:
        return
    _tell(child, signal.SIGTERM)
    try:
        child.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    _tell(child, signal.SIGKILL)
    child.wait()


def _tell(child: "subprocess.Popen[bytes]", number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass


def _relay(child: "subprocess.Popen[bytes]") -> None:
    assert child.stdout is not None
    with child.stdout as lines:
        while line := lines.readline(LONGEST_LINE):
            log.info("%s", line.decode("utf-8", "replace").rstrip())


def _result(out: Path) -> Any:
    try:
        if out.stat().st_size > LARGEST_RESULT:
            raise StepError("STEP_RESULT", f"The result is larger than {LARGEST_RESULT} bytes", "permanent")
        return json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _pause(retry: Dict[str, Any], attempt: int) -> float:
    base = retry["baseSeconds"]
    factor = {"fixed": 1, "linear": attempt}.get(retry["law"], 2 ** (attempt - 1))
    return min(base * factor, retry["capSeconds"])


def _property(message: Any, path: str) -> Any:
    """The value at `payload.a[0].b`; _absent where there is none."""
    for part in path.replace("[", ".").replace("]", "").replace('"', "").replace("'", "").split("."):
        if isinstance(message, dict) and part in message:
            message = message[part]
        elif isinstance(message, list) and part.isdigit() and int(part) < len(message):
            message = message[int(part)]
        else:
            return _absent
    return message


_absent = object()


def _matches(rule: Dict[str, Any], value: Any) -> bool:
    """As the plan says: values of one type are compared, and what does not fit does not match."""
    op, wanted, upper = rule["op"], rule.get("value"), rule.get("upper")
    if op in ("true", "false"):
        return value is (op == "true")
    if op == "null":
        return value is None or value is _absent
    if op == "nnull":
        return not (value is None or value is _absent)
    if op == "neq":
        return not (_alike(value, wanted) and value == wanted)
    if not _alike(value, wanted):
        return False
    if op == "btwn":
        return _alike(value, upper) and min(wanted, upper) <= value <= max(wanted, upper)
    compare = {"eq": value == wanted}
    if op in compare:
        return compare[op]
    return {"lt": value < wanted, "lte": value <= wanted, "gt": value > wanted, "gte": value >= wanted}[op]


def _alike(one: Any, other: Any) -> bool:
    number = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    return (isinstance(one, str) and isinstance(other, str)) or (isinstance(one, number) and isinstance(other, number))


def _bare(state: State) -> State:
    """The state as the step runtime knows it."""
    return {name: value for name, value in state.items() if name != "to"}


def _flat(states: Any) -> Iterable[State]:
    """States of tasks, of mapped tasks (sequences) and of skipped ones (nothing)."""
    if states is None:
        return
    if isinstance(states, dict):
        yield states
        return
    for one in states:
        yield from _flat(one)


def _one(states: Any, test: Any) -> State:
    found = next((one for one in _flat(states) if test(one)), None)
    if found is None:
        raise _skip("Not on the way of this run")
    return found


def _told(value: Any, deep: int = 0) -> Iterable[Dict[str, Any]]:
    """Notices of objects, wherever they stand in a message: of EventBridge, of S3, or `{bucket, key}`; each as one that the step takes."""
    if isinstance(value, str) and deep < 8 and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, dict):
        if isinstance(value.get("detail"), dict) and "object" in value["detail"]:
            yield value
        elif isinstance(value.get("s3"), dict):
            yield {"Records": [value]}
        elif isinstance(value.get("bucket"), str) and isinstance(value.get("key"), str):
            thing = {name: value[name] for name in ("key", "size", "etag", "version-id", "sequencer") if name in value}
            detail = {"bucket": {"name": value["bucket"]}, "object": thing}
            base = {"version": "0", "source": "aws.s3", "detail-type": "Object Created"}
            yield {**base, "time": value.get("time", "1970-01-01T00:00:00Z"), "detail": detail}
        elif deep < 8:
            for part in value.values():
                yield from _told(part, deep + 1)
    elif isinstance(value, list) and deep < 8:
        for part in value:
            yield from _told(part, deep + 1)


def _object_of(told: Dict[str, Any]) -> Dict[str, str]:
    if "Records" in told:
        record = told["Records"][0]
        thing = record["s3"]["object"]
        key = urllib.parse.unquote_plus(str(thing.get("key", "")))
        names = {"bucket": record["s3"].get("bucket", {}).get("name", ""), "event": record.get("eventName", "")}
        return {**names, "key": key, "version": str(thing.get("versionId") or thing.get("eTag") or thing.get("sequencer") or "")}
    thing = told["detail"]["object"]
    version = thing.get("version-id") or thing.get("etag") or thing.get("sequencer") or ""
    names = {"bucket": told["detail"].get("bucket", {}).get("name", ""), "event": told.get("detail-type", "")}
    return {**names, "key": str(thing.get("key", "")), "version": str(version)}


def _is_wanted(trigger: Dict[str, Any], told: Dict[str, Any]) -> bool:
    thing = _object_of(told)
    restored = "restore" in thing["event"].lower()
    if trigger["events"] != "both" and restored != (trigger["events"] == "restored"):
        return False
    return thing["key"].startswith(trigger["prefix"]) and thing["key"].endswith(trigger["suffix"])


def _run_of(told: Dict[str, Any]) -> str:
    """The same object makes the same run, however often it is told."""
    thing = _object_of(told)
    return "object__" + hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()[:32]


def watchers(name: str, variable: str = "YSH_QUEUE_URL") -> Any:
    """Watchers for an Asset(watchers=…): an SQS queue where the variable names one (wants the providers `common.messaging` and `amazon`)."""
    queue = os.environ.get(variable)
    if not queue:
        return []
    from airflow.providers.common.messaging.triggers.msg_queue import MessageQueueTrigger
    from airflow.sdk import AssetWatcher

    return [AssetWatcher(name=name, trigger=MessageQueueTrigger(scheme="sqs", sqs_queue=queue))]


def cron(expression: str, zone: str) -> Any:
    """A schedule that fires at the instants of the expression in the zone, whatever `create_cron_data_intervals` says."""
    try:
        from airflow.sdk import CronTriggerTimetable
    except ImportError:  # before 3.1
        from airflow.timetables.trigger import CronTriggerTimetable
    return CronTriggerTimetable(expression, timezone=zone)


def _most_items() -> int:
    return int(os.environ.get("AIRFLOW__CORE__MAX_MAP_LENGTH") or 1024)


def _instant(when: Any) -> Optional[str]:
    """As JavaScript writes it, for it is the slot in the journal."""
    if when is None:
        return None
    from datetime import timezone

    utc = when.astimezone(timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def _record(**line: Any) -> None:
    name = os.environ.get("YSH_CALLS")
    if name:
        with open(name, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _context() -> Any:
    from airflow.sdk import get_current_context

    return get_current_context()


def _run_id() -> str:
    return str(_context()["dag_run"].run_id)


def _exceptions() -> Any:
    try:
        from airflow.sdk import exceptions  # newer ones
    except ImportError:
        from airflow import exceptions
    if not hasattr(exceptions, "AirflowSkipException"):
        from airflow import exceptions
    return exceptions


def _skip(message: str) -> Exception:
    return _exceptions().AirflowSkipException(message)


def _retry(message: str) -> Exception:
    return _exceptions().AirflowException(message)


def _final(message: str) -> Exception:
    return _exceptions().AirflowFailException(message)
