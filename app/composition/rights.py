"""Puts together what roles may see and edit, as the log has it, and what a caller may therefore ask for and see."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import psycopg

from aggregates.right import DEFAULT_SCOPES, FIXED, RoleRights
from app.auth.people import KNOWN_SECONDS
from app.composition.decoding import mapper_by
from app.composition.readers import Readers
from commands.base import Actor
from commands.registry import COMMANDS
from commands.sight import NOBODY, Sight
from commands.standing import Granted, Standing, may_ask
from events.ids import rights_of
from events.values import EditedKind, Extent, PortalRole, Scope, SeenKind, StaffRole
from infra.in_flight import Known
from infra.log.crypto import MasterKey
from infra.log.eventlog import read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from read_api.reading.desk import Caller
from read_api.reading.reach import EVERYTHING, Reach

_OF_PORTAL = frozenset(role.value for role in PortalRole)
_NOTHING = {kind.value: Scope.NONE.value for kind in SeenKind}
_NOTHING_EDITED = dict.fromkeys(EditedKind, Extent.NONE)


class Rights(NamedTuple):
    """What each role sees, and what was granted to it to edit."""

    scopes: Mapping[str, Mapping[str, str]]
    granted: Granted


class RightsOfRoles:
    """Tells the rights of roles, known for a second."""

    def __init__(self, ask: Callable[[], Awaitable[Rights]]) -> None:
        self._ask = ask
        self._known = Known(KNOWN_SECONDS, 1)

    async def now(self) -> Rights:
        """Return the rights of all roles; raises what `ask` raises."""
        return await self._known.get(None, self._ask)

    @property
    def lately(self) -> Rights:
        """What was answered last, however long ago; that nothing is granted, if nobody has asked."""
        last: Rights | None = self._known.last(None)
        return last or NOTHING_GRANTED

    async def scopes_of(self, role: str) -> Mapping[str, str]:
        """Return the scope of each kind of thing that a role sees; whoever comes in for a client sees nothing."""
        return _NOTHING if role in _OF_PORTAL else (await self.now()).scopes[role]

    async def commands_of(self, role: str) -> Sequence[str]:
        """Return the names of the commands that a role may ask for, in order."""
        granted = (await self.now()).granted
        return sorted(name for name, command in COMMANDS.items() if may_ask(command, role, granted))

    async def editing_of(self, role: str) -> Mapping[str, str]:
        """Return to which extent a role edits each kind of thing."""
        extents = _NOTHING_EDITED if role in _OF_PORTAL else (await self.now()).granted[role]
        return {kind.value: extent.value for kind, extent in extents.items()}

    @staticmethod
    def is_fixed(role: str) -> bool:
        """Tell whether nothing can be granted to a role."""
        return role in _OF_PORTAL or role in FIXED


def rights_by(of_role: Mapping[StaffRole, RoleRights]) -> Rights:
    """Return the rights of roles as these aggregates have them."""
    scopes = {
        role.value: {kind.value: scope.value for kind, scope in rights.scopes(role).items()}
        for role, rights in of_role.items()
    }
    return Rights(scopes, {role.value: rights.extents() for role, rights in of_role.items()})


NOTHING_GRANTED = rights_by({role: RoleRights(rights_of(role)) for role in StaffRole})


def rights_at(url: str, master: MasterKey, seconds: float) -> RightsOfRoles:
    """Return what tells the rights of roles as the log has them, whatever is being built anew."""
    readers, mapper = Readers(url, 1, seconds), mapper_by(OwnConnection(url, seconds), master)
    return RightsOfRoles(lambda: readers.ask(partial(_rights, mapper=mapper)))


def _rights(connection: psycopg.Connection[Any], mapper: Mapper) -> Rights:
    of_role = {role: RoleRights(rights_of(role)) for role in StaffRole}
    of_stream = {rights.id: rights for rights in of_role.values()}
    for fact in read_streams(connection, dict.fromkeys(of_stream, 0)):
        of_stream[fact.envelope.stream_id].apply(mapper.to_event(fact))
    return rights_by(of_role)


def standings(
    rights: RightsOfRoles, reach_of: Callable[[Caller], Awaitable[Reach]]
) -> Callable[[Actor], Coroutine[Any, Any, Standing]]:
    """Return what tells what an actor may ask for, and sees: the same people's things as when they read.

    Of a role whose rights are fixed nothing is asked, so that its commands wait for nothing but the log.
    """

    async def standing_of(actor: Actor) -> Standing:
        if actor.role in _FIXED:
            return Standing(rights.lately.granted, _FIXED[actor.role])
        granted = (await rights.now()).granted
        people = (await reach_of(actor)).people
        return Standing(granted, None if people == EVERYTHING.people else Sight(*people))

    return standing_of


_FIXED = {
    role.value: None if DEFAULT_SCOPES[role][SeenKind.CLIENTS] is Scope.ALL else Sight(NOBODY, NOBODY, NOBODY)
    for role in FIXED
}
