"""The database's clock in a test's hands: what only the owner of a database may replace, no clock of the machine."""

import time
from datetime import timedelta

import psycopg

from infra.log.clock import Reckoning
from tests.database import Database

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
NOT_AT_ALL = timedelta()


def set_clock(database: Database, ahead: timedelta) -> None:
    """Let the database's clock be so far ahead of the machine's, from the next statement on; behind, if negative."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION letopis.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT clock_timestamp() + interval '{ahead.total_seconds()} seconds' $$".encode()
        )


def reckoning(ahead: timedelta, leapt: timedelta = NOT_AT_ALL) -> Reckoning:
    """A process that began with a clock so far ahead of this machine's, which has leapt since by so much."""
    readings = iter([time.time() + ahead.total_seconds()])
    return Reckoning(lambda: next(readings, time.time() + (ahead + leapt).total_seconds()))
