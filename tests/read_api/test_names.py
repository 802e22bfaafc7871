"""Names in lists and in the search, as PostgreSQL sorts and finds them: by one rule for clients, staff and units."""

import pytest

from infra.words import sort_key
from tests.infra.test_words import NAMES
from tests.read_api.office import DAY, Office, client, nth, staff


@pytest.fixture(scope="module")
def named(desk: Office) -> Office:
    """A company of many peoples, entered in another order than that of its names."""
    numbered = sorted(enumerate(NAMES, 1), key=lambda pair: pair[0] * 7 % len(NAMES))
    unit = {"kind": "team", "opened_at": DAY, "version": 1, "position": 1}
    desk.put("client_card", *(client(number, name) for number, name in numbered))
    desk.put("staff_directory", *(staff(number, name) for number, name in numbered))
    desk.put(
        "units",
        *({**unit, "unit_id": nth(number), "name": name, "name_sort": sort_key(name)} for number, name in numbered),
    )
    return desk


@pytest.mark.parametrize("path", ["/clients", "/staff", "/units"])
@pytest.mark.parametrize("limit", [7, 200])
def test_every_list_of_names_is_in_their_order_page_by_page(named: Office, path: str, limit: int) -> None:
    assert [item["name"] for item in named.pages(f"{path}?limit={limit}")] == NAMES


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("o'zbekiston", ["Oʻzbekiston Temir Yoʻllari"]),
        ("yo’llari", ["Oʻzbekiston Temir Yoʻllari"]),
        ("ELKIN", ["Елкин", "Ёлкин", "Əliyev Elçin", "Ельцин"]),
        ("елк", ["Елкин", "Ёлкин", "Ełk"]),
        ("emile", ["Émile Zola", "emile zola ii"]),
        ("ÇELIK", ["İbrahim Çelik"]),
        ("їжак", ["Їжакевич"]),
        ("иосип", []),
    ],
)
def test_a_client_is_found_by_what_people_type(named: Office, typed: str, found: list[str]) -> None:
    assert [item["name"] for item in named.get("/clients", params={"q": typed}).json()["items"]] == found
