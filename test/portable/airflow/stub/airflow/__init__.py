"""A strict stub of the parts of Airflow that generated DAG files use. It is no Airflow: a test double, written by hand from 3.x."""

import os

__version__ = os.environ.get("STUB_AIRFLOW_VERSION", "3.2.0")
