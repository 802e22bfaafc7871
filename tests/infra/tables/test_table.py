"""Reading tables out of files as people send them: every row, or a reason why not."""

import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from infra.tables import packed, workbook, workbook_process
from infra.tables.delimited import Record, records
from infra.tables.faults import UnreadableFileError
from infra.tables.packed import Source
from infra.tables.table import open_table
from infra.tables.workbook import Number
from tests.infra.tables.books import letters, ods, xlsx

RUSSIAN = "Тип;Наименование;Адрес\nООО;Сервис Север;Омск, ул. Ленина, 1\nЗАО;Рыб Алмаз;Тверь, пер. Гагарина, 2\n"


def read(path: Path) -> list[Record]:
    with open_table(path) as table:
        rows = [record for record in table.records() if any(record.cells)]
        assert [record for record in table.records() if any(record.cells)] == rows
        return rows


def cells(folder: Path, content: bytes) -> list[list[str]]:
    path = folder / "rows.csv"
    path.write_bytes(content)
    return [record.cells for record in read(path)]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8_r", "cp866"],
)
def test_russian_is_read_in_every_encoding_it_is_sent_in(tmp_path: Path, encoding: str) -> None:
    names = [row[1] for row in cells(tmp_path, RUSSIAN.encode(encoding))]
    assert names == ["Наименование", "Сервис Север", "Рыб Алмаз"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    found = cells(tmp_path, delimiter.join("abc").encode() + b"\n" + delimiter.join("123").encode())
    assert found == [["a", "b", "c"], ["1", "2", "3"]]


def test_what_spreadsheets_tell_each_other_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"sep=|\r\nName|Town\r\nAda, B|Paris\r\n")
    assert read(path) == [Record(2, ["Name", "Town"]), Record(3, ["Ada, B", "Paris"])]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            'Name,Address\n"Doe, John","Main St\nApt 4B"\nJane,Oak\n',
            [["Doe, John", "Main St\nApt 4B"], ["Jane", "Oak"]],
        ),
        ('Name,Town\nAda,Paris\n"Bob,Rome\nEve,Oslo\n', [["Ada", "Paris"], ['"Bob', "Rome"], ["Eve", "Oslo"]]),
        ('Name,Town\n"Bob,Rome\n"Eve",Oslo\n', [['"Bob', "Rome"], ["Eve", "Oslo"]]),
        ('Name,Size\n"TV 42" LG",big\nX,6\'5"\n', [['TV 42" LG', "big"], ["X", "6'5\""]]),
        ('Name,Town\n"Eve" ,"Os""lo"\nBob "the" B,Rome\n', [["Eve", 'Os"lo'], ['Bob "the" B', "Rome"]]),
        ('Name,Town\nX,"never closed\n' + "Y,Z\n" * 2000, [["X", '"never closed'], *[["Y", "Z"]] * 2000]),
        ("Name,Town\r\rAda,Paris\rBob,Rome", [["Ada", "Paris"], ["Bob", "Rome"]]),
        ("Name,Town\nAda\0,Paris\n", [["Ada\0", "Paris"]]),
    ],
)
def test_no_row_is_lost_to_a_quote_or_an_end_of_line(tmp_path: Path, text: str, rows: list[list[str]]) -> None:
    assert cells(tmp_path, text.encode())[1:] == rows


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=3), max_size=6
    )
)
def test_rows_that_are_written_right_are_read_as_another_reader_does(rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    lines = io.StringIO(written.getvalue(), newline="")
    assert [record.cells for record in records(lines, ",")] == [[cell.strip() for cell in row] for row in rows]


@given(st.lists(st.text('ab," ', max_size=12), max_size=8))
def test_however_quotes_are_strewn_every_letter_is_in_some_row(lines: list[str]) -> None:
    read = [record.cells for record in records([f"{line}\n" for line in lines], ",")]
    for letter in "ab":
        assert sum(cell.count(letter) for row in read for cell in row) == sum(line.count(letter) for line in lines)


def test_one_bad_byte_spoils_one_cell_and_no_other(tmp_path: Path) -> None:
    text = "Имя,Город\nПётр,Москва\n".encode() + b"\xff\n" + "Иван,Тверь\n".encode() * 50
    found = cells(tmp_path, text)
    assert (len(found), found[2], found[3]) == (53, ["\udcff"], ["Иван", "Тверь"])


def test_lines_of_two_encodings_are_each_what_they_are(tmp_path: Path) -> None:
    old, new = "Имя,Город\nПётр,Москва\n".encode("cp1251") * 20, "Иван,Тверь\n".encode()
    assert cells(tmp_path, old + new)[-2:] == [["Пётр", "Москва"], ["Иван", "Тверь"]]


def archive(path: Path, **files: bytes) -> bytes:
    with zipfile.ZipFile(path, "w") as packing:
        for name, content in files.items():
            packing.writestr(name.replace("__", "."), content)
    return path.read_bytes()


def test_packed_files_are_read_as_what_is_in_them(tmp_path: Path) -> None:
    text = RUSSIAN.encode("cp1251")
    plain = cells(tmp_path, text)
    assert cells(tmp_path, gzip.compress(text)) == plain
    assert cells(tmp_path, lzma.compress(text[:50]) + lzma.compress(text[50:])) == plain
    assert cells(tmp_path, archive(tmp_path / "a", x__csv=text)) == plain
    book = xlsx(tmp_path / "b", '<row r="1"><c r="A1"><v>5</v></c></row>').read_bytes()
    assert cells(tmp_path, gzip.compress(book)) == cells(tmp_path, archive(tmp_path / "a", b__xlsx=book)) == [["5"]]


def book_of(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Пустой")
        sheet = book.add_worksheet("Клиенты")
        day, moment = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row(2, 1, ["Имя", "Телефон", "Дата", "Время", "Сумма", "Да", "Вычислено"])
        sheet.write_row(3, 1, ["Ада\xa0", 79031112233])
        sheet.write_number(3, 3, 42430, day)
        sheet.write_number(3, 4, 42430 + 10.5 / 24, moment)
        sheet.write_number(3, 5, 0.1 + 0.2)
        sheet.write_boolean(3, 6, True)
        sheet.write_formula(3, 7, "=1+1", None, 2)
        book.add_worksheet("Скрытый").hide()
    return path


def test_a_workbook_says_what_people_see_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book_of(tmp_path / "book.xlsx")
    with open_table(path) as table:
        rows = list(table.records())
        assert (table.form, table.sheet, table.sheets) == ("xlsx", "Клиенты", ["Пустой", "Клиенты"])
    said = ["", "Ада", "79031112233", "2016-03-01", "2016-03-01T10:30:00", "0.3", "true", "2"]
    assert [(row.line, row.cells) for row in rows][1] == (4, said)
    assert isinstance(rows[1].cells[5], Number)
    with open_table(path, sheet="Пустой") as table:
        assert list(table.records()) == []
    with pytest.raises(UnreadableFileError, match="Клиенты"):
        open_table(path, sheet="Клиент")


def test_a_large_workbook_is_read_row_by_row_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = book_of(tmp_path / "book.xlsx")
    workbook_process._tell(str(path), None, by_rows=False)
    whole = capsys.readouterr().out
    monkeypatch.setattr(workbook_process, "LARGE", 0)
    workbook_process._tell(str(path), None, by_rows=False)
    assert capsys.readouterr().out == whole


def test_an_open_document_and_a_cell_far_away_are_read(tmp_path: Path) -> None:
    rows = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>Имя</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="2016-03-01"/>'
        '<table:table-cell office:value-type="float" office:value="10.5"/></table:table-row>'
    )
    assert read(ods(tmp_path / "a.ods", rows)) == [Record(1, ["Имя", "2016-03-01", "10.5"])]
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    assert [(row.line, len(row.cells)) for row in read(xlsx(tmp_path / "far.xlsx", far))] == [(1, 1), (1048576, 16384)]


LAUGH = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<!DOCTYPE l [<!ENTITY a0 "ha">{LAUGH}]>'
CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
REPEATED = CELL.format(' table:number-columns-repeated="16384"', "x")
FORMULAS = "".join(f'<row r="{n}"><c r="A{n}"><f>1+{n}</f></c></row>' for n in range(1, 3000))
WIDE = "".join(f'<c r="{letters(n)}1"><v>{n}</v></c>' for n in range(1, 20_000))
REFUSED: dict[str, tuple[str, Callable[[Path], object]]] = {
    "nothing": ("empty", lambda path: path.write_bytes(b"")),
    "blank lines": ("empty", lambda path: path.write_bytes(b"\n \n")),
    "junk": ("no-text", lambda path: path.write_bytes(Random(7).randbytes(100_000))),
    "nulls": ("no-text", lambda path: path.write_bytes(b"\0" * 1000)),
    "a PDF": ("foreign", lambda path: path.write_bytes(b"%PDF-1.4 x")),
    "a page called .xls": ("foreign", lambda path: path.write_bytes(b"<html><table>")),
    "a card without end": ("endless-card", lambda path: path.write_bytes(b"BEGIN:VCARD\n" + b"A:b\n" * 10_001)),
    "a line without end": ("endless-line", lambda path: path.write_bytes(b"a" * 10_000_001)),
    "too many columns": ("too-many-columns", lambda path: path.write_bytes(b"a,b\n" + b"," * 20_000)),
    "half a gzip": ("broken-archive", lambda path: path.write_bytes(gzip.compress(b"a,b\n" * 10_000)[:-20])),
    "half an xz": ("broken-archive", lambda path: path.write_bytes(lzma.compress(b"a,b\n" * 100)[:-8])),
    "a greedy xz": (
        "broken-archive",
        lambda path: path.write_bytes(
            lzma.compress(b"a,b\n", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}])
        ),
    ),
    "two files": ("several-files", lambda path: archive(path, a__csv=b"1", b__csv=b"2")),
    "no file": ("empty", lambda path: archive(path, __MACOSX=b"1")),
    "half a workbook": ("broken-archive", lambda path: path.write_bytes(b"PK\3\4" + b"x" * 100)),
    "a workbook of junk": ("broken-workbook", lambda path: archive(path, content__xml=b"<junk")),
    "an old workbook of junk": (
        "broken-workbook",
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 5000),
    ),
    "formulas never computed": ("not-computed", lambda path: xlsx(path, FORMULAS)),
    "a wide workbook": ("too-many-columns", lambda path: xlsx(path, f'<row r="1">{WIDE}</row>')),
    "entities of entities": (
        "broken-workbook",
        lambda path: ods(path, f"<table:table-row>{CELL.format('', '&a11;')}</table:table-row>", BOMB),
    ),
    "a cell a milliard times": (
        "broken-workbook",
        lambda path: ods(
            path,
            f'<table:table-row table:number-rows-repeated="1048576">{REPEATED}</table:table-row>',
        ),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_table_is_refused_with_a_reason_in_both_languages(tmp_path: Path, name: str) -> None:
    code, write = REFUSED[name]
    write(tmp_path / "file")
    with pytest.raises(UnreadableFileError) as refused:
        read(tmp_path / "file")
    assert refused.value.code == code
    assert refused.value.said("ru") != refused.value.said("en")
    assert "{" not in refused.value.said("ru") + refused.value.said("en")


def test_a_bomb_goes_off_in_its_own_process_and_in_no_memory_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MOST_UNPACKED", 1_000_000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"a,b\n" * 500_000))
    with pytest.raises(UnreadableFileError) as refused:
        read(tmp_path / "bomb.gz")
    assert refused.value.code == "too-large"
    monkeypatch.setattr(workbook, "MOST_MEMORY", 100_000_000)
    pieces = ('<row r="1"><c r="A1" t="inlineStr"><is><t>', *["a" * 1_000_000] * 99, "</t></is></c></row>")
    with pytest.raises(UnreadableFileError) as refused:
        read(xlsx(tmp_path / "bomb.xlsx", pieces))
    assert refused.value.code == "workbook-too-large"


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "a", x__csv=b"a,b\n"))
    content[6] |= 1  # the bit of the local header
    content[content.index(b"PK\1\2") + 8] |= 1  # and of the directory
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UnreadableFileError) as refused:
        Source(tmp_path / "a").open()
    assert refused.value.code == "locked"


@pytest.mark.parametrize(("encoding", "code"), [("utf-8", "wrong-encoding"), ("cp1252000", "unknown-encoding")])
def test_an_encoding_that_is_named_wrongly_is_said(tmp_path: Path, encoding: str, code: str) -> None:
    (tmp_path / "a").write_bytes(RUSSIAN.encode("cp1251"))
    with pytest.raises(UnreadableFileError) as refused:
        open_table(tmp_path / "a", encoding=encoding)
    assert refused.value.code == code
