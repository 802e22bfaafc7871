"""What a role sees: granted by an admin, within what its kind allows."""

import pytest

from aggregates.right import DEFAULT_SCOPES, FIXED, RoleRights, ScopeIsFixedError, TextsAreWholeError
from commands.right import GrantScope
from events.examples import RIGHTS_OF_SELLERS
from events.ids import rights_of
from events.right import ScopeGranted
from events.values import Scope, SeenKind, StaffRole
from tests.examples import command, fact
from tests.story import given, on

GRANTED = on(RIGHTS_OF_SELLERS, fact(ScopeGranted))


def test_a_scope_is_granted_once() -> None:
    given().when(command(GrantScope)).then(GRANTED)
    given(GRANTED).when(command(GrantScope)).then_nothing()
    back = command(GrantScope, scope=Scope.TEAM)
    given(GRANTED).when(back).then(on(RIGHTS_OF_SELLERS, fact(ScopeGranted, scope=Scope.TEAM)))
    # What a role sees by default it need not be granted.
    given().when(back).then_nothing()


def test_each_kind_has_a_scope_of_its_own() -> None:
    rights = given(GRANTED).context.find(RoleRights, RIGHTS_OF_SELLERS)
    assert rights is not None
    assert rights.scopes(StaffRole.SELLER) == {**DEFAULT_SCOPES[StaffRole.SELLER], SeenKind.CLIENTS: Scope.OWN}
    assert set(DEFAULT_SCOPES) == set(StaffRole)
    assert all(set(scopes) == set(SeenKind) for scopes in DEFAULT_SCOPES.values())


@pytest.mark.parametrize("role", sorted(FIXED))
def test_who_sees_nobody_or_everybody_goes_on_to(role: StaffRole) -> None:
    assert len(set(DEFAULT_SCOPES[role].values())) == 1
    given().when(command(GrantScope, role=role)).then_refused(ScopeIsFixedError, role=role)


def test_texts_are_read_or_not() -> None:
    ask = command(GrantScope, role=StaffRole.MARKETER, kind=SeenKind.TEXTS, scope=Scope.ALL)
    given().when(ask).then(
        on(
            rights_of("marketer"),
            fact(ScopeGranted, role=StaffRole.MARKETER, kind=SeenKind.TEXTS, scope=Scope.ALL),
        )
    )
    for scope in (Scope.OWN, Scope.TEAM, Scope.BRANCH):
        given().when(command(GrantScope, kind=SeenKind.TEXTS, scope=scope)).then_refused(
            TextsAreWholeError, scope=scope
        )
