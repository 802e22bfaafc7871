"""Cards as other programs write them, and what others' users missed of them (docs/tried.md)."""

from pathlib import Path

import pytest

from tests.commands.importing.test_cards import rows

NAMED = "BEGIN:VCARD\nVERSION:3.0\nFN:Ада\n{}\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("BDAY:19930102", {"BDAY": "1993-01-02"}),
        ("BDAY;VALUE=date:1977-12-20", {"BDAY": "1977-12-20"}),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-06-19", {"BDAY": "--06-19"}),
        ("BDAY:--0119", {"BDAY": "--01-19"}),
        ("BDAY:--01-19", {"BDAY": "--01-19"}),
        ("SOUND;X-IRMC-N:;;;;", {}),
        ("item1.TEL:0123456789\nitem1.X-ABLabel:X-Name\nitem2.TEL:0123", {"TEL": "0123456789\n\n0123"}),
        ("TEL;type=CELL;type=VOICE;type=pref:1\nTEL;TYPE=HOME:2\nTEL:3", {"TEL": "1\n\n2\n\n3"}),
        ("TEL;FAX:+74951234560", {"X-OTHER": "FAX: +74951234560"}),
        ("ORG;CHARSET=utf-8:Οργανισμός", {"ORG": "Οργανισμός"}),
        ("VERSION:4.0\nVERSION:3.0\nPRODID:a\nPRODID:b", {}),
        ("NOTE:a long line\n  goes on\n \nand on", {"NOTE": "a long line goes on", "X-OTHER": "?: and on"}),
        ("ADR;TYPE=HOME:;Flat 2A\\, Block 8;5 Aa St.;Abc;;;", {"ADR": "Flat 2A, Block 8, 5 Aa St., Abc"}),
        ("N:Пупкин;Василий;;д-р;", {"N.FAMILY": "Пупкин", "N.GIVEN": "Василий", "X-OTHER": "N: д-р"}),
    ],
)
def test_what_others_lost_of_a_card_is_there(tmp_path: Path, said: str, told: dict[str, str]) -> None:
    [row] = rows(tmp_path, NAMED.format(said).encode())
    assert {name: cell for name, cell in row.items() if name not in {"UID", "KIND", "FN"}} == told


@pytest.mark.parametrize(
    ("card", "name"),
    [
        # Android folds what is quoted-printable between two signs, and begins the next line with another.
        ("VERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=90=20=D0=98=\n=D0=B2", "А Ив"),
        ("VERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=43=65;=4D=61;;;", "Ce Ma"),
        ("VERSION:3.0\nN:Rp\\: Wr.no;Z New;;;", "Rp: Wr.no Z New"),
        ("VERSION:2.1\nN;CHARSET=UTF-8:Пупкин;Василий", "Пупкин Василий"),
        ("VERSION:3.0\nN:Пупкин;Василий;Иванович;;", "Пупкин Василий Иванович"),
        ("VERSION:3.0\nFN:д-р Пупкин\nN:Пупкин;;;д-р;", "д-р Пупкин"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_name_is_read_however_it_was_written(tmp_path: Path, mark: bytes, card: str, name: str) -> None:
    [row] = rows(tmp_path, mark + f"BEGIN:VCARD\n{card}\nEND:VCARD\n\n\n".encode())
    assert (row["FN"], row.get("X-OTHER")) == (name, None)


def test_what_only_looks_like_cards_is_refused_row_by_row(tmp_path: Path) -> None:
    told = rows(tmp_path, b"BEGIN:VCARD\nGroup: \nFirst name:Eddie\nE-Mail 2:e@random.org\nEND:VCARD\n" * 2)
    assert [row.get("FN") for row in told] == [None, None]
    assert all("First name:Eddie" in row["X-OTHER"] for row in told)
