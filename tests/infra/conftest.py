"""What the tests of the log and its readers may ask for beside what every test may."""

from collections.abc import Iterator

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.database import Database, copy_of


@pytest.fixture(scope="module")
def shared_database(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """A migrated database that several tests write to, each on streams of its own."""
    with copy_of(cluster, template) as shared:
        yield shared
