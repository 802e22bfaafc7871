"""Rows that are not taken come back: under their own headings, with every reason, and without a loss."""

import csv
from collections.abc import Callable
from pathlib import Path
from random import Random

import duckdb
import openpyxl
import pytest

from commands.importing.error_file import ErrorFile
from commands.importing.file_import import import_file
from commands.importing.mapping import Mapping, make_mapping
from commands.importing.marks import MARKS
from commands.importing.problems import teller
from commands.importing.report import Report
from infra.tables.faults import UnreadableFileError
from tests.commands.importing.imports import Desk, desk_at, failing_after, mapping, written
from tests.database import Database

CLIENT = {"name": "Name", "phone": "Phone", "date": "Since", "kind": {"value": "person"}}


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_at(database)


def run(desk: Desk, path: Path, asked: Mapping, errors: Path, *, language: str = "en", dry: bool = False) -> Report:
    door = desk.dry_door() if dry else desk.door()
    return import_file(path, asked, door, is_dry=dry, errors=ErrorFile(errors, teller(language), language=language))


def rows_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


HEADED = """Title of the list
No;Name ;Phone;Phone;Since
1;Ada;+7 495 123-45-67;;01.02.2016
2;=cmd;nine;;01.02.2016
3;;8 495 123-45-68;;32.13.2016
4;'Eve;;;01.02.2016;over
5;+7;none;;03.02.2016
"""


def test_rows_are_mended_under_their_own_headings_and_imported_again(desk: Desk, tmp_path: Path) -> None:
    asked = mapping("client", {**CLIENT, "phone": 3}, external_id="No")
    errors, again = tmp_path / "errors.csv", tmp_path / "again.csv"
    first = run(desk, written(tmp_path, HEADED, encoding="cp1251"), asked, errors, language="ru")
    assert (first.rows, first.accepted, first.wrong) == (5, 2, 3)
    head, *rows = rows_of(errors, ";")
    rows.sort()
    assert head == ["No", "Name", "Phone", "Phone", "Since", *MARKS[1]]
    assert [row[:7] for row in rows] == [
        ["2", "'=cmd", "nine", "", "01.02.2016", "4", "wrong-phone"],
        ["3", "", "8 495 123-45-68", "", "32.13.2016", "5", "wrong-date missing"],
        ["4", "'Eve", "", "", "01.02.2016", "6", "ragged-row"],
    ]
    assert rows[1][7].startswith("Since «32.13.2016»: ")
    assert " | Name: " in rows[1][7]
    assert rows[2][8:] == ["over"]
    # As it is, nothing of it is taken, and it says the same once more.
    idle = run(desk, errors, asked, again)
    assert (idle.rows, idle.wrong, idle.accepted) == (3, 3, 0)
    assert sorted(row[:5] for row in rows_of(again, ";")) == sorted(row[:5] for row in rows_of(errors, ";"))
    mended = (
        errors.read_text("utf-8-sig")
        .replace("nine", "8 495 123-45-69")
        .replace("32.13", "22.12")
        .replace("3;;", "3;Eve;")
    )
    last = run(desk, written(tmp_path, mended.replace(";over", ""), name="mended.csv"), asked, again)
    assert (last.rows, last.accepted, last.reasons) == (3, 3, {})
    assert {body["name"] for body in desk.bodies("client.registered")} == {"Ada", "=cmd", "Eve", "'Eve", "+7"}
    assert len(rows_of(again, ";")) == 1


def test_a_file_without_header_comes_back_under_numbers(desk: Desk, tmp_path: Path) -> None:
    asked = mapping("client", {"name": 1, "email": 2})
    errors = tmp_path / "errors.csv"
    run(desk, written(tmp_path, "Ada,a@x.org\nBob,+7\n"), asked, errors)
    assert [row[:2] for row in rows_of(errors)] == [["1", "2"], ["Bob", "'+7"]]
    mended = written(tmp_path, errors.read_text("utf-8-sig").replace("'+7", "b@x.org"), name="mended.csv")
    assert run(desk, mended, asked, errors).accepted == 1
    # A row that came back is the row it was: without an id, what it says is its id.
    assert run(desk, written(tmp_path, "Bob,b@x.org\n", name="third.csv"), asked, errors).already_there == 1


def test_the_rival_is_named_and_doubts_stand_apart(desk: Desk, tmp_path: Path) -> None:
    fields = {"name": "Name", "email": "Mail", "tax_id": "Tax"}
    rows = "Id,Name,Mail,Tax\n1,Ada,a@x.org,123\n2,Bob,a@x.org,\n"
    errors = tmp_path / "errors.csv"
    report = run(desk, written(tmp_path, rows), mapping("client", fields, external_id="Id"), errors)
    assert (report.accepted, report.refused, report.warnings) == (1, 1, 1)
    assert rows_of(errors)[1][4:] == [
        "3",
        "duplicate-client",
        "Mail «a@x.org»: Another client has this email already: Ada.",
    ]
    (_, doubt) = rows_of(tmp_path / "errors.warnings.csv")
    assert doubt[:5] == ["warning", "2", "Tax", "123", "doubtful-tax-id"]
    run(desk, written(tmp_path, "Id,Name,Mail,Tax\n"), mapping("client", fields, external_id="Id"), errors)
    assert not (tmp_path / "errors.warnings.csv").exists()


