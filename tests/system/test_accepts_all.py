"""Whatever a command accepts, everything behind it takes: views, reports, rebuild, verify, backup, export, past.

Its commands are as odd as their models allow. LETOPIS_ODD_COMMANDS says how many (`make odd` takes 10,000), and
LETOPIS_ODD_SEED which: what a run prints makes it again.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from pydantic import ValidationError

from app.composition.reading import time_machine_at
from commands.base import Command
from commands.branch import OpenBranch
from commands.deal import OpenDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.registry import COMMANDS
from commands.team import OpenTeam
from events.values import Money
from infra.amounts import amount_text
from infra.analytics.answer import parked_of, rows, with_amounts_written
from infra.backup.backup import back_up
from infra.backup.restore import restore
from infra.log.ids import new_id
from infra.log.past_log import AsOf
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.tables import view_of
from projections.registry import PROJECTIONS
from replay.export.export import export_log
from replay.repair.parked import parked
from tests.database import MASTER, ROLE_PASSWORDS, Database, copy_of, urls_of
from tests.infra.backup.backups import empty_database
from tests.replay.export.test_export import exported, logged
from tests.system.chances import CLIENTS, ROADS, STAFF, UNITS
from tests.system.company import Company, company
from tests.system.histories import ADMIN, BUSY, Asked, play
from tests.system.odd import odd
from tests.system.test_live_is_rebuilt import check_verified, rebuild_all

COMMANDS_IN_ALL = int(os.environ.get("LETOPIS_ODD_COMMANDS", "420"))
SEED = int(os.environ.get("LETOPIS_ODD_SEED") or random.SystemRandom().randrange(2**32))
AT_ONCE = 16


UNITS_THERE = [[Asked(kind(name=name), ADMIN) for kind in (OpenTeam, OpenBranch) for name in UNITS]]


ENDS = [
    [
        Asked(
            OpenDeal(
                deal_id=UUID(int=7_000 + number),
                seller_id=STAFF[0],
                client_id=CLIENTS[0],
                pipeline_id=ROADS[1],
                amount=Money(amount=Decimal(amount), currency="CLF"),
            ),
            ADMIN,
        )
        for number, amount in enumerate(("99999999999999.9999", "0.0001", "0"))
    ]
]
"""Amounts as large and as small as there are: chance may leave them out."""


def asked(kind: type[Command], fields: dict[str, Any]) -> Command | None:
    """Return the command as the door reads it; None when the door refuses it."""
    try:
        command = kind.model_validate_json(json.dumps(fields), strict=True)
    except ValidationError:
        return None
    return None if command.occurred_at and command.occurred_at > datetime.now(UTC) else command


def odd_commands() -> list[Command]:
    """Return odd commands of every kind, in any order."""
    made: list[Command] = []

    def make(kind: type[Command]) -> None:
        @seed(SEED)
        @settings(
            max_examples=max(2, COMMANDS_IN_ALL // len(COMMANDS)),
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        @given(odd(kind))
        def of_this_kind(fields: dict[str, Any]) -> None:
            if command := asked(kind, fields):
                made.append(command)

        of_this_kind()

    for kind in COMMANDS.values():
        make(kind)
    random.Random(SEED).shuffle(made)
    return made


@pytest.fixture(scope="module")
def lived(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company to which odd commands were told, and everything behind it at the end of the log."""
    with copy_of(cluster, template) as database, company(database, tmp_path_factory.mktemp("odd")) as one:
        print(f"LETOPIS_ODD_COMMANDS={COMMANDS_IN_ALL} LETOPIS_ODD_SEED={SEED}")
        for batch in (*UNITS_THERE, *BUSY):
            play(one.runner, batch)
        assert all(isinstance(answer, Accepted) for batch in ENDS for _, answer in play(one.runner, batch))
        told: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        commands = odd_commands()
        for start in range(0, len(commands), AT_ONCE):
            some = commands[start : start + AT_ONCE]
            requests = [Request.of(command, ADMIN, MASTER.keyed_hash, command_id=new_id()) for command in some]
            for command, answer in zip(some, one.runner.run(requests), strict=True):
                if isinstance(answer, Accepted):
                    told[type(command).__name__] += 1
                else:
                    assert hasattr(answer, "code"), f"{answer!r} of {command!r}"
                    refused[f"{type(command).__name__} {answer.code}"] += 1
        print(f"{told.total()} carried out, {refused.total()} refused: {refused}")
        assert len(told) > len(COMMANDS) // 2, told
        assert told.total() > refused.total() // 3, refused
        while one.follow(1000):
            pass
        yield one


