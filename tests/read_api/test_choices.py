"""The read side knows no event, so its choices are written out: here they are held against those that are recorded."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fastapi.routing import APIRoute
from pydantic import BaseModel

from aggregates.branch import Branch
from aggregates.team import Team
from events.client_date import ClientDateKind
from events.deal import ForecastCategory
from events.permission import PermissionChannel, PermissionPurpose
from events.values import Channel, ClientKind, Direction, Lifecycle, StaffRole
from projections.interactions import activities
from projections.parties import recognised
from projections.sales import pipeline_board
from read_api.door import MODULES
from read_api.roles import Role
from replay.repair.jobs import State

RECORDED: set[tuple[str, tuple[str, ...]]] = {
    ("kind", tuple(ClientKind)),
    ("kind", (Team.KIND, Branch.KIND)),
    ("doubt", recognised.DOUBTED),
    ("stage", tuple(Lifecycle)),
    ("category", tuple(ForecastCategory)),
    ("channel", tuple(Channel)),
    ("direction", tuple(Direction)),
    ("role", tuple(StaffRole)),
    ("status", (pipeline_board.OPEN, pipeline_board.WON, pipeline_board.LOST)),
    ("state", (activities.PLANNED, activities.HELD, activities.CANCELLED)),
    ("state", get_args(State)),
    ("occasion", tuple(ClientDateKind)),
    ("addressed_by", tuple(PermissionChannel)),
    ("purpose", tuple(PermissionPurpose)),
}
"""What a filter chooses among, by its name."""

OF_AN_ANSWER = {"data", "format", "headings", "sort"}
"""Choices that are none of what was recorded."""


def choices() -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Give each choice that a question offers, by its name."""
    for module in MODULES:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            kind = get_type_hints(route.endpoint)["question"]
            assert issubclass(kind, BaseModel)
            for name, field in kind.model_fields.items():
                for one in get_args(field.annotation):
                    if get_origin(one) is Literal and name not in OF_AN_ANSWER:
                        yield name, get_args(one)


def test_what_can_be_chosen_is_what_can_be_recorded() -> None:
    assert set(choices()) == RECORDED


def test_the_roles_that_rights_name_are_those_that_staff_have() -> None:
    assert get_args(Role) == tuple(StaffRole)
