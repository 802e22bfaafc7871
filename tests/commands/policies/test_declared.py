"""What is declared: which policies and timers there are, under which stored names, and none of them by half."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from commands.handover import ReassignActivity, ReassignDeal
from commands.ownership import ReassignClient
from commands.policies import POLICIES, TIMERS
from commands.policies.activity_reminder import activity_reminder
from commands.policies.base import Due, Policy
from commands.policies.ownership_reassignment import ownership_reassignment
from events.base import Event
from events.client import ClientTransferred
from events.registry import EVENT_TYPES
from events.staff import StaffDeparted, StaffRoleChanged
from events.values import OwnershipCause, StaffRole
from projections.timers.timers_due import RULES
from tests.commands.policies.diary import NOON
from tests.examples import ANNA, BORIS, LUTIK, MEETING, OLGA, ROMASHKA, SALE, VERA
from tests.story import as_recorded, on

CAUSE = UUID(int=7)


class Log:
    """A log in which Anna had two clients, a deal and a plan; they were with Romashka, for whom Olga acts."""

    def streams_concerning(self, party_id: UUID, topics: Sequence[str]) -> list[UUID]:
        found = {
            (ANNA, "client.claimed"): [LUTIK, ROMASHKA],
            (ROMASHKA, "client.affiliated"): [OLGA],
            (ROMASHKA, "deal.opened"): [SALE],
            (OLGA, "activity.planned"): [MEETING],
        }
        return [each for topic in topics for each in found.get((party_id, topic), [])]

    def streams_naming(self, named: UUID, fields: Mapping[str, str], last: int) -> list[tuple[UUID, str]]:
        assert fields == {
            "deal.opened": "seller_id",
            "deal.handed_over": "to_seller_id",
            "activity.planned": "staff_id",
            "activity.handed_over": "to_staff_id",
        }
        return [(MEETING, "activity.planned"), (SALE, "deal.opened")] if (named, last) == (ANNA, 1) else []


def test_the_stored_names_are_what_they_always_were() -> None:
    assert [(policy.name, policy.actor.id, policy.actor.role) for policy in POLICIES] == [
        ("ownership-reassignment", "policy:ownership-reassignment", "policy")
    ]
    assert [(timer.name, timer.actor.id, timer.actor.role) for timer in TIMERS] == [
        ("activity-reminder", "timer:activity-reminder", "policy")
    ]
    assert ownership_reassignment.command_id(CAUSE, ROMASHKA) == UUID("e50bd3f0-a83e-538c-bd54-cac3948e5370")
    due = Due("activity-reminder", ROMASHKA, NOON, CAUSE)
    assert activity_reminder.command_id(due) == UUID("09a03826-aa01-5311-b298-6114fa2885f6")


def test_each_name_is_given_once() -> None:
    names = [policy.name for policy in POLICIES] + [timer.name for timer in TIMERS] + ["timers"]
    assert len(names) == len(set(names))


def test_a_policy_answers_facts_that_there_are() -> None:
    known = {event_type.TOPIC for event_type in EVENT_TYPES}
    assert [policy.name for policy in POLICIES if not policy.topics or not set(policy.topics) <= known] == []


def test_every_timer_has_a_rule_that_says_what_is_due_and_every_rule_its_timer() -> None:
    assert [timer.name for timer in TIMERS] == [rule.name for rule in RULES], (
        "A timer is declared twice under one name: what is due in projections/timers/timers_due.py (RULES), its command"
        " in commands/policies/__init__.py (TIMERS)."
    )


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_a_timer_s_command_may_be_asked_by_a_policy(timer: object) -> None:
    assert isinstance(timer, type(activity_reminder))
    command = timer.command_for(Due(timer.name, ROMASHKA, NOON, CAUSE))
    assert "policy" in command.ROLES


HEIRS: dict[str, Any] = {"successor_id": BORIS, "head_id": VERA}


@pytest.mark.parametrize(
    "leaves",
    [
        StaffDeparted(**HEIRS),
        StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.MARKETER, **HEIRS),
    ],
    ids=lambda event: event.TOPIC,
)
def test_who_leaves_or_sells_no_more_is_followed_in_clients_deals_and_plans_clients_first(leaves: Event) -> None:
    (fact,) = as_recorded([on(ANNA, leaves)])
    assert list(ownership_reassignment.commands_for(fact, Log())) == [
        (LUTIK, ReassignClient(client_id=LUTIK, departed_id=ANNA, **HEIRS)),
        (ROMASHKA, ReassignClient(client_id=ROMASHKA, departed_id=ANNA, **HEIRS)),
        (MEETING, ReassignActivity(activity_id=MEETING, from_staff_id=ANNA, **HEIRS)),
        (SALE, ReassignDeal(deal_id=SALE, from_staff_id=ANNA, **HEIRS)),
    ]


def test_who_goes_on_selling_in_another_role_keeps_all() -> None:
    (fact,) = as_recorded([on(ANNA, StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.HEAD))])
    assert list(ownership_reassignment.commands_for(fact, Log())) == []


TRANSFERRED = ClientTransferred(
    from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="they quarrelled"
)


def test_a_transfer_is_followed_in_the_deals_and_plans_with_the_client_and_its_contact_persons() -> None:
    (fact,) = as_recorded([on(ROMASHKA, TRANSFERRED)])
    assert list(ownership_reassignment.commands_for(fact, Log())) == [
        (SALE, ReassignDeal(deal_id=SALE, from_staff_id=ANNA)),
        (MEETING, ReassignActivity(activity_id=MEETING, from_staff_id=ANNA)),
    ]


def test_what_the_policy_transferred_itself_it_has_answered() -> None:
    (fact,) = as_recorded([on(ROMASHKA, TRANSFERRED)])
    own = TRANSFERRED.model_copy().under(fact.envelope._replace(actor=ownership_reassignment.actor.id))  # type: ignore[attr-defined]
    assert list(ownership_reassignment.commands_for(own, Log())) == []


def test_two_policies_may_answer_one_fact_about_one_thing() -> None:
    def nothing(*_: object) -> list[tuple[UUID, ReassignClient]]:
        return []

    first, second = (Policy(name, (StaffDeparted.TOPIC,), nothing) for name in ("first", "second"))
    ids = {policy.command_id(CAUSE, ROMASHKA) for policy in (first, second, ownership_reassignment)}
    assert len(ids) == 3


def test_a_repeat_in_a_session_of_another_zone_is_the_same_command() -> None:
    due = Due("activity-reminder", ROMASHKA, NOON, CAUSE)
    elsewhere = due._replace(due_at=NOON.astimezone(ZoneInfo("Asia/Yekaterinburg")))
    assert activity_reminder.command_id(elsewhere) == activity_reminder.command_id(due)
