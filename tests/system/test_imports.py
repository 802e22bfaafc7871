"""Files sent over HTTP: looked at, rehearsed and imported by a process of its own; nothing vanishes or is left."""

import csv
import io
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.system.conftest import company_of
from tests.system.sent import BORIS, OLEG, OLGA, RUSSIAN, SELLER, VERA, Imports, importing_at, people


@pytest.fixture(scope="module")
def imports(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    """A service of two processes with the demo company, that takes files of 2 MB at most."""
    given = {"LETOPIS_IMPORT_MB": "2"}
    with (
        company_of(cluster, template) as database,
        importing_at(tmp_path_factory.mktemp("imports"), database, "--workers", "2", more=given) as running,
    ):
        yield running


def rows_of(text: str, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


# --- from the file to the facts --------------------------------------------------------------------------------------


def test_a_file_is_sent_looked_at_rehearsed_and_imported_and_every_row_is_accounted_for(imports: Imports) -> None:
    before = imports.facts()
    sent = imports.send(people(1)).json()
    import_id, seen = sent["id"], sent["preview"]
    assert (sent["state"], sent["files"][0]["name"], sent["size_bytes"]) == (
        "ready",
        "people.csv",
        len(people(1).encode()),
    )
    assert seen["mapping"]["fields"] == {"name": "Наименование", "phone": "Телефон", "email": "Почта", "date": "Создан"}
    assert [fault["column"] for fault in seen["first"][2]["faults"]] == ["Создан", "Телефон"]
    assert "Такой даты не бывает" in seen["first"][2]["faults"][0]["message"]

    rehearsed = imports.ran(import_id, is_dry=True)
    assert (rehearsed["state"], rehearsed["report"]["accepted"], rehearsed["report"]["wrong"]) == ("rehearsed", 2, 1)
    assert imports.facts() == before

    done = imports.ran(import_id)
    report = done["report"]
    assert done["state"] == "done"
    assert report["rows"] == 3 == sum(report[name] for name in ("accepted", "already_there", "refused", "wrong"))
    assert (report["accepted"], report["reasons"]) == (2, {"wrong-date": 1, "wrong-phone": 1})
    assert done["job"]["outcome"]["title"] == "Файл загружен"
    assert [client["name"] for client in imports.get("/clients?q=Ольга Ким").json()["items"]] == ["Ольга Ким"]

    errors = imports.get(f"/imports/{import_id}/errors")
    assert errors.headers["content-disposition"] == 'attachment; filename="people-errors.csv"'
    heading, row = rows_of(errors.text)
    assert heading[:4] == ["Наименование", "Телефон", "Почта", "Создан"]
    assert row[:5] == ["Кто-то", "123", "", "31.02.2016", "4"]


CARDS = """BEGIN:VCARD
VERSION:3.0
UID:urn:uuid:5b6c0f00-0000-4000-8000-00000000000{0}
N:Ветрова;Дарья;;;
FN:Дарья Ветрова {0}
ORG:ООО «Роза»;Склад
item1.TEL;type=CELL:8 (921) 777-45-6{0}
item1.X-ABLabel:Рабочий
TEL;type=HOME:+7 812 777-12-3{0}
EMAIL:darya{0}@example.ru
BDAY:--0619
PHOTO;ENCODING=b:AAAA
END:VCARD
BEGIN:VCARD
VERSION:4.0
KIND:org
FN:ООО «Роза {0}»
TEL;VALUE=uri:tel:+7-812-777-99-0{0}
END:VCARD
BEGIN:VCARD
VERSION:3.0
TEL:+7 921 777-00-0{0}
END:VCARD
"""


def test_an_address_book_is_sent_looked_at_rehearsed_imported_and_taken_back(imports: Imports) -> None:
    sent = imports.send(CARDS.format(1), "контакты.vcf").json()
    import_id, seen = sent["id"], sent["preview"]
    assert (sent["target"], seen["mapping"]["external_id"], seen["mapping"]["fields"]["phone"]["column"]) == (
        "client",
        "UID",
        "TEL",
    )
    assert imports.ran(import_id, is_dry=True)["report"]["accepted"] == 2
    report = imports.ran(import_id)["report"]
    assert (report["rows"], report["accepted"], report["wrong"]) == (3, 2, 1)
    assert report["reasons"] == {"card-says-more": 1, "missing": 1}
    [found] = imports.post("/clients/search", phone="8 921 777-45-61").json()["items"]
    card = imports.get(f"/clients/{found['client_id']}").json()
    points = {point["key"] for point in card["contact_points"]}
    assert (card["name"], card["kind"], points) == (
        "Дарья Ветрова 1",
        "person",
        {"+79217774561", "+78127771231", "darya1@example.ru"},
    )
    [firm] = imports.post("/clients/search", phone="8 812 777 99 01").json()["items"]
    assert (firm["name"], firm["kind"]) == ("ООО «Роза 1»", "organisation")

    errors = imports.get(f"/imports/{import_id}/errors")
    heading, row = rows_of(errors.text)
    mended = errors.text.replace(row[heading.index("UID")] + ";person;;", row[heading.index("UID")] + ";person;Ева;")
    again = imports.send(mended, "mended.csv").json()
    assert again["preview"]["mapping"]["fields"] == seen["mapping"]["fields"]
    assert imports.ran(again["id"])["report"]["accepted"] == 1

    answer = imports.post(f"/imports/{import_id}/revert", reason="не та книга")
    assert answer.status_code == 202, answer.text
    reverted = imports.until(import_id, lambda one: one["state"] == "reverted" and one["reverted"])["reverted"]
    assert (reverted["gone"], reverted["kept"]) == (2, 0)
    assert imports.post("/clients/search", phone="8 921 777-45-61").json()["items"] == []


def test_what_people_send_is_for_nobody_else_to_read_and_is_gone_when_the_import_has_ended(imports: Imports) -> None:
    import_id = imports.sent(people(2), source="gone")
    upload = imports.folder / import_id / "upload"
    assert (upload.stat().st_mode & 0o777, upload.parent.stat().st_mode & 0o777) == (0o600, 0o700)

    imports.ran(import_id)
    kept = {name for name in imports.kept() if name.startswith(import_id)}
    assert kept == {f"{import_id}/errors.csv"}
    assert (imports.folder / import_id / "errors.csv").stat().st_mode & 0o777 == 0o600
    assert imports.ask("SELECT mapping FROM letopis.import_upload WHERE import_id = %s", import_id) == [(None,)]
    assert imports.post(f"/imports/{import_id}/run").json()["code"] == "import-over"
    assert imports.get(f"/imports/{import_id}/preview").status_code == 409

    whole = imports.sent(people(3).partition("Кто-то")[0], source="whole")
    imports.ran(whole)
    assert not [name for name in imports.kept() if name.startswith(whole)]
    assert imports.get(f"/imports/{whole}/errors").status_code == 404


def test_it_is_watched_from_the_first_second_to_its_end(imports: Imports) -> None:
    lines = "".join(f"Фирма {number};+7{9_111_000_000 + number};\n" for number in range(3_000))
    import_id = imports.sent("Наименование;Телефон;Почта\n" + lines, source="watched")
    states, phases = [], []
    imports.post(f"/imports/{import_id}/run")
    with httpx.stream(
        "GET",
        f"{imports.service.address}/imports/{import_id}",
        headers={**BORIS, "Accept": "text/event-stream"},
        timeout=120,
    ) as stream:
        told = [line for line in stream.iter_lines() if line]
    for line in told:
        if line.startswith("data: {") and '"state"' in line:
            one = httpx.Response(200, text=line.removeprefix("data: ")).json()
            states.append(one["state"])
            phases.append((one["job"]["progress"] or {}).get("phase"))
    assert set(states) <= {"waiting", "running", "done"}
    assert states[-1] == "done"
    assert {"reading", "importing"} & set(phases)
    assert told[-2:] == ["event: end", 'data: {"reason":"import-ended"}']


def test_a_mapping_is_corrected_and_a_wrong_one_changes_nothing(imports: Imports) -> None:
    import_id = imports.sent("Кто,Где\nООО Ромашка,+7 495 111-22-33\nООО Лютик,+7 495 111-22-44\n", name="firms.csv")
    wrong = imports.post(
        f"/imports/{import_id}/mapping", mapping={"source": "x", "target": "client", "fields": {"?": 1}}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "mapping-wrong")
    assert "нет поля" in wrong.json()["detail"]

    mapping = (
        'source = "firms"\ntarget = "client"\n'
        '[fields]\nname = "Кто"\nphone = "Где"\nkind = { value = "organisation" }\n'
    )
    seen = imports.post(f"/imports/{import_id}/mapping", mapping=mapping).json()
    assert seen["first"][0]["fields"] == {"name": "ООО Ромашка", "phone": "+7 495 111-22-33", "kind": "organisation"}
    assert imports.get(f"/imports/{import_id}/preview?rows=1").json()["first"][0]["fields"]["kind"] == "organisation"
    assert imports.ran(import_id)["report"]["accepted"] == 2

    beside = imports.sent(
        "A;B\nООО Клён;+7 495 111-22-55\n", name="b.csv", mapping=mapping.replace("Кто", "A").replace("Где", "B")
    )
    assert imports.one(beside)["source"] == "firms"


def test_the_file_itself_can_be_the_body(imports: Imports) -> None:
    answer = httpx.post(
        f"{imports.service.address}/imports?name=C:\\Documents\\клиенты.csv&source=raw",
        content=people(5).encode("cp1251"),
        headers={**BORIS, **RUSSIAN},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["files"][0]["name"], answer.json()["preview"]["encoding"]) == ("клиенты.csv", "cp1251")
    nameless = httpx.post(f"{imports.service.address}/imports", content=b"a", headers=BORIS, timeout=60)
    assert (nameless.status_code, nameless.json()["code"], nameless.json()["missing"]) == (
        422,
        "upload-wrong",
        ["name"],
    )


def test_the_same_file_again_is_said_to_be_and_doubles_nothing(imports: Imports) -> None:
    file = people(6)
    first = imports.sent(file, source="twice")
    assert imports.ran(first)["report"]["accepted"] == 2
    before = imports.facts()
    second = imports.send(file, source="twice").json()
    assert second["sent_before"] == first
    report = imports.ran(second["id"])["report"]
    assert (report["accepted"], report["already_there"], report["wrong"]) == (0, 2, 1)
    # That it began and ended is on record.
    assert imports.facts() == before + 2


def test_rows_that_were_not_taken_are_mended_and_sent_back(imports: Imports) -> None:
    import_id = imports.sent(people(7), source="mended")
    imports.ran(import_id)
    mended = (
        imports.get(f"/imports/{import_id}/errors")
        .text.replace("31.02.2016", "28.02.2016")
        .replace("123;", "+7 927 000-00-01;")
    )
    again = imports.ran(imports.sent(mended, name="mended.csv", source="mended"))
    assert (again["report"]["rows"], again["report"]["accepted"]) == (1, 1)


# --- who may, and what they are told ---------------------------------------------------------------------------------


def test_who_may_import_what(imports: Imports) -> None:
    assert imports.send(people(1), who=SELLER).json()["code"] == "not-allowed"
    assert imports.get("/imports", SELLER).status_code == 403
    assert imports.send("Клиент,Сумма\na,1\n", who=OLEG, target="deal").status_code == 403
    deals = 'source = "s"\ntarget = "deal"\n[fields]\nclient = "A"\n'
    assert imports.send("A,B\na,1\n", who=OLEG, mapping=deals).status_code == 403
    assert imports.send(people(1), who={"Authorization": "Bearer no"}).status_code == 401
    assert imports.get("/imports", OLGA).status_code == 200
    assert imports.post(f"/imports/{imports.sent(people(1))}/run", OLGA).status_code == 403


def test_an_operator_knows_of_their_own_imports_and_no_others(imports: Imports) -> None:
    file = people(8)
    theirs, own = imports.sent(file, source="his"), imports.send(file, who=OLEG, source="own").json()
    assert own["sent_before"] is None
    listed = imports.get("/imports?limit=200&count=true", OLEG).json()
    assert {one["asked_by"] for one in listed["items"]} == {"oleg"}
    assert listed["count"] == len(listed["items"])
    for path in ("", "/preview", "/errors"):
        told = imports.get(f"/imports/{theirs}{path}", OLEG)
        assert (told.status_code, told.json()["code"]) == (404, "not-found")
    for path in ("run", "cancel", "mapping"):
        assert imports.post(f"/imports/{theirs}/{path}", OLEG).status_code == 404
    assert imports.ran(own["id"], OLEG)["report"]["accepted"] == 2


def test_clients_are_named_to_those_who_see_them_and_to_nobody_else(imports: Imports) -> None:
    imports.ran(imports.sent("Наименование;Телефон\nТайный Клиент;+7 929 000-00-01\n", source="secret"))
    rival = "Наименование;Телефон\nДругой;+7 929 000-00-01\n"
    for who, is_named in ((BORIS, True), (OLEG, True), (VERA, False)):
        import_id = imports.sent(rival, who=who, source=f"rival of {who['Authorization'][-9:]}")
        report = imports.ran(import_id, who)["report"]
        assert (report["refused"], report["reasons"]) == (1, {"duplicate-client": 1})
        told = imports.get(f"/imports/{import_id}/errors", who).text
        assert "Такой же признак" in told
        assert ("Тайный Клиент" in told) is is_named


# --- the list --------------------------------------------------------------------------------------------------------


def test_imports_are_listed_page_by_page_and_as_of_a_moment_as_the_log_has_them(imports: Imports) -> None:
    before = datetime.now(UTC)
    own = [imports.sent(people(30 + n), source=f"listed {n}") for n in range(3)]
    imports.ran(own[1])
    page = imports.get("/imports?limit=2&mine=true").json()
    assert [one["id"] for one in page["items"]] == [own[2], own[1]]
    following = imports.get("/imports", cursor="").json() if page["next"] is None else None
    assert following is None
    rest = imports.get(f"/imports?limit=2&mine=true&cursor={page['next']}").json()
    assert rest["items"][0]["id"] == own[0]
    assert imports.get(f"/imports?limit=2&cursor={page['next']}").json()["errors"][0]["code"] == "wrong-cursor"

    now = imports.get(f"/imports?as_of={datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}&limit=1").json()["items"]
    assert [(one["id"], one["state"], one["report"]["accepted"]) for one in now] == [(own[1], "done", 2)]
    then = imports.get(f"/imports?as_of={before:%Y-%m-%dT%H:%M:%S.%fZ}&limit=200").json()["items"]
    assert not {one["id"] for one in then} & set(own)
    assert imports.get(f"/imports/{own[1]}?as_of={before:%Y-%m-%dT%H:%M:%S.%fZ}").status_code == 404


# --- what is wrong with what is sent ---------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_refused_with_the_limit_and_leaves_nothing(imports: Imports) -> None:
    before = imports.kept()
    large = b"x" * (3 << 20)

    def pieces() -> Iterator[bytes]:
        for place in range(0, len(large), 1 << 16):
            yield large[place : place + (1 << 16)]

    for body in (large, pieces()):
        try:
            answer = httpx.post(
                f"{imports.service.address}/imports?name=large.csv",
                content=body,
                headers={**BORIS, **RUSSIAN},
                timeout=60,
            )
        except httpx.TransportError:
            # Whoever goes on sending may find the line cut before they hear the answer.
            continue
        assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")
        assert (answer.json()["limit"], answer.json()["setting"]) == (2 << 20, "LETOPIS_IMPORT_MB")
        assert "Запакуйте" in answer.json()["detail"]
    assert imports.kept() == before


@pytest.mark.parametrize("half", [b"", b"Name;Phone\nA;+7 900 000-00-00\n"])
def test_a_file_that_breaks_off_leaves_nothing(imports: Imports, half: bytes) -> None:
    before, rows = imports.kept(), imports.ask("SELECT count(*) FROM letopis.import_upload")
    where = urlsplit(imports.service.address)
    head = (
        f"POST /imports?name=half.csv HTTP/1.1\r\nHost: x\r\nAuthorization: {BORIS['Authorization']}\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port)) as line:
        line.sendall(head.encode() + half)
        over = time.monotonic() + 30
        while half and imports.kept() == before and time.monotonic() < over:
            time.sleep(0.05)
    over = time.monotonic() + 30
    while imports.kept() != before:
        assert time.monotonic() < over
        time.sleep(0.05)
    assert imports.ask("SELECT count(*) FROM letopis.import_upload") == rows


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b""),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\na;b",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=other\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=source\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x" + b"y" * 20_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"y" * 20_000),
    ],
)
def test_a_form_that_is_none_is_refused_and_leaves_nothing(imports: Imports, content_type: str, body: bytes) -> None:
    before = imports.kept()
    headers = {**BORIS, **RUSSIAN, "Content-Type": content_type}
    answer = httpx.post(f"{imports.service.address}/imports", content=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (422, "upload-wrong"), answer.text
    assert imports.kept() == before


# --- its end ---------------------------------------------------------------------------------------------------------


def test_a_file_that_nobody_wants_any_more_is_discarded(imports: Imports) -> None:
    import_id = imports.sent(people(1))
    told = imports.post(f"/imports/{import_id}/cancel").json()
    assert (told["state"], told["has_file"]) == ("discarded", False)
    assert not [name for name in imports.kept() if name.startswith(import_id)]
    assert imports.post(f"/imports/{import_id}/cancel").status_code == 409


def test_an_import_under_way_is_cancelled_others_are_answered_meanwhile_and_it_goes_on_when_sent_again(
    imports: Imports,
) -> None:
    lines = "".join(f"Контора {number};+7{9_222_000_000 + number};\n" for number in range(20_000))
    content = "Наименование;Телефон;Почта\n" + lines
    import_id = imports.sent(content, source="cancelled")
    imports.post(f"/imports/{import_id}/run")
    assert imports.post(f"/imports/{import_id}/run").json()["code"] == "operation-under-way"
    imports.until(import_id, lambda one: (one["job"]["progress"] or {}).get("phase") == "importing")
    assert imports.get("/clients?limit=1").status_code == 200
    imports.post(f"/imports/{import_id}/cancel")
    told = imports.ended(import_id)
    assert (told["state"], told["job"]["outcome"]["code"]) == ("cancelled", "import-cancelled")
    assert not [name for name in imports.kept() if name.startswith(import_id)]

    again = imports.ran(imports.sent(content, source="cancelled"))["report"]
    assert again["accepted"] + again["already_there"] == again["rows"] == 20_000
    assert again["already_there"] > 0
    counts = (
        "SELECT count(DISTINCT stream_id), count(*) FROM letopis.event WHERE topic = 'client.registered' AND actor = %s"
    )
    stored = imports.ask(counts, "import:cancelled")
    assert stored == [(20_000, 20_000)]
