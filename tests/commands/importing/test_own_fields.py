"""What a row says in the company's own fields: typed cells, each wrong one told, and nothing recorded twice."""

import csv
from pathlib import Path
from typing import Any

import pytest

from commands.base import Actor, Command
from commands.custom_field import AddFieldOption, DefineCustomField, RetireCustomField, RetireFieldOption
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.importing.file_import import import_file
from commands.importing.mapping import Mapping
from commands.importing.problems import MappingError
from commands.importing.report import Report
from events.custom_field import CustomFieldType
from events.labels import FieldOption, GivenLabels
from infra.log.ids import new_id
from tests.commands.importing.imports import Desk, desk_at, failing_after, mapping, written
from tests.commands.importing.test_file_import import errors_at
from tests.database import MASTER, Database

OPERATOR = Actor("00000000-0000-0000-0000-000000000007", "admin")


def said(desk: Desk, *commands: Command) -> None:
    """Let somebody do something by hand."""
    for each in commands:
        (answer,) = desk.door().runner.run(  # type: ignore[attr-defined]  # it is a BatchRunner
            [Request.of(each, OPERATOR, MASTER.keyed_hash, command_id=new_id())]
        )
        assert isinstance(answer, Accepted), answer


def defined(code: str, kind: CustomFieldType, en: str, ru: str, *options: FieldOption) -> DefineCustomField:
    return DefineCustomField(code=code, type=kind, labels=GivenLabels(en=en, ru=ru), options=options)


def option(code: str, en: str, ru: str) -> FieldOption:
    return FieldOption(code=code, labels=GivenLabels(en=en, ru=ru))


def with_fields(desk: Desk) -> Desk:
    said(
        desk,
        defined("note2", CustomFieldType.TEXT, "Remark", "Пометка"),
        defined("size", CustomFieldType.NUMBER, "Shop size", "Площадь"),
        defined("until", CustomFieldType.DATE, "Warranty ends", "Гарантия до"),
        defined("vip", CustomFieldType.BOOLEAN, "Key client", "Ключевой"),
        defined("heat", CustomFieldType.CHOICE, "Interest", "Интерес", option("hot", "Hot", "Горячий"),
                option("cold", "Cold", "Холодный")),
    )  # fmt: skip
    return desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return with_fields(desk_at(database))


HEAD = "Id;Name;Пометка;Площадь;Гарантия до;Ключевой;Интерес\n"
FIELDS = {
    "name": "Name",
    "field:note2": "Пометка",
    "field:size": "Площадь",
    "field:until": "Гарантия до",
    "field:vip": "Ключевой",
    "field:heat": "Интерес",
}


def asked(mode: str = "create", **rest: Any) -> Mapping:
    return mapping("client", FIELDS, external_id="Id", mode=mode, zone="Europe/Moscow", **rest)


def brought(desk: Desk, folder: Path, rows: str, wanted: Mapping, errors: Path | None = None, **more: Any) -> Report:
    told = None if errors is None else errors_at(errors)
    door = more.pop("door", None) or desk.door()
    return import_file(written(folder, HEAD + rows), wanted, door, errors=told, **more)


def stored(desk: Desk) -> list[tuple[str, str]]:
    return [(body["code"], body["value"]) for body in desk.bodies("client_field.set")]


def test_each_cell_is_stored_in_the_one_form_of_its_type(desk: Desk, tmp_path: Path) -> None:
    rows = "1;Ромашка; у  вокзала ;1 200,50;30.11.2026;да;горячий\n2;Лютик;;-7;2027-01-02;No;Cold\n3;Василёк;;;;;hot\n"
    report = brought(desk, tmp_path, rows, asked())
    assert (report.accepted, report.wrong, report.refused) == (3, 0, 0)
    assert stored(desk) == [
        ("note2", "у вокзала"), ("size", "1200.5"), ("until", "2026-11-30"), ("vip", "true"), ("heat", "hot"),
        ("size", "-7"), ("until", "2027-01-02"), ("vip", "false"), ("heat", "cold"), ("heat", "hot"),
    ]  # fmt: skip
    bodies = desk.bodies("client_field.set")
    clients = {body["client_id"] for body in bodies}
    assert clients == {str(body["_stream"]) for body in desk.bodies("client.registered")}
    assert {body["_actor"] for body in bodies} == {"import:old-crm"}
    # Nothing personal lies open, and it is forgotten with the client.
    assert desk.rows("SELECT count(*) FROM letopis.event WHERE body::text LIKE %s", "%1200.5%") == [(0,)]
    kinds = desk.rows("SELECT DISTINCT subject_id::text FROM letopis.event WHERE topic = 'client_field.set'")
    assert {each for (each,) in kinds} == clients


