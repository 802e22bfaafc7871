"""Reading CSV files as people send them."""

import pytest

from commands.importing.csv_file import parse_csv

RUSSIAN = "Тип;Наименование;Адрес\nООО;Сервис Север;Омск, ул. Ленина, 1\nЗАО;Рыб Алмаз;Тверь, пер. Гагарина, 2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_russian_is_read_in_every_encoding_it_is_sent_in(encoding: str) -> None:
    file = parse_csv(RUSSIAN.encode(encoding))
    assert file.delimiter == ";"
    assert [record.cells[1] for record in file.records] == ["Наименование", "Сервис Север", "Рыб Алмаз"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    file = parse_csv(delimiter.join("abc").encode() + b"\n" + delimiter.join("123").encode())
    assert [record.cells for record in file.records] == [["a", "b", "c"], ["1", "2", "3"]]


def test_a_delimiter_inside_quotes_and_a_line_break_inside_quotes_stay_text() -> None:
    file = parse_csv(b'Name,Address\n"Doe, John","Main St\nApt 4B"\nJane,Oak\n')
    assert [(record.line, record.cells) for record in file.records] == [
        (1, ["Name", "Address"]),
        (2, ["Doe, John", "Main St\nApt 4B"]),
        (4, ["Jane", "Oak"]),
    ]


def test_a_quote_that_is_never_closed_swallows_no_rows() -> None:
    file = parse_csv(b'Name,Town\nAda,Paris\n"Bob,Rome\nEve,Oslo\n')
    assert [record.cells[0] for record in file.records] == ["Name", "Ada", '"Bob', "Eve"]


def test_blank_rows_are_counted_and_left_out() -> None:
    file = parse_csv(b"Name,Town\n\n,\nAda,Paris\n")
    assert (len(file.records), file.blank) == (2, 2)


def test_an_empty_file_has_no_records() -> None:
    assert parse_csv(b"").records == []