def position(database: Database) -> int:
    with psycopg.connect(database.owner_url) as owner:
        ((last,),) = owner.execute("SELECT max(position) FROM letopis.event").fetchall()
    return int(last)


def test_nothing_waits_anywhere(lived: Company) -> None:
    assert parked(lived.database.projector_url, [one.name for one in PROJECTIONS]) == []
    assert lived.analytics.parked == []
    assert (lived.analytics.state, lived.analytics.position) == ("live", position(lived.database))
    with psycopg.connect(lived.database.projector_url) as connection:
        states = connection.execute("SELECT name, state, position, error FROM letopis.projection").fetchall()
    assert {(state, error) for _, state, _, error in states} == {("live", None)}
    assert {at for _, _, at, _ in states} == {position(lived.database)}


def test_every_view_and_table_is_what_the_log_makes_and_is_made_again(lived: Company) -> None:
    check_verified(lived)
    live, reports = lived.rows(), lived.reports()
    rebuild_all(lived)
    assert lived.rows() == live
    assert lived.reports() == reports


def test_every_report_can_be_had_in_every_form_and_lacks_nothing(lived: Company) -> None:
    for report in lived.analytics.reports:
        table = lived.analytics.query(report.name)
        assert parked_of(table) is None
        json.dumps(rows(table))
        assert len(with_amounts_written(table)) == len(table)


def test_every_view_is_the_same_as_of_now(lived: Company) -> None:
    machine = time_machine_at(lived.database.projector_url, MASTER, sessions=1, seconds=600)
    live = lived.rows()
    with machine.looking(AsOf(recorded=datetime.now(UTC)), None) as then:
        for one in PROJECTIONS:
            view = view_of(one)
            past = then.ask(f"SELECT * FROM {view}", {}, [view], [])
            assert sorted(map(tuple, past), key=repr) == live[one.name], one.name


def test_an_export_holds_it_to_the_letter(lived: Company, tmp_path: Path) -> None:
    assert export_log(lived.database.projector_url, tmp_path / "export").events == position(lived.database)
    assert exported(tmp_path / "export") == logged(lived.database)


def test_a_backup_puts_it_back_and_everything_is_built_from_that(
    lived: Company, cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    made = back_up(lived.database.owner_url, MASTER, tmp_path / "backup")
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(cluster))
        restore(url, tmp_path / "backup", made, role_passwords=ROLE_PASSWORDS, is_replacing=False)
        restored = urls_of(cluster, url.rpartition("/")[2].partition("?")[0])
        assert logged(restored) == logged(lived.database)
        again = stack.enter_context(company(restored, tmp_path))
        again.follow(10**6)
        assert again.rows() == lived.rows()


def test_an_amount_is_the_same_text_in_facts_timeline_and_reports(lived: Company) -> None:
    with psycopg.connect(lived.database.owner_url) as owner:
        stored = owner.execute(
            "SELECT b.value ->> 'amount', b.value ->> 'currency' FROM letopis.event e, json_each(e.body) b"
            " WHERE e.topic LIKE 'deal.%' AND json_typeof(b.value) = 'object' AND b.value ->> 'amount' IS NOT NULL"
        ).fetchall()
        told = owner.execute(
            "SELECT b.value ->> 'amount', b.value ->> 'currency'"
            f" FROM read.{view_of(next(one for one in PROJECTIONS if one.name == 'client_timeline'))} t,"
            " json_each(t.details) b WHERE json_typeof(b.value) = 'object' AND b.value ->> 'amount' IS NOT NULL"
        ).fetchall()
    assert len(stored) > 5
    for amount, currency in (*stored, *told):
        assert amount == amount_text(Decimal(amount), currency)
