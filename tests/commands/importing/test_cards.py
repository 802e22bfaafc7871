"""Cards of an address book come in as rows: of every version, folded, encoded, broken; none vanishes."""

from pathlib import Path

import pytest

from commands.importing.error_file import ErrorFile
from commands.importing.file_import import import_file
from commands.importing.guess import toml_of
from commands.importing.mapping import make_mapping, read_mapping
from commands.importing.preview import guess_mapping
from commands.importing.problems import teller
from infra.tables.cards import HEADINGS
from infra.tables.table import open_table
from infra.vcard import Card, vcards
from tests.commands.importing.imports import desk_at
from tests.database import Database

OLD = b"""BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2;=D0=90;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=90=20=
=D0=98=D0=B2
TEL;CELL:+7 903 111-22-33
TEL;WORK;FAX:8 495 123-45-67
PHOTO;ENCODING=BASE64;JPEG:AAAA
BBBB

NOTE;CHARSET=windows-1251;QUOTED-PRINTABLE:=C4=E0
END:VCARD
"""
NEW = """BEGIN:VCARD\nVERSION:4.0\nFN:Пётр\\, с\n ын\nN:Лебедев;Пётр;;;\nORG:ООО «Роза»;Склад
item1.TEL;VALUE=uri:tel:+7-903-111-22-34;ext=5\nitem2.EMAIL;type=pref:a@x.org\nEMAIL:b@x.org
BDAY:19900302\nADR;TYPE=home:;;ул. Мира\\, 1;Омск;;644000;Россия\nX-SKYPE:petr\nEND:VCARD
""".encode()
FIRM = "BEGIN:VCARD\nVERSION:3.0\nORG:ООО «Роза»;\nN:;;;;\nEND:VCARD\n".encode()


def rows(folder: Path, content: bytes) -> list[dict[str, str]]:
    path = folder / "book.vcf"
    path.write_bytes(content)
    with open_table(path) as table:
        head, *told = table.records()
        assert tuple(head.cells) == HEADINGS
        return [{name: cell for name, cell in zip(HEADINGS, row.cells, strict=True) if cell} for row in told]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_cards_of_every_version_are_rows(tmp_path: Path, end: bytes) -> None:
    old, new, firm = rows(tmp_path, (OLD + NEW + FIRM).replace(b"\n", end))
    assert (old["FN"], old["TEL"], old["NOTE"]) == ("А Ив", "+7 903 111-22-33", "Да")
    assert old["X-OTHER"] == "FAX: 8 495 123-45-67\nPHOTO"
    assert (new["FN"], new["KIND"], new["ORG"], new["BDAY"]) == (
        "Пётр, сын", "person", "ООО «Роза», Склад", "1990-03-02",
    )  # fmt: skip
    assert (new["TEL"], new["EMAIL"]) == ("+7-903-111-22-34 ext. 5", "a@x.org\n\nb@x.org")
    assert (new["ADR"], new["X-OTHER"]) == ("ул. Мира, 1, Омск, 644000, Россия", "X-SKYPE: petr")
    assert (firm["FN"], firm["KIND"], firm.get("ORG")) == ("ООО «Роза»", "organisation", None)


def test_an_old_encoding_is_found_and_a_bad_byte_stays_in_its_card(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nVERSION:3.0\nFN:Сергей Иванович Кузнецов\nNOTE:Позвонить после обеда\nEND:VCARD\n"
    assert rows(tmp_path, text.encode("cp1251"))[0]["FN"] == "Сергей Иванович Кузнецов"
    good, bad = rows(tmp_path, text.encode() + b"BEGIN:VCARD\nFN:A\xff\nEND:VCARD\n")
    assert (good["FN"], bad["FN"]) == ("Сергей Иванович Кузнецов", "A\udcff")


def test_what_is_no_card_and_a_card_without_an_end_are_rows_too(tmp_path: Path) -> None:
    told = rows(tmp_path, b"BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nno colon\nEND:VCARD\nnothing\nBEGIN:VCARD\nFN:C\n")
    assert [row.get("FN") for row in told] == ["A", "B", None, "C"]
    assert [row["X-OTHER"] for row in told] == ["no END:VCARD", "?: no colon", "?: nothing", "no END:VCARD"]


def test_what_goes_out_as_cards_comes_in_again(database: Database, tmp_path: Path) -> None:
    ids = [f"0190a5d2-7c1e-7c3a-9d51-{number:012d}" for number in range(2)]
    firm = Card(
        ids[0], "ООО «Роза»; склад, \\ 🌹", True, ("+7 495 123-45-67",), ("a@x.org", "b@x.org"), ("Омск\nд. 1",)
    )
    path = tmp_path / "book.vcf"
    path.write_bytes(vcards([firm, Card(ids[1], "Ада", False, birthday="1990-03-02", position="Отдел; 1")]))
    desk = desk_at(database)
    report = import_file(path, make_mapping(guess_mapping(path, "client", "book")), desk.door())
    assert (report.accepted, report.warnings, report.adds_up) == (2, 0, True), report
    one, two = desk.bodies("client.registered")
    assert [str(each["_stream"]) for each in (one, two)] == ids
    assert (one["name"], one["kind"]) == (firm.name, "organisation")
    points = {point["value"] for point in one["contact_points"]}
    assert points == {*firm.phones, *firm.emails, *firm.addresses}
    assert {each["value"] for each in two["profile"]} == {"1990-03-02", "Отдел; 1"}


def test_cards_that_were_not_taken_are_mended_and_what_has_no_place_is_said(database: Database, tmp_path: Path) -> None:
    path, errors = tmp_path / "book.vcf", tmp_path / "errors.csv"
    group = b"BEGIN:VCARD\nKIND:group\nFN:All\nEND:VCARD\n"
    path.write_bytes(OLD + NEW + group + b"BEGIN:VCARD\nTEL:+79031112299\nEND:VCARD\n")
    content = guess_mapping(path, "client", "book")
    (tmp_path / "m.toml").write_text(toml_of(content), encoding="utf-8")
    mapping = read_mapping(tmp_path / "m.toml")
    desk = desk_at(database)
    report = import_file(path, mapping, desk.door(), errors=ErrorFile(errors, teller("ru")))
    assert (report.rows, report.accepted, report.wrong, report.left_out) == (3, 2, 1, 1), report
    assert report.reasons == {"missing": 1, "card-says-more": 2}
    assert "X-SKYPE: petr" in (tmp_path / "errors.warnings.csv").read_text(encoding="utf-8")
    mended = (
        errors.read_text(encoding="utf-8").replace(";person;;", ";person;Ева;").replace(",person,,", ",person,Ева,")
    )
    errors.write_text(mended, encoding="utf-8")
    assert guess_mapping(errors, "client", "book") == content
    assert import_file(errors, mapping, desk.door()).accepted == 1
    assert import_file(path, mapping, desk.door()).already_there == 2
