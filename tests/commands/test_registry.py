"""What can be asked for at all, and by whom."""

import pytest
from pydantic import TypeAdapter

from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.pipeline import Pipeline
from aggregates.staff import StaffMember
from commands.base import Command, stream_fields
from commands.deal import OpenDeal
from commands.registry import COMMANDS

STREAMLESS = {"tax_id", "external_id", "note_id", "file_id"}
"""Ids that name no stream: a note is in the stream of what it is about, a file in that of its client's files."""
READING_ROLES = {"analyst", "auditor"}


def test_every_command_has_a_schema_for_the_documentation() -> None:
    for name, command_type in COMMANDS.items():
        schema = TypeAdapter(command_type).json_schema()
        assert schema["additionalProperties"] is False, name


def test_who_only_reads_asks_for_nothing() -> None:
    assert [name for name, each in COMMANDS.items() if each.ROLES & READING_ROLES] == []


def test_an_operator_edits_personal_data_and_a_manager_edits_events() -> None:
    assert {"operator", "admin"} <= COMMANDS["rename-client"].ROLES
    assert "marketer" not in COMMANDS["rename-client"].ROLES
    assert "seller" in COMMANDS["move-deal"].ROLES
    assert "operator" not in COMMANDS["move-deal"].ROLES


def test_a_command_says_which_streams_it_names() -> None:
    assert stream_fields(OpenDeal) == (
        ("deal_id", Deal),
        ("client_id", Client),
        ("seller_id", StaffMember),
        ("pipeline_id", Pipeline),
    )


@pytest.mark.parametrize("command_type", COMMANDS.values(), ids=COMMANDS)
def test_every_id_in_a_command_names_a_stream(command_type: type[Command]) -> None:
    fields = command_type.model_fields
    ids = [name for name in fields if name.endswith(("_id", "_ids")) and name not in STREAMLESS]
    assert [name for name, _ in stream_fields(command_type)] == ids
