"""A log from the time when teams and branches were texts: each is opened once, under the id its facts are read by."""

import json
from typing import Any
from uuid import UUID

import psycopg

from app.composition.decoding import decoder_at
from app.composition.old_units import open_old_units
from app.composition.wiring import batch_runner
from events.ids import branch_named, team_named
from infra.postgres.connection import OwnConnection
from infra.projector.projection import Projection
from infra.projector.projector import build
from projections.staff.staff_directory import staff_directory
from projections.staff.units import units
from tests.database import MASTER, Database
from tests.infra.projector.looking import in_table

ANNA, BORIS = UUID(int=0x51), UUID(int=0x52)
OLD_FACTS = (
    (ANNA, "staff.hired", {"role": "seller", "team": "East", "branch": "Perm"}),
    (BORIS, "staff.hired", {"role": "seller", "branch": " perm "}),
    (ANNA, "staff.moved", {"from_team": "East", "to_team": "Key accounts", "from_branch": "Perm", "to_branch": "Perm"}),
)


def write_old(database: Database) -> None:
    """Write facts as they were stored then; a name of somebody forgotten is not there."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        for position, (stream, topic, body) in enumerate(OLD_FACTS, 1):
            text = json.dumps(body | {"name": "x"} if topic == "staff.hired" else body)
            version = 2 if topic == "staff.moved" else 1
            connection.execute(
                "INSERT INTO letopis.event SELECT %s, gen_random_uuid(), %s, %s, %s, 1, %s, now(), now(), 'x',"
                " gen_random_uuid(), gen_random_uuid(), NULL, %s, '{}'",
                [position, stream, version, topic, stream, text],
            )


def rows_of(database: Database, view: Projection[Any]) -> list[Any]:
    return [there.row for there in in_table(database.projector_url, view).values()]


def test_each_team_and_branch_of_old_facts_is_opened_once(database: Database) -> None:
    write_old(database)
    borrow = OwnConnection(database.writer_url)
    runner = batch_runner(MASTER, borrow)
    assert open_old_units(database.writer_url, runner.run, MASTER.keyed_hash) == 4
    assert open_old_units(database.writer_url, runner.run, MASTER.keyed_hash) == 0
    decode = decoder_at(database.projector_url, MASTER)
    for view in (units, staff_directory):
        build(view, decode, database.projector_url)
    named = {row.unit_id: row.name for row in rows_of(database, units)}
    assert named == {
        team_named("East"): "East",
        team_named("Key accounts"): "Key accounts",
        branch_named("Perm"): named[branch_named("Perm")],
    }
    assert named[branch_named("Perm")].strip().casefold() == "perm"
    people = {row.staff_id: (row.team_id, row.branch_id) for row in rows_of(database, staff_directory)}
    assert people == {ANNA: (team_named("Key accounts"), branch_named("Perm")), BORIS: (None, branch_named("Perm"))}
    borrow.close()
