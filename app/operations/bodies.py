"""What can be asked of operators' jobs over HTTP: one class for each, whose fields are the body of the request."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from app.operations.site import ANALYTICS, KNOWN
from events.values import NO_NUL
from replay.repair.jobs import FIND_DUPLICATES, MERGE_DUPLICATES, UNMERGE_DUPLICATES

ROLES = frozenset({"ops", "admin"})
"""Who may ask for them."""

MERGING = frozenset({"admin"})
"""Who may ask for many merges at once: it takes the right to work on the views, and to merge clients of any owner."""

LEAST_SCORE = 0.95
"""What is less probable is never merged by itself."""

BACKUP = "backup"
DUPLICATES = "duplicates"
MOST = 2**31 - 1
"""The largest whole number that the database takes for a pace."""


@dataclass(frozen=True)
class OneOf:
    """Says of a text that it is one of these names, which the code knows and no list of ours."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": [*self.names]}

    def _known(self, name: str) -> str:
        if name not in self.names:
            *others, last = map(repr, self.names)
            expected = f"{', '.join(others)} or {last}"
            raise PydanticCustomError("literal_error", "it is none of {expected}", {"expected": expected})
        return name


View = Annotated[str, OneOf(tuple(KNOWN))]
ViewOrReports = Annotated[str, OneOf((*KNOWN, ANALYTICS))]
Processes = Annotated[int, Field(ge=1, le=64, description="Worker processes.")]
Key = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL), Field(description="The key that waits.")
]


class Operation(BaseModel):
    """What every job is asked for with."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ABOUT: ClassVar[str] = ""
    """What it is about, if that is no read model."""

    ROLES: ClassVar[frozenset[str]] = ROLES
    """Who may ask for it."""

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=NO_NUL),
        Field(description="Why; kept for ever, so name no person."),
    ]

    @property
    def about(self) -> str:
        """What the job is about."""
        return self.ABOUT or str(getattr(self, "projection", ""))

    @property
    def parameters(self) -> dict[str, Any]:
        """How it is to be done."""
        return self.model_dump(exclude={"reason", "projection"}, exclude_none=True)


class _OfRowsOnly(Operation):
    """One that takes more of a read model than of the analytics."""

    projection: ViewOrReports

    @model_validator(mode="after")
    def _takes_nothing_else(self) -> Self:
        given = self.model_fields_set - {"reason", "projection"}
        if self.projection == ANALYTICS and given:
            raise PydanticCustomError(
                "not_of_the_analytics", "the analytics take nothing of the kind", {"field": min(given)}
            )
        return self


class StartRebuild(_OfRowsOnly):
    """Fold the whole log into a new generation beside the live one, verify it, then swap it in."""

    processes: Processes = 2
    verify: Annotated[
        Literal["sample", "full", "none"], Field(description="Compared before the swap: of a long log a sample.")
    ] = "sample"
    throttle: Annotated[int | None, Field(ge=1, le=MOST, description="Events folded a second at most.")] = None
    park: Annotated[bool, Field(description="Swap though keys would wait that do not now.")] = False


class StartVerify(_OfRowsOnly):
    """Fold the log from scratch and compare, row by row, with what readers see."""

    processes: Processes = 2
    sample: Annotated[int, Field(ge=1, le=1_000_000, description="Look at one row in so many, chosen by chance.")] = 1


class StartRollback(Operation):
    """Show readers the generation they saw before the present one again."""

    projection: View


class StartDrop(Operation):
    """Drop the generation kept for a rollback, and with it the view of older code."""

    projection: Annotated[
        str,
        StringConstraints(pattern="^[a-z0-9_]{1,100}$"),
        Field(description="Or one that is no more."),
    ]


class StartPause(Operation):
    """Let a rebuild under way rest, or else the read model; readers keep what it has."""

    projection: View


class StartResume(Operation):
    """Let a paused rebuild go on, or else a paused read model."""

    projection: View


class StartThrottle(Operation):
    """Hold a rebuild under way to a pace."""

    projection: View
    events: Annotated[int, Field(ge=0, le=MOST, description="Events folded a second at most; 0: no limit.")]


class StartCancel(Operation):
    """End a rebuild under way, or one that waits; readers keep what they have."""

    projection: View


class StartRetry(Operation):
    """Try again what could not be taken in, in order."""

    projection: ViewOrReports
    key: Key | None = None


class StartSkip(Operation):
    """Pass over the one fact that a key waits for, in every build and for ever, and go on with what is after it."""

    projection: ViewOrReports
    key: Key


class StartBackup(Operation):
    """Make a backup of the log in the folder of LETOPIS_BACKUP_TO."""

    ABOUT = BACKUP


class StartFindDuplicates(Operation):
    """Look among all clients for those who may be one; what is found replaces what was found before."""

    ABOUT = DUPLICATES


class _OfMerges(Operation):
    """One that says of clients whether they are one, in the name of who asks for it."""

    ABOUT = DUPLICATES
    ROLES = MERGING

    is_dry: Annotated[bool, Field(description="Ask every rule, store nothing.")] = False


class StartMergeDuplicates(_OfMerges):
    """Merge the pairs that are at least so probably one, where nobody has to choose; each can be taken apart."""

    from_score: Annotated[float, Field(ge=LEAST_SCORE, le=1, description="The least score.")]
    most: Annotated[int, Field(ge=1, le=100_000, description="So many pairs at most, the most probable first.")] = 1_000


class StartUnmergeDuplicates(_OfMerges):
    """Take apart whom a job merged; what was done since stays with the client it names."""

    job: Annotated[UUID, Field(strict=False, description="The job that merged them.")]

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "job": str(self.job)}


OPERATIONS: dict[str, type[Operation]] = {
    "rebuild": StartRebuild,
    "verify": StartVerify,
    "rollback": StartRollback,
    "drop": StartDrop,
    "pause": StartPause,
    "resume": StartResume,
    "throttle": StartThrottle,
    "cancel": StartCancel,
    "retry": StartRetry,
    "skip": StartSkip,
    BACKUP: StartBackup,
    FIND_DUPLICATES: StartFindDuplicates,
    MERGE_DUPLICATES: StartMergeDuplicates,
    UNMERGE_DUPLICATES: StartUnmergeDuplicates,
}
"""What can be asked for, by its name in `POST /operations/{name}`."""

EXAMPLES: dict[str, dict[str, Any]] = {
    "rebuild": {"projection": "client_card", "throttle": 20_000, "reason": "after the upgrade"},
    "verify": {"projection": "client_card", "reason": "once a week"},
    "throttle": {"projection": "client_card", "events": 5_000, "reason": "the office has come in"},
    "skip": {
        "projection": "client_card",
        "key": "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e",
        "reason": "recorded by mistake",
    },
    BACKUP: {"reason": "before the upgrade"},
    FIND_DUPLICATES: {"reason": "after the import"},
    MERGE_DUPLICATES: {"from_score": 0.99, "most": 500, "is_dry": True, "reason": "entered twice by the old shop"},
    UNMERGE_DUPLICATES: {"job": "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e", "reason": "the threshold was too low"},
}
"""A body for each, for the description of the interface; the others take `OTHERWISE`."""

OTHERWISE = {"projection": "client_card", "reason": "the office has come in"}
