"""Who is found by a phone, an e-mail or a tax number, however it is typed and whenever it was taken down."""

import pytest

from tests.read_api.office import Office, client


@pytest.fixture(scope="module")
def switchboard(desk: Office) -> Office:
    desk.put(
        "client_card",
        client(21, "Коммутатор", identity_keys=["phone:+74951234567"]),
        client(22, "Доб. 12", identity_keys=["phone:+74951234567;ext=12", "line:+74951234567"]),
        client(23, "Доб. 13", identity_keys=["phone:+74951234567;ext=13", "line:+74951234567"]),
        # Taken down when a number that is possible was enough.
        client(24, "Прежний", identity_keys=["phone:+71223251293"]),
        client(25, "Иван", identity_keys=["email:ivanpetrov@gmail.com"]),
        client(26, "Минск", identity_keys=["tax_id:BY:200988541"]),
        client(27, "Москва", identity_keys=["tax_id:7707083893"]),
    )
    return desk


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"phone": "8 (495) 123-45-67"}, ["Доб. 12", "Доб. 13", "Коммутатор"]),
        ({"phone": "+74951234567 доб. 12"}, ["Доб. 12", "Коммутатор"]),
        ({"phone": "+74951234567 доб. 14"}, ["Коммутатор"]),
        ({"phone": "+7 122 325-12-93"}, ["Прежний"]),
        ({"tax_id": "200988541", "tax_country": "BY"}, ["Минск"]),
        ({"tax_id": "200988541"}, []),
        ({"tax_id": "77\u00a007\u200b083893"}, ["Москва"]),
        ({"tax_id": "７７０７０８３８９３"}, ["Москва"]),
        ({"email": "<Ivan.Petrov+x@googlemail.com>,"}, ["Иван"]),
    ],
)
def test_who_calls_or_writes_is_found(switchboard: Office, asked: dict[str, str], found: list[str]) -> None:
    answer = switchboard.send("POST", "/clients/search", json=asked)
    assert [item["name"] for item in answer.json()["items"]] == found
