"""What a command is, what a handler may ask of its context, and the one list of handlers."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

from aggregates.base import Aggregate, kind_named
from aggregates.identity import Home
from commands.roles import Roles
from events.ids import staff_id_of
from events.marks import ids_named
from events.values import LONGEST_NOTICE, SHORTEST_NOTICE, AnyMoment, Day, EditedKind, Notice
from infra.typed import day_written

A = TypeVar("A", bound=Aggregate)


_DATETIME = TypeAdapter(datetime)


def _written_out(value: Any) -> Any:
    """Take no bare number for a moment: "20260301" would be read as seconds, and be a day of 1970."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", value):
            raise ValueError(value)
        return _DATETIME.validate_python(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("datetime_parsing", "a moment begins with its year, month and day") from None


def wrong_field(field: str, code: str, sentence: str, **facts: Any) -> PydanticCustomError:
    """Return what a check of a whole command raises: which field is to be mended, and the code of what is wrong."""
    return PydanticCustomError(code, sentence, {**facts, "field": field})


GivenMoment = Annotated[AnyMoment, BeforeValidator(_written_out)]
"""A moment as a caller gives it."""


def _day_written_out(value: Any) -> Any:
    """Take no bare number for a day, and no moment, whose day is another one elsewhere."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    day = day_written(value) if isinstance(value, str) else None
    if day is None:
        raise PydanticCustomError("date_parsing", "a day is its year, month and day")
    return day


GivenDay = Annotated[Day, BeforeValidator(_day_written_out)]
"""A day as a caller gives it: YYYY-MM-DD."""

_LENGTH = "^P([0-9]{1,2}W|[0-9]{1,2}D|([0-9]{1,2}D)?T([0-9]{1,4}H|([0-9]{1,4}H)?[0-9]{1,6}M))$"
_TIMEDELTA = TypeAdapter(timedelta)


def _in_whole_minutes(value: Any) -> Any:
    """Take no bare number, whose unit nobody knows, and no month: P1M is 30 days to one reader and a slip for PT1M."""
    if value is None:
        return value
    try:
        if not isinstance(value, timedelta):
            if not re.match(_LENGTH, value):
                raise ValueError(value)
            value = _TIMEDELTA.validate_python(value)
        if value % timedelta(minutes=1) or not SHORTEST_NOTICE <= value <= LONGEST_NOTICE:
            raise ValueError(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("time_delta_parsing", "a length of time in whole minutes, P90D at most") from None
    return value


GivenNotice = Annotated[
    Notice,
    BeforeValidator(_in_whole_minutes),
    WithJsonSchema({"type": "string", "format": "duration", "pattern": _LENGTH, "examples": ["PT30M", "P1DT12H"]}),
]
"""How long ahead to remind, as a caller gives it: an ISO 8601 duration in whole minutes, from one to 90 days."""


class Command(BaseModel):
    """Something a person or a program asks for; the fields are the body of the request.

    ROLES are the roles that may ask for it, unless what it EDITS was granted to others, or withdrawn. `occurred_at` is
    the business time (default: now); a moment in the future is refused before any handler sees it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=10_000)

    ROLES: ClassVar[Roles] = frozenset()
    EDITS: ClassVar[EditedKind | None]
    """By which kind of thing it is granted to roles; None: to no other ones than ROLES."""
    MOST_VALUES: ClassVar[int] = 2_000
    """Values that one may say; a client with all contact points and its whole profile has about 600."""
    HAS_DOOR: ClassVar[bool] = True
    """Whether it is asked for at POST /commands; what comes with bytes is said by the door that takes those in."""

    occurred_at: GivenMoment | None = None

    @classmethod
    @cache
    def command_name(cls) -> str:
        """The name in the address: the class name in kebab-case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        """Return the streams that it is decided on beside those that its fields name; they are loaded with these."""
        return ()

    def known_by_id(self) -> tuple[str, ...]:
        """Return the fields that may name a client whom the actor does not see, and was told the id of."""
        return ()


@cache
def stream_fields(command_type: type[Command]) -> tuple[tuple[str, type[Aggregate]], ...]:
    """Return the fields of a command that name streams, with the kind of each: these are loaded beforehand."""
    return tuple((name, kind_named(mark.kind)) for name, mark in ids_named(command_type).items())


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a staff member's id (or the name of a policy, an import or an API key) and their role.

    `is_on_record`: the role is what the log said of the staff member lately, and is looked at again when deciding.
    `only`: the commands and reads that their key names; what it does not name they may not ask for.
    `on_behalf_of`: the client for whom they come in, if they do.
    """

    id: str
    role: str
    is_on_record: bool = False
    only: frozenset[str] | None = None
    on_behalf_of: UUID | None = None

    @property
    def staff_id(self) -> UUID | None:
        """The staff member behind the actor, if it is one."""
        return _staff_id(self.id)


_staff_id = lru_cache(maxsize=10_000)(staff_id_of)


class Outcome(NamedTuple):
    """What a handler decided: the primary stream first, then the others it recorded facts on."""

    primary: Aggregate
    others: tuple[Aggregate, ...] = ()


class Find(Protocol):
    """Returns a thing as it stands, whoever sees it, if it is of this kind and was ever recorded."""

    def __call__(self, kind: type[A], stream_id: UUID, /) -> A | None: ...


class Context(Protocol):
    """All a handler may touch: aggregates as they stand, who acts and when. It does no I/O of its own."""

    @property
    def actor(self) -> Actor: ...
    @property
    def home(self) -> Home:
        """Where the company is, by which numbers without a country or a city are understood."""
        ...

    @property
    def occurred_at(self) -> datetime:
        """Business time of the decision, UTC."""
        ...

    @property
    def now(self) -> datetime:
        """The moment the command was received, UTC."""
        ...

    def load(self, kind: type[A], stream_id: UUID) -> A:
        """Return the aggregate as it stands; raises NotFoundError when nothing is recorded under the id.

        And what it raises where it accepts nothing any more.
        """
        ...

    def find(self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate, or None when nothing is recorded under the id (it is decided on all the same)."""
        ...

    def new(self, kind: type[A], stream_id: UUID | None) -> A:
        """Return an empty aggregate; without an id a new one is made; raises AlreadyExistsError when it is taken."""
        ...

    def save(self, primary: Aggregate, *others: Aggregate) -> Outcome:
        """Say that the facts recorded on these aggregates are the decision."""
        ...


def found_or_new(context: Context, kind: type[A], stream_id: UUID) -> A:
    """Return the aggregate of an id that is made of what it is about, or an empty one where nothing is recorded yet."""
    return context.find(kind, stream_id) or context.new(kind, stream_id)


Handler = Callable[[Any, Context], Outcome]
H = TypeVar("H", bound=Handler)
HANDLERS: dict[type[Command], Handler] = {}


def handles(command_type: type[Command]) -> Callable[[H], H]:
    """Register the handler of a command."""

    def register(handler: H) -> H:
        assert command_type not in HANDLERS, f"{command_type.__name__} has two handlers"  # noqa: S101
        if not command_type.ROLES:
            raise TypeError(f"{command_type.__name__} names no ROLES, so nobody may ask for it: see commands/roles.py.")
        if not hasattr(command_type, "EDITS"):
            raise TypeError(f"{command_type.__name__} does not say what it EDITS: an EditedKind, or None.")
        HANDLERS[command_type] = handler
        return handler

    return register
