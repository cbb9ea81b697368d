"""Runs DAGs on a real Airflow by `dag.test()`: real.py JOBS.json, a list of {file, dag, env}; prints a JSON line for each, and first the
version and the import errors of all files. AIRFLOW_HOME is a fresh folder with a migrated database."""

import importlib.util
import json
import logging
import os
import sys
from pathlib import Path

jobs = json.loads(Path(sys.argv[1]).read_text())
sys.dont_write_bytecode = True

import airflow  # noqa: E402

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag

errors, timetables = {}, {}
for file in {job["file"] for job in jobs}:
    sys.path.insert(0, str(Path(file).parent))
    bag = DagBag(dag_folder=file)
    errors.update(bag.import_errors)
    timetables.update({one: [str(dag.timetable.summary), len(dag.tasks)] for one, dag in bag.dags.items()})
    sys.path.pop(0)
    sys.modules.pop("ysh_runner", None)
print("@@" + json.dumps({"version": airflow.__version__, "errors": errors, "dags": timetables}), flush=True)

for job in jobs:
    if "dag" not in job:
        continue
    os.environ.update(job["env"])
    folder = str(Path(job["file"]).parent)
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("dag_file", job["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [one for one in vars(module).values() if getattr(one, "dag_id", "") == job["dag"]]
    dag = found[0] if found else DagBag(dag_folder=job["file"]).dags[job["dag"]]
    run = dag.test()
    tasks = {}
    for one in run.get_task_instances():
        tasks[one.task_id + (f"[{one.map_index}]" if one.map_index >= 0 else "")] = str(getattr(one.state, "value", one.state))
    print("@@" + json.dumps({"dag": job["dag"], "file": job["file"], "state": str(getattr(run.state, "value", run.state)), "tasks": tasks}), flush=True)
    sys.path.remove(folder)
    sys.modules.pop("ysh_runner", None)
logging.shutdown()
