"""What is declared: which policies and timers there are, under which stored names, and none of them by half."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from commands.ownership import ReassignClient
from commands.policies import POLICIES, TIMERS
from commands.policies.activity_reminder import activity_reminder
from commands.policies.base import Due, Policy
from commands.policies.ownership_reassignment import ownership_reassignment
from events.registry import EVENT_TYPES
from events.staff import StaffDeparted
from projections.timers.timers_due import RULES
from tests.commands.policies.diary import NOON
from tests.examples import ANNA, BORIS, LUTIK, ROMASHKA, VERA
from tests.story import as_recorded, on

CAUSE = UUID(int=7)


class TwoClients:
    """A log in which somebody had two clients."""

    def streams_concerning(self, party_id: UUID, topics: Sequence[str]) -> list[UUID]:
        assert (party_id, set(topics)) == (ANNA, {"client.claimed", "client.transferred"})
        return [LUTIK, ROMASHKA]


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


def test_a_departure_is_answered_for_each_client_of_the_departed() -> None:
    (departure,) = as_recorded([on(ANNA, StaffDeparted(successor_id=BORIS, head_id=VERA))])
    asked = list(ownership_reassignment.commands_for(departure, TwoClients()))
    assert asked == [
        (client_id, ReassignClient(client_id=client_id, departed_id=ANNA, successor_id=BORIS, head_id=VERA))
        for client_id in (LUTIK, ROMASHKA)
    ]


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
