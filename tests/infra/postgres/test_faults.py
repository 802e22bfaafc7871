"""What an error of the database is about is told by its SQLSTATE, in one place."""

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from infra.postgres.connection import ServerSilentError
from infra.postgres.faults import is_lost, is_refusal, is_too_much

LOST = (
    psycopg.OperationalError("server closed the connection unexpectedly"),
    psycopg.InterfaceError("the cursor is closed"),
    PoolTimeout(),
    ServerSilentError(),
    errors.AdminShutdown(),
    errors.ConnectionFailure(),
    errors.DeadlockDetected(),
    errors.DiskFull(),
    errors.InvalidPassword(),
    errors.IoError(),
    errors.LockNotAvailable(),
    errors.QueryCanceled(),
    errors.ReadOnlySqlTransaction(),
    errors.TooManyConnections(),
)
REFUSED = (
    psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"),
    errors.CheckViolation(),
    errors.NumericValueOutOfRange(),
    errors.ProgramLimitExceeded(),
    errors.StatementTooComplex(),
    errors.UntranslatableCharacter(),
)
BUGS = (errors.InternalError_(), errors.SyntaxError(), errors.UndefinedTable(), ValueError())


@pytest.mark.parametrize("error", [*LOST, *REFUSED, *BUGS], ids=lambda error: type(error).__name__)
def test_an_error_is_the_database_s_or_the_values_or_a_bug_of_ours(error: Exception) -> None:
    assert (is_lost(error), is_refusal(error)) == (error in LOST, error in REFUSED)


def test_what_is_only_too_much_is_a_refusal_of_its_own() -> None:
    too_much = (errors.ProgramLimitExceeded, errors.StatementTooComplex)
    assert [is_too_much(error) for error in (*LOST, *REFUSED, *BUGS)] == [
        isinstance(error, too_much) for error in (*LOST, *REFUSED, *BUGS)
    ]
