"""Bad files over HTTP: refused or reported in words, with bounded memory, and nothing half stored."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.database import copy_of
from tests.infra.tables.books import xlsx
from tests.infra.tables.test_table import REFUSED
from tests.system.sent import BORIS, RUSSIAN, Imports, importing_at

PIECE = (
    b"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd;;a remark that nobody takes anything from and that makes the file large\n"
    * 10_000
)


@pytest.fixture(scope="module")
def imports(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    with (
        copy_of(cluster, template) as database,
        importing_at(tmp_path_factory.mktemp("refused"), database) as running,
    ):
        yield running


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_in_the_words_of_the_reader_and_leaves_nothing(
    imports: Imports, tmp_path: Path, name: str
) -> None:
    code, write = REFUSED[name]
    write(tmp_path / "file")
    content, kept, facts = (tmp_path / "file").read_bytes(), imports.kept(), imports.facts()
    answer = imports.send(content, "file.xlsx")
    if answer.status_code == 201:
        # What is wrong far behind the first rows is found by whoever reads it all.
        told = imports.ran(answer.json()["id"])
        assert (told["state"], told["job"]["outcome"]["code"]) == ("failed", "import-refused")
        assert told["job"]["outcome"]["facts"]["fault"] == code
        said = told["job"]["outcome"]["detail"]
    else:
        assert (answer.status_code, answer.json()["code"], answer.json()["fault"]) == (422, "file-unreadable", code)
        said = answer.json()["detail"]
        english = imports.send(content, "file.xlsx", {**BORIS, "Accept-Language": "en"}).json()["detail"]
        assert english.isascii()
        assert english != said
    assert re.search("[а-я]", said)
    assert "{" not in said
    assert (imports.kept(), imports.facts()) == (kept, facts)


def test_a_packed_bomb_is_told_when_it_goes_off_and_a_packed_file_is_read(imports: Imports) -> None:
    bomb = gzip.compress(b"a" * 40_000_000)
    answer = imports.send(bomb, "bomb.csv.gz")
    assert (answer.status_code, answer.json()["fault"]) == (422, "endless-line")
    content = "Наименование;Телефон\nИван;+7 900 111-22-33\n".encode()
    assert imports.send(gzip.compress(content), "people.csv.gz").json()["preview"]["rows"] == 1


def test_a_workbook_with_a_cell_of_all_memory_is_refused(imports: Imports, tmp_path: Path) -> None:
    text = ('<row r="1"><c r="A1" t="inlineStr"><is><t>', *["a" * 1_000_000] * 1_500, "</t></is></c></row>")
    answer = imports.send(xlsx(tmp_path / "bomb.xlsx", text).read_bytes(), "bomb.xlsx")
    assert (answer.status_code, answer.json()["code"]) == (422, "file-unreadable")
    assert answer.json()["fault"] in {"workbook-too-large", "needs-too-much", "broken-workbook"}


def test_a_header_without_rows_is_no_fault_and_says_so(imports: Imports) -> None:
    sent = imports.send("Наименование;Телефон\n").json()
    assert (sent["preview"]["rows"], sent["preview"]["columns"]) == (0, ["Наименование", "Телефон"])
    report = imports.ran(sent["id"])["report"]
    assert (report["rows"], report["accepted"]) == (0, 0)


def test_rows_of_every_fault_are_all_accounted_for(imports: Imports) -> None:
    content = (
        'Наименование;Телефон\n"Не закрыто;+7 900 000-00-01\nИван\x00;+7 900 000-00-02\n=1+1;+7 900 000-00-03\n'
        "Лишнее;+7 900 000-00-04;ещё;и ещё\nКороткое\n".encode()
        + b"\xd0\xd0bad;+7 900 000-00-05\n"
    )
    import_id = imports.sent(content, "faults.csv")
    told = imports.ran(import_id)
    report = told["report"]
    assert report["rows"] == 6 == report["accepted"] + report["already_there"] + report["refused"] + report["wrong"]
    lines = imports.get(f"/imports/{import_id}/errors").text.strip().split("\n")
    assert len(lines) == 1 + report["refused"] + report["wrong"]


def test_a_large_file_is_in_no_memory_of_the_service(imports: Imports) -> None:
    def most() -> int:
        status = Path(f"/proc/{imports.service.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]  # it is always there

    before = most()

    def pieces() -> Iterator[bytes]:
        yield "Наименование;Телефон;Примечание\n".encode()
        for _ in range(80):
            yield PIECE

    address = f"{imports.service.address}/imports?name=large.csv"
    answer = httpx.post(address, content=pieces(), headers={**BORIS, **RUSSIAN}, timeout=300)
    assert answer.status_code == 201, answer.text
    seen = answer.json()["preview"]
    assert (seen["rows"], seen["is_whole"]) == (10_000, False)
    size = answer.json()["size_bytes"]
    assert size > 60 << 20
    assert (most() - before) * 1024 < size / 2
    imports.post(f"/imports/{answer.json()['id']}/cancel")


@pytest.mark.parametrize(
    "mapping",
    [
        "",
        "[",
        "{",
        "source = 1",
        "[]",
        '{"target": "client"}',
        'source = "a"\nsecret = 1',
        "\0",
        "[" * 5_000,
    ],
)
def test_a_mapping_that_is_none_is_refused(imports: Imports, mapping: str) -> None:
    import_id = imports.sent("Наименование;Телефон\nИван;+7 900 111-22-33\n")
    answer = imports.post(f"/imports/{import_id}/mapping", mapping=mapping)
    assert (answer.status_code, answer.json()["code"]) == (422, "mapping-wrong"), answer.text
    assert imports.get(f"/imports/{import_id}/preview").status_code == 200
