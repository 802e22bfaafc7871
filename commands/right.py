"""What is asked about the rights of a role."""

from aggregates.right import RoleRights
from commands.base import Command, Context, Outcome, handles
from commands.roles import ADMIN
from events.examples import example
from events.ids import rights_of
from events.values import Scope, SeenKind, StaffRole, Text


@example(role=StaffRole.SELLER, kind=SeenKind.CLIENTS, scope=Scope.OWN, reason="data protection")
class GrantScope(Command):
    """Say whose clients, deals or activities the people of a role see: their own, their team's, their branch's or all.

    Clients who are nobody's are seen by all who see anybody's. `texts` are what was written about activities and in
    notes: `all` of what the role sees, or `none`. It holds from one second later.
    """

    ROLES = ADMIN

    role: StaffRole
    kind: SeenKind
    scope: Scope
    reason: Text | None = None


@handles(GrantScope)
def grant_scope(command: GrantScope, context: Context) -> Outcome:
    rights_id = rights_of(command.role)
    rights = context.find(RoleRights, rights_id) or context.new(RoleRights, rights_id)
    rights.grant(command.role, command.kind, command.scope, reason=command.reason)
    return context.save(rights)
