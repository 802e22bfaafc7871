"""An import that was reverted leaves every view and report as it was before it, and what was done since.

`LETOPIS_REVERTED=100000 python -m pytest -s tests/system/test_import_reverted.py` does it with that many rows.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from commands.base import Actor
from commands.client import CorrectProfile
from commands.deal import MoveDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.importing.file_import import import_file
from commands.importing.mapping import Mapping
from commands.importing.names import imported_id
from commands.importing.report import Report
from commands.importing.revert import revert_import
from commands.importing.reverted import RevertReport
from events.values import ProfileField, Stage
from infra.log.ids import new_id
from infra.projector.projection import Projection
from infra.projector.tables import view_of
from projections.imports.import_report import import_report
from projections.registry import PROJECTIONS
from tests.commands.importing.imports import Desk, desk_at, mapping, written
from tests.database import MASTER, Database
from tests.read_api.office import Office, open_office
from tests.system.company import Company, company

ROWS = int(os.environ.get("LETOPIS_REVERTED", "60"))
OTHERWISE = {"position", "version", "stage_since_position", "until"}
"""What stands where in the log, and how long an owner was one: the import and its revert are in it as well."""
ADMIN = Actor("admin", "admin")
STAGES = [Stage(code="offer", name="Offer"), Stage(code="contract", name="Contract")]
SOURCE = "old-crm"

STAFF = "Id,Name\nanna,Anna\nboris,Boris\n"
CLIENTS = {"name": "Name", "email": "Mail", "phone": "Phone", "sector": "Sector", "kind": "Kind"}
ABOUT = {"organisation": "Org", "tax_id": "Inn", "date": {"value": "2016-01-01"}}
DEALS = {
    "client": "Client",
    "seller": "Seller",
    "stage": "Stage",
    "outcome": "Outcome",
    "engaged_at": "From",
    "closed_at": "To",
    "amount": "Amount",
}
CALLS = {
    "client": "Client",
    "staff": "Staff",
    "deal": "Deal",
    "date": "Day",
    "channel": {"value": "call"},
    "is_offer": "Offer",
}


@contextmanager
def lived(database: Database, folder: Path) -> Iterator[tuple[Company, Desk, Office]]:
    with company(database, folder) as one, open_office(database, one.analytics, timeout=30.0) as office:
        yield one, desk_at(database), office


def base(number: int) -> str:
    return f"b{number},Client {number},b{number}@x.org,,retail,organisation,,"


def brought(desk: Desk, folder: Path, rows: list[str], asked: Mapping) -> Report:
    report = import_file(written(folder, "\n".join(rows) + "\n"), asked, desk.door())
    assert (report.refused, report.wrong) == (0, 0), report.reasons
    return report


def clients(desk: Desk, folder: Path, rows: list[str], mode: str = "create") -> Report:
    asked = mapping("client", {**CLIENTS, **ABOUT}, external_id="Id", mode=mode)
    return brought(desk, folder, ["Id,Name,Mail,Phone,Sector,Kind,Org,Inn", *rows], asked)


def deals(desk: Desk, folder: Path, rows: list[str]) -> Report:
    pipeline = {"name": "Road", "stages": [stage.model_dump() for stage in STAGES]}
    asked = mapping("deal", DEALS, external_id="Id", pipeline=pipeline, currency="RUB")
    return brought(desk, folder, ["Id,Client,Seller,Stage,Outcome,From,To,Amount", *rows], asked)


def calls(desk: Desk, folder: Path, rows: list[str]) -> Report:
    return brought(
        desk, folder, ["Id,Client,Staff,Deal,Day,Offer", *rows], mapping("activity", CALLS, external_id="Id")
    )


def founded(desk: Desk, folder: Path) -> None:
    """Two sellers, clients, and a deal of one of them, which are there before anything else is brought."""
    fields = {"name": "Name", "date": {"value": "2015-01-01"}}
    brought(desk, folder, STAFF.splitlines(), mapping("staff", fields, external_id="Id"))
    clients(desk, folder, [base(number) for number in range(ROWS)])
    deals(desk, folder, ["d0,b0,anna,offer,none,2016-01-01,,100"])


def shown(one: Company, before: int | None = None) -> dict[str, Counter[str]]:
    """What readers see, view by view: of stories, what they told `before` a position."""
    while one.follow(20_000):
        pass
    found: dict[str, Counter[str]] = {}
    with psycopg.connect(one.database.reader_url) as reader:
        for view in PROJECTIONS:
            if view is import_report:
                # It tells of the import, and that it was reverted.
                continue
            cursor = reader.execute(f"SELECT * FROM read.{view_of(view)}".encode())
            names = [column.name for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
            found[view.name] = Counter(_as_seen(row) for row in rows if not _is_later(view, row, before))
    return found


def _is_later(view: Projection[Any], row: dict[str, Any], before: int | None) -> bool:
    return view.is_append_only and before is not None and row["event_position"] > before


def _as_seen(row: dict[str, Any]) -> str:
    return repr({name: value for name, value in row.items() if name not in OTHERWISE})


def reverted(desk: Desk, report: Report) -> RevertReport:
    assert report.import_id is not None
    return revert_import(report.import_id, desk.door(), desk.mapper.to_event, reason="the wrong file")


def said(what: str, started: float) -> None:
    print(f"{what}: {time.monotonic() - started:.1f} s")


def claims(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT kind, key, holder_id FROM letopis.claim ORDER BY 1, 2, 3")


def test_after_an_import_of_updates_is_reverted_all_is_as_it_was(database: Database, tmp_path: Path) -> None:
    with lived(database, tmp_path) as (one, desk, _):
        founded(desk, tmp_path)
        before, held, size = shown(one), claims(desk), desk.size()
        started = time.monotonic()
        rows = [
            f"b{n},Client {n} Ltd,n{n}@x.org,+7495{n:07d},it,,,".replace("+7495000", "+7495100") for n in range(ROWS)
        ]
        report = clients(desk, tmp_path, rows, "update")
        said(f"{report.updated:,} clients updated", started)
        assert report.updated == ROWS
        assert shown(one, size)["client_card"] != before["client_card"]
        started = time.monotonic()
        undone = reverted(desk, report)
        said(f"{undone.restored:,} clients as they were", started)
        assert (undone.restored, undone.kept) == (ROWS, 0)
        after = shown(one, size)
        assert [name for name in before if before[name] != after[name]] == []
        assert claims(desk) == held


def test_a_later_change_by_hand_is_kept_and_told(database: Database, tmp_path: Path) -> None:
    with lived(database, tmp_path) as (one, desk, _):
        founded(desk, tmp_path)
        size = desk.size()
        report = clients(desk, tmp_path, [f"b{n},,n{n}@x.org,,it,,," for n in range(ROWS)], "update")
        changed = CorrectProfile(
            client_id=imported_id(SOURCE, "client", "b1"), field=ProfileField.SECTOR, value="trade"
        )
        by_hand(one, changed)
        undone = reverted(desk, report)
        assert [(each.id, each.what, each.code) for each in undone.stays] == [
            (changed.client_id, "sector", "said-since")
        ]
        cards = "".join(shown(one, size)["client_card"])
        assert (cards.count("'value': 'trade'"), cards.count("'value': 'it'"), cards.count("n1@x.org")) == (1, 0, 0)


def by_hand(one: Company, command: Any) -> None:
    (answer,) = one.runner.run([Request.of(command, ADMIN, MASTER.keyed_hash, command_id=new_id())])
    assert isinstance(answer, Accepted), answer


def test_what_imports_entered_is_gone_from_every_view_and_report(database: Database, tmp_path: Path) -> None:
    with lived(database, tmp_path) as (one, desk, office):
        founded(desk, tmp_path)
        before, held, reports, size = shown(one), claims(desk), one.reports(), desk.size()
        persons = [f"p{n},Person {n},p{n}@x.org,,,person,o{n}," for n in range(ROWS)]
        people = clients(
            desk, tmp_path, [*(f"o{n},Org {n},o{n}@x.org,,it,organisation,," for n in range(ROWS)), *persons]
        )
        sold = deals(
            desk,
            tmp_path,
            [f"s{n},o{n},anna,offer,{'won' if n % 2 else 'none'},2017-01-01,2017-02-01,{n}" for n in range(ROWS)]
            + ["s-b1,b1,boris,contract,won,2017-01-01,2017-02-01,5"],
        )
        told = calls(
            desk,
            tmp_path,
            [f"c{n},o{n},anna,s{n},2017-01-05,no" for n in range(ROWS)] + ["c-b2,b2,anna,,2017-01-05,yes"],
        )
        while one.follow(20_000):
            pass
        between, card = datetime.now(UTC), f"/clients/{imported_id(SOURCE, 'client', 'o1')}"
        assert office.get(card, role="admin").json()["lifecycle"] == "customer"
        assert office.get(f"/clients/{imported_id(SOURCE, 'client', 'b1')}", role="admin").json()["owner"] is not None
        # Deals and calls are about clients: those stay until these are gone.
        early = reverted(desk, people)
        assert (early.gone, early.kept) == ({"client": ROWS}, ROWS)
        for report, gone in (
            (told, {"activity": ROWS + 1}),
            (sold, {"deal": ROWS + 1}),
            (people, {"client": 2 * ROWS}),
        ):
            undone = reverted(desk, report)
            assert (undone.gone, undone.kept) == (gone, 0), undone.stays[:3]
        after = shown(one, size)
        for report in (told, sold, people):
            of_import = office.get(f"/imports/{report.import_id}", role="admin").json()
            assert (of_import["state"], of_import["reverted"]["kept"]) == ("reverted", 0)
            assert of_import["reverted"]["ended_at"] > of_import["reverted"]["began_at"] > of_import["finished_at"]
        assert [name for name in before if before[name] != after[name]] == []
        assert (claims(desk), one.reports()) == (held, reports)
        assert office.get(card, role="admin").status_code == 404
        assert office.get(f"{card}?as_of={between:%Y-%m-%dT%H:%M:%S.%fZ}", role="admin").json()["name"] == "Org 1"
        assert office.get(f"{card}?as_of=occurred:2017-06-01", role="admin").status_code == 404
        assert office.get("/clients?q=Org", role="admin").json()["items"] == []
        story = office.get(f"/clients/{imported_id(SOURCE, 'client', 'b2')}/timeline", role="admin").json()["items"]
        assert {"activity.held", "activity.entry_reverted"} <= {entry["topic"] for entry in story}


def test_a_deal_that_people_went_on_with_stays_with_its_client_and_owner(database: Database, tmp_path: Path) -> None:
    with lived(database, tmp_path) as (one, desk, _):
        founded(desk, tmp_path)
        sold = deals(
            desk,
            tmp_path,
            [f"s{n},b{n},boris,offer,none,2017-01-01,,5" for n in (1, 2)] + ["s3,b3,boris,offer,won,2017-01-01,,5"],
        )
        by_hand(one, MoveDeal(deal_id=imported_id(SOURCE, "deal", "s1"), to_stage="contract"))
        undone = reverted(desk, sold)
        assert (undone.gone, undone.restored, undone.kept) == ({"deal": 2}, 2, 2)
        stays = {(each.noun, each.what, each.deed and each.deed.topic) for each in undone.stays}
        assert stays == {("deal", "entry", "deal.moved"), ("client", "owner", "deal.moved")}
        owned = [row for row in shown(one)["client_card"] if "'owner_id': None" not in row]
        assert len(owned) == 2  # of the deal that was there before, and of the one that people went on with
