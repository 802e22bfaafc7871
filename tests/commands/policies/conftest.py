"""What the tests of policies and timers may ask for."""

from collections.abc import Iterator

import pytest

from tests.commands.policies.diary import Diary, diary
from tests.database import Database


@pytest.fixture
def book(database: Database) -> Iterator[Diary]:
    """The diary of a seller just hired."""
    with diary(database) as opened:
        yield opened
