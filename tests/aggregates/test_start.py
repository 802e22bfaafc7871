"""A thing of which nothing is known yet is in the state that its rules begin from."""

from typing import Any

import pytest

from aggregates.activity import Activity
from aggregates.activity_setting import Setting
from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.import_run import ImportRun
from aggregates.pipeline import Pipeline
from aggregates.price_book import PriceBook
from aggregates.price_ladder import PriceLadder
from aggregates.product import Product
from aggregates.registry import KINDS
from aggregates.snapshot import state_fields
from aggregates.staff import StaffMember
from aggregates.tax_rate import TaxRate
from events.product import UNDESCRIBED
from events.values import Channel, ClientKind, Direction, Lifecycle, StaffRole
from tests.examples import ROMASHKA

NOT_USED = {"used_by": set(), "undone_by": set(), "is_used": False, "is_reverted": False}
UNKNOWN: dict[type[Aggregate], dict[str, Any]] = {
    Client: {
        "kind": ClientKind.PERSON,
        "name": "",
        "is_tax_id_wrong": False,
        "tax_country": "RU",
        "points": {},
        "profile": {},
        "affiliations": {},
        "lifecycle": Lifecycle.PROSPECT,
        "is_archived": False,
        "allowed_duplicates": set(),
        "entered": {},
        "data_notices": set(),
        "notes": {},
        "parts": {},
        "lent": {},
        **NOT_USED,
    },
    StaffMember: {"name": "", "role": StaffRole.SELLER},
    Activity: {
        "status": "planned",
        "channel": Channel.TASK,
        "direction": Direction.OUTBOUND,
        "is_offer": False,
        "reminded": (),
        "leaders": (),
        "setting": Setting(),
        "notes": {},
        **NOT_USED,
    },
    Deal: {"status": "open", "category": "pipeline", "leaders": (), "stage": "", "notes": {}, **NOT_USED},
    Pipeline: {"name": "", "stages": {}, "retired": set(), "is_retired": False},
    Product: {"code": "", "name": "", "aliases": set(), "description": UNDESCRIBED, "is_withdrawn": False},
    TaxRate: {"rates": ()},
    PriceBook: {"name": "", "currency": "", "published": {}, "is_closed": False},
    PriceLadder: {"product_code": "", "prices": ()},
    ImportRun: {"source": "", "is_strict": False, "is_being_reverted": False},
}
"""What is not None of each."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_nothing_is_known_of_begins_there(kind: type[Aggregate]) -> None:
    nothing = kind(ROMASHKA)

    state = {name: getattr(nothing, name) for name in state_fields(kind)}
    if kind in UNKNOWN:
        assert state == {name: UNKNOWN[kind].get(name) for name in state}
    else:
        assert not any(state.values()), state
    assert (nothing.version, nothing.exists, nothing.has_pending, nothing.occasion) == (0, False, False, None)