WRONG = {
    "size": ["много", "1 200 ₽", "1234567890123", "0,1234567", "1e5"],
    "until": ["вчера", "31.02.2026", "30.13.2026"],
    "vip": ["может быть", "2"],
    "heat": ["тёплый", "Hot, Cold", "warm"],
    "note2": ["д" * 201],
}
PLACES = {"note2": 2, "size": 3, "until": 4, "vip": 5, "heat": 6}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_cell_that_cannot_stand_in_its_field_is_told_and_can_be_mended(
    desk: Desk, tmp_path: Path, language: str
) -> None:
    said(desk, AddFieldOption(code="heat", option=option("warm", "Warm", "Тёплый")))
    said(desk, RetireFieldOption(code="heat", option="warm"))
    lines = []
    for code, values in WRONG.items():
        for number, value in enumerate(values):
            cells = [f"{code}{number}", "Ада", "", "", "", "", ""]
            cells[PLACES[code]] = value
            lines.append(";".join(cells))
    errors = tmp_path / "errors.csv"
    told = errors_at(errors, language)
    report = import_file(written(tmp_path, HEAD + "\n".join(lines)), asked(), desk.door(), errors=told)
    assert (report.rows, report.wrong, report.accepted) == (len(lines), len(lines), 0)
    with errors.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == len(lines)
    for row in rows:
        code = row["Id"].rstrip("0123456789") if not row["Id"].startswith("note2") else "note2"
        heading = HEAD.strip().split(";")[PLACES[code]]
        reason = list(row.values())[-1]
        # The cell is named by its own heading, with what stands there.
        assert reason.startswith(f"{heading} «"), reason
        assert ("Запишите" in reason or "бывает" in reason or "Исправьте" in reason or "Сократите" in reason) == (
            language == "ru"
        ), reason
    assert stored(desk) == []
    # What is choosable is told by code and both labels; what is retired is not.
    heat = next(row for row in rows if row["Id"] == "heat2")
    assert "hot (Hot, Горячий)" in list(heat.values())[-1]
    assert "warm (" not in list(heat.values())[-1]


def test_an_update_records_what_is_otherwise_and_a_blank_cell_clears_only_what_the_mapping_says(
    desk: Desk, tmp_path: Path
) -> None:
    brought(desk, tmp_path, "1;Ромашка;раз;10;;да;hot\n2;Лютик;;;;;\n", asked())
    size = desk.size()
    report = brought(desk, tmp_path, "1;;раз;10,0;;Y;Горячий\n", asked("update"))
    assert (report.accepted, report.already_there, desk.size()) == (0, 1, size + 2)
    report = brought(desk, tmp_path, "1;;;12;;;\n2;;;;;;cold\n", asked("update", clear=["field:note2", "field:until"]))
    assert (report.accepted, report.updated) == (2, 2)
    assert stored(desk)[-2:] == [("size", "12"), ("heat", "cold")]
    (cleared,) = desk.bodies("client_field.cleared")
    assert cleared["code"] == "note2"


def test_who_is_entered_in_an_update_has_the_fields_of_the_row(desk: Desk, tmp_path: Path) -> None:
    report = brought(desk, tmp_path, "1;Ромашка;раз;;;;\n1;;два;;;;\n", asked("create-or-update"))
    assert (report.accepted, report.updated) == (2, 1)
    assert stored(desk) == [("note2", "раз"), ("note2", "два")]


