"""The files on the page of a client: sent as the script of the page does, listed, read, and removed by a form."""

import pytest

from tests.database import Database
from tests.system.kept_files import PDF, until
from tests.system.service import Service, token
from tests.system.visitors import Visitor


@pytest.fixture(scope="module")
def head(founded: tuple[Service, Database]) -> Visitor:
    return Visitor(*founded, "hanna", "admin", "ru")


def client(visitor: Visitor) -> str:
    """Register a client, and return its id."""
    point = {"kind": "phone", "value": "+7 921 555-12-34"}
    body = {"kind": "person", "name": "Иван Файлов", "contact_points": [point], "source": "a visit"}
    answer = visitor.running.post("register-client", body, token("hanna", "admin"))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["stream_id"])


def test_a_file_is_sent_listed_read_and_removed_on_the_page_of_a_client(head: Visitor) -> None:
    client_id = client(head)
    address = f"/console/clients/{client_id}"
    page = head.get(address)
    [drop] = page.root.iter("import-drop")
    assert drop.attrib["data-to"] == f"{address}/files"
    own = {"letopis-word": drop.attrib["data-word"], "content-type": "application/pdf"}
    sent = head.client.post(f"{address}/files?name=Договор.pdf", content=PDF, headers=own)
    assert sent.status_code == 201, sent.text
    stranger = head.client.post(f"{address}/files?name=a", content=PDF, headers={**own, "letopis-word": "wrong"})
    assert stranger.status_code == 403
    large = head.client.post(f"{address}/files?name=a", content=b"x" * (26 << 20), headers=own)
    assert (large.status_code, large.json()["title"]) == (413, "Файл слишком большой")
    link = f"{address}/files/{sent.json()['file_id']}"
    until(lambda: link in head.get(address).files)
    shown = head.get(address)
    assert "Договор.pdf" in shown.text
    assert link in shown.files
    assert "Файл: Договор.pdf" in shown.text
    read = head.client.get(link)
    assert (read.status_code, read.content) == (200, PDF)
    assert read.headers["content-disposition"].startswith("attachment")
    assert head.client.get(f"{address}/files/{client_id}").headers["location"] == address
