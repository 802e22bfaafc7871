"""A running service is upgraded under load to code whose rows have another shape: nobody fails or is left behind."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.database import Database
from tests.infra.projector.looking import eventually
from tests.system.service import ROOT, Service, environment, letopis, service, token, wait_ready

ADMIN = token("admin", "admin")
PACKAGES = ("app", "aggregates", "commands", "events", "infra", "projections", "read_api", "replay")
# What the newer code does differently: a product knows how often it was renamed.
CHANGES = {
    "projections/sales/products.sql": [
        ("    version        bigint ", "    renames        bigint      NOT NULL,\n    version        bigint ")
    ],
    "projections/sales/products.py": [
        ("    version: int = 0", "    renames: int = 0\n    version: int = 0"),
        ("    shape=2,", "    shape=3,"),
        (
            "    return changed(_product(row, event), version=event.originator_version, name=event.to_name)",
            "    product = _product(row, event)\n    more = product.renames + 1\n"
            "    return changed(product, version=event.originator_version, name=event.to_name, renames=more)",
        ),
    ],
    "read_api/views.py": [('"products_v2"', '"products_v3"')],
    "read_api/products.py": [
        ("    withdrawn_at: datetime | None\n", "    withdrawn_at: datetime | None\n    renames: int\n")
    ],
}


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of code that is a little newer."""
    folder = tmp_path_factory.mktemp("newer")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in CHANGES.items():
        text = (folder / name).read_text()
        for before, after in changes:
            assert text.count(before) == 1, f"{name} has changed: {before!r}"
            text = text.replace(before, after)
        (folder / name).write_text(text)
    return folder


@dataclass
class Office:
    """Somebody who renames a product all the time, and at once looks it up in every service that is asked."""

    asked: dict[str, Service] = field(default_factory=dict)
    looked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    renames: int = 0

    def work(self, writes_to: Service, ended: threading.Event) -> None:
        for number in count(1):
            if ended.is_set():
                return
            done = writes_to.post("rename-product", {"code": "w1", "name": f"Scales {number}"}, ADMIN)
            if done.status_code != httpx.codes.OK:
                self.wrong.append(f"rename: {done.status_code} {done.text}")
                return
            self.renames = number
            for name, running in list(self.asked.items()):
                self._look(name, running, done.json()["position"], f"Scales {number}")

    def _look(self, name: str, running: Service, position: int, expected: str) -> None:
        answer = httpx.get(f"{running.address}/products?min_position={position}", headers=ADMIN, timeout=20)
        items = answer.json().get("items")
        if answer.status_code != httpx.codes.OK or int(answer.headers["Letopis-Position"]) < position:
            self.wrong.append(f"{name}: {answer.status_code} {answer.text}")
        elif [item["name"] for item in items] != [expected]:
            self.wrong.append(f"{name} is stale: {items} instead of {expected}")
        self.looked[name] = self.looked.get(name, 0) + 1

    def looked_again(self, name: str, times: int = 5) -> None:
        """Wait until one of the services was asked some times more."""
        aim = self.looked.get(name, 0) + times
        eventually(lambda: bool(self.wrong) or self.looked.get(name, 0) >= aim, seconds=60)
        assert self.wrong == []

    def asks_no_more(self, name: str) -> None:
        """Ask one of the services no more; nothing is under way there afterwards."""
        del self.asked[name]
        aim = self.renames + 2
        eventually(lambda: bool(self.wrong) or self.renames >= aim, seconds=60)


@contextmanager
def at_work(writes_to: Service) -> Iterator[Office]:
    office, ended = Office({"older": writes_to}), threading.Event()
    thread = threading.Thread(target=office.work, args=(writes_to, ended))
    thread.start()
    try:
        yield office
    finally:
        ended.set()
        thread.join()


def shown(database: Database) -> dict[str, tuple[int, str]]:
    with psycopg.connect(database.reader_url) as reader:
        rows = reader.execute("SELECT view, generation, state FROM read.shown WHERE name = 'products'").fetchall()
    return {view: (generation, state) for view, generation, state in rows}


def products(running: Service) -> list[dict[str, Any]]:
    answer = httpx.get(f"{running.address}/products", headers=ADMIN)
    assert answer.status_code == httpx.codes.OK, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_an_upgrade_under_load_fails_nobody_and_leaves_nobody_behind(
    tmp_path: Path, database: Database, newer: Path
) -> None:
    url = database.owner_url
    with service(tmp_path, "older", database_url=url) as older:
        wait_ready(older)
        listed = older.post("list-product", {"code": "w1", "name": "Scales"}, ADMIN)
        assert listed.status_code == httpx.codes.OK, listed.text
        with at_work(older) as office:
            office.looked_again("older")
            with service(tmp_path, "newer", database_url=url, code=newer) as newest:
                wait_ready(newest)
                office.asked["newer"] = newest
                office.looked_again("newer")
                assert shown(database) == {"products_v2": (1, "retired"), "products_v3": (2, "live")}
                # A process of the older code that starts beside the newer one takes nothing away from it.
                with service(tmp_path, "another", database_url=url) as another:
                    wait_ready(another)
                    office.asked["another"] = another
                    office.looked_again("another")
                    office.asks_no_more("another")
                assert shown(database) == {"products_v2": (1, "retired"), "products_v3": (2, "live")}
                assert [set(item) - {"renames"} for item in products(newest)] == [set(products(older)[0])]
                office.asks_no_more("newer")
            office.looked_again("older")
        assert office.wrong == []
        with service(tmp_path, "newer", database_url=url, code=newer) as newest:
            wait_ready(newest)
            answer = httpx.get(f"{newest.address}/products?min_position={position(database)}", headers=ADMIN)
            assert [item["renames"] for item in answer.json()["items"]] == [office.renames]
            # The end of the older shape is announced, not silent.
            subprocess.run(
                letopis("projections", "drop", "products"),
                env=environment(tmp_path / "newer", url, newer),
                cwd=tmp_path,
                check=True,
            )
            refused = httpx.get(f"{older.address}/products", headers=ADMIN)
            assert (refused.status_code, refused.json()["code"]) == (503, "view-building")
            assert [item["renames"] for item in products(newest)] == [office.renames]


def position(database: Database) -> int:
    with psycopg.connect(database.reader_url) as reader:
        (found,) = reader.execute("SELECT position FROM read.log_head").fetchone() or (0,)
    return int(found)
