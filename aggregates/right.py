"""The rights of a role: whose clients, deals and activities its people see, and whether they read what was written."""

from collections.abc import Mapping
from types import MappingProxyType

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.right import ScopeGranted
from events.values import Scope, SeenKind, StaffRole


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
"""Programs, analysts and operators of the service see nobody; who answers for everything sees everybody."""


class ScopeIsFixedError(RuleBrokenError):
    """What this role sees cannot be granted otherwise; facts: role."""

    code = "scope-is-fixed"


class TextsAreWholeError(WrongValueError):
    """What people wrote is read by a role or not; facts: scope (the one asked for)."""

    code = "texts-are-whole"
    field = "scope"


class RoleRights(Aggregate):
    """The rights of one role, under the id that it has (`events.ids.rights_of`)."""

    KIND = "right"

    granted: dict[SeenKind, Scope]

    def start(self) -> None:
        self.granted = {}

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

    @applies(ScopeGranted)
    def _granted(self, event: ScopeGranted) -> None:
        self.granted[event.kind] = event.scope