@pytest.mark.parametrize(("code", "fault"), [("nobody", "own-field-is-unknown"), ("size", "own-field-is-retired")])
def test_a_field_that_is_not_there_refuses_the_mapping_before_a_row_is_read(
    desk: Desk, tmp_path: Path, code: str, fault: str
) -> None:
    said(desk, RetireCustomField(code="size"))
    wanted = mapping("client", {"name": "Name", f"field:{code}": 2}, external_id="Id")
    size = desk.size()
    for door in (desk.door(), desk.dry_door()):
        with pytest.raises(MappingError) as refused:
            # There is no such file: it is not even opened.
            import_file(tmp_path / "no.csv", wanted, door)
        assert refused.value.code == fault
        for language in ("en", "ru"):
            assert f"field:{code}" in refused.value.said(language)
            assert "custom-field" in refused.value.said(language)
    assert desk.size() == size


def test_only_clients_have_own_fields(desk: Desk, tmp_path: Path) -> None:
    wanted = mapping("product", {"name": "Name", "field:size": "Площадь"}, external_id="Id")
    with pytest.raises(MappingError) as refused:
        brought(desk, tmp_path, "1;Насос;;;;;\n", wanted)
    assert refused.value.code == "no-such-field"


def test_the_mappings_sign_and_order_are_those_of_the_fields_too(desk: Desk, tmp_path: Path) -> None:
    rows = "1;Ромашка;;1,054;03/04/2026;;\n"
    report = brought(desk, tmp_path, rows, asked())
    assert (report.wrong, dict(report.reasons)) == (1, {"ambiguous-amount": 1, "ambiguous-date": 1})
    brought(desk, tmp_path, rows, asked(decimal=".", date_order="mdy"))
    assert stored(desk) == [("size", "1054"), ("until", "2026-03-04")]
    # What one cell shows holds for the whole file.
    brought(desk, tmp_path, "2;Лютик;;1,054;03/04/2026;;\n3;Василёк;;2,5;25/04/2026;;\n", asked())
    assert stored(desk)[2:4] == [("size", "1.054"), ("until", "2026-04-03")]


def test_a_dry_run_asks_every_rule_and_stores_nothing(desk: Desk, tmp_path: Path) -> None:
    size = desk.size()
    rows = "1;Ромашка;раз;10;;да;hot\n2;Лютик;;;вчера;;\n"
    report = brought(desk, tmp_path, rows, asked(), door=desk.dry_door(), is_dry=True)
    assert (report.accepted, report.wrong, desk.size()) == (1, 1, size)


def test_killed_it_goes_on_without_a_double_or_a_loss(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"{n};Client {n};n{n};{n};;;hot\n" for n in range(2500))
    with pytest.raises(KeyboardInterrupt):
        brought(desk, tmp_path, rows, asked(), door=failing_after(desk.door(), 2))
    report = brought(desk, tmp_path, rows, asked())
    assert (report.accepted + report.already_there, len(stored(desk))) == (2500, 7500)
    other = asked("update").model_copy(update={"decimal": ","})
    changed = rows.replace("hot", "cold")
    with pytest.raises(KeyboardInterrupt):
        brought(desk, tmp_path, changed, other, door=failing_after(desk.door(), 2))
    assert brought(desk, tmp_path, changed, other).rows == 2500
    assert [value for code, value in stored(desk) if code == "heat"].count("cold") == 2500
    assert len(stored(desk)) == 10_000
    again = brought(desk, tmp_path, changed, other.model_copy(update={"area_code": "495"}))
    assert (again.already_there, len(stored(desk))) == (2500, 10_000)


def test_what_is_said_beside_is_looked_up_batch_by_batch(desk: Desk, tmp_path: Path, monkeypatch: Any) -> None:
    rows = "".join(f"{n};Client {n};n{n};{n};;;hot\n" for n in range(1000))
    brought(desk, tmp_path, rows, asked())
    door = desk.door()
    asked_for: list[int] = []
    streams = door.runner._streams  # type: ignore[attr-defined]
    read = streams._read

    def counted(after: Any, limit: int | None = None, /) -> Any:
        asked_for.append(len(after))
        return read(after, limit)

    monkeypatch.setattr(streams, "_read", counted)
    report = brought(desk, tmp_path, rows.replace("hot", "cold"), asked("update"), door=door)
    assert report.updated == 1000
    assert len(asked_for) < 20


