"""Stub of TriggerDagRunOperator: only `partial(…).expand_kwargs(…)`."""

from airflow.sdk import XComArg, check, make_task

_known = {"task_id": str, "trigger_dag_id": str, "skip_when_already_exists": bool}


class TriggerDagRunOperator:
    @staticmethod
    def partial(**given):
        check("TriggerDagRunOperator", given, _known)

        class Partial:
            @staticmethod
            def expand_kwargs(argument):
                if not isinstance(argument, XComArg):
                    raise TypeError("expand_kwargs wants the result of a task")
                return make_task("trigger", given, lambda: None, {"kwargs": argument})

        return Partial
