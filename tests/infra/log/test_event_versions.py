"""Before anything starts: every old version has its upcasters, and the log holds nothing that this code cannot read."""

from collections.abc import Mapping

import psycopg
import pytest
from pydantic import SecretStr

from app.database import prepared
from app.settings import Settings
from infra.log.event_versions import NewerLogError, check_chains, check_log
from tests.database import MASTER, Database
from tests.projections.analytics.history import company, write_log

OPENED = {"deal.opened": 1, "activity.held": 1, "deal.won": 1}


def start(database: Database, **versions: int) -> None:
    """Do what the start of a Letopis does that writes these versions of the facts of deals, and others as ever."""
    with psycopg.connect(database.owner_url) as connection:
        check_log(connection, {**OPENED, **{f"deal.{name}": version for name, version in versions.items()}})


def store(database: Database, after: int, **versions: int) -> None:
    """Record an opened, a won and a held fact, some of them in another version."""
    facts = company(1, first=after)
    write_log(
        database.owner_url,
        [one._replace(schema_version=versions.get(one.topic.partition(".")[2], 1)) for one in facts],
        after=after,
    )


@pytest.mark.parametrize(
    ("versions", "upcasters", "says"),
    [
        ({"deal.won": 2}, set(), "deal.won: no upcaster from version 1 to 2"),
        ({"deal.won": 4}, {("deal.won", 1), ("deal.won", 3)}, "deal.won: no upcaster from version 2 to 3"),
        ({"deal.won": 1}, {("deal.won", 1)}, "deal.won is written in version 1"),
        ({"deal.won": 2}, {("deal.won", 1), ("deal.won", 2)}, "from version 2 of deal.won to 3"),
        ({"deal.won": 2}, {("deal.won", 0), ("deal.won", 1)}, "from version 0 of deal.won to 1"),
        ({"deal.won": 1}, {("deal.lost", 1)}, "deal.lost is no topic"),
    ],
)
def test_a_chain_with_a_hole_or_an_end_too_many_is_refused(
    versions: Mapping[str, int], upcasters: set[tuple[str, int]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        check_chains(versions, upcasters)


def test_a_whole_chain_is_accepted() -> None:
    check_chains({"deal.won": 3, "deal.lost": 1}, {("deal.won", 1), ("deal.won", 2)})


def test_old_versions_are_no_hindrance(database: Database) -> None:
    start(database)
    store(database, 0)
    start(database, won=2)
    store(database, 3, won=2)
    start(database, won=3)


@pytest.mark.parametrize(("newer", "says"), [({"won": 3}, "version 1 at most"), ({"merged": 1}, "no such topic")])
def test_what_a_newer_letopis_wrote_is_refused_with_the_remedy(
    database: Database, newer: dict[str, int], says: str
) -> None:
    start(database)
    store(database, 0)
    start(database, **newer)
    ((name, version),) = newer.items()
    write_log(database.owner_url, [company(1)[0]._replace(topic=f"deal.{name}", schema_version=version)], after=3)

    with pytest.raises(NewerLogError, match=f"facts deal.{name} of version {version}, and this Letopis knows {says}"):
        start(database)
    start(database, **newer)


def test_a_newer_letopis_that_wrote_nothing_new_may_be_replaced_by_the_older(database: Database) -> None:
    start(database)
    store(database, 0)
    start(database, won=2)
    store(database, 3)
    start(database)


def test_what_is_noted_is_where_a_version_can_begin_so_that_no_start_reads_the_whole_log(database: Database) -> None:
    start(database)
    store(database, 0)
    start(database, won=2)
    start(database, won=2)
    with psycopg.connect(database.owner_url) as connection:
        noted = "SELECT schema_version, since FROM letopis.fact_version WHERE topic = 'deal.won' ORDER BY 1"
        assert connection.execute(noted).fetchall() == [(1, 0), (2, 3)]


def test_no_command_is_carried_out_on_a_log_this_code_cannot_read(database: Database) -> None:
    settings = Settings(database_url=SecretStr(database.owner_url))
    prepared(database.owner_url, settings, MASTER)
    start(database, won=9)
    store(database, 0, won=9)

    with pytest.raises(NewerLogError, match="Start the newer Letopis"):
        prepared(database.owner_url, settings, MASTER)
