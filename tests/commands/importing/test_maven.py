"""The Maven company, whole: what the log says afterwards, held against the raw CSV by a naive oracle."""

import csv
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commands.importing.folder_import import MAVEN, csv_totals, import_folder
from commands.importing.problems import MappingError
from events.ids import branch_named
from tests.commands.importing.imports import Desk, desk_at
from tests.database import Database

ROOT = Path(__file__).resolve().parents[3]
ZONE = "Europe/Moscow"


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_at(database)


@pytest.fixture
def folder(real_data: Callable[[str], Path]) -> Path:
    return real_data("maven-crm")


def run(desk: Desk, folder: Path, **options: Any) -> Any:
    return import_folder(folder, MAVEN, desk.door(), zone=ZONE, **options)


def worth(bodies: list[dict[str, Any]]) -> Decimal:
    assert {body["amount"]["currency"] for body in bodies} <= {"USD"}
    return sum((Decimal(body["amount"]["amount"]) for body in bodies), Decimal())


def test_the_company_comes_in_as_it_happened_and_the_second_run_adds_nothing(desk: Desk, folder: Path) -> None:
    report = run(desk, folder)
    opened, won, lost = desk.bodies("deal.opened"), desk.bodies("deal.won"), desk.bodies("deal.lost")
    assert (report.rows, report.accepted, report.conflicts, report.adds_up) == (8927, 8927, 6391, True)
    assert (len(opened), len(won), worth(won), len(lost)) == (8800, 4238, Decimal(10005534), 2473)
    assert len({body["external_id"] for body in opened}) == 8800
    assert Counter(body["stage"] for body in opened) == {"engaging": 8300, "prospecting": 500}
    assert sum("client_id" not in body for body in opened) == 1425
    assert sum(body["date_unknown"] for body in opened) == 500
    assert len({body["product_code"] for body in opened}) == 7
    check_owners(desk, folder)
    check_people_and_firms(desk)
    size = desk.size()
    again = run(desk, folder)
    assert (again.accepted, again.already_there, again.conflicts, desk.size()) == (0, 8927, 6391, size)


def check_owners(desk: Desk, folder: Path) -> None:
    """The owner of an account is who was engaged with it first, from that day on, read from the raw CSV."""
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        deals = [deal for deal in csv.DictReader(file) if deal["account"] and deal["engage_date"]]
    first: dict[str, tuple[str, datetime]] = {}
    for deal in sorted(deals, key=lambda each: (each["engage_date"], each["opportunity_id"])):
        midnight = datetime.fromisoformat(deal["engage_date"]).replace(tzinfo=ZoneInfo(ZONE))
        first.setdefault(deal["account"], (deal["sales_agent"], midnight))
    names = {
        body["_stream"]: body["name"] for topic in ("staff.hired", "client.registered") for body in desk.bodies(topic)
    }
    by_name = {str(stream): name for stream, name in names.items()}
    claimed = {
        names[body["_stream"]]: (by_name[body["owner_id"]], body["_at"]) for body in desk.bodies("client.claimed")
    }
    assert len(claimed) == 85
    assert claimed == first


def check_people_and_firms(desk: Desk) -> None:
    staff, firms = desk.bodies("staff.hired"), desk.bodies("client.registered")
    assert Counter(body["role"] for body in staff) == {"seller": 35, "head": 6}
    assert {body["name"] for body in desk.bodies("branch.opened")} == {"Central", "East", "West"}
    assert {body["branch_id"] for body in staff} == {str(branch_named(name)) for name in ("Central", "East", "West")}
    assert all(body["date_unknown"] for body in (*staff, *firms))
    traits = {fact["value"] for body in firms for fact in body["profile"]}
    assert {"technology", "Philippines", "1100.04 million USD"} <= traits
    assert not {"technolgy", "Philipines"} & traits
    assert len(desk.bodies("client.subsidiary_declared")) == 15
    listed = {body["code"]: body["aliases"] for body in desk.bodies("product.listed")}
    assert (len(listed), listed["gtx-pro"]) == (7, ["GTXPro"])


def test_strict_decides_as_if_the_rule_had_held_then(desk: Desk, folder: Path) -> None:
    report = run(desk, folder, strict=True)
    opened, won, lost = desk.bodies("deal.opened"), desk.bodies("deal.won"), desk.bodies("deal.lost")
    assert report.reasons == {"client-owned": 6391}
    assert (report.refused, report.accepted, report.conflicts, report.adds_up) == (6391, 2536, 0, True)
    decided = [body for body in opened if "client_id" in body and not body["date_unknown"]]
    ended = {body["_stream"] for body in (*won, *lost)}
    assert len(decided) == 821
    assert sum(body["_stream"] not in ended for body in decided) == 25
    assert (len(won), worth(won), len(lost)) == (533, Decimal(1354038), 263)
    assert sum("client_id" not in body for body in opened) == 1425
    assert sum("client_id" in body and body["date_unknown"] for body in opened) == 163
    size = desk.size()
    again = run(desk, folder, strict=True)
    assert (again.accepted, again.refused, desk.size()) == (0, 6391, size)


def test_a_dry_run_foretells_the_strict_import_and_stores_nothing(desk: Desk, folder: Path) -> None:
    report = import_folder(folder, MAVEN, desk.dry_door(), zone=ZONE, strict=True, is_dry=True)
    assert (report.refused, report.accepted, report.is_dry, desk.size()) == (6391, 2536, True, 0)


def test_the_naive_sums_are_those_the_publisher_states(folder: Path) -> None:
    everything = {"deals": 8800, "won": 4238, "lost": 2473, "engaging": 1589, "prospecting": 500}
    assert csv_totals(folder, MAVEN) == {**everything, "won_amount": "10005534", "currency": "USD"}
    allowed = csv_totals(folder, MAVEN, strict=True)
    assert (allowed["deals"], allowed["won"], allowed["won_amount"]) == (2409, 533, "1354038")


def test_a_folder_without_the_files_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"sales_teams\.csv"):
        run(desk, tmp_path)


IMPORT = """
import sys
from pathlib import Path
from commands.importing.folder_import import MAVEN, import_folder
from tests.commands.importing.imports import Desk
import_folder(Path(sys.argv[2]), MAVEN, Desk(sys.argv[1]).door(), zone="Europe/Moscow")
"""


def test_a_killed_import_goes_on_without_doubling(desk: Desk, folder: Path) -> None:
    importer = subprocess.Popen([sys.executable, "-c", IMPORT, desk.url, str(folder)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while desk.size() < 3000:
        assert importer.poll() is None, "the importer ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    importer.kill()
    importer.wait()
    report = run(desk, folder)
    assert report.already_there > 0
    assert report.accepted > 0
    assert report.accepted + report.already_there == 8927
    opened, won = desk.bodies("deal.opened"), desk.bodies("deal.won")
    assert len({body["external_id"] for body in opened}) == len(opened) == 8800
    assert (len(won), worth(won), report.conflicts) == (4238, Decimal(10005534), 6391)
    positions = [position for (position,) in desk.rows("SELECT position FROM letopis.event ORDER BY position")]
    assert positions == list(range(1, len(positions) + 1))
