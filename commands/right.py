"""What is asked about the rights of a role."""

from aggregates.right import RoleRights
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.roles import ADMIN
from events.examples import example
from events.ids import rights_of
from events.values import EditedKind, Extent, Scope, SeenKind, StaffRole, Text


@example(role=StaffRole.SELLER, kind=SeenKind.CLIENTS, scope=Scope.OWN, reason="data protection")
class GrantScope(Command):
    """Say whose clients, deals or activities the people of a role see: their own, their team's, their branch's or all.

    Clients who are nobody's are seen by all who see anybody's. `texts` are what was written about activities and in
    notes: `all` of what the role sees, or `none`. It holds from one second later.
    """

    ROLES, EDITS = ADMIN, None

    role: StaffRole
    kind: SeenKind
    scope: Scope
    reason: Text | None = None


@example(role=StaffRole.OPERATOR, kind=EditedKind.ACTIVITIES, extent=Extent.ALL, reason="summer")
class GrantEditing(Command):
    """Say which commands of a kind the people of a role may ask for: all of it, none, or those of the role as usual.

    Whatever is granted, they act on what they see. It holds from one second later.
    """

    ROLES, EDITS = ADMIN, None

    role: StaffRole
    kind: EditedKind
    extent: Extent
    reason: Text | None = None


@handles(GrantScope)
def grant_scope(command: GrantScope, context: Context) -> Outcome:
    rights = _rights(context, command.role)
    rights.grant(command.role, command.kind, command.scope, reason=command.reason)
    return context.save(rights)


@handles(GrantEditing)
def grant_editing(command: GrantEditing, context: Context) -> Outcome:
    rights = _rights(context, command.role)
    rights.grant_editing(command.role, command.kind, command.extent, reason=command.reason)
    return context.save(rights)


def _rights(context: Context, role: StaffRole) -> RoleRights:
    rights_id = rights_of(role)
    return found_or_new(context, RoleRights, rights_id)
