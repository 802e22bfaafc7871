"""A member of an answer can be null where some history leaves it so, and nowhere else: who reads it need not wonder."""

from collections.abc import Iterator
from itertools import product
from types import NoneType
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from events.base import Event
from events.registry import EVENT_TYPES
from infra.projector.projection import Projection
from projections.interactions.activities import activities
from projections.parties.client_card import client_card
from projections.sales.pipeline_board import pipeline_board
from projections.sales.products import products
from projections.staff.staff_directory import staff_directory
from projections.staff.units import units
from read_api.activities import Activity
from read_api.client_card import ClientCard
from read_api.deals import Deal
from read_api.products import Product
from read_api.reading.answer import Sql
from read_api.staff import StaffMember, Unit
from tests.examples import SALE, example_by
from tests.story import given, on


def told(view: Projection[Any]) -> Iterator[Event]:
    """Give of each fact that a view folds its example, and one that says no more than it has to."""
    for kind in EVENT_TYPES:
        if kind.TOPIC in view.topics:
            example = example_by(kind.TOPIC)
            yield example
            yield kind(
                **{name: getattr(example, name) for name, each in kind.model_fields.items() if each.is_required()}
            )


@pytest.mark.parametrize(
    ("view", "item", "listed"),
    [
        (client_card, ClientCard, "registered_at"),
        (pipeline_board, Deal, "opened_at"),
        (activities, Activity, "takes_place_at"),
        (products, Product, "code"),
        (staff_directory, StaffMember, "name"),
        (units, Unit, "name"),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_what_is_never_null_says_so(view: Projection[Any], item: type[BaseModel], listed: str) -> None:
    members = {name: field for name, field in item.model_fields.items() if name in view.columns}
    own = {name for name, field in members.items() if not any(isinstance(one, Sql) for one in field.metadata)}
    null: set[str] = set()
    # Of a fact that an operator passed over the later ones are told all the same.
    for facts in product(told(view), repeat=2):
        for row in given(on(SALE, *facts)).rows(view).values():
            if getattr(row, listed) is not None:
                null |= {name for name in own if getattr(row, name) is None}
    assert {name for name in own if NoneType in get_args(members[name].annotation)} == null
