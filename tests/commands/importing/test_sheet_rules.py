"""What a mapping can say of a table: rows become commands without any log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter

from commands.importing import in_order
from commands.importing.file_import import opened
from commands.importing.frame import Frame
from commands.importing.mapping import Mapping
from commands.importing.problems import MappingError
from commands.importing.row import Row
from commands.importing.sheet import Sheet
from commands.importing.survey import survey
from commands.importing.targets import made
from tests.commands.importing.imports import mapping, written

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def told(path: Path, asked: Mapping) -> list[Any]:
    """What each row says: its command, or the codes and columns of its problems."""
    with opened(path, asked) as table:
        sheet = Sheet(table, asked)
        surveyed = survey(sheet, NOW)
        frame = Frame(UUID(int=1), asked, False)
        rows = []
        for record in sheet.records():
            row = Row(sheet, surveyed, record)
            rows.append(made(row, frame) or [(each.code, each.column) for each in row.problems])
        assert len(rows) == surveyed.count
        return rows


def names(path: Path, asked: Mapping) -> list[str]:
    return [command.name for command in told(path, asked)]


@pytest.mark.parametrize(
    "text",
    [
        "ФИО;Адрес\nАда;Омск, ул. Ленина, 1, кв. 2, эт. 3\nБоб;Тверь, пер. Гагарина, 2, кв. 4, эт. 5\n",
        "фио ;Адрес*\nАда;x\nБоб;y\n",
        "Выгрузка клиентов\nна 01.03.2016, всего 2\n\nФИО;Адрес\nАда;x\nБоб;y\n",
        "Кто;;Где\nФИО;Телефон;Адрес\nАда;;x\nБоб;;y\n",
        "sep=;\nФИО;Адрес\nАда;x, y\nБоб;z, w\n",
    ],
)
def test_the_columns_of_the_mapping_are_found_wherever_they_stand(tmp_path: Path, text: str) -> None:
    asked = mapping("client", {"name": "ФИО", "address": "Адрес"})
    assert names(written(tmp_path, text), asked) == ["Ада", "Боб"]


def test_columns_below_a_group_are_called_by_both(tmp_path: Path) -> None:
    text = "Клиент;;Контакт;\nИмя;Телефон;Имя;Телефон\nАда;1;Боб;2\n"
    asked = mapping("client", {"name": "Контакт / Имя", "note": ["Клиент / Имя", "Контакт / Телефон"]})
    (command,) = told(written(tmp_path, text), asked)
    assert (command.name, command.profile[0].value) == ("Боб", "Ада\n2")


def test_commas_in_addresses_never_beat_the_mapped_columns(tmp_path: Path) -> None:
    text = "a, b;name;c, d\n" + "1, 2;Ada;3, 4\n" * 5 + "1, 2;Bob\n"
    assert len(names(written(tmp_path, text), mapping("client", {"name": "name"}))) == 6
    wide = mapping("client", {"name": 2}, header=False)
    assert names(written(tmp_path, "1, 2;Ada;3, 4, 5\n1, 2;Bob;3, 4, 5\n", name="b.csv"), wide) == [
        "2;Ada;3",
        "2;Bob;3",
    ]
    assert names(written(tmp_path, "1, 2;Ada;3\n1, 2;Bob;3\n1;Eve;3\n"), wide) == ["Ada", "Bob", "Eve"]


@pytest.mark.parametrize("name", ["Null", "None", "-", "n/a"])
def test_people_may_be_called_by_words_that_mean_nothing_elsewhere(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, f"Name,Town,Boss\n{name},{name},{name}\n")
    (command,) = told(file, mapping("client", {"name": "Name", "location": "Town", "director": "Boss"}))
    assert (command.name, [(fact.field, fact.value) for fact in command.profile]) == (name, [("director", name)])
    assert told(file, mapping("client", {"name": "Name"}, blanks=[name])) == [[("missing", "Name")]]


def test_a_field_may_take_the_first_of_several_columns_or_a_text_for_none(tmp_path: Path) -> None:
    rows = "Short,Long\nRomashka,Romashka LLC\n,Only Long\n,\nx,\n"
    fields = {"name": {"columns": ["Short", "Long"], "first": True, "otherwise": "(no name)"}, "sector": {"value": "x"}}
    found = told(written(tmp_path, rows), mapping("client", fields))
    assert [command.name for command in found] == ["Romashka", "Only Long", "x"]
    rows = "Id,Short\n1,\n"
    fields = {"name": {"column": "Short", "otherwise": "(no name)"}}
    assert names(written(tmp_path, rows), mapping("client", fields)) == ["(no name)"]


def test_a_cell_with_several_values_is_split(tmp_path: Path) -> None:
    rows = 'Name,Mail\nAda,"a@x.org; b@x.org;; -"\n'
    (command,) = told(
        written(tmp_path, rows), mapping("client", {"name": "Name", "email": {"column": "Mail", "split": ";"}})
    )
    assert [point.value for point in command.contact_points] == ["a@x.org", "b@x.org"]


def test_rows_that_are_not_asked_for_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = "Name,Kind,Gone\nAda,Client ,\nBob,Lead,\nEve,client,yes\n,,\n"
    where = [{"column": "Kind", "is": ["client"]}, {"column": "Gone", "is_not": ["yes"]}]
    asked = mapping("client", {"name": "Name"}, where=where)
    assert names(written(tmp_path, rows), asked) == ["Ada"]
    with opened(tmp_path / "rows.csv", asked) as table:
        surveyed = survey(Sheet(table, asked), NOW)
    assert (surveyed.count, surveyed.left_out, surveyed.blank) == (1, 2, 1)
    assert names(
        written(tmp_path, rows), mapping("client", {"name": "Name"}, where=[{"column": "Gone", "is": [""]}])
    ) == [
        "Ada",
        "Bob",
    ]


def test_an_id_of_several_columns_is_one_only_with_all_of_them(tmp_path: Path) -> None:
    rows = "Firm,No,Name\na|b,c,Ada\na,b|c,Bob\na,,Eve\n"
    first, second, third = told(
        written(tmp_path, rows), mapping("client", {"name": "Name"}, external_id=["Firm", "No"])
    )
    assert (first.external_id, second.external_id, third) == ("a||b|c", "a|b||c", [("missing", "Firm")])


def test_phones_are_read_as_those_of_the_country_of_their_row(tmp_path: Path) -> None:
    rows = (
        "Name,Phone,Country\nA,030 123456,Германия\nB,020 7946 0958,GB\nC,8 (495) 123-45-67,\nD,+14155552671,Нарния\n"
    )
    found = told(
        written(tmp_path, rows), mapping("client", {"name": "Name", "phone": "Phone"}, phone_country="Country")
    )
    assert [command.contact_points[0].value for command in found] == [
        "+4930123456", "+442079460958", "8 (495) 123-45-67", "+14155552671",
    ]  # fmt: skip


def test_every_wrong_cell_of_a_row_is_told(tmp_path: Path) -> None:
    rows = "Name,Phone,Mail,Kind,Since\n,nine,here,robot,someday\n"
    fields = {"name": "Name", "phone": "Phone", "email": "Mail", "kind": "Kind", "date": "Since"}
    (problems,) = told(written(tmp_path, rows), mapping("client", fields))
    assert set(problems) == {
        ("missing", "Name"), ("wrong-phone", "Phone"), ("wrong-email", "Mail"), ("wrong-choice", "Kind"),
        ("wrong-date", "Since"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("A\0da,x", ("damaged", "Name")),
        ("Ada\udcff,x", ("damaged", "Name")),
        ("Ada,x,y", ("ragged-row", "")),
        ("Ada,\ufffd", ("damaged", "Town")),
    ],
)
def test_a_row_that_was_damaged_is_wrong_and_says_where(tmp_path: Path, row: str, problem: tuple[str, str]) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(f"Name,Town\n{row}\nЁж,y\nЁж,z\n".encode("utf-8", "surrogateescape"))
    assert told(path, mapping("client", {"name": "Name"}))[0] == [problem]


def test_days_and_numbers_of_a_workbook_are_what_they_are_there(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Кто", "Этап", "Начало", "Сумма", "Валюта"])
        sheet.write_row(1, 0, ["Ann", "offer", "", 1.054, "KWD"])
        sheet.write_number(1, 2, 42430, book.add_format({"num_format": "dd/mm/yy"}))
    fields = {"seller": "Кто", "stage": "Этап", "engaged_at": "Начало", "amount": "Сумма", "currency": "Валюта"}
    asked = mapping("deal", {**fields, "pipeline": {"value": "Road"}}, decimal=",")
    (deal,) = told(tmp_path / "book.xlsx", asked)
    assert (str(deal.amount.amount), deal.engaged_at) == ("1.054", datetime(2016, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"fields": {"name": "Nmae"}}, "no-such-column"),
        ({"fields": {"name": "Name", "note": "Nmae"}}, "no-such-column"),
        ({"fields": {"name": 9}}, "no-such-number"),
        ({"fields": {"name": "Name"}, "header": False}, "no-header"),
    ],
)
def test_a_column_that_is_not_there_is_told_in_both_languages(
    tmp_path: Path, content: dict[str, Any], code: str
) -> None:
    with pytest.raises(MappingError) as refused:
        told(written(tmp_path, "Name,Town\nAda,x\n"), mapping("client", **content))
    assert refused.value.code == code
    assert refused.value.said("ru") != refused.value.said("en")


def test_rows_are_entered_in_order_of_time_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{n},C{n},{1 + n * 7 % 28:02}.0{1 + n % 9}.2016\n" for n in range(50)) + "50,Undated,\n"
    asked = mapping("client", {"name": "Name", "date": "Since"}, external_id="No")
    orders = []
    for piece in (1000, 7):
        monkeypatch.setattr(in_order, "PIECE", piece)
        with opened(written(tmp_path, "No,Name,Since\n" + rows), asked) as table:
            sheet = Sheet(table, asked)
            surveyed = survey(sheet, NOW)
            orders.append([record.cells for record in in_order.in_order(sheet, surveyed)])
    days = [(row[2][3:5], row[2][:2]) for row in orders[0][:-1]]
    assert (days, orders[0][-1][0], orders[1]) == (sorted(days), "50", orders[0])
