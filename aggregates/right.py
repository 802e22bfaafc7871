"""The rights of a role: whose clients, deals and activities its people see, what they read of it and may edit."""

from collections.abc import Mapping
from types import MappingProxyType

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.right import EditingGranted, ScopeGranted
from events.values import EditedKind, Extent, Scope, SeenKind, StaffRole


def _all(scope: Scope, texts: Scope = Scope.ALL) -> Mapping[SeenKind, Scope]:
    return MappingProxyType({kind: texts if kind is SeenKind.TEXTS else scope for kind in SeenKind})


DEFAULT_SCOPES: Mapping[StaffRole, Mapping[SeenKind, Scope]] = {
    StaffRole.SELLER: _all(Scope.TEAM),
    StaffRole.HEAD: _all(Scope.BRANCH),
    StaffRole.OPERATOR: _all(Scope.ALL),
    StaffRole.SERVICE_AGENT: _all(Scope.ALL),
    StaffRole.MARKETER: _all(Scope.ALL, texts=Scope.NONE),
    StaffRole.ANALYST: _all(Scope.NONE, texts=Scope.NONE),
    StaffRole.AUDITOR: _all(Scope.ALL),
    StaffRole.OPS: _all(Scope.NONE, texts=Scope.NONE),
    StaffRole.ADMIN: _all(Scope.ALL),
    StaffRole.INTEGRATION: _all(Scope.NONE, texts=Scope.NONE),
}
"""What people in a role see as long as nothing else was granted."""

FIXED = frozenset({StaffRole.ANALYST, StaffRole.OPS, StaffRole.INTEGRATION, StaffRole.AUDITOR, StaffRole.ADMIN})
"""Programs, analysts and operators of the service see nobody; who answers for everything sees everybody.

What they edit is what they are for: a program what its key names, an auditor nothing, an admin everything.
"""


class ScopeIsFixedError(RuleBrokenError):
    """What this role sees cannot be granted otherwise; facts: role."""

    code = "scope-is-fixed"


class EditingIsFixedError(RuleBrokenError):
    """What this role may edit cannot be granted otherwise; facts: role."""

    code = "editing-is-fixed"


class TextsAreWholeError(WrongValueError):
    """What people wrote is read by a role or not; facts: scope (the one asked for)."""

    code = "texts-are-whole"
    field = "scope"


class RoleRights(Aggregate):
    """The rights of one role, under the id that it has (`events.ids.rights_of`)."""

    KIND = "right"

    granted: dict[SeenKind, Scope]
    editing: dict[EditedKind, Extent]

    def start(self) -> None:
        self.granted = {}
        self.editing = {}

    def scopes(self, role: StaffRole) -> dict[SeenKind, Scope]:
        """Return the scope of each kind of thing."""
        return {**DEFAULT_SCOPES[role], **self.granted}

    def grant(self, role: StaffRole, kind: SeenKind, scope: Scope, *, reason: str | None) -> None:
        """Record another scope; the present one records nothing."""
        if role in FIXED:
            raise ScopeIsFixedError(role=role)
        if kind is SeenKind.TEXTS and scope not in {Scope.NONE, Scope.ALL}:
            raise TextsAreWholeError(scope=scope)
        if self.scopes(role)[kind] != scope:
            self.trigger_event(ScopeGranted, role=role, kind=kind, scope=scope, reason=reason)

    def extents(self) -> dict[EditedKind, Extent]:
        """Return to which extent each kind of thing may be edited."""
        return {**dict.fromkeys(EditedKind, Extent.USUAL), **self.editing}

    def grant_editing(self, role: StaffRole, kind: EditedKind, extent: Extent, *, reason: str | None) -> None:
        """Record another extent; the present one records nothing."""
        if role in FIXED:
            raise EditingIsFixedError(role=role)
        if self.extents()[kind] != extent:
            self.trigger_event(EditingGranted, role=role, kind=kind, extent=extent, reason=reason)

    @applies(ScopeGranted)
    def _granted(self, event: ScopeGranted) -> None:
        self.granted[event.kind] = event.scope

    @applies(EditingGranted)
    def _editing_granted(self, event: EditingGranted) -> None:
        self.editing[event.kind] = event.extent
