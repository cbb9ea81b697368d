"""Runs DAGs on a real Airflow by `dag.test()`: real.py JOBS.json, a list of {file, dag, env}; prints a JSON line for each, and first the
version and the import errors of all files. AIRFLOW_HOME is a fresh folder with a migrated database."""

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

# Airflow puts the folder of a bundle on the path, when it reads the files and when it runs a task.
folder = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
sys.path.append(folder)
bag = DagBag(dag_folder=folder)
errors = bag.import_errors
timetables = {one: [type(dag.timetable).__name__, len(dag.tasks)] for one, dag in bag.dags.items()}
print("@@" + json.dumps({"version": airflow.__version__, "errors": errors, "dags": timetables}), flush=True)

for job in jobs:
    if "dag" not in job:
        continue
    os.environ.update(job["env"])
    dag = bag.dags[job["dag"]]
    run = dag.test()
    tasks = {}
    for one in run.get_task_instances():
        tasks[one.task_id + (f"[{one.map_index}]" if one.map_index >= 0 else "")] = str(getattr(one.state, "value", one.state))
    print("@@" + json.dumps({"dag": job["dag"], "file": job["file"], "state": str(getattr(run.state, "value", run.state)), "tasks": tasks}), flush=True)
logging.shutdown()
