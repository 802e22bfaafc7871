"""What the tests of the read side may ask for."""

from collections.abc import Iterator

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.database import copy_of
from tests.read_api.office import Office, office


@pytest.fixture(scope="module")
def desk(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    """The application with empty views; one for all tests of a module, which only read what its fixtures put in."""
    with copy_of(cluster, template) as database, office(database, timeout=0.3) as opened:
        yield opened
