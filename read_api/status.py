"""Questions about the installation, for those who operate it: how it stands, and what the doctor finds."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json

from read_api.reading.answer import Answer, Items
from read_api.reading.declaring import Asking, Questions
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.roles import Roles

router = Questions("operation")

OPERATING: Roles = frozenset({"ops", "admin"})
VARY = {"Vary": "Accept-Language"}

Part = Literal["log", "beside", "views", "files", "analytics"]
BackupState = Literal["whole", "damaged", "of_another_key"]
FindingState = Literal["ok", "failed", "skipped"]


class LogStanding(Answer):
    """The newest fact of the log, and how many were recorded in the last minute, hour and day."""

    position: int
    recorded_at: datetime | None
    in_minute: int
    in_hour: int
    in_day: int


class Kept(Answer):
    """A table of the log, or of what is kept beside it; a build of a read model; the files of clients; or the reports'.

    `rows` is what PostgreSQL reckons, null where it has not counted yet; the size in bytes includes indexes.
    """

    part: Part
    name: str
    size_bytes: int
    rows: int | None


class Disk(Answer):
    """The disk of Letopis's own folder, in bytes."""

    free_bytes: int
    total_bytes: int


class Backup(Answer):
    """A backup in the folder of LETOPIS_BACKUP_TO, and up to which fact it goes.

    `whole`: its manifest is signed with our master key, and each file is there in its full size. The sums of the files
    are compared by `letopis restore`. Of a backup that is not whole no more is told than when it says it was made.
    """

    name: str
    state: BackupState
    made_at: datetime | None
    position: int | None
    size_bytes: int | None


class Backups(Answer):
    """The backups that were asked for over HTTP, latest first; `is_configured`: a folder is named for them."""

    is_configured: bool
    is_readable: bool = Field(description="The folder can be read; the first backup makes it.")
    items: list[Backup]


class Installation(Answer):
    """How an installation stands, as of now."""

    log: LogStanding
    disk: Disk
    kept: list[Kept]
    backups: Backups


class Finding(Answer):
    """One check of the doctor: what is looked at, what was seen, why it matters and how to mend it."""

    check: str = Field(description="The stable name of the check.")
    state: FindingState
    what: str
    seen: str
    why: str
    mend: str


@router.question(
    "/status", "How the log, what is kept, the disk and the backups stand", answers=Installation, roles=OPERATING
)
async def get_status(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    head, known = await ask.desk.head(), await ask.desk.house.installation()
    return ask.answer(to_json(known), Seen(head))


@router.question(
    "/doctor",
    "What `letopis doctor` finds: everything that Letopis rests on, in the order in which one explains the next",
    answers=Items[Finding],
    roles=OPERATING,
    note=" It takes a second or two; who asks again within ten seconds is told the same.",
)
async def list_findings(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    head = await ask.desk.head()
    found = await ask.desk.house.findings(ask.desk.language_of(ask.request.headers.get("accept-language")))
    return ask.answer(to_json({"items": found}), Seen(head), more=VARY)
