"""Whose open deals and plans become when their seller leaves or their client goes to another; and who is credited."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from aggregates.activity import ActivityIsClosedError
from aggregates.staff import (
    StaffDoesNotSellError,
    StaffHasDepartedError,
    SuccessorIsSelfError,
    SuccessorNotNeededError,
    WorkOfDepartedError,
)
from commands.activity import HoldActivity, RecordActivity
from commands.activity_reminder import FallReminder
from commands.base import Command
from commands.deal import LoseDeal, ReopenDeal, WinDeal
from commands.handover import (
    SELLER_IS_GONE,
    WITH_THE_CLIENT,
    HandOverActivity,
    ReassignActivity,
    ReassignDeal,
)
from commands.ownership import ReassignClient
from commands.staff import ChangeStaffRole
from events.activity import (
    ActivityCancelled,
    ActivityHandedOver,
    ActivityHeld,
    ActivityPlanned,
    ActivityReminderFell,
)
from events.client import (
    ClientAffiliated,
    ClientArchived,
    ClientClaimed,
    ClientRegistered,
    ClientReleased,
    ClientTransferred,
)
from events.deal import DealHandedOver, DealLost, DealOpened, DealReopened, DealWon
from events.examples import DAY
from events.pipeline import PipelineDefined
from events.staff import StaffDeparted, StaffHired, StaffRoleChanged
from events.values import ClientKind, OwnershipCause, StaffRole
from tests.examples import (
    ANNA,
    BORIS,
    CALL,
    LUTIK,
    MEETING,
    OLGA,
    ROAD,
    ROMASHKA,
    SALE,
    VERA,
    command,
    fact,
)
from tests.story import TODAY, Story, Told, by, given, moment, on

STAFF: tuple[Told, ...] = (
    on(ANNA, fact(StaffHired, name="Anna")),
    on(BORIS, fact(StaffHired, name="Boris")),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None)),
)
COMPANY = (
    *STAFF,
    on(ROMASHKA, fact(ClientRegistered)),
    on(LUTIK, fact(ClientRegistered, name="Lutik", tax_id=None)),
    on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, name="Olga", tax_id=None), fact(ClientAffiliated)),
    on(ROAD, fact(PipelineDefined)),
)
POLICY = by("policy")
DEAL = on(SALE, fact(DealOpened))
PLAN = on(MEETING, fact(ActivityPlanned))
NO_HEIRS: dict[str, None] = {"successor_id": None, "head_id": None}


def owns(staff_id: UUID, client_id: UUID = ROMASHKA) -> Told:
    return on(client_id, fact(ClientClaimed, owner_id=staff_id))


def gone(staff_id: UUID) -> Told:
    return on(staff_id, StaffDeparted())


def sells_no_more(staff_id: UUID) -> Told:
    return on(staff_id, StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.MARKETER))


def deal_goes_to(staff_id: UUID, reason: str) -> Told:
    return on(SALE, DealHandedOver(from_seller_id=ANNA, to_seller_id=staff_id, reason=reason))


def plan_goes_to(staff_id: UUID, reason: str) -> Told:
    return on(MEETING, ActivityHandedOver(from_staff_id=ANNA, to_staff_id=staff_id, reason=reason))


WORK: pytest.MarkDecorator = pytest.mark.parametrize(
    ("work", "ask", "goes_to"),
    [(DEAL, ReassignDeal, deal_goes_to), (PLAN, ReassignActivity, plan_goes_to)],
    ids=["deal", "plan"],
)


@WORK
def test_work_goes_to_the_new_owner_of_its_client(work: Told, ask: type[Command], goes_to: Any) -> None:
    story = given(*COMPANY, owns(BORIS), work).when(command(ask, **NO_HEIRS), POLICY)
    story.then(goes_to(BORIS, WITH_THE_CLIENT))
    given(*COMPANY, owns(BORIS), work, goes_to(BORIS, WITH_THE_CLIENT)).when(command(ask), POLICY).then_nothing()


@WORK
def test_work_with_a_client_that_is_theirs_again_stays(work: Told, ask: type[Command], goes_to: Any) -> None:
    given(*COMPANY, owns(ANNA), work).when(command(ask), POLICY).then_nothing()
    given(*COMPANY, work).when(command(ask), POLICY).then_nothing()


@WORK
def test_the_departeds_work_goes_to_the_owner_of_its_client_before_the_successor(
    work: Told, ask: type[Command], goes_to: Any
) -> None:
    story = given(*COMPANY, owns(VERA), work, gone(ANNA)).when(command(ask), POLICY)
    story.then(goes_to(VERA, WITH_THE_CLIENT))


@WORK
def test_the_departeds_work_goes_to_the_successor_else_to_the_head(
    work: Told, ask: type[Command], goes_to: Any
) -> None:
    story = given(*COMPANY, owns(ANNA), work, gone(ANNA)).when(command(ask), POLICY)
    story.then(goes_to(BORIS, SELLER_IS_GONE))
    story = given(*COMPANY, work, gone(ANNA), gone(BORIS)).when(command(ask), POLICY)
    story.then(goes_to(VERA, SELLER_IS_GONE))


@WORK
def test_where_nobody_is_there_to_take_it_work_stays(work: Told, ask: type[Command], goes_to: Any) -> None:
    given(*COMPANY, work, gone(ANNA), gone(BORIS), gone(VERA)).when(command(ask), POLICY).then_nothing()
    given(*COMPANY, work, gone(ANNA)).when(command(ask, **NO_HEIRS), POLICY).then_nothing()


@WORK
def test_what_is_anothers_by_now_stays_with_them(work: Told, ask: type[Command], goes_to: Any) -> None:
    handed = goes_to(VERA, "vacation")
    given(*COMPANY, owns(BORIS), work, handed, gone(ANNA)).when(command(ask), POLICY).then_nothing()


def with_olga(work: Told) -> Told:
    """Return the same work with the contact person instead of the organisation."""
    about = {"client_id": OLGA} | ({"contact_id": None} if work is PLAN else {})
    return on(work.stream_id, work.events[0].model_copy(update=about))


@WORK
def test_work_with_a_contact_person_goes_where_the_organisation_goes(
    work: Told, ask: type[Command], goes_to: Any
) -> None:
    story = given(*COMPANY, owns(BORIS), with_olga(work)).when(command(ask, **NO_HEIRS), POLICY)
    story.then(goes_to(BORIS, WITH_THE_CLIENT))


@WORK
def test_work_with_a_contact_person_whom_somebody_owns_goes_to_them(
    work: Told, ask: type[Command], goes_to: Any
) -> None:
    story = given(*COMPANY, owns(BORIS), owns(VERA, OLGA), with_olga(work)).when(command(ask, **NO_HEIRS), POLICY)
    story.then(goes_to(VERA, WITH_THE_CLIENT))


@WORK
def test_an_archived_clients_owner_takes_nothing_over(work: Told, ask: type[Command], goes_to: Any) -> None:
    archived = on(ROMASHKA, fact(ClientArchived))
    story = given(*COMPANY, owns(VERA), archived, work, gone(ANNA)).when(command(ask), POLICY)
    story.then(goes_to(BORIS, SELLER_IS_GONE))


@pytest.mark.parametrize("end", [DealWon, DealLost])
def test_a_deal_that_has_ended_stays_with_whom_it_is_credited_to(end: Any) -> None:
    ended = on(SALE, fact(end))
    given(*COMPANY, owns(BORIS), DEAL, ended, gone(ANNA)).when(command(ReassignDeal), POLICY).then_nothing()


@pytest.mark.parametrize("end", [ActivityHeld, ActivityCancelled])
def test_what_was_held_or_cancelled_stays_with_whoever_had_planned_it(end: Any) -> None:
    ended = on(MEETING, fact(end))
    given(*COMPANY, owns(BORIS), PLAN, ended, gone(ANNA)).when(command(ReassignActivity), POLICY).then_nothing()


def test_who_sells_no_more_gives_up_deals_and_keeps_plans_with_nobodys_client() -> None:
    no_more = sells_no_more(ANNA)
    given(*COMPANY, DEAL, no_more).when(command(ReassignDeal), POLICY).then(deal_goes_to(BORIS, SELLER_IS_GONE))
    given(*COMPANY, PLAN, no_more).when(command(ReassignActivity), POLICY).then_nothing()
    story = given(*COMPANY, PLAN, owns(BORIS), no_more).when(command(ReassignActivity), POLICY)
    story.then(plan_goes_to(BORIS, WITH_THE_CLIENT))


def test_what_is_planned_is_handed_over_once_and_to_somebody_who_works_here() -> None:
    handed = on(MEETING, fact(ActivityHandedOver))
    ask = command(HandOverActivity)
    given(*COMPANY, PLAN).when(ask).then(handed)
    given(*COMPANY, PLAN, handed).when(ask).then_nothing()
    given(*COMPANY, PLAN, handed, gone(BORIS)).when(ask).then_nothing()
    given(*COMPANY, PLAN, gone(BORIS)).when(ask).then_refused(StaffHasDepartedError, staff_id=BORIS)
    held = on(MEETING, fact(ActivityHeld))
    given(*COMPANY, PLAN, held).when(ask).then_refused(ActivityIsClosedError, status="held")


def test_what_was_handed_over_is_held_and_reminded_of_in_the_other_ones_name() -> None:
    handed = on(MEETING, fact(ActivityHandedOver))
    story = given(*COMPANY, PLAN, handed).when(command(HoldActivity), by("seller", BORIS))
    held = fact(ActivityHeld, staff_id=BORIS, contact_id=OLGA, contact_name=None, contact_data=None, was_planned=True)
    story.then(on(MEETING, held))
    story = given(*COMPANY, PLAN, handed)
    story.context.now = DAY
    (fell,) = story.when(command(FallReminder), POLICY).recorded
    assert isinstance(fell, ActivityReminderFell)
    assert fell.staff_id == BORIS


# --- nobody is credited after they left ------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [command(WinDeal), command(LoseDeal)], ids=["won", "lost"])
def test_no_deal_is_won_or_lost_in_the_name_of_who_had_left(ask: Command) -> None:
    left = gone(ANNA)._replace(occurred_at=TODAY)
    story = given(*COMPANY, DEAL, left).when(ask, by("head", VERA))
    told = {"staff_id": ANNA, "staff_name": "Anna", "since": TODAY, "remedy": "hand-over-deal"}
    story.then_refused(WorkOfDepartedError, **told)
    handed = deal_goes_to(VERA, "vacation")
    ended, *_ = given(*COMPANY, DEAL, gone(ANNA), handed).when(ask, by("head", VERA)).recorded
    assert isinstance(ended, DealWon | DealLost)
    assert ended.seller_id == VERA


def test_what_was_won_while_they_were_there_is_told_later_and_credited_to_them() -> None:
    company = (*COMPANY, DEAL, gone(ANNA))
    left_at = moment(len(company))
    story = given(*company).when(command(WinDeal, occurred_at=moment(len(company) - 1)), by("head", VERA))
    won = story.recorded[0]
    assert isinstance(won, DealWon)
    assert (won.seller_id, left_at < TODAY) == (ANNA, True)


ENDS: pytest.MarkDecorator = pytest.mark.parametrize(
    ("work", "ask", "goes_to"),
    [
        (DEAL, command(WinDeal), deal_goes_to),
        (DEAL, command(LoseDeal), deal_goes_to),
        (PLAN, command(HoldActivity, is_offer=True), plan_goes_to),
    ],
    ids=["won", "lost", "held"],
)
OWN_DAY = moment(len(COMPANY) + 1)
"""When the work of these stories is hers, and not handed over yet."""
AN_HOUR = timedelta(hours=1)


def credited_by(story: Story) -> UUID | None:
    (ended,) = (each for each in story.recorded if isinstance(each, DealWon | DealLost | ActivityHeld))
    return ended.staff_id if isinstance(ended, ActivityHeld) else ended.seller_id


@ENDS
def test_credited_is_who_led_it_when_it_happened(work: Told, ask: Command, goes_to: Any) -> None:
    handed = goes_to(BORIS, "vacation")._replace(occurred_at=OWN_DAY + 2 * AN_HOUR)
    back = on(handed.stream_id, *goes_to(VERA, "vacation").events, occurred_at=OWN_DAY + 4 * AN_HOUR)
    for hours, whose in ((-99, ANNA), (1, ANNA), (2, BORIS), (3, BORIS), (4, VERA), (None, VERA)):
        told_of = None if hours is None else OWN_DAY + hours * AN_HOUR
        story = given(*COMPANY, work, handed, back).when(
            ask.model_copy(update={"occurred_at": told_of}), by("head", VERA)
        )
        assert credited_by(story) == whose, hours


@ENDS
def test_who_tells_of_no_moment_credits_who_leads_it_whatever_another_clock_told(
    work: Told, ask: Command, goes_to: Any
) -> None:
    handed = goes_to(BORIS, "vacation")._replace(occurred_at=TODAY + AN_HOUR)
    assert credited_by(given(*COMPANY, work, handed).when(ask)) == BORIS


@ENDS
def test_what_happened_after_they_had_left_is_credited_to_whom_it_went(work: Told, ask: Command, goes_to: Any) -> None:
    left = gone(ANNA)._replace(occurred_at=OWN_DAY)
    handed = goes_to(BORIS, SELLER_IS_GONE)._replace(occurred_at=OWN_DAY + 2 * AN_HOUR)
    for told_of, whose in ((OWN_DAY - AN_HOUR, ANNA), (OWN_DAY, BORIS), (OWN_DAY + AN_HOUR, BORIS)):
        ask = ask.model_copy(update={"occurred_at": told_of})
        assert credited_by(given(*COMPANY, work, left, handed).when(ask, by("head", VERA))) == whose
        both = (left, handed, gone(BORIS)._replace(occurred_at=OWN_DAY))
        story = given(*COMPANY, work, *both).when(ask, by("head", VERA))
        if whose == BORIS:
            story.then_refused(WorkOfDepartedError, staff_id=BORIS)


def test_an_offer_told_late_claims_its_client_for_whom_it_was_handed_over_to() -> None:
    handed = plan_goes_to(BORIS, "vacation")._replace(occurred_at=OWN_DAY + AN_HOUR)
    ask = command(HoldActivity, is_offer=True, client_id=LUTIK, occurred_at=OWN_DAY)
    _, claimed = given(*COMPANY, PLAN, handed).when(ask, by("seller", BORIS)).recorded
    assert isinstance(claimed, ClientClaimed)
    assert claimed.owner_id == BORIS


def test_a_deal_whose_end_was_told_late_goes_on_as_if_it_had_been_told_in_time() -> None:
    handed = deal_goes_to(BORIS, "vacation")._replace(occurred_at=OWN_DAY + AN_HOUR)
    lost = on(SALE, fact(DealLost, seller_id=ANNA), occurred_at=OWN_DAY)
    reopened = on(SALE, fact(DealReopened))
    given(*COMPANY, DEAL, handed, lost).when(command(ReopenDeal)).then(reopened)
    won = given(*COMPANY, DEAL, handed, lost, reopened).when(command(WinDeal))
    assert credited_by(won) == ANNA
    story = given(*COMPANY, DEAL, handed, lost, gone(ANNA), owns(BORIS)).when(command(ReopenDeal))
    story.then(reopened, deal_goes_to(BORIS, SELLER_IS_GONE))


def test_asking_again_for_an_end_that_was_credited_in_time_records_nothing() -> None:
    won = on(SALE, fact(DealWon))
    given(*COMPANY, DEAL, won, gone(ANNA)).when(command(WinDeal)).then_nothing()
    lost = on(SALE, fact(DealLost))
    given(*COMPANY, DEAL, lost, gone(ANNA)).when(command(LoseDeal)).then_nothing()


def test_nothing_is_held_in_the_name_of_who_had_left() -> None:
    story = given(*COMPANY, PLAN, gone(ANNA)).when(command(HoldActivity), by("head", VERA))
    story.then_refused(WorkOfDepartedError, staff_id=ANNA, remedy="hand-over-activity")


def test_a_machine_records_no_call_in_the_name_of_who_had_left() -> None:
    ask = command(RecordActivity, activity_id=CALL, staff_id=ANNA)
    machine = by("integration", "telephone")
    given(*COMPANY, gone(ANNA)).when(ask, machine).then_refused(StaffHasDepartedError, staff_id=ANNA)
    before = ask.model_copy(update={"occurred_at": moment(1)})
    (held,) = given(*COMPANY, gone(ANNA)).when(before, machine).recorded
    assert isinstance(held, ActivityHeld)
    assert held.staff_id == ANNA


@pytest.mark.parametrize("leaves", [gone, sells_no_more])
def test_a_deal_reopened_after_its_seller_left_is_led_by_the_clients_owner(leaves: Any) -> None:
    lost = on(SALE, fact(DealLost))
    story = given(*COMPANY, owns(BORIS), DEAL, lost, leaves(ANNA)).when(command(ReopenDeal), by("head", VERA))
    story.then(on(SALE, fact(DealReopened)), deal_goes_to(BORIS, SELLER_IS_GONE))


def test_a_deal_reopened_after_its_seller_left_is_else_led_by_whoever_reopened_it() -> None:
    left = (*COMPANY, owns(ANNA), DEAL, on(SALE, fact(DealLost)), gone(ANNA))
    story = given(*left).when(command(ReopenDeal), by("head", VERA))
    story.then(on(SALE, fact(DealReopened)), deal_goes_to(VERA, SELLER_IS_GONE))


def test_a_deal_that_nobody_may_lead_is_not_reopened() -> None:
    ended = (*COMPANY, DEAL, on(SALE, fact(DealLost)), gone(ANNA))
    given(*ended).when(command(ReopenDeal)).then_refused(StaffHasDepartedError, staff_id=ANNA)
    given(*ended[:-1]).when(command(ReopenDeal)).then(on(SALE, fact(DealReopened)))
    given(*COMPANY, DEAL, gone(ANNA)).when(command(ReopenDeal), by("head", VERA)).then_nothing()


# --- a role that cannot sell keeps no clients ------------------------------------------------------------------------


def test_the_client_of_who_sells_no_more_goes_to_the_successor_else_to_the_head_else_becomes_free() -> None:
    cause: dict[str, Any] = {"cause": OwnershipCause.ROLE, "reason": "the owner does not sell any more"}
    left = (*COMPANY, owns(ANNA), sells_no_more(ANNA))
    for others, heir in (((), BORIS), ((gone(BORIS),), VERA)):
        story = given(*left, *others).when(command(ReassignClient), POLICY)
        story.then(on(ROMASHKA, ClientTransferred(from_owner_id=ANNA, to_owner_id=heir, **cause)))
    story = given(*left).when(command(ReassignClient, **NO_HEIRS), POLICY)
    story.then(on(ROMASHKA, ClientReleased(from_owner_id=ANNA, **cause)))


def test_the_client_of_who_sells_is_not_reassigned() -> None:
    given(*COMPANY, owns(ANNA)).when(command(ReassignClient), POLICY).then_nothing()
    back = on(ANNA, StaffRoleChanged(from_role=StaffRole.MARKETER, to_role=StaffRole.SELLER))
    given(*COMPANY, owns(ANNA), sells_no_more(ANNA), back).when(command(ReassignClient), POLICY).then_nothing()


def test_who_is_to_sell_no_more_leaves_a_successor_who_sells_and_is_somebody_else() -> None:
    ask = command(ChangeStaffRole)
    given(*STAFF, gone(BORIS)).when(ask).then_refused(StaffHasDepartedError, staff_id=BORIS)
    given(*STAFF, sells_no_more(BORIS)).when(ask).then_refused(StaffDoesNotSellError, staff_id=BORIS)
    given(*STAFF).when(command(ChangeStaffRole, successor_id=ANNA)).then_refused(SuccessorIsSelfError)


def test_who_goes_on_selling_or_never_sold_needs_no_successor() -> None:
    ask = command(ChangeStaffRole, role=StaffRole.HEAD)
    given(*STAFF).when(ask).then_refused(SuccessorNotNeededError, staff_id=ANNA, role=StaffRole.HEAD)
    alone = command(ChangeStaffRole, role=StaffRole.HEAD, successor_id=None)
    changed = StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.HEAD)
    given(*STAFF).when(alone).then(on(ANNA, changed))
