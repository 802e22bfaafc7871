"""A snapshot says all that an aggregate has folded, and what follows is folded on it as on the facts themselves."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.registry import KINDS
from aggregates.snapshot import fingerprint_of, from_state, state_fields, to_state, topic_of
from events import activity, client, deal, pipeline, product
from events.base import Event
from events.values import Channel, Direction
from tests.examples import CONTRACT, EMAIL, EVENTS, INN, PAYMENT, PHONE, ROMASHKA, SALE, fact
from tests.story import Story, as_recorded, on

ROOT = Path(__file__).resolve().parent.parent.parent

OPENING = {kind: next(event for event in EVENTS if kind(ROMASHKA).knows(event)) for kind in KINDS}
OTHERS: tuple[Event, ...] = (
    fact(client.ClientRegistered, duplicate_reason="a branch", contact_points=(PHONE, EMAIL), tax_id=INN),
    fact(client.ContactPointAdded, point=EMAIL, duplicate_reason="the same office"),
    fact(client.ContactPointCorrected, from_point=EMAIL, to_point=PHONE),
    fact(client.ProfileCorrected, to_value=None),
    fact(activity.ActivityHeld, channel=Channel.CALL, direction=Direction.INBOUND, is_offer=False, topic=None),
    fact(deal.DealRevalued, to_amount=None),
    fact(pipeline.StageAdded, stage=PAYMENT, after=None),
    fact(pipeline.StageRevised, from_stage=CONTRACT, to_stage=CONTRACT.model_copy(update={"name": "Signed"})),
    fact(product.ProductAliasAdded, alias="GTX"),
)


def state_of(aggregate: Aggregate) -> dict[str, Any]:
    return {name: value for name, value in vars(aggregate).items() if name != "occasion"}


def facts_of(kind: type[Aggregate]) -> list[Event]:
    return [event for event in (*EVENTS, *OTHERS) if kind(ROMASHKA).knows(event)]


def histories(kind: type[Aggregate]) -> st.SearchStrategy[tuple[type[Aggregate], list[Event]]]:
    return st.lists(st.sampled_from(facts_of(kind)), max_size=12).map(lambda events: (kind, [OPENING[kind], *events]))


def folded(kind: type[Aggregate], events: list[Event]) -> list[Event]:
    """Return the facts that can follow one another, under envelopes: no rule would have recorded the others."""
    following: list[Event] = []
    for event in events:
        try:
            aggregate = Story([on(ROMASHKA, *following, event)]).context.streams[ROMASHKA]
        except (KeyError, ValueError):
            continue
        assert type(aggregate) is kind
        following.append(event)
    return following


@given(st.one_of([histories(kind) for kind in KINDS]), st.integers(0, 12))
def test_a_state_and_the_facts_after_it_make_what_all_facts_make(
    history: tuple[type[Aggregate], list[Event]], cut: int
) -> None:
    kind, events = history
    events = folded(kind, events)
    whole = Story([on(ROMASHKA, *events)]).context.streams[ROMASHKA]
    early = Story([on(ROMASHKA, *events[: cut + 1])]).context.streams[ROMASHKA]
    later = from_state(kind, ROMASHKA, early.version, to_state(early))
    assert state_of(later) == state_of(early)
    for event in as_recorded([on(ROMASHKA, *events)])[cut + 1 :]:
        later.apply(event)
    assert state_of(later) == state_of(whole)
    assert later.identities() == whole.identities()
    assert later.subject_id == whole.subject_id


@pytest.mark.parametrize("kind", KINDS)
def test_everything_an_aggregate_keeps_is_in_its_state(kind: type[Aggregate]) -> None:
    class Bare(Aggregate):
        KIND = "bare"

    kept = vars(kind(ROMASHKA)).keys() - vars(Bare(ROMASHKA)).keys()
    assert set(state_fields(kind)) == kept
    # And nothing that a fold adds later.
    for event in facts_of(kind):
        try:
            aggregate = Story([on(ROMASHKA, OPENING[kind], event)]).context.streams[ROMASHKA]
        except (KeyError, ValueError):
            continue
        assert vars(aggregate).keys() == vars(kind(ROMASHKA)).keys()


def test_what_is_no_state_of_the_kind_is_refused() -> None:
    for state in (b"", b"{}", to_state(Deal(SALE)), to_state(Client(ROMASHKA))[:-1] + b',"shoe_size":43}'):
        with pytest.raises(ValidationError):
            from_state(Client, ROMASHKA, 1, state)


def test_snapshots_are_kept_by_kind_and_by_the_code_that_took_them(tmp_path: Path) -> None:
    assert len({topic_of(kind) for kind in KINDS}) == len(KINDS)
    folders = [shutil.copytree(ROOT / package, tmp_path / package) for package in ("aggregates", "events")]
    present = fingerprint_of(folders)
    assert topic_of(Deal) == f"deal@{present}"
    room = folders[0] / "room"
    room.mkdir()
    for changed in (folders[0] / "deal.py", folders[1] / "values.py", room / "__init__.py", room / "rule.py"):
        changed.write_text((changed.read_text("utf-8") if changed.exists() else "") + "\n", "utf-8")
        before, present = present, fingerprint_of(folders)
        assert present != before
    # A module that is moved is other code: what it was imported as may be read by another one now.
    (room / "rule.py").rename(folders[0] / "rule.py")
    assert fingerprint_of(folders) != present