def test_after_a_kill_the_error_file_is_whole(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"{n},{'' if n % 7 == 0 else f'C{n}'},,\n" for n in range(2500))
    file, asked = written(tmp_path, "No,Name,Phone,Since\n" + rows), mapping("client", CLIENT, external_id="No")
    errors, unbroken = tmp_path / "errors.csv", tmp_path / "unbroken.csv"
    run(desk, file, asked, unbroken, dry=True)
    with pytest.raises(KeyboardInterrupt):
        import_file(file, asked, failing_after(desk.door(), 2), errors=ErrorFile(errors, teller("en")))
    assert errors.stat().st_size < unbroken.stat().st_size
    report = run(desk, file, asked, errors)
    assert (report.rows, report.accepted + report.already_there, report.wrong) == (2500, 2142, 358)
    assert errors.read_bytes() == unbroken.read_bytes()


def damaged(chance: Random, row: str) -> str:
    """A row as old programs and tired people leave it."""
    place = chance.randrange(len(row) + 1)
    extra = chance.choice(['"', '""', ",", "\0", "\udcff", ";", "'", " ", "\r", "x", '","', "\t"])
    return row[:place] + extra + row[place:] if chance.random() < 0.6 else row


def test_rows_in_are_rows_clean_and_rows_back_whatever_the_file(desk: Desk, tmp_path: Path) -> None:
    fields = {"name": "Name", "note": "Note"}
    errors, rows_in, accepted, back = tmp_path / "errors.csv", 0, 0, ""
    for seed in range(15):
        chance = Random(seed)
        rows = [f"{seed}-{n},Ёж {n},note {n}" for n in range(30)]
        text = "No,Name,Note\n" + "".join(f"{damaged(chance, row)}\n" for row in rows)
        path = tmp_path / "rows.csv"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        content = {"source": f"base {seed}", "target": "client", "fields": fields, "external_id": "No"}
        report = run(desk, path, make_mapping(content), errors)
        returned = rows_of(errors)[1:]
        assert report.adds_up
        assert len(returned) == report.wrong + report.refused, seed
        back += "".join("".join(row[:3] + row[6:]) for row in returned)
        rows_in, accepted = rows_in + report.rows, accepted + report.accepted
    clean = desk.bodies("client.registered")
    assert (len(clean), rows_in > 430) == (accepted, True)
    # Each name that was sent is in the log or in what came back, once.
    said = [(body["external_id"], body["name"], *(fact["value"] for fact in body["profile"])) for body in clean]
    kept = "".join(map("".join, said))
    assert kept.count("ж") + back.count("ж") == 15 * 30


def counted(path: Path) -> int:
    """How many rows another reader finds in a file, its header among them."""
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        return sum(any(cell not in {None, ""} for cell in row) for row in sheet.iter_rows(values_only=True))
    content = path.read_bytes()
    encoding = "utf-8" if content.decode("utf-8", "ignore").encode() == content else "cp1251"
    text = path.with_suffix(".utf8")
    text.write_text(content.decode(encoding).removeprefix("\ufeff"), "utf-8")
    delimiter = max(",;\t", key=text.read_text("utf-8").splitlines()[0].count)
    reading = "header = false, all_varchar = true, null_padding = true, strict_mode = false, parallel = false"
    asked = f"SELECT count(*) FROM read_csv(?, delim = ?, {reading}) WHERE concat(*COLUMNS(*)) <> ''"
    (count,) = duckdb.execute(asked, [str(text), delimiter]).fetchone() or (0,)
    return int(count)


FOLDERS = {"ru-agents": 11, "importer-edge-cases": 27, "xlsx-messy": 1}


@pytest.mark.parametrize(("folder", "files"), FOLDERS.items())
def test_every_real_file_adds_up_by_another_reader_s_count(
    desk: Desk, real_data: Callable[[str], Path], tmp_path: Path, folder: str, files: int
) -> None:
    paths = sorted(path for path in real_data(folder).iterdir() if path.is_file())
    assert len(paths) == files
    for source in paths:
        path = tmp_path / source.name
        path.write_bytes(source.read_bytes())
        has_header = "noheader" not in path.name
        content = {"source": path.name, "target": "client", "fields": {"name": 2, "note": 1}, "header": has_header}
        errors = tmp_path / "errors.csv"
        report = run(desk, path, make_mapping(content), errors, language="ru")
        assert report.adds_up, path.name
        assert report.rows + has_header == counted(path), path.name
        back = rows_of(errors, max(",;\t", key=errors.read_text("utf-8-sig").splitlines()[0].count))
        assert len(back) - 1 == report.wrong + report.refused, path.name


def test_nothing_is_stored_of_a_file_that_breaks_off(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"Name\n" + b"Ada\n" * 5000 + b"x" * 10_000_001)
    with pytest.raises(UnreadableFileError, match="5002"):
        run(desk, path, mapping("client", {"name": "Name"}), tmp_path / "errors.csv")
    assert desk.size() == 0
