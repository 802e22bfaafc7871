"""What every test may ask for: the real database server, a fresh migrated database, and the real input files."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from psycopg import sql

from infra.migrations import migrate
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import ROLE_PASSWORDS, TEST_SETTINGS, Database, administer, copy_of, keep_as_template

# What a story says of a failure is as full as what a test says.
pytest.register_assert_rewrite("tests.story", "tests.shown", "tests.read_api.visit")

# How long an example takes is the machine's affair.
settings.register_profile("letopis", deadline=None)
settings.load_profile("letopis")

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "letopis_template"


SLOW = (
    "tests/system/",
    "tests/newcomer/",
    "tests/app/terminal/test_cli.py",
    "tests/projections/analytics/test_damage.py",
)
"""Where the tests are that take long: they come first, so that no process is left with a long one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))
    if "LETOPIS_FAULTS_PLANTED" in os.environ:
        # Where faults are planted (tests/mutants.py) there is no database.
        items[:] = [item for item in items if "cluster" not in getattr(item, "fixturenames", ())]


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedPostgres]:
    """The real PostgreSQL server of this test process."""
    # Not pytest's own temp folder: as root it is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder / "postgres", settings=TEST_SETTINGS) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(cluster: EmbeddedPostgres) -> str:
    """The name of a migrated database that nobody writes to: every test's own is a copy of it."""
    administer(cluster, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(cluster.url(TEMPLATE), role_passwords=ROLE_PASSWORDS)
    keep_as_template(cluster, TEMPLATE)
    return TEMPLATE


@pytest.fixture
def database(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """A fresh migrated database for this test alone."""
    with copy_of(cluster, template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Finds a real input file or folder by its path below LETOPIS_DATA (`../shared/data` unless set).

    Where the input is absent the test is skipped on a developer's machine and fails in CI.
    """
    base = Path(os.environ.get("LETOPIS_DATA") or ROOT / ".." / "shared" / "data").resolve()

    def find(path: str) -> Path:
        found = base / path
        if not found.exists():
            remedy = f"no real input at {found}: set LETOPIS_DATA to the folder that holds it"
            if os.environ.get("CI", "").lower() in {"true", "1"}:
                pytest.fail(remedy)
            pytest.skip(remedy)
        return found

    return find
