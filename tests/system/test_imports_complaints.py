"""What users of other importers complained of, sent to ours over HTTP; the rows of docs/tried.md say whose it was."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.database import copy_of
from tests.system.sent import BORIS, Imports, importing_at


@pytest.fixture(scope="module")
def imports(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    with (
        copy_of(cluster, template) as database,
        importing_at(tmp_path_factory.mktemp("complaints"), database) as running,
    ):
        yield running


def card(imports: Imports, name: str) -> dict[str, object]:
    """Return the card of the one client of this name."""
    [found] = imports.get(f"/clients?q={name}").json()["items"]
    told: dict[str, object] = imports.get(f"/clients/{found['client_id']}").json()
    return told


def test_one_bad_row_among_many_stops_nothing(imports: Imports) -> None:
    rows = [f"Фирма {number};{'12' if number == 49 else f'+7{9_333_000_000 + number}'}" for number in range(1_500)]
    import_id = imports.sent("Наименование;Телефон\n" + "\n".join(rows), source="one bad")
    report = imports.ran(import_id)["report"]
    assert (report["rows"], report["accepted"], report["wrong"]) == (1_500, 1_499, 1)
    assert "это не номер телефона" in imports.get(f"/imports/{import_id}/errors").text.lower()


def test_a_column_without_a_name_can_be_said_and_left_out(imports: Imports) -> None:
    sent = imports.send("email,, last Name, comp\nka@ka.bus, johan, straus, ka\nko@bo.ro,cow,boy,bel\n").json()
    assert (sent["preview"]["columns"], sent["preview"]["has_header"]) == (["email", "2", "last Name", "comp"], True)
    mapping = {"source": "m", "target": "client", "fields": {"name": [2, "last Name"], "email": "email"}}
    seen = imports.post(f"/imports/{sent['id']}/mapping", mapping=mapping).json()
    assert [row["fields"]["name"] for row in seen["first"]] == ["johan straus", "cow boy"]
    assert imports.ran(sent["id"])["report"]["accepted"] == 2


def test_two_columns_with_one_heading_and_two_for_one_field_lose_nothing(imports: Imports) -> None:
    sent = imports.send("ID;Имя;Тел;Тел\n1;Близнецова Ада;+7 944 000-00-01;+7 944 000-00-02\n", source="twin").json()
    assert sent["preview"]["columns"] == ["ID", "Имя", "Тел", "Тел (2)"]
    assert sent["preview"]["mapping"]["fields"]["phone"] == ["Тел", "Тел (2)"]
    assert imports.ran(sent["id"])["report"]["accepted"] == 1
    points = card(imports, "Близнецова")["contact_points"]
    assert {point["key"] for point in points} == {"+79440000001", "+79440000002"}  # type: ignore[attr-defined]


def test_the_first_row_of_a_file_without_headings_is_a_row(imports: Imports) -> None:
    sent = imports.send("Безголовый Иван;ivan@bez.example\nБезголовая Анна;anna@bez.example\n", name="bare.csv").json()
    assert (sent["preview"]["has_header"], sent["preview"]["rows"]) == (False, 2)
    assert sent["preview"]["columns"] == ["1", "2"]
    assert imports.ran(sent["id"])["report"]["accepted"] == 2


@pytest.mark.parametrize("name", ["клиенты №1.csv", "ทดสอบ.csv", 'a;b="c".csv', "ä.csv", "x" * 190 + ".csv"])
def test_a_file_is_called_what_it_is_called_and_its_errors_can_be_downloaded(imports: Imports, name: str) -> None:
    sent = imports.send("Наименование;Телефон\nКто;12\n", name=name).json()
    assert sent["files"][0]["name"] == name
    imports.ran(sent["id"])
    answer = imports.get(f"/imports/{sent['id']}/errors")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]


def test_a_file_in_an_archive_may_be_called_anything(imports: Imports) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("папка/клиенты.csv", "Наименование;Телефон\nАрхивная;+7 955 000-00-01\n")
    assert imports.send(packed.getvalue(), "всё.zip").json()["preview"]["rows"] == 1


def test_quotes_and_dates_of_others_freeze_nothing(imports: Imports) -> None:
    content = (
        "Internal Contact Number,Contact Name,Occurred At,Notes\n"
        '929,Gale "Ailene" Price,"October  4, 2020",""\n931,Ser. Wintheiser,2020-10-05 00:37:38 UTC,"a,b"\n'
    )
    sent = imports.send(content, name="bad.csv").json()
    report = imports.ran(sent["id"])["report"]
    assert report["rows"] == 2 == report["accepted"] + report["wrong"] + report["refused"]


def test_an_import_that_failed_is_over_and_the_file_can_be_sent_again(imports: Imports) -> None:
    # What is wrong stands behind the rows that are looked at before it is run.
    content = "Наименование;Телефон\n" + "Кто-то;\n" * 11_000 + "x" + ";" * 20_000 + "\n"
    import_id = imports.sent(content, name="late.csv")
    told = imports.ran(import_id)
    assert (told["state"], told["job"]["outcome"]["facts"]["fault"]) == ("failed", "too-many-columns")
    assert "столбцов" in told["job"]["outcome"]["detail"]
    assert imports.post(f"/imports/{import_id}/run").json()["code"] == "import-over"
    again = imports.send(content.replace(";" * 20_000, ""), name="late.csv")
    assert again.status_code == 201
    imports.post(f"/imports/{again.json()['id']}/cancel", BORIS)


def test_a_mapping_is_corrected_as_often_as_one_likes(imports: Imports) -> None:
    sent = imports.send("Тел;Имя\n+7 966 000-00-01;Поправкина\n", source="again").json()
    for fields in ({"name": "Тел"}, {"name": "Имя"}, {"name": "Имя", "phone": "Тел"}):
        mapping = {"source": "again", "target": "client", "fields": fields}
        assert imports.post(f"/imports/{sent['id']}/mapping", mapping=mapping).status_code == 200
    assert imports.ran(sent["id"], is_dry=True)["state"] == "rehearsed"
    assert imports.ran(sent["id"])["report"]["accepted"] == 1
    assert card(imports, "Поправкина")["name"] == "Поправкина"
