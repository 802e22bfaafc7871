"""The examples are of everything there is."""

from commands.base import HANDLERS
from commands.registry import ALL, COMMANDS
from events.registry import EVENT_TYPES
from tests import examples


def test_every_fact_has_exactly_one_example() -> None:
    assert [type(event) for event in examples.EVENTS] == list(EVENT_TYPES)


def test_every_command_has_exactly_one_example() -> None:
    asked = [type(command) for command in examples.COMMANDS]
    assert len(asked) == len(set(asked))
    assert set(asked) == set(ALL.values()) == set(HANDLERS)


def test_every_command_names_the_roles_that_may_ask_for_it() -> None:
    assert [name for name, command_type in COMMANDS.items() if not command_type.ROLES] == []
