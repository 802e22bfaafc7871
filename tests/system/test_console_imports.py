"""The page "Imports": a file is sent, its columns are corrected, it is rehearsed and imported, without a script."""

import time

import httpx
import pytest

from tests.database import Database
from tests.system.sent import people
from tests.system.service import Service
from tests.system.visitors import Seen, Visitor

PAGE = "/console/imports"
UPLOAD = f"{PAGE}/upload"


@pytest.fixture(scope="module")
def ops(founded: tuple[Service, Database]) -> Visitor:
    return Visitor(*founded, "vera", "ops", "ru")


def word_of(visitor: Visitor) -> str:
    """Return what a page of ours says whose it is by."""
    [drop] = visitor.get(PAGE).root.iter("import-drop")
    return drop.attrib["data-word"]


def sent(visitor: Visitor, content: str, name: str = "people.csv", **headers: str) -> httpx.Response:
    """Send a file as the script of the page does."""
    own = {"letopis-word": word_of(visitor), **{key.replace("_", "-"): value for key, value in headers.items()}}
    return visitor.client.post(f"{UPLOAD}?name={name}&target=client", content=content.encode(), headers=own)


def over(visitor: Visitor, address: str) -> Seen:
    """Return the page of an import once nothing is done with it any more."""
    end = time.monotonic() + 120
    while (page := visitor.get(address)).root.find(".//*[@id='pulse-often']") is not None:
        assert time.monotonic() < end
        time.sleep(0.2)
    return page


def test_a_file_is_sent_corrected_rehearsed_and_imported(ops: Visitor) -> None:
    answer = sent(ops, people(71).replace("Наименование", "Чьё"))
    assert answer.status_code == 201, answer.text
    address = f"{PAGE}/{answer.json()['id']}"
    page = ops.get(address)
    assert "Такой даты не бывает" in page.text
    form = page.form(address, do="look")
    assert [form.values[f"column.{number}"] for number in range(1, 5)] == ["name", "phone", "email", "date"]

    changed = ops.does(form, column__3="", source="mended").form(address, do="dry")
    assert (changed.values["column.3"], changed.values["source"]) == ("", "mended")
    ops.does(changed)
    rehearsed = over(ops, address)
    assert "Пробный прогон: ничего не сохранено" in rehearsed.text
    assert "8 неверная дата" not in rehearsed.text
    assert "1 неверная дата" in rehearsed.text
    assert rehearsed.files == [f"{address}/errors"]
    ops.does(rehearsed.form(address, do="run"))
    done = over(ops, address)
    assert "Файл загружен" in done.text
    assert "Принято2" in done.text.replace(" ", "")
    errors = ops.client.get(done.files[0])
    assert errors.headers["content-disposition"] == 'attachment; filename="people-errors.csv"'
    assert "Кто-то" in errors.text
    listed = ops.get(PAGE)
    assert "people.csv" in listed.text
    assert address in listed.links


def test_a_file_that_is_no_table_is_told_as_the_api_tells_it(ops: Visitor) -> None:
    answer = sent(ops, "%PDF-1.4 x", "x.pdf")
    assert (answer.status_code, answer.json()["fault"]) == (422, "foreign")
    assert "Это файл другого вида" in answer.json()["detail"]


def test_nobody_else_sends_a_file_in_somebody_s_name(ops: Visitor) -> None:
    assert sent(ops, people(72), Sec_Fetch_Site="cross-site").status_code == 403
    assert sent(ops, people(72), letopis_word="no").status_code == 403
    stranger = httpx.post(f"{ops.running.address}{UPLOAD}?name=a.csv", content=b"a")
    assert stranger.status_code == 401
    gone = httpx.get(f"{ops.running.address}{PAGE}/01a22dc8-20a4-75e4-b574-6a96f3d3a758/errors")
    assert (gone.status_code, gone.headers["location"]) == (303, "/console/enter")


def test_what_nobody_wants_is_discarded_and_what_is_not_there_is_said_to_be(ops: Visitor) -> None:
    address = f"{PAGE}/{sent(ops, people(73)).json()['id']}"
    page = ops.does(ops.get(address).form(f"{address}/cancel"))
    assert "people.csv" in page.text
    assert "убран" in page.text
    assert ops.get(f"{PAGE}/01a22dc8-20a4-75e4-b574-6a96f3d3a758").status == 404
    assert ops.get(f"{PAGE}/nothing").status in {404, 422}


def test_rows_are_said_to_be_something_else_and_guessed_anew(ops: Visitor) -> None:
    goods = "Код;Название\nA1;Весы\n"
    address = f"{PAGE}/{sent(ops, goods, 'goods.csv').json()['id']}"
    form = ops.get(address).form(address, do="guess")
    page = ops.does(form, target="product")
    assert page.form(address, do="look").values["column.2"] == "name"
    assert page.form(address, do="guess").values["target"] == "product"


def test_who_imports_sees_the_page_and_an_operator_only_clients(founded: tuple[Service, Database]) -> None:
    operator, seller = Visitor(*founded, "oleg", "operator"), Visitor(*founded, "petr", "seller")
    page = operator.get(PAGE)
    assert [option.attrib["value"] for option in page.root.iter("option")] == ["client"]
    assert PAGE not in seller.get("/console/clients").links
    assert seller.get(PAGE).status == 403
    auditor = Visitor(*founded, "olga", "auditor").get(PAGE)
    assert list(auditor.root.iter("import-drop")) == []
