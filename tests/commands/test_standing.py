"""What a role may ask for: what names it, more or less than that as it was granted, and no further than it sees."""

from typing import get_args
from uuid import UUID

import pytest

from aggregates.right import FIXED, EditingIsFixedError, RoleRights
from app.composition.wiring import batch_runner
from commands.base import Actor, Command, handles
from commands.errors import NotAllowedError
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.registry import COMMANDS
from commands.right import GrantEditing
from commands.roles import ADMIN, Role
from commands.standing import NOTHING, Standing, may_ask, require_right
from events.examples import RIGHTS_OF_OPERATORS
from events.right import EditingGranted
from events.values import EditedKind, Extent, StaffRole
from infra.postgres.connection import OwnConnection
from tests.database import MASTER, Database
from tests.examples import ANNA, ROMASHKA, command, fact
from tests.story import by, given, on

ROLES = get_args(Role)
GRANTED = on(RIGHTS_OF_OPERATORS, fact(EditingGranted))
TO_BE_GRANTED = sorted(set(StaffRole) - FIXED)


def test_as_long_as_nothing_is_granted_a_role_may_ask_for_what_names_it() -> None:
    usual = {role.value: RoleRights(UUID(int=1)).extents() for role in StaffRole}
    for each in COMMANDS.values():
        for granted in (NOTHING, usual):
            assert {role for role in ROLES if may_ask(each, role, granted)} == each.ROLES, each


@pytest.mark.parametrize("kind", EditedKind)
def test_a_role_gets_or_loses_the_commands_of_a_kind_and_no_others(kind: EditedKind) -> None:
    of_kind = {name for name, each in COMMANDS.items() if each.EDITS is kind}
    assert of_kind
    for granted_to in TO_BE_GRANTED:
        for role in ROLES:
            usual = {name for name, each in COMMANDS.items() if role in each.ROLES}
            for extent, expected in (
                (Extent.ALL, usual | of_kind),
                (Extent.USUAL, usual),
                (Extent.NONE, usual - of_kind),
            ):
                granted = {granted_to.value: {kind: extent}}
                may = {name for name, each in COMMANDS.items() if may_ask(each, role, granted)}
                assert may == (expected if role == granted_to else usual), (role, extent)


def test_what_keeps_the_house_in_order_is_of_no_kind() -> None:
    """Who is hired, what is sold and who may do what is for those it names; so is what a policy or an import asks."""
    for name, each in COMMANDS.items():
        is_inner = each.ROLES & {"policy", "import"} and name != "classify-call"
        if is_inner or each.__module__.partition(".")[2] in {"right", "staff", "team", "branch", "pipeline", "product"}:
            assert each.EDITS is None, name


def test_a_command_says_what_it_edits_or_cannot_be_asked_for() -> None:
    class Silent(Command):
        ROLES = ADMIN

    with pytest.raises(TypeError, match="does not say what it EDITS"):
        handles(Silent)(lambda _command, context: context.save())


def test_the_refusal_says_who_may_now() -> None:
    reschedule = COMMANDS["reschedule-activity"]
    granted = {"operator": {EditedKind.ACTIVITIES: Extent.ALL}, "marketer": {EditedKind.ACTIVITIES: Extent.NONE}}
    require_right(reschedule, "operator", granted)
    with pytest.raises(NotAllowedError) as refusal:
        require_right(reschedule, "marketer", granted)
    assert refusal.value.facts["needed"] == ["admin", "head", "operator", "seller", "service_agent"]


def test_editing_is_granted_once_and_comes_back_to_what_is_usual() -> None:
    given().when(command(GrantEditing)).then(GRANTED)
    given(GRANTED).when(command(GrantEditing)).then_nothing()
    usual = command(GrantEditing, extent=Extent.USUAL)
    given().when(usual).then_nothing()
    given(GRANTED).when(usual).then(on(RIGHTS_OF_OPERATORS, fact(EditingGranted, extent=Extent.USUAL)))


@pytest.mark.parametrize("role", sorted(FIXED))
def test_what_is_fixed_is_granted_to_nobody_and_taken_from_nobody(role: StaffRole) -> None:
    for extent in Extent:
        given().when(command(GrantEditing, role=role, extent=extent)).then_refused(EditingIsFixedError, role=role)


def test_who_has_another_role_by_now_may_what_was_granted_to_that(database: Database) -> None:
    borrow = OwnConnection(database.writer_url)
    runner = batch_runner(MASTER, borrow)
    hire, enter = COMMANDS["hire-staff"], COMMANDS["register-client"]
    for each in (command(hire, staff_id=ANNA, role="operator"), command(enter, client_id=ROMASHKA)):
        (answer,) = runner.run([Request.of(each, by("admin"), MASTER.keyed_hash)])
        assert isinstance(answer, Accepted), answer
    rename = command(COMMANDS["rename-client"], client_id=ROMASHKA)
    was_seller = Actor(str(ANNA), "seller", is_on_record=True)
    kind = EditedKind.PERSONAL
    for extent, may in ((Extent.NONE, False), (Extent.USUAL, True)):
        standing = Standing({"operator": {kind: extent}, "seller": {kind: Extent.ALL}})
        (answer,) = runner.run([Request.of(rename, was_seller, MASTER.keyed_hash, standing=standing)])
        assert isinstance(answer, Accepted if may else NotAllowedError), answer
    borrow.close()
