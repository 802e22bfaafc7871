"""What callers and operators hear when a clock is wrong."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from app.composition.write_side import WriteSide
from app.database import Urls, prepared
from app.serving.doors import http_parts
from app.serving.http import Check
from app.serving.metrics import Gauge, Measured, exposition
from app.settings import Settings
from app.terminal import clock as at_the_terminal
from app.words.problems import problem_of, problem_of_item
from commands.base import Actor
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.staff import HireStaff
from events.values import StaffRole
from infra.log.append import receive, send
from tests.database import MASTER, Database
from tests.infra.log.clocks import NOT_AT_ALL, YEAR, reckoning, set_clock
from tests.infra.log.decided import decided

ADMIN = Actor(str(uuid4()), "admin")


def hire(side: WriteSide, *, atomic: bool = False) -> Answer:
    request = Request.of(HireStaff(name="Anna", role=StaffRole.SELLER), ADMIN, MASTER.keyed_hash, command_id=uuid4())

    async def go() -> list[Answer]:
        return await side.executor.execute([request], is_atomic=atomic)

    [answer] = asyncio.run(go())
    return answer


def test_commands_are_told_at_once_that_a_clock_is_wrong_and_why(database: Database, tmp_path: Path) -> None:
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    side = WriteSide(urls, Settings(var=tmp_path, command_seconds=300, _env_file=None), MASTER, with_policies=False)
    side.start()
    try:
        assert isinstance(hire(side), Accepted)
        set_clock(database, YEAR)
        with capture_logs() as said:
            refused = [hire(side), hire(side, atomic=True), hire(side)]
        for answer in refused:
            problem = problem_of(answer) if isinstance(answer, Exception) else None
            assert problem is not None
            assert (problem.status, problem.code, problem.headers) == (503, "clock-ahead", {"Retry-After": "30"})
            assert isinstance(answer, Exception)
            told = problem_of_item(answer, "ru")
            assert told["title"] == "Часы идут неверно, и пока ничего не записывается"
        assert not [line for line in said if line["log_level"] == "error"]
        set_clock(database, NOT_AT_ALL)
        last = hire(side)
        assert isinstance(last, Accepted)
        assert last.position == 2
    finally:
        side.stop()


def test_a_log_that_is_ahead_of_the_clock_is_told_and_measured_and_there_is_a_way_out(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    settings = Settings(var=tmp_path, _env_file=None)
    side = WriteSide(urls, settings, MASTER, with_policies=False)
    side.start()
    try:
        hire(side)
        set_clock(database, YEAR)
        with psycopg.connect(database.writer_url, autocommit=True) as writer:
            batch = [decided(uuid4())]
            send(writer, batch, reckoning=reckoning(YEAR))
            receive(writer, batch)
        set_clock(database, NOT_AT_ALL)
        hire(side)
        parts = http_parts(settings, urls, MASTER, side, None, measured=Measured())

        async def ask() -> tuple[Sequence[Check], Sequence[Gauge]]:
            return await parts.checks(), await parts.gauges()

        checks, gauges = asyncio.run(ask())
        told: dict[str, Any] = {check.name: check for check in checks}
        assert told["clock"].is_ready
        assert "ahead of the clock" in told["clock"].reason
        [line] = [line for line in exposition(Measured(), gauges).splitlines() if "ahead_seconds " in line][-1:]
        assert float(line.partition(" ")[2]) == pytest.approx(YEAR.total_seconds(), rel=0.01)
    finally:
        side.stop()
    monkeypatch.setenv("LETOPIS_VAR", str(tmp_path))
    monkeypatch.setenv("LETOPIS_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("LETOPIS_MASTER_KEY", MASTER.secret.hex())
    prepared(database.owner_url, Settings(), MASTER)
    at_the_terminal.accept("it is right again")
    at_the_terminal.accept("twice")
    said = capsys.readouterr().err
    assert "on record: the times of the facts from position 2 to 3 are wrong" in said
    assert "The last fact is not later than the clock says, so nothing changed." in said
