"""How a rule-keeper works, whatever its rules: it folds its own facts, and records on the occasion it was given."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from aggregates.base import Aggregate, DomainError, Occasion
from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.registry import KINDS
from aggregates.staff import StaffMember
from commands.ownership import TransferClient
from commands.registry import MODULES
from commands.sight import OutOfSightError
from events.client import ClientAffiliated, ClientClaimed, ClientRegistered, ClientRenamed, ClientTransferred
from events.deal import DealMoved
from events.registry import EVENT_TYPES
from events.staff import StaffHired
from events.values import StaffRole
from infra.log.envelope import NEVER, Envelope
from tests.examples import ADMIN, ANNA, BORIS, OLGA, ROMASHKA, SALE, command, fact
from tests.story import TODAY, given, nth_id, on

ON_TODAY = Occasion(TODAY, str(ADMIN), nth_id(1), nth_id(2), nth_id(3), lambda: nth_id(4))


def hired() -> StaffMember:
    member = StaffMember(ANNA)
    member.occasion = ON_TODAY
    member.hire(name="Anna", role=StaffRole.SELLER)
    return member


def test_every_fact_belongs_to_exactly_one_kind_of_aggregate() -> None:
    owners = {event_type: [kind.KIND for kind in KINDS if event_type in kind._folds] for event_type in EVENT_TYPES}
    odd = {event_type.TOPIC: kinds for event_type, kinds in owners.items() if len(kinds) != 1}
    assert not odd, f"{odd}: one aggregate folds it, in a method marked `@applies`."


def test_a_fact_is_recorded_under_the_occasion_it_was_decided_on() -> None:
    (event,) = hired().collect_events()
    assert event.envelope == Envelope(
        position=0,
        event_id=nth_id(4),
        stream_id=ANNA,
        version=1,
        topic="staff.hired",
        schema_version=StaffHired.SCHEMA_VERSION,
        subject_id=ANNA,
        occurred_at=TODAY,
        recorded_at=NEVER,
        actor=str(ADMIN),
        command_id=nth_id(1),
        correlation_id=nth_id(2),
        causation_id=nth_id(3),
        parties=(ANNA,),
    )


def test_facts_are_handed_over_once() -> None:
    member = hired()
    assert [member.has_pending, len(member.collect_events()), member.has_pending] == [True, 1, False]
    assert list(member.collect_events()) == []


def test_a_fold_of_the_recorded_facts_is_the_same_aggregate() -> None:
    member = hired()
    member.change_role(StaffRole.HEAD)
    again = StaffMember(ANNA)
    for event in member.collect_events():
        again.apply(event)
    assert (again.version, again.name, again.role) == (2, "Anna", StaffRole.HEAD)


def test_old_facts_are_recorded_on_their_own_day_and_new_ones_on_the_present() -> None:
    member = hired()
    day = datetime(2017, 3, 1, 5, 0, tzinfo=timezone(timedelta(hours=5)))
    with member.occurring_at(day):
        member.change_role(StaffRole.HEAD)
    member.change_role(StaffRole.SELLER)
    then = [event.occurred_at for event in member.collect_events()]
    assert then == [TODAY, datetime(2017, 3, 1, tzinfo=UTC), TODAY]
    assert [moment.tzinfo for moment in then] == [UTC, UTC, UTC]


def test_the_present_comes_back_after_a_refusal() -> None:
    member = hired()
    with pytest.raises(DomainError), member.occurring_at(datetime(2017, 3, 1, tzinfo=UTC)):
        member.depart(successor=member)
    assert member.occasion == ON_TODAY


def test_a_fact_of_another_aggregate_is_no_fact_of_this_one() -> None:
    deal = Deal(SALE)
    assert deal.knows(fact(DealMoved))
    assert not deal.knows(fact(StaffHired))
    with pytest.raises(KeyError):
        deal.apply(fact(StaffHired))


def test_a_fact_that_cannot_be_is_not_recorded() -> None:
    member = hired()
    with pytest.raises(ValidationError):
        member.depart(reason="x" * 4001)
    assert len(member.collect_events()) == 1


def test_an_affiliation_concerns_the_organisation_too() -> None:
    story = given(on(ROMASHKA, fact(ClientRegistered))).when_asked(
        Client, OLGA, lambda olga: olga.trigger_event(ClientAffiliated, organisation_id=ROMASHKA, role="buyer")
    )
    assert story.recorded[0].parties == (OLGA, ROMASHKA)


def test_ownership_concerns_the_owners_too() -> None:
    facts = (on(BORIS, fact(StaffHired)), on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed)))
    story = given(*facts).when(command(TransferClient)).then(on(ROMASHKA, fact(ClientTransferred)))
    assert story.recorded[0].parties == (ROMASHKA, ANNA, BORIS)


def test_a_name_concerns_only_who_bears_it() -> None:
    story = given(on(ROMASHKA, fact(ClientRegistered))).when_asked(
        Client, ROMASHKA, lambda client: client.rename("Romashka Plus", source="entered by hand")
    )
    story.then(on(ROMASHKA, fact(ClientRenamed)))
    assert story.recorded[0].parties == (ROMASHKA,)


def test_every_refusal_has_a_code_of_its_own_and_says_its_facts() -> None:
    assert MODULES
    kinds = list(_below(DomainError))
    # Who does not see a thing is told what is told of what there is not.
    codes = [kind.code for kind in kinds if kind is not OutOfSightError]
    assert sorted(codes) == sorted(set(codes))
    assert [kind.__name__ for kind in kinds if "facts" not in (kind.__doc__ or "") and not kind.__subclasses__()] == []


def test_every_kind_of_aggregate_has_a_name_of_its_own() -> None:
    names = [kind.KIND for kind in KINDS]
    assert len(names) == len(set(names))
    assert all(issubclass(kind, Aggregate) for kind in KINDS)


def _below(kind: type[DomainError]) -> set[type[DomainError]]:
    below = set(kind.__subclasses__())
    return below.union(*(_below(each) for each in below))
