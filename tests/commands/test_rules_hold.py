"""Whatever is asked, in whatever order, the history that comes of it is one the business could have had.

A clerk who knows no aggregate reads what was recorded on each stream and says what cannot be.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events import activity, client, client_merge, deal, pipeline, product, staff
from events.base import Event
from events.note import Noted, NoteEdited, NoteWithdrawn
from events.values import Lifecycle
from tests.examples import ANNA, BORIS, MEETING, ROAD, ROMASHKA, SALE, fact
from tests.story import Story, on
from tests.story import given as story
from tests.system.chances import KINDS
from tests.system.histories import ACTORS, OFTEN, OPENING, Asked

FIRST = (
    client.ClientRegistered,
    staff.StaffHired,
    deal.DealOpened,
    pipeline.PipelineDefined,
    product.ProductListed,
)
ENDS = (deal.DealWon, deal.DealLost)
FORWARD = list(Lifecycle)


def owner(before: Sequence[Event]) -> UUID | None:
    """Return whose client it is."""
    for event in reversed(before):
        match event:
            case client.ClientClaimed():
                return event.owner_id
            case client.ClientTransferred():
                return event.to_owner_id
            case client.ClientReleased():
                return None
            case client_merge.ClientsMerged() | client_merge.ClientUnmerged():
                if event.from_owner_id != event.to_owner_id:
                    return event.to_owner_id
    return None


def has_ended(before: Sequence[Event]) -> bool:
    """Return whether the deal has ended and was not reopened."""
    told = [event for event in before if isinstance(event, (*ENDS, deal.DealReopened))]
    return bool(told) and isinstance(told[-1], ENDS)


def stage(before: Sequence[Event]) -> str:
    """Return where the deal stands."""
    for event in reversed(before):
        match event:
            case deal.DealOpened():
                return event.stage
            case deal.DealMoved() | deal.DealReopened():
                return event.to_stage
    raise AssertionError("a deal that was never opened")


def is_archived(before: Sequence[Event]) -> bool:
    told = [event for event in before if isinstance(event, (client.ClientArchived, client.ClientRestored))]
    return bool(told) and isinstance(told[-1], client.ClientArchived)


OF_A_PART = (
    client_merge.ClientMergedInto,
    client_merge.ClientUnmerged,
    client_merge.ClientUnmergedFrom,
    client_merge.ClientPartAdvanced,
    client.LifecycleAdvanced,
)
"""What happens to who turned out to be another: they join with it, part, and buy."""


def is_merged(before: Sequence[Event]) -> bool:
    told = [e for e in before if isinstance(e, (client_merge.ClientMergedInto, client_merge.ClientUnmergedFrom))]
    return bool(told) and (isinstance(told[-1], client_merge.ClientMergedInto) or told[-1].remains_in is not None)


def lifecycles(before: Sequence[Event]) -> set[Lifecycle]:
    """Return how far the relationship may have come: with the client itself, or with one who turned out to be it."""
    told = [event.to_state for event in before if isinstance(event, client.LifecycleAdvanced)]
    brought = {event.lifecycle for event in before if isinstance(event, client_merge.ClientsMerged)}
    advanced = {event.to_state for event in before if isinstance(event, client_merge.ClientPartAdvanced)}
    return {told[-1] if told else Lifecycle.PROSPECT, *brought, *advanced}


def cannot_be(event: Event, before: Sequence[Event]) -> Iterator[str]:
    """Say what the business could not have had: this fact, after those of the same stream."""
    if isinstance(event, FIRST) and before:
        yield "it began twice"
    yield from about_a_client(event, before)
    yield from about_a_deal(event, before)
    match event:
        case activity.ActivityPlanned() if before:
            yield "planned after something happened"
        case activity.ActivityHeld() | activity.ActivityCancelled() | activity.ActivityRescheduled():
            if any(isinstance(each, (activity.ActivityHeld, activity.ActivityCancelled)) for each in before):
                yield "an activity that is over went on"
    match before[-1:]:
        case [product.ProductWithdrawn()]:
            yield "a withdrawn product changed"
        case [staff.StaffDeparted()]:
            yield "somebody who left changed"


def about_a_client(event: Event, before: Sequence[Event]) -> Iterator[str]:
    if is_merged(before) and not isinstance(event, OF_A_PART):
        yield "somebody who turned out to be another went on"
    match event:
        case client.ClientClaimed() if owner(before) is not None:
            yield "two owners"
        case client.ClientClaimed() if is_archived(before):
            yield "an archived client was claimed"
        case client.ClientTransferred() | client.ClientReleased() if owner(before) != event.from_owner_id:
            yield "taken from somebody who was not the owner"
        case client.ClientArchived() if is_archived(before):
            yield "archived twice"
        case client.ClientRestored() if not is_archived(before):
            yield "restored without having been archived"
        case client.LifecycleAdvanced():
            was, becomes = event.from_state, event.to_state
            is_forward = FORWARD.index(was) < FORWARD.index(becomes) or was is Lifecycle.LOST
            if was not in lifecycles(before) or was is becomes or not is_forward:
                yield "the relationship ran backwards"


def about_a_deal(event: Event, before: Sequence[Event]) -> Iterator[str]:
    if not event.TOPIC.startswith("deal.") or isinstance(event, deal.DealOpened):
        return
    if isinstance(event, deal.DealReopened) and not has_ended(before):
        yield "reopened without having ended"
    stays = (deal.DealReopened, deal.DealClientNamed, Noted, NoteEdited, NoteWithdrawn)
    if has_ended(before) and not isinstance(event, stays):
        yield "a deal that has ended went on without being reopened"
    if isinstance(event, (deal.DealMoved, *ENDS)) and event.from_stage != stage(before):
        yield "it left a stage that it was not in"


def check(facts: Sequence[Event]) -> None:
    streams: dict[UUID, list[Event]] = defaultdict(list)
    for event in facts:
        before = streams[event.stream_id]
        assert not list(cannot_be(event, before)), f"{list(cannot_be(event, before))}: {event!r} after {before}"
        before.append(event)
        assert event.originator_version == len(before)


def begun() -> Story:
    """Begin with a company in which there is something to ask for."""
    beginning = story()
    for asked in OPENING:
        beginning.when(asked.command, asked.actor)
    return beginning


ASKED = st.builds(Asked, st.one_of(*KINDS.values(), *(KINDS[kind] for kind in OFTEN)), ACTORS)


# What the clerk says names one stream and its few facts; a shorter history would say no more, after minutes.
@settings(max_examples=30, phases=[Phase.explicit, Phase.generate])
@given(st.lists(ASKED, min_size=40, max_size=80))
def test_any_history_is_one_the_business_could_have_had(everything: list[Asked]) -> None:
    told = begun()
    for asked in everything:
        recorded = len(told.recorded)
        told.when(asked.command, asked.actor)
        assert told.refusal is None or len(told.recorded) == recorded
    check(told.recorded)


@pytest.mark.parametrize(
    ("stream", "history"),
    [
        (ROMASHKA, [fact(client.ClientClaimed), fact(client.ClientClaimed, owner_id=BORIS)]),
        (ROMASHKA, [fact(client.ClientClaimed, owner_id=BORIS), fact(client.ClientReleased, from_owner_id=ANNA)]),
        (ROMASHKA, [fact(client.ClientArchived), fact(client.ClientClaimed)]),
        (ROMASHKA, [fact(client.ClientArchived), fact(client.ClientArchived)]),
        (ROMASHKA, [fact(client.ClientRestored)]),
        (ROMASHKA, [fact(client.LifecycleAdvanced, from_state=Lifecycle.CUSTOMER, to_state=Lifecycle.PROSPECT)]),
        (SALE, [fact(deal.DealOpened), fact(deal.DealLost), fact(deal.DealMoved)]),
        (SALE, [fact(deal.DealOpened), fact(deal.DealReopened)]),
        (SALE, [fact(deal.DealOpened), fact(deal.DealOpened)]),
        (SALE, [fact(deal.DealOpened), fact(deal.DealMoved, from_stage="contract", to_stage="payment")]),
        (MEETING, [fact(activity.ActivityCancelled), fact(activity.ActivityHeld)]),
        (MEETING, [fact(activity.ActivityHeld), fact(activity.ActivityPlanned)]),
        (ROAD, [fact(product.ProductWithdrawn), fact(product.ProductRenamed)]),
        (ANNA, [fact(staff.StaffDeparted), fact(staff.StaffMoved)]),
    ],
    ids=lambda told: " ".join(event.TOPIC for event in told) if isinstance(told, list) else "",
)
def test_the_clerk_sees_what_cannot_be(stream: UUID, history: list[Event]) -> None:
    with pytest.raises(AssertionError, match="after"):
        check(story(on(stream, *history)).facts)
