"""A service for the tests that send what should not be sent."""

from collections.abc import Iterator

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.database import copy_of
from tests.system.bad_door import Door
from tests.system.service import service, wait_ready


@pytest.fixture(scope="module")
def opened(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with copy_of(cluster, template) as database:
        folder = tmp_path_factory.mktemp("bad-input")
        with service(folder, "service", database_url=database.owner_url) as running:
            wait_ready(running)
            yield Door(running, database)


@pytest.fixture
def door(opened: Door) -> Iterator[Door]:
    """The service; whatever the test sent, nothing was stored and nothing was a bug."""
    before = opened.stored()
    yield opened
    assert opened.stored() == before
    log = opened.service.log.read_text()
    assert '"bug"' not in log
    assert "Traceback" not in log
