"""Whose work a member of the staff may look at: their own, that of their team, of their branch, or everybody's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Protocol
from uuid import UUID

from infra.in_flight import Known
from read_api import views
from read_api.reading.reach import EVERYTHING, Reach
from read_api.reading.statement import Seen, Statement

KNOWN_SECONDS = 1.0
"""So long after a move, or another scope, somebody may still see what they saw."""

KNOWN_CALLERS = 10_000

KINDS = ("clients", "deals", "activities", "texts")

AMONG_COLLEAGUES = frozenset({"own", "team", "branch"})
"""Scopes of which it has to be known who somebody's colleagues are."""

EVERYBODY_S = dict.fromkeys(KINDS, "all")
"""The scopes of a role from which nothing is kept."""


def _units(kind: str) -> str:
    """Return the SQL of the teams, or branches, that somebody is in or heads."""
    return f"""SELECT s.{kind}_id FROM {views.STAFF_DIRECTORY} AS s
        WHERE s.staff_id = %(staff)s AND s.{kind}_id IS NOT NULL
        UNION SELECT u.unit_id FROM {views.UNITS} AS u WHERE u.kind = '{kind}' AND u.head_id = %(staff)s"""  # noqa: S608 - constants


_COLLEAGUES = f"""
SELECT seen.*, array(
    SELECT m.staff_id
    FROM {views.STAFF_DIRECTORY} AS m
    WHERE m.head_id = %(staff)s OR m.team_id IN ({_units("team")})
), array(
    SELECT m.staff_id
    FROM {views.STAFF_DIRECTORY} AS m
    WHERE m.branch_id IN ({_units("branch")})
)
FROM seen"""  # noqa: S608 - put together from constants
COLLEAGUES = Statement(_COLLEAGUES, (views.STAFF_DIRECTORY, views.UNITS))


class Caller(Protocol):
    """Who asks."""

    @property
    def id(self) -> str: ...
    @property
    def role(self) -> str: ...


class Fetch(Protocol):
    """Runs a statement on the views as they are."""

    async def __call__(
        self, statement: Statement, parameters: Mapping[str, Any], /
    ) -> tuple[Seen, list[tuple[Any, ...]]]: ...


@dataclass(frozen=True, eq=False)
class Colleagues:
    """Whom each scope takes in; those of the team, and whom they head, are of the branch too."""

    own: Sequence[UUID] = ()
    team: Sequence[UUID] = ()
    branch: Sequence[UUID] = ()
    _reaches: dict[tuple[str | None, ...], Reach] = field(init=False, default_factory=dict)
    """What was put together before: it is the same for every question, and long for the head of a large branch."""

    def reach(self, scopes: Mapping[str, str]) -> Reach:
        """Return what these scopes let see."""
        key = tuple(map(scopes.get, KINDS))
        found = self._reaches.get(key)
        if found is None:
            clients, deals, activities = (self._within(scopes.get(kind)) for kind in KINDS[:3])
            found = self._reaches[key] = Reach(clients, deals, activities, texts=scopes.get("texts") == "all")
        return found

    def _within(self, scope: str | None) -> Sequence[UUID] | None:
        """Return whom a scope takes in, None for everybody; of one that there is not, nobody."""
        return (
            None
            if scope == "all"
            else {"own": self.own, "team": self.team, "branch": self.branch}.get(scope or "none", ())
        )


STRANGER = Colleagues()
"""Who is no member of the staff works with nobody."""


class Reaches:
    """What callers may see; `scopes_of` says of a role the scope of each kind of thing."""

    def __init__(self, scopes_of: Callable[[str], Awaitable[Mapping[str, str]]]) -> None:
        self.scopes_of = scopes_of
        self._known = Known(KNOWN_SECONDS, KNOWN_CALLERS)

    async def of(self, caller: Caller, fetch: Fetch) -> Reach:
        """Return what a caller may see; raises what `fetch` and the scopes raise."""
        scopes = await self.scopes_of(caller.role)
        if scopes == EVERYBODY_S:
            return EVERYTHING
        staff_id = None if AMONG_COLLEAGUES.isdisjoint(scopes.values()) else staff_id_of(caller)
        colleagues = STRANGER if staff_id is None else await self._known.get(staff_id, partial(_look, staff_id, fetch))
        return colleagues.reach(scopes)


def staff_id_of(caller: Caller) -> UUID | None:
    """Return the caller's id as a member of the staff, if they may be one: programs have names."""
    return staff_id_in(caller.id)


@lru_cache(KNOWN_CALLERS)
def staff_id_in(actor: str) -> UUID | None:
    """Return the member of the staff that an actor of facts, or a caller, may be."""
    try:
        return UUID(actor)
    except ValueError:
        return None


async def _look(staff_id: UUID, fetch: Fetch) -> Colleagues:
    _, [(team, branch)] = await fetch(COLLEAGUES, {"staff": staff_id})
    own = (staff_id,)
    of_team = tuple(dict.fromkeys((*own, *team)))
    return Colleagues(own, of_team, tuple(dict.fromkeys((*of_team, *branch))))
