"""Who may import over HTTP, and what they are told of it."""

from app.composition.rights import RightsOfRoles
from commands.base import Actor
from commands.errors import NotAllowedError
from commands.roles import SENDING_FILES
from events.values import Scope, SeenKind

BY_OPERATORS = frozenset({"client"})
"""What the rows of a file may be that an operator sends (R-IM10)."""

ENTERING = "register-client"
"""The command that an operator must be let to give, and of which a file of clients is many."""


class ImportRights:
    """Who may import what, as the rights of roles stand."""

    def __init__(self, rights: RightsOfRoles) -> None:
        self._rights = rights

    async def require(self, actor: Actor, target: str, action: str) -> None:
        """Refuse who may not import rows of that kind; raises NotAllowedError."""
        needed = SENDING_FILES if target in BY_OPERATORS else SENDING_FILES - {"operator"}
        may = actor.role in needed
        if may and actor.role == "operator":
            may = ENTERING in await self._rights.commands_of(actor.role)
        if not may:
            raise NotAllowedError(role=actor.role, needed=sorted(needed), action=action)

    async def names_rivals(self, actor: Actor) -> bool:
        """Tell whether reports may name to an actor the clients with whom rows collide, and who owns them."""
        return (await self._rights.scopes_of(actor.role))[SeenKind.CLIENTS] == Scope.ALL
