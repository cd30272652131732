"""What a refused run says, said once and without a trace back, on its page's Logs as well."""

import logging

_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


def say_once() -> None:
    """Keep out of the logs what Prefect adds to a run whose state has told it in a sentence."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if worth_saying not in logger.filters:
            logger.addFilter(worth_saying)


def worth_saying(record: logging.LogRecord) -> bool:
    """Whether a line is more than a state of ours with a trace back through Prefect's own code.

    A runner's process raises the state a flow has returned, and logs that; for a task that
    returns one, Prefect logs a trace back where there is none ("NoneType: None").
    """
    if not isinstance(record.exc_info, tuple):
        return True
    kind = record.exc_info[0]
    if kind is None:
        return not str(record.msg).startswith("Task run failed with state")
    return kind.__name__ not in ("FailedRun", "CrashedRun", "CancelledRun")