def test_an_option_may_be_called_as_what_says_nothing_elsewhere(desk: Desk, tmp_path: Path) -> None:
    said(desk, AddFieldOption(code="heat", option=option("unknown", "N/A", "нет данных")))
    report = brought(desk, tmp_path, "1;Ада;;;;;N/A\n2;Лев;n/a;;;;нет данных\n3;Ева;;;;;-\n", asked())
    assert (report.accepted, report.wrong) == (3, 0)
    assert stored(desk) == [("heat", "unknown"), ("heat", "unknown")]
    said(desk, RetireFieldOption(code="heat", option="unknown"))
    report = brought(desk, tmp_path, "1;;;;;;N/A\n", asked("update", clear=["field:heat"]))
    assert (report.updated, len(desk.bodies("client_field.cleared"))) == (1, 1)


def test_yes_and_no_are_understood_as_they_are_written_elsewhere(desk: Desk, tmp_path: Path) -> None:
    words = ("1", "0", "TRUE", "false", "Да", "нет", "", "+", "Yes")
    rows = "".join(f"{n};Client {n};;;;{word};\n" for n, word in enumerate(words))
    report = brought(desk, tmp_path, rows, asked())
    assert (report.accepted, report.wrong) == (len(words), 0)
    assert [value for _, value in stored(desk)] == ["true", "false", "true", "false", "true", "false", "true", "true"]


@pytest.mark.parametrize("zone", ["Europe/Moscow", "America/New_York", "Pacific/Auckland", "UTC"])
def test_a_day_is_the_same_in_every_zone(desk: Desk, tmp_path: Path, zone: str) -> None:
    wanted = asked().model_copy(update={"zone": zone})
    brought(desk, tmp_path, "1;Ада;;;30.11.2026;;\n2;Лев;;;2026-03-29;;\n3;Ева;;;29.03.2026 00:00;;\n", wanted)
    assert [value for _, value in stored(desk)] == ["2026-11-30", "2026-03-29", "2026-03-29"]


def test_what_the_file_has_no_column_for_stays_and_no_option_is_made_of_a_slip(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, "1;Ада;раз;10;;да;hot\n", asked())
    only = mapping("client", {"field:heat": "Интерес"}, external_id="Id", mode="update")
    report = brought(desk, tmp_path, "1;;;;;;Hott\n", only)
    assert (report.wrong, len(stored(desk)), desk.bodies("custom_field.option_added")) == (1, 4, [])
    report = brought(desk, tmp_path, "1;;;;;;cold\n", only)
    assert (report.updated, stored(desk)[4:], desk.bodies("client_field.cleared")) == (1, [("heat", "cold")], [])


def test_tags_that_are_there_stay_and_a_row_without_any_gives_none(desk: Desk, tmp_path: Path) -> None:
    fields = {"name": "Name", "tags": {"column": "Пометка", "split": ","}}
    wanted = mapping("client", fields, external_id="Id", mode="create-or-update")
    brought(desk, tmp_path, "1;Ада;VIP, опт,,  vip ;;;;\n2;Лев;;;;;\n", wanted)
    assert [body["tag"] for body in desk.bodies("client_tag.given")] == ["VIP", "опт"]
    report = brought(desk, tmp_path, "1;;Новый;;;;\n2;;;;;;\n", wanted)
    assert (report.updated, report.already_there) == (1, 1)
    assert [body["tag"] for body in desk.bodies("client_tag.given")] == ["VIP", "опт", "Новый"]
    assert desk.bodies("client_tag.taken") == []
    report = brought(desk, tmp_path, f"1;;{'д' * 51};;;;\n", wanted)
    assert (report.wrong, dict(report.reasons)) == (1, {"too-long": 1})
