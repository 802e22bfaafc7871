"""Files of clients over HTTP: kept encrypted, listed, read back, removed, swept, and never half there."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.database import copy_of
from tests.system.kept_files import PDF, Files, files_at, until
from tests.system.sent import BORIS, OLGA, VERA
from tests.system.service import token


@pytest.fixture(scope="module")
def files(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    with (
        copy_of(cluster, template) as database,
        files_at(tmp_path_factory.mktemp("files"), database, more={"LETOPIS_FILE_MB": "1"}) as running,
    ):
        yield running


def test_a_file_is_kept_listed_and_read_back_as_it_was(files: Files) -> None:
    client_id = files.client()
    answer = files.send(client_id)
    told = answer.json()
    assert answer.headers["location"] == f"/clients/{client_id}/files/{told['file_id']}"
    assert [each["topic"] for each in told["events"]] == ["client_file.added"]
    [one] = files.listed(client_id, told["position"])
    assert one == {
        "file_id": told["file_id"],
        "client_id": client_id,
        "name": "Договор.pdf",
        "sent_name": None,
        "media_type": "application/pdf",
        "size_bytes": len(PDF),
        "digest": hashlib.sha256(PDF).hexdigest(),
        "added_at": one["added_at"],
        "added_by": "boris",
        "added_by_name": None,
    }
    read = files.content(client_id, one["file_id"])
    assert (read.status_code, read.content) == (200, PDF)
    assert read.headers["content-type"] == "application/pdf"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["cache-control"] == "private, no-store"
    disposition, _, name = read.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert (disposition, unquote(name)) == ("attachment", "Договор.pdf")


def test_what_lies_on_the_disk_and_in_the_log_says_nothing_without_the_key(files: Files) -> None:
    secret = b"the passport of Ivan Petrov 4509 123456 " * 20
    client_id, other_id = files.client(), files.client()
    told = files.sent(client_id, secret, "Паспорт Петрова.txt")
    files.sent(other_id, secret, "Паспорт Петрова.txt")
    [place] = files.place_of(client_id)
    [other] = files.place_of(other_id)
    # The same content is nowhere seen to be the same.
    assert place.name != other.name
    assert secret[:20] not in place.read_bytes()
    assert hashlib.sha256(place.read_bytes()).hexdigest() == place.name
    assert place.stat().st_mode & 0o77 == place.parent.stat().st_mode & 0o77 == 0
    [(body,)] = files.ask("SELECT body::text FROM letopis.event WHERE position = %s", told["position"])
    assert place.name in body
    for each in ("Паспорт", "text/plain", hashlib.sha256(secret).hexdigest()):
        assert each not in body
    assert secret[:20] not in files.service.log.read_bytes()


def test_the_same_content_under_the_same_name_is_one_file_however_often_it_is_sent(files: Files) -> None:
    client_id = files.client()
    first, again = files.sent(client_id), files.sent(client_id)
    assert (again["file_id"], again["events"], again["version"]) == (first["file_id"], [], first["version"])
    other = files.sent(client_id, name="Копия.pdf")
    assert other["file_id"] != first["file_id"]
    assert len(files.listed(client_id, other["position"])) == len(files.place_of(client_id)) == 2


def test_a_form_is_taken_as_browsers_send_it(files: Files) -> None:
    client_id = files.client()
    address = f"{files.service.address}/clients/{client_id}/files"
    answer = httpx.post(address, files={"file": ("C:\\docs\\Счёт 7.pdf", PDF)}, headers=BORIS, timeout=60)
    assert (answer.status_code, answer.json()["name"], answer.json()["media_type"]) == (
        201, "Счёт 7.pdf", "application/pdf",
    )  # fmt: skip
    wrong = httpx.post(address, files={"file": ("a.pdf", b"x")}, data={"target": "deal"}, headers=BORIS, timeout=60)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/target")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ann\\contract.docx", "contract.docx"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie: x=1.pdf"),
        ('quo"te;filename=evil.exe', 'quo"te;filename=evil.exe'),
        ("<script>alert(1)<\\script>.html", "script>.html"),
        ("Приложение\u00a0№\u200b1.xlsx", "Приложение №1.xlsx"),
        ("n\0ul.txt", "nul.txt"),
        ("😀.png", "😀.png"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        (".htaccess", ".htaccess"),
    ],
)
def test_a_name_is_cleaned_and_kept_as_it_was_sent(files: Files, sent: str, shown: str) -> None:
    client_id = files.client()
    told = files.sent(client_id, b"content of " + sent.encode(), sent)
    [one] = files.listed(client_id, told["position"])
    assert one["name"] == shown
    assert one["sent_name"] == (None if sent == shown else sent.replace("\0", ""))
    read = files.content(client_id, one["file_id"])
    assert read.headers["content-disposition"].isprintable()
    assert unquote(read.headers["content-disposition"].rpartition("''")[2]) == shown
    assert "set-cookie" not in read.headers
    assert files.there() <= files.on_disk()


@pytest.mark.parametrize("name", ["", "..", "../", "/", "\u200b", "C:\\"])
def test_what_is_no_name_is_refused_and_leaves_nothing(files: Files, name: str) -> None:
    before = files.on_disk()
    answer = files.send(files.client(), name=name)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/name"
    assert files.on_disk() == before


def test_a_file_without_a_name_or_without_bytes_is_refused(files: Files) -> None:
    client_id, before = files.client(), files.on_disk()
    assert files.send(client_id, name=None).json()["code"] == "client-file-name"
    empty = files.send(client_id, b"")
    assert (empty.status_code, empty.json()["code"]) == (422, "client-file-empty")
    assert files.on_disk() == before


def test_a_file_that_is_too_large_is_refused_whether_or_not_it_says_so(files: Files) -> None:
    client_id, before = files.client(), files.on_disk()
    large = b"x" * ((1 << 20) + 1)
    for content in (large, iter([large[:700_000], large[700_000:]])):
        answer = files.send(client_id, content)
        assert (answer.status_code, answer.json()["code"]) == (413, "client-file-too-large")
        assert answer.json()["limit"] == 1 << 20
        assert "1 МБ" in answer.json()["detail"]
        assert "LETOPIS_FILE_MB" in answer.json()["detail"]
    assert files.on_disk() == before
    assert files.send(client_id, large[:-1]).status_code == 201


def test_what_is_no_kind_of_content_is_refused_and_what_says_nothing_is_guessed(files: Files) -> None:
    client_id = files.client()
    wrong = files.send(client_id, media_type="<script>")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-header")
    guessed = files.sent(client_id, b"a,b", "list.csv", media_type="application/x-www-form-urlencoded")
    assert guessed["media_type"] == "text/csv"
    page = files.sent(client_id, b"<script>alert(1)</script>", "page.html", media_type="text/HTML; charset=utf-8")
    read = files.content(client_id, page["file_id"], f"?min_position={page['position']}")
    assert read.headers["content-disposition"].startswith("attachment")
    assert "default-src 'none'" in read.headers["content-security-policy"]


def test_who_may_not_add_files_or_see_the_client_is_told_what_others_are(files: Files) -> None:
    client_id, before = files.client(), files.on_disk()
    for who in (OLGA, VERA, token("ann", "analyst")):
        assert files.send(client_id, who=who).json()["code"] == "not-allowed"
    nobody = files.send(str(uuid4()))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not-found")
    assert files.on_disk() == before
    told = files.sent(client_id)
    files.listed(client_id, told["position"])
    path = f"/clients/{client_id}/files/{told['file_id']}"
    assert files.get(path, VERA).status_code == 403
    assert files.get(path, OLGA).content == PDF
    assert files.content(str(uuid4()), told["file_id"]).json()["code"] == "not-found"
    assert files.content(files.client(), told["file_id"]).status_code == 404


def test_no_command_can_say_that_there_is_a_file(files: Files) -> None:
    fact: dict[str, Any] = {
        "client_id": files.client(), "file_id": str(uuid4()), "name": "a", "media_type": "a/b", "size_bytes": 1,
        "digest": "0" * 64, "stored": "0" * 64,
    }  # fmt: skip
    assert files.do("add-client-file", **fact).json()["code"] == "unknown-command"
    batch = {"commands": [{"command": "add-client-file", "data": fact}]}
    answer = httpx.post(f"{files.service.address}/commands", json=batch, headers=BORIS, timeout=60)
    assert answer.json()["results"][0]["code"] == "unknown-command"


def test_it_is_on_record_who_read_a_file(files: Files) -> None:
    client_id = files.client()
    told = files.sent(client_id)
    files.listed(client_id, told["position"])
    files.content(client_id, told["file_id"])
    asked = "SELECT count(*) FROM letopis.access WHERE subject_id = %s AND question = 'download_client_file'"
    until(lambda: files.ask(asked, client_id) == [(1,)])


def test_a_file_that_is_removed_is_listed_no_more_and_told_as_of_before(files: Files) -> None:
    client_id = files.client()
    told = files.sent(client_id)
    [one] = files.listed(client_id, told["position"])
    [(recorded_at,)] = files.ask("SELECT recorded_at FROM letopis.event WHERE position = %s", told["position"])
    before = recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    removed = files.done("remove-client-file", client_id=client_id, file_id=told["file_id"], reason="Не тот клиент")
    assert files.listed(client_id, removed["position"]) == []
    assert files.content(client_id, told["file_id"]).status_code == 404
    assert files.listed(client_id, as_of=before) == [one]
    assert files.content(client_id, told["file_id"], f"?as_of={before}").content == PDF
    again = files.done("remove-client-file", client_id=client_id, file_id=told["file_id"])
    assert again["events"] == []
    unknown = files.do("remove-client-file", client_id=client_id, file_id=str(uuid4()))
    assert (unknown.status_code, unknown.json()["code"]) == (409, "file-is-unknown")
    back = files.sent(client_id)
    assert back["file_id"] == told["file_id"]
    assert [each["name"] for each in files.listed(client_id, back["position"])] == ["Договор.pdf"]
    timeline = files.get(f"/clients/{client_id}/timeline").json()["items"]
    assert [each["topic"] for each in timeline if each["topic"].startswith("client_file")] == [
        "client_file.added", "client_file.removed", "client_file.added",
    ]  # fmt: skip


def test_of_merged_clients_one_tells_the_files_of_both_and_apart_each_its_own(files: Files) -> None:
    first, second = files.client("First"), files.client("Second")
    own, brought = files.sent(first, b"own", "own.txt"), files.sent(second, b"brought", "brought.txt")
    merged = files.done("merge-clients", survivor_id=first, merged_id=second, reason="one client")
    for client_id in (first, second):
        told = files.listed(client_id, merged["position"])
        assert {each["name"]: each["client_id"] for each in told} == {"own.txt": first, "brought.txt": second}
        assert files.content(client_id, brought["file_id"]).content == b"brought"
        assert files.content(client_id, own["file_id"]).content == b"own"
    extra = files.sent(second, b"since", "since.txt")
    files.done("remove-client-file", client_id=first, file_id=brought["file_id"])
    apart = files.done("unmerge-clients", survivor_id=first, merged_id=second, reason="two after all")
    assert {each["name"] for each in files.listed(first, apart["position"])} == {"own.txt"}
    assert {each["name"] for each in files.listed(second)} == {"since.txt"}
    assert files.content(first, extra["file_id"]).status_code == 404


def test_a_damaged_file_is_said_to_be_and_nothing_of_it_is_served(files: Files) -> None:
    client_id = files.client()
    told = files.sent(client_id)
    files.listed(client_id, told["position"])
    [place] = files.place_of(client_id)
    whole = place.read_bytes()
    for damaged in (whole[:-1], whole + b"x", whole[:70] + b"x" + whole[71:], whole[: -(64 << 10)], b""):
        place.write_bytes(damaged)
        answer = files.content(client_id, told["file_id"])
        assert (answer.status_code, answer.json()["code"]) == (503, "file-bytes-damaged")
    place.unlink()
    answer = files.content(client_id, told["file_id"])
    assert (answer.status_code, answer.json()["code"]) == (410, "file-bytes-gone")
    place.write_bytes(whole)
    assert files.content(client_id, told["file_id"]).content == PDF


def test_of_who_was_forgotten_no_byte_can_be_read(files: Files) -> None:
    client_id = files.client()
    told = files.sent(client_id)
    files.listed(client_id, told["position"])
    files.ask("DELETE FROM letopis.subject_key WHERE subject_id = %s", client_id)
    answer = files.content(client_id, told["file_id"])
    assert (answer.status_code, answer.json()["code"]) == (410, "file-bytes-gone")
    assert files.send(client_id, b"more", "more.txt").status_code == 404


def test_a_hundred_at_once_are_all_there(files: Files) -> None:
    client_id = files.client()
    with ThreadPoolExecutor(16) as pool:
        told = [*pool.map(lambda n: files.sent(client_id, b"%d" % n, f"{n % 50}.txt"), [n // 2 for n in range(100)])]
    position = max(each["position"] for each in told)
    assert len(files.listed(client_id, position)) == 50
    assert len(files.place_of(client_id)) == 50
    assert files.named() >= {each.name for each in files.place_of(client_id)}
