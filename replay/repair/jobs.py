"""Jobs of operators: written down with who asks and why before anything is done, and their end afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, LiteralString, NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from pydantic_core import to_json

from infra.projector.leases import idle_build_lock
from infra.told import ToldError

State = Literal["waiting", "running", "done", "failed", "cancelled", "abandoned"]

FIND_DUPLICATES = "find-duplicates"
"""What the job is called that looks for clients who may be one."""

MERGE_DUPLICATES = "merge-duplicates"
"""What the job is called that merges the pairs that are almost surely one."""

UNMERGE_DUPLICATES = "unmerge-duplicates"
"""What the job is called that takes apart whom such a job merged."""

IMPORT = "import"
"""What the job is called that imports a file, or rehearses it."""

REVERT_IMPORT = "revert-import"
"""What the job is called that takes back what an import made, or rehearses that."""

IMPORT_LANE = "import:"
"""How the lanes of these begin; behind it stands where the bytes of the file are."""

CHANNEL: LiteralString = "letopis_operation"
"""What is notified when there is a new job."""

WORDS = frozenset({"pause", "resume", "throttle", "cancel"})
"""What is only said to a read model, or to a rebuild under way, and so cannot wait behind that."""

WORD_LANE = "word:"
"""How the lanes of these begin."""

TERMINAL = "terminal"
"""In the place of a role: who typed it was at the machine."""

COLUMNS: LiteralString = (
    "job_id, operation, about, lane, parameters, asked_by, asked_as, reason, state, attempts, progress, outcome,"
    " asked_at, started_at, ended_at"
)
_ASK: LiteralString = f"""
INSERT INTO letopis.operation (job_id, operation, about, lane, parameters, asked_by, asked_as, reason, state)
VALUES (
    %(job_id)s, %(operation)s, %(about)s, %(lane)s, %(parameters)s::jsonb, %(asked_by)s, %(asked_as)s, %(reason)s,
    'waiting')
ON CONFLICT DO NOTHING
RETURNING {COLUMNS}
"""  # noqa: S608 - constants
_FIND: LiteralString = f"SELECT {COLUMNS} FROM letopis.operation WHERE job_id = %s"  # noqa: S608 - constants
_UNDER_WAY: LiteralString = f"""
SELECT {COLUMNS}
FROM letopis.operation
WHERE operation = %s
    AND about = %s
    AND ended_at IS NULL
ORDER BY asked_at
LIMIT 1
"""  # noqa: S608 - constants
_REBUILT_SINCE = "SELECT started_at FROM read.rebuild_status WHERE name = %s AND is_running"


class JobError(ToldError):
    """A job that is not taken; `facts` are what the message in the catalogue names."""

    code: ClassVar[str]

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.facts = facts


class UnderWayError(JobError):
    """The same is under way; facts: operation, about, since (a text), and of a job its job_id, asked_by, asked_as."""

    code = "operation-under-way"

    def __init__(self, operation: str, about: str, since: datetime, **job: Any) -> None:
        who, at = f", asked for by {job['asked_by']}" if job else "", f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        super().__init__(
            f"{operation} of {about} is under way since {at}{who}.",
            operation=operation,
            about=about,
            since=at,
            **job,
        )


class OtherJobError(JobError):
    """The idempotency key was used for another job; facts: job_id."""

    code = "idempotency-key-reused"

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"The key was used for another job, {job_id}.", job_id=job_id)


class NoPlaceForBackupsError(JobError):
    """It is not configured where backups go; facts: setting."""

    code = "no-place-for-backups"

    def __init__(self) -> None:
        setting = "LETOPIS_BACKUP_TO"
        super().__init__(f"Name the folder that backups go to in {setting}.", setting=setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for, about which read model, by whom, in which role, and why."""

    operation: str
    about: str
    parameters: Mapping[str, Any]
    asked_by: str
    asked_as: str
    reason: str | None
    job_id: UUID = field(default_factory=uuid4)
    waits_in: str = ""

    @property
    def lane(self) -> str:
        """What it waits in, if nothing else is said; what is typed waits for nothing, and is done by who typed it."""
        if self.waits_in:
            return self.waits_in
        if self.asked_as == TERMINAL:
            return str(self.job_id)
        return f"{WORD_LANE}{self.about}" if self.operation in WORDS else self.about


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is on record; `outcome` has its code and facts."""

    job_id: UUID
    operation: str
    about: str
    lane: str
    parameters: dict[str, Any]
    asked_by: str
    asked_as: str
    reason: str | None
    state: State
    attempts: int
    progress: dict[str, Any] | None
    outcome: dict[str, Any] | None
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Ended(NamedTuple):
    """How a job ended: its state, and the code and facts by which that is put in words."""

    state: State
    code: str
    facts: Mapping[str, Any] = {}

    def told(self) -> str:
        """Return it as it is on record."""
        return to_json({"code": self.code, "facts": self.facts}).decode()


def ask(connection: psycopg.Connection[Any], asked: Asked) -> Job:
    """Put a job on record, for whoever does it; asked for again under the same id it is the same job.

    Raises OtherJobError and, of what takes long, UnderWayError.
    """
    while True:
        if known := one(connection, _FIND, [asked.job_id]):
            return _the_same(known, asked)
        if asked.operation == "rebuild":
            _require_nobody_rebuilds(connection, asked.about)
        made = one(connection, _ASK, _values(asked))
        if made is not None:
            connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])
            return made
        if (other := one(connection, _UNDER_WAY, [asked.operation, asked.about])) and other.job_id != asked.job_id:
            raise UnderWayError(
                other.operation,
                other.about,
                other.asked_at,
                job_id=other.job_id,
                asked_by=other.asked_by,
                asked_as=other.asked_as,
            )


def _require_nobody_rebuilds(connection: psycopg.Connection[Any], name: str) -> None:
    """Refuse to wait for a rebuild that is no job: the service builds what is missing."""
    with idle_build_lock(connection, name) as is_idle:
        if is_idle:
            return
    rebuilt = connection.execute(_REBUILT_SINCE, [name]).fetchone()
    if rebuilt and one(connection, _UNDER_WAY, ["rebuild", name]) is None:
        raise UnderWayError("rebuild", name, rebuilt[0])


def _the_same(known: Job, asked: Asked) -> Job:
    was = (known.operation, known.about, known.parameters, known.reason, known.asked_by)
    if was != (asked.operation, asked.about, dict(asked.parameters), asked.reason, asked.asked_by):
        raise OtherJobError(asked.job_id)
    return known


def _values(asked: Asked) -> dict[str, Any]:
    return {
        "job_id": asked.job_id,
        "operation": asked.operation,
        "about": asked.about,
        "lane": asked.lane,
        "parameters": to_json(asked.parameters).decode(),
        "asked_by": asked.asked_by,
        "asked_as": asked.asked_as,
        "reason": asked.reason,
    }


def one(
    connection: psycopg.Connection[Any], statement: LiteralString, values: Sequence[Any] | Mapping[str, Any]
) -> Job | None:
    """Return the job that a statement gives, if it gives one."""
    with connection.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute(statement, values).fetchone()
