"""The conformance suites that the eventsourcing library ships for whoever stores events, and a log of ours for them."""

import sys
from unittest import TestCase

import pytest
from eventsourcing import cryptography

from tests.database import Database

# The suites import the library's cipher on a package that we do not have. It ships the same cipher on `cryptography`,
# which we do have.
sys.modules.setdefault("eventsourcing.cipher", cryptography)

from eventsourcing.tests import application, persistence  # noqa: E402 - after the cipher is in its place

__all__ = ["OnTheLog", "application", "persistence"]

COUNTS_POSITIONS_FROM_1 = frozenset(
    {"test_insert_select", "test_insert_subscribe", "test_save_returns_recording_event", "test_example_application"}
)
"""The cases that want a log of their own; the others share one, because a database is slower to make than they are."""


class OnTheLog(TestCase):
    """A case of the library, given a log of ours."""

    database: Database

    @pytest.fixture(autouse=True)
    def given_a_log(self, request: pytest.FixtureRequest) -> None:
        fresh = request.node.name in COUNTS_POSITIONS_FROM_1
        self.database = request.getfixturevalue("database" if fresh else "shared_database")
