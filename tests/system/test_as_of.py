"""As of a past moment is what was really answered then, and what would be if the facts after it had never been."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from commands import activity, affiliation, deal, ownership
from commands.execution.pending import Accepted
from events.values import Channel, Direction
from infra.postgres.embedded import EmbeddedPostgres
from projections.analytics import ANALYTICS
from tests.database import Database, copy_of
from tests.read_api.office import Office, open_office
from tests.system.chances import ACTIVITIES, BEGINNING, CLIENTS, DEALS, ROADS, STAFF
from tests.system.company import Company, company
from tests.system.histories import ADMIN, Asked, histories, request

ASKED = (
    *(f"/clients/{client}" for client in CLIENTS),
    *(f"/clients/{client}/timeline?limit=200" for client in CLIENTS),
    *(f"/clients/{client}/ownership?limit=200" for client in CLIENTS),
    *(f"/deals/{deal}" for deal in DEALS),
    *(f"/pipeline?limit=200&count=true&pipeline={road}" for road in ROADS),
    f"/pipeline?limit=3&seller={STAFF[1]}",
    *(f"/analytics/{report.name}" for report in ANALYTICS.reports),
    f"/analytics/monthly_sales?by_product=true&seller_id={STAFF[2]}",
)
"""Everything that can be asked as of a moment."""

BOARD = f"/pipeline?limit=200&count=true&pipeline={ROADS[1]}"

COPIED = ("letopis.event", "letopis.event_party", "letopis.subject_key")

STEP = timedelta(days=50)
"""From one batch of commands to the next; what they say of other days lies before and after."""

EARLY, MIDDLE, LATE = BEGINNING + STEP / 2, BEGINNING + 3 * STEP, BEGINNING + 4 * STEP

DATED_BACK: list[Asked] = [
    Asked(deal.MoveDeal(deal_id=DEALS[0], to_stage="contract", occurred_at=EARLY), ADMIN),
    Asked(affiliation.DeclareSubsidiary(client_id=CLIENTS[3], parent_id=CLIENTS[1]), ADMIN),
    Asked(deal.MoveDeal(deal_id=DEALS[2], to_stage="contract", occurred_at=LATE), ADMIN),
    Asked(deal.WinDeal(deal_id=DEALS[1], occurred_at=EARLY), ADMIN),
    Asked(deal.LoseDeal(deal_id=DEALS[3], reason="too dear", occurred_at=EARLY), ADMIN),
    Asked(
        ownership.TransferClient(client_id=CLIENTS[0], to_seller_id=STAFF[2], reason="leave", occurred_at=EARLY), ADMIN
    ),
    Asked(
        activity.RecordActivity(
            activity_id=ACTIVITIES[5],
            channel=Channel.CALL,
            direction=Direction.OUTBOUND,
            staff_id=STAFF[1],
            client_id=CLIENTS[3],
            topic="Scales",
            result="They think about it",
            occurred_at=EARLY,
        ),
        ADMIN,
    ),
]
"""What comes to be known after the first two batches, and happened before them; one of it later."""

MANY = 30
"""Kinds of commands in a history that shows something; the first that chance makes up has few."""

Answers = dict[str, tuple[int, Any]]


class Snapshot(NamedTuple):
    """What was really answered at a moment, and how far the log was."""

    moment: str
    position: int
    answers: Answers


def answers(office: Office, as_of: str | None = None) -> Answers:
    """Ask everything, of the present or as of a moment."""
    return {path: answer_to(office, path, as_of) for path in ASKED}


def answer_to(office: Office, path: str, as_of: str | None) -> tuple[int, Any]:
    answer = asked(office, path, as_of)
    assert answer.status_code in {200, 404}, f"{path} as of {as_of}: {answer.text}"
    body = answer.json()
    if body.get("next"):
        body["next"] = "a cursor"
    return answer.status_code, body


def asked(office: Office, path: str, as_of: str | None) -> httpx.Response:
    moment = "" if as_of is None else f"{'&' if '?' in path else '?'}as_of={quote(as_of)}"
    return office.get(path + moment, role="head")


def now_of(database: Database) -> datetime:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return datetime.fromisoformat(row[0].astimezone(UTC).isoformat())


def lived(one: Company, office: Office, batches: list[list[Asked]]) -> list[Snapshot]:
    """Carry the batches out one by one; after each look at everything that can be seen."""
    taken = []
    for number, batch in enumerate(batches):
        answered = one.runner.run([request(asked, BEGINNING + number * STEP) for asked in batch])
        assert batch is not DATED_BACK or all(isinstance(answer, Accepted) for answer in answered), answered
        while one.follow(1_000):
            pass
        moment = now_of(one.database).isoformat()
        taken.append(Snapshot(moment, one.analytics.position, answers(office)))
    return taken


@contextmanager
def without(
    cluster: EmbeddedPostgres, template: str, database: Database, hidden: str, values: tuple[Any, ...], folder: Path
) -> Iterator[Office]:
    """A copy of the log in which the facts under this condition never were, and its views and reports."""
    with copy_of(cluster, template) as copy:
        with psycopg.connect(database.owner_url) as source, psycopg.connect(copy.owner_url) as target:
            for table in COPIED:
                columns = f"COPY {table} TO STDOUT".encode(), f"COPY {table} FROM STDIN".encode()
                with source.cursor().copy(columns[0]) as read, target.cursor().copy(columns[1]) as write:
                    for block in read:
                        write.write(block)
            # Their places stay, with nothing in them that any reader knows.
            target.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
            target.execute(f"UPDATE letopis.event SET topic = 'test.hidden' WHERE {hidden}".encode(), values)
        with company(copy, folder) as one, open_office(copy, one.analytics) as office:
            while one.follow(1_000):
                pass
            yield office


@settings(
    max_examples=1,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(batches=histories(batches=4))
def _in_this_history(
    batches: list[list[Asked]], cluster: EmbeddedPostgres, template: str, folders: pytest.TempPathFactory
) -> None:
    assume(len({type(asked.command) for batch in batches for asked in batch}) > MANY)
    with (
        copy_of(cluster, template) as database,
        company(database, folders.mktemp("made")) as one,
        open_office(database, one.analytics) as office,
    ):
        snapshots = lived(one, office, [*batches[:2], DATED_BACK, *batches[2:]])
        for moment, position, taken in snapshots:
            assert answers(office, moment) == taken
            assert asked(office, BOARD, moment).headers["letopis-position"] == str(position)
        check_pages(office, snapshots[-3])
        check_occurred(cluster, template, office, snapshots[1], folders)


def check_pages(office: Office, known: Snapshot) -> None:
    """A page leads to the next one at its own moment, and at no other."""
    path = max((path for path in ASKED if "timeline" in path), key=lambda path: len(str(known.answers[path])))
    first = path.replace("limit=200", f"limit=2&as_of={quote(known.moment)}")
    assert office.pages(first) == known.answers[path][1]["items"]
    cursor = office.get(first).json()["next"]
    for moment in ("", "&as_of=2026-01-01"):
        refused = office.get(f"{path}{moment}&cursor={cursor}").json()
        assert [error["code"] for error in refused["errors"]] == ["wrong-cursor"]


def check_occurred(
    cluster: EmbeddedPostgres, template: str, office: Office, known: Snapshot, folders: pytest.TempPathFactory
) -> None:
    """What had happened by a moment is what there would be if nothing later had ever been recorded."""
    as_of, hidden = f"occurred:{MIDDLE.isoformat()}", "occurred_at > %s"
    with without(cluster, template, office.database, hidden, (MIDDLE,), folders.mktemp("occurred")) as copy:
        known_now = answers(copy)
        assert answers(office, as_of) == known_now
    as_of, hidden = f"{as_of},recorded:{known.moment}", f"{hidden} OR position > %s"
    with without(cluster, template, office.database, hidden, (MIDDLE, known.position), folders.mktemp("both")) as copy:
        known_then = answers(copy)
        assert answers(office, as_of) == known_then
    came_late = {path for path in ASKED if known_then[path] != known_now[path]}
    assert came_late >= {f"/clients/{CLIENTS[3]}", f"/deals/{DEALS[1]}", BOARD, "/analytics/monthly_sales"}
    came_later = {path for path in ASKED if known_now[path] != answer_to(office, path, None)}
    assert came_later >= {f"/deals/{DEALS[2]}", BOARD}


def test_as_of_is_what_was_seen_then(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _in_this_history(cluster=cluster, template=template, folders=tmp_path_factory)
