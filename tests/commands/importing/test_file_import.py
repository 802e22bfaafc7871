"""Importing CSV files into the real log: every row accounted for, twice is once, nothing stored by a dry run."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.words.messages import words_for
from commands.importing import run
from commands.importing.error_file import ErrorFile
from commands.importing.file_import import import_file
from commands.importing.mapping import make_mapping, read_mapping
from commands.importing.marks import MARKS
from commands.importing.problems import MappingError, teller
from tests.commands.importing.imports import Counting, Desk, desk_at, failing_after, mapping, written
from tests.database import Database
from tests.infra.projector.looking import eventually

PEOPLE = "Id,Name,Phone,Email,Since\n1,Ада,8 (495) 123-45-67,ADA@x.org,2016-03-01\n2,Bob,,bob@x.org,\n"
LINE, CODE, WHY = MARKS[1]
CLIENT = {"name": "Name", "phone": "Phone", "email": "Email", "date": "Since", "kind": {"value": "person"}}


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_at(database)


def errors_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def errors_at(path: Path, language: str = "en") -> ErrorFile:
    # A rule's own words are the catalogue's.
    return ErrorFile(path, teller(language, lambda code, facts: words_for(code, language, facts)[0]), language=language)


def test_a_row_becomes_a_client_with_its_own_date_and_source(desk: Desk, tmp_path: Path) -> None:
    asked = mapping("client", CLIENT, external_id="Id", zone="Europe/Moscow", stated_date=datetime(2015, 1, 1))  # noqa: DTZ001
    report = import_file(written(tmp_path, PEOPLE), asked, desk.door())
    ada, bob = desk.bodies("client.registered")
    assert (report.rows, report.accepted, report.adds_up) == (2, 2, True)
    assert (ada["name"], ada["external_id"], ada["_actor"]) == ("Ада", "1", "import:old-crm")
    assert ada["_at"] == datetime(2016, 2, 29, 21, tzinfo=UTC)
    assert {point["key"] for point in ada["contact_points"]} == {"+74951234567", "ada@x.org"}
    assert (bob["_at"], bob["date_unknown"]) == (datetime(2014, 12, 31, 21, tzinfo=UTC), True)


def test_an_import_keeps_who_asked_for_it_what_was_read_and_by_which_mapping(desk: Desk, tmp_path: Path) -> None:
    file, asked = written(tmp_path, PEOPLE, name="Люди.csv"), mapping("client", CLIENT, external_id="Id")
    for _ in range(2):
        import_file(file, asked, desk.door(), asked_by="olga")
    (started,) = desk.bodies("import.started")
    digest = sha256(file.read_bytes()).hexdigest()
    assert (started["asked_by"], started["files"]) == ("olga", [{"name": "Люди.csv", "digest": digest}])
    assert make_mapping(json.loads(started["mapping"])) == asked
    assert "Люди" not in str(desk.rows("SELECT body::text FROM letopis.event WHERE topic = 'import.started'"))
    # Read by another mapping it is another import, whose rows are there already.
    again = import_file(file, asked.model_copy(update={"duplicate_reason": "old base"}), desk.door())
    assert (again.already_there + again.refused, len(desk.bodies("import.started"))) == (2, 2)


def test_the_second_run_adds_nothing(desk: Desk, tmp_path: Path) -> None:
    file, asked = written(tmp_path, PEOPLE), mapping("client", CLIENT, external_id="Id")
    import_file(file, asked, desk.door())
    before = desk.size()
    again = import_file(file, asked, desk.door())
    assert (again.accepted, again.already_there, desk.size()) == (0, 2, before)


def test_what_is_there_and_what_is_named_again_and_again_is_decided_once(desk: Desk, tmp_path: Path) -> None:
    text = "Name,Mail\n" + "".join(f"Firm {n % 7},\n" for n in range(2500)) + "Rival,a@x.org\nTwin,a@x.org\n" * 2
    file, asked = written(tmp_path, text), mapping("client", {"name": "Name", "email": "Mail"}, external_id="Name")
    for accepted, decided in ((8, 10), (0, 2)):
        door = desk.door()
        counting = Counting(door.runner)
        report = import_file(file, asked, replace(door, runner=counting))
        assert (report.rows, report.accepted, report.refused, report.adds_up) == (2504, accepted, 2, True)
        # With what is refused each time, and what begins and ends the import.
        assert counting.decided <= decided + 2
        assert counting.asked <= 12 + 2
    assert len(desk.bodies("client.registered")) == 8


def test_a_row_that_changed_since_is_refused_and_the_others_are_there(desk: Desk, tmp_path: Path) -> None:
    asked, errors = mapping("client", CLIENT, external_id="Id"), tmp_path / "errors.csv"
    import_file(written(tmp_path, PEOPLE), asked, desk.door())
    changed = written(tmp_path, PEOPLE.replace("Bob", "Robert"))
    again = import_file(changed, asked, desk.door(), errors=errors_at(errors))
    assert (again.already_there, again.refused) == (1, 1)
    assert [row["Letopis: code"] for row in errors_of(errors)] == ["changed-since-imported"]


def test_a_dry_run_says_what_would_be_and_stores_nothing(desk: Desk, tmp_path: Path) -> None:
    text = PEOPLE + "3,Eve,,ada@x.org,\n4,,,,\n"
    file, asked = written(tmp_path, text), mapping("client", CLIENT, external_id="Id")
    dry = import_file(file, asked, desk.dry_door(), is_dry=True)
    assert (desk.size(), dry.is_dry) == (0, True)
    wet = import_file(file, asked, desk.door())
    counts = [(r.rows, r.accepted, r.already_there, r.refused, r.wrong, r.reasons) for r in (dry, wet)]
    assert counts[0] == counts[1]
    assert dry.reasons == {"duplicate-client": 1, "missing": 1}
    assert import_file(file, asked, desk.dry_door(), is_dry=True).reasons == wet.reasons


def test_an_import_broken_off_goes_on_without_doubling(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"{n},Client {n},,c{n}@x.org,\n" for n in range(2500))
    file, asked = written(tmp_path, "Id,Name,Phone,Email,Since\n" + rows), mapping("client", CLIENT, external_id="Id")
    with pytest.raises(KeyboardInterrupt):
        import_file(file, asked, failing_after(desk.door(), 2))  # the start of the import, and one batch of rows
    # Who dies waits for nothing: what was sent is stored a little later.
    eventually(lambda: len(desk.bodies("client.registered")) > 0)
    assert len(desk.bodies("client.registered")) < 2500
    report = import_file(file, asked, desk.door())
    assert (report.accepted, report.already_there) == (1500, 1000)
    assert len({body["external_id"] for body in desk.bodies("client.registered")}) == 2500
    assert len(desk.bodies("client.registered")) == 2500


def test_the_error_file_names_the_cell_the_reason_and_keeps_the_row(desk: Desk, tmp_path: Path) -> None:
    head = "Id,Name,Phone,Email,Since\n"
    text = head + "1,=1+1,not-a-phone,,\n2,Bob,,bob@x.org,32.13.2016\n3,Eve,,e@x.org,2016-01-01,extra\n"
    errors = tmp_path / "errors.csv"
    report = import_file(
        written(tmp_path, text),
        mapping("client", CLIENT, external_id="Id"),
        desk.door(),
        errors=errors_at(errors, "ru"),
    )
    first, second, third = sorted(errors_of(errors), key=lambda row: row[LINE])
    assert (report.wrong, report.adds_up) == (3, True)
    assert (first[LINE], first["Id"], first["Name"], first[CODE]) == ("2", "1", "'=1+1", "wrong-phone")
    assert first[WHY].startswith("Phone «not-a-phone»: ")
    assert "не номер телефона" in first[WHY]
    assert (second[CODE], second["Since"]) == ("wrong-date", "32.13.2016")
    assert third[CODE] == "ragged-row"
    assert any(line.endswith(",extra") for line in errors.read_text("utf-8-sig").splitlines())


def test_a_formula_is_kept_as_the_text_it_is(desk: Desk, tmp_path: Path) -> None:
    import_file(written(tmp_path, "Id,Name\n1,=SUM(A1:A10)\n"), mapping("client", {"name": "Name"}), desk.door())
    assert desk.bodies("client.registered")[0]["name"] == "=SUM(A1:A10)"


def test_a_date_in_the_future_is_wrong(desk: Desk, tmp_path: Path) -> None:
    report = import_file(
        written(tmp_path, "Name,Since\nAda,2099-01-01\n"),
        mapping("client", {"name": "Name", "date": "Since"}),
        desk.door(),
    )
    assert report.reasons == {"in-the-future": 1}


def test_a_file_without_header_is_mapped_by_number(desk: Desk, tmp_path: Path) -> None:
    import_file(written(tmp_path, "ООО;Ада\nЗАО;Боб\n"), mapping("client", {"name": 2}), desk.door())
    assert [body["name"] for body in desk.bodies("client.registered")] == ["Ада", "Боб"]


def test_identical_rows_are_one_thing_unless_each_counts(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, "Name\nAda\nAda\nBob\n")
    once = import_file(file, mapping("client", {"name": "Name"}), desk.door())
    assert (once.accepted, once.already_there) == (2, 1)
    each = import_file(file, mapping("client", {"name": "Name"}, repeated_rows="each"), desk.door())
    assert (each.accepted, each.already_there) == (1, 2)


def test_deals_find_the_clients_sellers_and_products_of_their_source(desk: Desk, tmp_path: Path) -> None:
    door = desk.door()
    import_file(written(tmp_path, "Who\nAnn\n"), mapping("staff", {"name": "Who"}, external_id="Who"), door)
    import_file(written(tmp_path, "Firm\nAcme\n"), mapping("client", {"name": "Firm"}, external_id="Firm"), door)
    stages = [{"code": "offer", "name": "Offer"}]
    fields = {
        "client": "Firm", "seller": "Who", "stage": {"value": "offer"}, "outcome": "End", "engaged_at": "From",
        "closed_at": "To", "amount": "Sum",
    }  # fmt: skip
    asked = mapping(
        "deal", fields, external_id="No", currency="RUB", dates=["%d.%m.%Y"], values={"outcome": {"Да": "won"}},
        pipeline={"name": "Продажи", "stages": stages},
    )  # fmt: skip
    rows = "No;Who;Firm;From;To;Sum;End\n7;Ann;Acme;02.03.2016;05.03.2016;1 000,50;Да\n8;Zed;Acme;03.03.2016;;;none\n"
    report = import_file(written(tmp_path, rows), asked, door)
    (won,), (claimed,) = desk.bodies("deal.won"), desk.bodies("client.claimed")
    assert (report.accepted, report.refused, report.reasons) == (1, 1, {"not-found": 1})
    assert (won["amount"], won["_at"]) == ({"amount": "1000.50", "currency": "RUB"}, datetime(2016, 3, 5, tzinfo=UTC))
    (defined,) = desk.bodies("pipeline.defined")
    # The board of that day is there too.
    assert claimed["_at"] == defined["_at"] == datetime(2016, 3, 2, tzinfo=UTC)


def test_reasons_of_old_losses_are_codes_by_the_table_that_is_given(desk: Desk, tmp_path: Path) -> None:
    fields = {
        "seller": "Who", "stage": {"value": "offer"}, "outcome": {"value": "lost"}, "lost_reason": "Why",
        "lost_reason_code": "Why",
    }  # fmt: skip
    asked = mapping(
        "deal", fields, external_id="No", values={"lost_reason_code": {"дорого": "price", "Дорого!": "price"}},
        pipeline={"name": "Road", "stages": [{"code": "offer", "name": "Offer"}]},
    )  # fmt: skip
    door = desk.door()
    import_file(written(tmp_path, "Who\nAnn\n"), mapping("staff", {"name": "Who"}, external_id="Who"), door)
    rows = "No;Who;Why\n1;Ann;дорого\n2;Ann;Дорого!\n3;Ann;\n4;Ann;ушли\n"
    report = import_file(written(tmp_path, rows), asked, door)
    assert (report.accepted, report.reasons) == (3, {"wrong-choice": 1})
    assert [body.get("reason_code") for body in desk.bodies("deal.lost")] == ["price", "price", None]


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        ("1,234", "EUR", "too-many-decimals"),  # the file has decimals behind commas
        ("100,5", "JPY", "too-many-decimals"),
        ("-3,50", "EUR", "wrong-amount"),
        ("\u0661\u0662", "EUR", "wrong-amount"),
        ("1e5", "EUR", "wrong-amount"),
        ("100", "rub", "not-a-currency"),
        ("100", "RUR", "not-a-currency"),
    ],
)
def test_a_row_whose_money_is_none_goes_to_the_error_file(
    desk: Desk, tmp_path: Path, amount: str, currency: str, reason: str
) -> None:
    stages = [{"code": "offer", "name": "Offer"}]
    fields = {"seller": "Who", "stage": {"value": "offer"}, "amount": "Sum", "currency": "In"}
    asked = mapping("deal", fields, external_id="No", pipeline={"name": "Road", "stages": stages})
    door = desk.door()
    import_file(written(tmp_path, "Who\nAnn\n"), mapping("staff", {"name": "Who"}, external_id="Who"), door)
    rows = f"No;Who;Sum;In\n1;Ann;{amount};{currency}\n2;Ann;1,12;EUR\n3;Ann;3 100;JPY\n"
    report = import_file(written(tmp_path, rows), asked, door)
    assert (report.wrong, report.accepted, report.reasons) == (1, 2, {reason: 1})
    assert [body["amount"]["amount"] for body in desk.bodies("deal.opened")] == ["1.12", "3100"]


def test_touchpoints_come_with_their_people(desk: Desk, tmp_path: Path) -> None:
    fields = {"channel": "How", "direction": {"value": "inbound"}, "date": "When", "topic": "About"}
    rows = "How,When,About\ncall,2016-05-01T10:00:00+03:00,price\nsmoke,2016-05-01,fire\n"
    report = import_file(written(tmp_path, rows), mapping("activity", fields), desk.door())
    (held,) = desk.bodies("activity.held")
    assert (held["channel"], held["topic"], held["_at"]) == ("call", "price", datetime(2016, 5, 1, 7, tzinfo=UTC))
    assert (report.wrong, report.reasons) == (1, {"wrong-choice": 1})


@pytest.mark.parametrize(
    "content",
    [
        {"fields": {"name": "Nmae"}},
        {"fields": {"name": 9}},
        {"fields": {"colour": "Name"}},
        {"fields": {"name": "Name"}, "zone": "Mars/Olympus"},
        {"fields": {"name": "Name"}, "surprise": True},
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_stored(
    desk: Desk, tmp_path: Path, content: dict[str, Any]
) -> None:
    with pytest.raises(MappingError):
        import_file(
            written(tmp_path, "Name\nAda\n"), make_mapping({"source": "s", "target": "client", **content}), desk.door()
        )
    assert desk.size() == 0


def test_a_mapping_is_read_from_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'source = "s"\ntarget = "client"\n[fields]\nname = ["First", "Last"]\n', name="m.toml")
    assert read_mapping(path).fields["name"].columns == ("First", "Last")
    with pytest.raises(MappingError):
        read_mapping(written(tmp_path, "source = ", name="m.toml"))


# How many of the hundred phones of each file have a digit too many, such as (35222) 67-39-26.
AGENTS = {
    "agents_b_import.csv": 20,
    "agents_k_import.csv": 20,
    "agents_k_import.txt": 20,
    "agents_s_header_bom_crlf.csv": 25,
    "agents_s_noheader_bom.csv": 25,
}


@pytest.mark.parametrize(("name", "bad_phones"), AGENTS.items())
def test_the_russian_firms_land_with_their_phones_and_doubtful_tax_ids(
    desk: Desk, real_data: Callable[[str], Path], name: str, bad_phones: int
) -> None:
    fields = {
        "name": 2, "email": 3, "phone": 4, "legal_address": 6, "director": 8, "tax_id": 9, "registration_code": 10,
    }  # fmt: skip
    content = {"header": "noheader" not in name, "duplicate_reason": "old base"}
    asked = mapping("client", fields, doubtful_contacts="keep", **content)
    exacting = import_file(real_data(f"ru-agents/{name}"), mapping("client", fields, **content), desk.dry_door())
    report = import_file(real_data(f"ru-agents/{name}"), asked, desk.door())
    clients = desk.bodies("client.registered")
    points = [point for body in clients for point in body["contact_points"] if point["kind"] == "phone"]
    phones = [point["key"] for point in points if point.get("doubt") is None]
    recognised = sum(not body["is_tax_id_wrong"] for body in clients)
    assert (exacting.accepted, exacting.wrong) == (100 - bad_phones, bad_phones)
    assert (report.rows, report.accepted) == (100, 100)
    assert 10 <= recognised <= 14
    assert all(body["tax_id"].isdigit() for body in clients)
    assert report.warnings == 100 - recognised + bad_phones
    assert (len(points), len(phones)) == (100, 100 - bad_phones)
    assert all(phone.startswith("+7") and len(phone) == 12 for phone in phones)


def test_every_row_of_every_awkward_file_is_accounted_for(desk: Desk, real_data: Callable[[str], Path]) -> None:
    files = sorted(real_data("importer-edge-cases").glob("*.csv"))
    assert len(files) == 27
    for file in files:
        asked = make_mapping(
            {"source": file.name, "target": "client", "fields": {"name": 1, "note": 2}, "header": True}
        )
        report = import_file(file, asked, desk.door())
        assert report.adds_up, file.name
        assert report.rows == report.accepted + report.already_there + report.wrong, file.name
        assert report.rows > 0, file.name
    names = {body["name"] for body in desk.bodies("client.registered")}
    assert {"Sarah ✨", "=SUM(A1:A10)", "Алексей Иванов", 'John "Johnny" Doe'} <= names


def test_a_dry_run_keeps_its_rows_out_of_memory_and_finds_them_again(desk: Desk, tmp_path: Path) -> None:
    text = "Id,Name,Mail,Firm,Kind\n" + "".join(
        f"{n},Firm {n},m{n % 230}@x.org,{n - 200 if n > 200 else ''},{'person' if n > 200 else 'organisation'}\n"
        for n in range(1, 401)
    )
    fields = {"name": "Name", "email": "Mail", "organisation": "Firm", "kind": "Kind"}
    file, asked = written(tmp_path, text), mapping("client", fields, external_id="Id")
    door = desk.dry_door()
    for holder in ("_streams", "_keyring"):
        # Not even what a batch needs stays at hand.
        vars(vars(door.runner)[holder])["_capacity"] = 10
    run.BATCH, usual = 50, run.BATCH
    dry = import_file(file, asked, door, is_dry=True)
    run.BATCH = usual
    wet = import_file(file, asked, desk.door())
    assert (dry.accepted, dry.refused, dry.reasons) == (wet.accepted, wet.refused, wet.reasons)
    assert dry.refused == 170
    assert len(vars(vars(door.runner)["_keyring"])["_keys"]) < 100


def test_whoever_has_but_a_phone_a_mailbox_or_a_name_is_taken_each_with_what_is_theirs(
    desk: Desk, tmp_path: Path
) -> None:
    text = "Name,Phone,Mail\nAda,8 922 325-12-93,\nBob,,b@x.org\nEve,,\nZoe,8 922 325-12-94,z@x.org\n"
    report = import_file(
        written(tmp_path, text),
        mapping("client", {"name": "Name", "phone": "Phone", "email": "Mail"}, external_id="Name"),
        desk.door(),
    )
    assert (report.accepted, report.rows) == (4, 4)
    assert {
        body["name"]: [point["key"] for point in body["contact_points"]] for body in desk.bodies("client.registered")
    } == {
        "Ada": ["+79223251293"],
        "Bob": ["b@x.org"],
        "Eve": [],
        "Zoe": ["+79223251294", "z@x.org"],
    }


def test_what_is_no_phone_of_its_own_country_is_kept_as_typed_though_it_would_be_one_of_ours(
    desk: Desk, tmp_path: Path
) -> None:
    text = "Name,Phone,Land\nAda,8 922 325-12-93,US\nBob,8 922 325-12-93,RU\nEve,(212) 555-2368,US\n"
    asked = mapping("client", {"name": "Name", "phone": "Phone"}, phone_country="Land", doubtful_contacts="keep")
    # What older mappings say.
    assert mapping("client", {}, doubtful_contacts="note").doubtful_contacts == "keep"
    report = import_file(written(tmp_path, text), asked, desk.door())
    points = [body["contact_points"][0] for body in desk.bodies("client.registered")]
    assert (report.accepted, report.warnings) == (3, 1)
    assert [(point["value"], point.get("doubt") is None) for point in points] == [
        ("8 922 325-12-93", False), ("8 922 325-12-93", True), ("+12125552368", True),
    ]  # fmt: skip
