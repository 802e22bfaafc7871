"""Rows that say what is otherwise with clients who are there: found by id or number, changed only in what is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands.importing.file_import import import_file
from commands.importing.mapping import Mapping
from commands.importing.problems import MappingError
from commands.importing.report import Report
from commands.importing.targets import check_fields
from tests.commands.importing.imports import Counting, Desk, desk_at, mapping, written
from tests.commands.importing.test_file_import import errors_at, errors_of
from tests.database import Database

HEAD = "Id,Name,Phone,Email,Inn,Sector\n"
FIELDS = {
    "name": "Name",
    "phone": "Phone",
    "email": "Email",
    "tax_id": "Inn",
    "sector": "Sector",
    "kind": {"value": "organisation"},
}
ROWS = "1,Ромашка,8 (495) 123-45-67,a@x.org,7707083893,retail\n2,Лютик,,b@x.org,,\n3,Василёк,8 (495) 765-43-21,,,\n"


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_at(database)


def asked(mode: str, **rest: Any) -> Mapping:
    return mapping("client", FIELDS, external_id="Id", mode=mode, **rest)


def brought(desk: Desk, folder: Path, rows: str, wanted: Mapping, errors: Path | None = None) -> Report:
    told = None if errors is None else errors_at(errors)
    return import_file(written(folder, HEAD + rows), wanted, desk.door(), errors=told)


def counts(report: Report) -> tuple[int, int, int, int, int]:
    assert report.adds_up
    return report.accepted, report.updated, report.already_there, report.refused, report.wrong


def test_only_what_is_otherwise_is_recorded_with_what_it_was_and_a_blank_cell_says_nothing(
    desk: Desk, tmp_path: Path
) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    before = desk.size()
    report = brought(desk, tmp_path, "1,Ромашка,,,,wholesale\n2,Лютик и Ко,,b@x.org,,\n3,,,,,\n", asked("update"))
    assert counts(report) == (2, 2, 1, 0, 0)
    (sector,), (name,) = desk.bodies("client.profile_corrected"), desk.bodies("client.renamed")
    assert (sector["from_value"], sector["to_value"], sector["source"]) == ("retail", "wholesale", "old-crm")
    assert (name["from_name"], name["to_name"]) == ("Лютик", "Лютик и Ко")
    assert desk.size() == before + 4  # and that it began and ended


def test_what_is_there_already_records_nothing_however_it_is_spelled(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    before = desk.size()
    same = "1,Ромашка,+7 495 1234567,A@X.org,7707083893,retail\n"
    assert counts(brought(desk, tmp_path, same, asked("update"))) == (0, 0, 1, 0, 0)
    assert desk.size() == before + 2
    # Nor does the very file once more.
    assert counts(brought(desk, tmp_path, same, asked("update"))) == (0, 0, 1, 0, 0)
    assert desk.size() == before + 2


def test_a_row_of_another_source_finds_its_client_by_what_is_recognised(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    other = asked("update").model_copy(update={"source": "new-crm"})
    rows = "a,,+74951234567,,,it\nb,,,B@x.org,,it\nc,,,,7707083893,trade\nd,Ромашка,,z@x.org,,it\n"
    errors = tmp_path / "errors.csv"
    report = brought(desk, tmp_path, rows, other, errors)
    assert counts(report) == (3, 3, 0, 1, 0)
    assert [row["Letopis: code"] for row in errors_of(errors)] == ["client-not-recognised"]
    ids = {body["external_id"]: body["_stream"] for body in desk.bodies("client.registered")}
    assert [body["_stream"] for body in desk.bodies("client.profile_corrected")] == [ids["1"], ids["2"], ids["1"]]


def test_the_sources_own_id_comes_before_what_is_recognised(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    errors = tmp_path / "errors.csv"
    # The phone of 1 in a row of 2: it is 2 that is meant, and whose phone it is is told.
    report = brought(desk, tmp_path, "2,,+74951234567,,,it\n", asked("create-or-update"), errors)
    assert counts(report) == (0, 0, 0, 1, 0)
    assert [row["Letopis: code"] for row in errors_of(errors)] == ["duplicate-client"]


def test_a_row_that_is_recognised_in_two_clients_goes_back_with_their_names(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    errors = tmp_path / "errors.csv"
    for mode in ("update", "create-or-update"):
        report = brought(desk, tmp_path, "9,,+74951234567,b@x.org,,it\n", asked(mode), errors)
        assert counts(report) == (0, 0, 0, 1, 0)
        (row,) = errors_of(errors)
        assert row["Letopis: code"] == "several-clients-recognised"
    assert len(desk.bodies("client.registered")) == 3


def test_both_enters_who_is_not_there_and_updates_who_is_in_the_same_file_too(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    rows = "1,,,,,wholesale\n7,Новый,8 (495) 111-22-33,,,\n8,,+7 495 111-22-33,,,it\n9,,,,,it\n"
    errors = tmp_path / "errors.csv"
    report = brought(desk, tmp_path, rows, asked("create-or-update"), errors)
    assert counts(report) == (3, 2, 0, 0, 1)
    assert [row["Letopis: code"] for row in errors_of(errors)] == ["name-needed"]
    new = desk.bodies("client.registered")[-1]
    assert (new["name"], desk.bodies("client.profile_corrected")[-1]["_stream"]) == ("Новый", new["_stream"])


def test_a_value_comes_back_that_was_there_before(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    for month, sector in enumerate(("it", "trade", "it")):
        report = brought(desk, tmp_path, f"1,,,,,{sector}\n", asked("update", phone_region="RU", sheet=month))
        assert counts(report) == (1, 1, 0, 0, 0)
    assert [body["to_value"] for body in desk.bodies("client.profile_corrected")] == ["it", "trade", "it"]


def test_a_blank_cell_clears_what_the_mapping_says(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    report = brought(desk, tmp_path, "1,,,,,\n2,,,,,\n", asked("update", clear=["sector"]))
    assert counts(report) == (1, 1, 1, 0, 0)
    (body,) = desk.bodies("client.profile_corrected")
    assert (body["from_value"], body.get("to_value")) == ("retail", None)


def test_a_modes_limits_are_told_before_anything_is_read() -> None:
    for wrong, code in (
        (mapping("deal", {"stage": 1}, mode="update"), "only-clients-are-updated"),
        (asked("update", clear=["phone"]), "cannot-be-cleared"),
        (asked("create", clear=["sector"]), "cannot-be-cleared"),
    ):
        with pytest.raises(MappingError) as refused:
            check_fields(wrong)
        assert refused.value.code == code


def test_whom_a_client_belongs_to_and_what_it_is_are_not_updated(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    fields = {"sector": "Sector", "parent": "Inn", "kind": "Name"}
    wanted = mapping("client", fields, external_id="Id", mode="update")
    errors = tmp_path / "errors.csv"
    report = brought(desk, tmp_path, "1,person,,,,it\n2,,,,3,it\n", wanted, errors)
    assert counts(report) == (0, 0, 0, 2, 0)
    assert {row["Letopis: code"] for row in errors_of(errors)} == {"kind-is-other", "relation-is-other"}


def test_rows_are_looked_for_batch_by_batch_and_killed_they_go_on(desk: Desk, tmp_path: Path) -> None:
    many = "".join(f"{n},Client {n},,c{n}@x.org,,retail\n" for n in range(2500))
    brought(desk, tmp_path, many, asked("create"))
    other = asked("update").model_copy(update={"source": "new-crm"})
    rows = HEAD + "".join(f"x{n},,,c{n}@x.org,,it\n" for n in range(2500))
    file, door = written(tmp_path, rows), desk.door()
    counting = Counting(door.runner)
    report = import_file(file, other, replace(door, runner=counting))
    assert (report.updated, report.already_there, counting.decided) == (2500, 0, 2502)
    again = import_file(file, other, desk.door())
    assert (again.updated, again.already_there) == (0, 2500)
