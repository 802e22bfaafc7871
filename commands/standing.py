"""What an actor may ask for, by their role and by what was granted to it, and what they see."""

from collections.abc import Mapping
from typing import NamedTuple, get_args

from commands.base import Actor, Command
from commands.errors import NotAllowedError, NotNamedByKeyError
from commands.roles import Role
from commands.sight import Sight
from events.values import EditedKind, Extent

Granted = Mapping[str, Mapping[EditedKind, Extent]]
"""By role, to which extent it edits a kind of thing; of what is not there, as usual."""

NOTHING: Granted = {}


class Standing(NamedTuple):
    """What was granted to roles, and what the actor sees (None: everything), as it was known at the door."""

    granted: Granted = NOTHING
    sight: Sight | None = None


UNBOUNDED = Standing()
"""How the service itself acts: its policies, its timers, an import, an operator at the machine."""


def may_ask(command_type: type[Command], role: str, granted: Granted) -> bool:
    """Tell whether a role may ask for a command."""
    extent = Extent.USUAL
    if command_type.EDITS is not None and role in granted:
        extent = granted[role].get(command_type.EDITS, extent)
    return role in command_type.ROLES if extent is Extent.USUAL else extent is Extent.ALL


def require_right(command_type: type[Command], role: str, granted: Granted) -> None:
    """Refuse a command to a role that may not ask for it; raises NotAllowedError."""
    if not may_ask(command_type, role, granted):
        needed = sorted(each for each in get_args(Role) if may_ask(command_type, each, granted))
        raise NotAllowedError(role=role, needed=needed, action=command_type.command_name())


def require_allowed(command_type: type[Command], actor: Actor, granted: Granted) -> None:
    """Refuse a command that an actor may not ask for, by their role or by their key; raises NotAllowedError."""
    require_right(command_type, actor.role, granted)
    name = command_type.command_name()
    if actor.only is not None and name not in actor.only:
        raise NotNamedByKeyError(action=name, named=sorted(actor.only))
