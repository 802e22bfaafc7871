"""What an error of the database is about, sorted in one place by SQLSTATE: the database, or what it was given.

The classes of psycopg do not say it: its OperationalError is a lost connection and a word too long for an index alike.
"""

import psycopg

_LATER = frozenset({"08", "28", "40", "53", "55", "57", "58"})
"""Connection, log-in, rollback by a rival, no room or no memory, not now (a lock), stopped, the system's own."""

_LATER_TOO = frozenset({"25006"})
"""Nothing can be written: a stand-by that it was led to by mistake."""

_VALUES = frozenset({"21", "22", "23", "44", "54"})
"""Too many rows, values of no such type, broken constraints, limits of the program: a word or a row too long."""


def is_lost(error: BaseException) -> bool:
    """Tell whether the database is out of reach, or cannot do it now: the same may be done when it is asked again."""
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state[:2] in _LATER or state in _LATER_TOO


def is_too_much(error: BaseException) -> bool:
    """Tell whether a value is beyond a limit of the database: nothing is wrong with it but its size."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith("54")


def is_refusal(error: BaseException) -> bool:
    """Tell whether the database refused the very values it was given: it will again, however often it is asked."""
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.DataError | psycopg.IntegrityError)
    return state[:2] in _VALUES
