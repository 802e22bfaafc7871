"""What is typed is on record beside what is asked for over HTTP: by whom, and how it ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from app.operations.outcomes import ended_by
from app.terminal.console import operator
from infra.postgres.connection import connect
from replay.repair.jobs import TERMINAL, Asked, Ended, ask
from replay.repair.lanes import end, hold, take

NO_PARAMETERS: Mapping[str, Any] = {}


class Record:
    """What is to be noted at the end."""

    ended: Ended


@contextmanager
def on_record(
    url: str,
    operation: str,
    about: str,
    parameters: Mapping[str, Any] = NO_PARAMETERS,
    reason: str | None = None,
) -> Iterator[Record]:
    """Put on record what is done inside; the block says how it `ended`. `url` is the projector's.

    Raises replay.repair.jobs.UnderWayError when the same takes long and is under way.
    """
    asked = Asked(
        operation=operation,
        about=about,
        parameters=parameters,
        asked_by=operator(),
        asked_as=TERMINAL,
        reason=reason,
    )
    with connect(url) as connection:
        # Before it is seen: whoever finds a job in a lane that nobody holds takes it for left behind.
        hold(connection, asked.lane)
        ask(connection, asked)
        take(connection, asked.lane)
        record = Record()
        try:
            yield record
        except BaseException as error:
            with suppress(psycopg.OperationalError):
                end(connection, asked.job_id, _interrupted(error, asked))
            raise
        end(connection, asked.job_id, record.ended)


def _interrupted(error: BaseException, asked: Asked) -> Ended:
    if not isinstance(error, Exception):
        return Ended("abandoned", "operation-left", {"about": asked.about})
    return ended_by(error, asked.about) or Ended("failed", "internal-error", {"incident": str(asked.job_id)})
