"""A company whose clients may be one."""

from collections.abc import Iterator

import pytest

from tests.database import Database
from tests.read_api.office import Office, office
from tests.replay.duplicates.cards import CARDS


@pytest.fixture
def cards(database: Database) -> Iterator[Office]:
    with office(database) as opened:
        opened.put("client_card", *CARDS)
        opened.record(7)
        opened.move(7)
        yield opened
