"""A read of what waits says so: in a header, in the answer, and instead of "not found" where there is nothing yet."""

from collections.abc import Iterator

import pytest

from read_api.activities import MyDay
from read_api.client_card import ClientCard
from read_api.deals import Deal
from read_api.projections import ProjectionStatus
from read_api.reading.answer import Items, Page
from read_api.staff import Counters
from tests.read_api.office import Office, branch, client, deal, nth, staff

ROMASHKA, VOLGA, NEWCOMER, DEAL = nth(11), nth(17), nth(18), nth(31)


@pytest.fixture(scope="module")
def views(desk: Office) -> Office:
    desk.record(9)
    desk.move(9)
    desk.put("units", branch())
    desk.put("staff_directory", staff(1, "Анна"))
    desk.put("client_card", client(11, "Ромашка"), client(17, "Волга"))
    desk.put("pipeline_board", deal(31, client_id=ROMASHKA), deal(32, client_id=VOLGA))
    return desk


@pytest.fixture
def park(views: Office) -> Iterator[Office]:
    yield views
    views.run("DELETE FROM letopis.parked")


def let_wait(office: Office, name: str, place: str, position: int) -> None:
    office.run(
        "INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
        " VALUES (%s, 1, %s, %s, gen_random_uuid(), 'test.done', 'KeyError at held:7')",
        [name, place, position],
    )


def test_nothing_is_said_where_nothing_waits(views: Office) -> None:
    for path in (f"/clients/{ROMASHKA}", "/clients", f"/deals/{DEAL}", "/products"):
        answer = views.get(path)
        assert "letopis-parked" not in answer.headers
        assert "parked" not in answer.json()


def test_the_card_that_waits_says_from_which_position_and_its_neighbour_says_nothing(park: Office) -> None:
    before = park.get(f"/clients/{ROMASHKA}")
    let_wait(park, "client_card", f'["{ROMASHKA}"]', 7)
    answer = park.get(f"/clients/{ROMASHKA}", headers={"If-None-Match": before.headers["etag"]})
    assert (answer.status_code, answer.headers["letopis-parked"], answer.json()["parked"]) == (200, "7", 7)
    assert {**before.json(), "parked": 7} == answer.json()
    ClientCard.model_validate(answer.json())
    assert answer.headers["letopis-position"] == "9"
    again = park.get(f"/clients/{ROMASHKA}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["letopis-parked"]) == (304, "7")
    assert "letopis-parked" not in park.get(f"/clients/{VOLGA}").headers


def test_a_card_says_so_when_a_part_of_it_waits_in_another_view(park: Office) -> None:
    let_wait(park, "pipeline_board", f'["{DEAL}"]', 8)
    park.run("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
    park.run("UPDATE letopis.event SET parties = %s WHERE position = 8", [[ROMASHKA]])
    assert park.get(f"/clients/{ROMASHKA}").headers["letopis-parked"] == "8"
    assert park.get(f"/deals/{DEAL}").json()["parked"] == 8
    Deal.model_validate(park.get(f"/deals/{DEAL}").json())
    assert "letopis-parked" not in park.get(f"/clients/{VOLGA}").headers
    assert "letopis-parked" not in park.get(f"/deals/{nth(32)}").headers


def test_a_stream_or_a_subject_that_waits_is_told_to_whom_it_concerns(park: Office) -> None:
    let_wait(park, "client_card", f'{{"subject": "{ROMASHKA}"}}', 6)
    park.run("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
    park.run("UPDATE letopis.event SET subject_id = %s WHERE position = 6", [ROMASHKA])
    assert park.get(f"/clients/{ROMASHKA}").headers["letopis-parked"] == "6"
    assert "letopis-parked" not in park.get(f"/clients/{VOLGA}").headers


def test_a_list_says_so_when_anything_waits_in_its_views(park: Office) -> None:
    let_wait(park, "client_card", f'["{NEWCOMER}"]', 5)
    let_wait(park, "client_card", f'["{ROMASHKA}"]', 4)
    for path, whole in (("/clients", Page), ("/deals", Page), (f"/my-day?staff={nth(1)}", MyDay)):
        answer = park.get(path, role="head")
        assert (answer.headers["letopis-parked"], answer.json()["parked"]) == ("4", 4)
        assert whole.model_fields["parked"].default is None
    assert "letopis-parked" not in park.get("/products").headers
    assert "letopis-parked" not in park.get("/staff").headers


def test_what_is_of_one_client_only_says_so_for_this_client(park: Office) -> None:
    let_wait(park, "client_timeline", f'["{ROMASHKA}", 3]', 3)
    assert park.get(f"/clients/{ROMASHKA}/timeline").headers["letopis-parked"] == "3"
    assert "letopis-parked" not in park.get(f"/clients/{VOLGA}/timeline").headers
    # Whose work it is that waits, nobody can say.
    let_wait(park, "activities", f'["{nth(70)}"]', 2)
    counters = park.get(f"/staff/{nth(1)}/counters").json()
    assert Counters.model_validate(counters).parked == 2


def test_a_client_whose_first_fact_waits_is_not_said_to_be_unknown(park: Office) -> None:
    assert park.get(f"/clients/{NEWCOMER}").status_code == 404
    let_wait(park, "client_card", f'["{NEWCOMER}"]', 5)
    for path in (f"/clients/{NEWCOMER}", f"/clients/{NEWCOMER}/timeline"):
        answer = park.get(path, headers={"Accept-Language": "ru"})
        assert (answer.status_code, answer.json()["code"], answer.json()["parked"]) == (503, "view-parked", 5)
        assert answer.json()["detail"].startswith("Факт на позиции 5 журнала не удалось внести")
        assert answer.headers["retry-after"] == "30"
    assert park.get(f"/clients/{NEWCOMER}").json()["detail"].startswith("The fact at position 5 of the log could not")
    assert park.get(f"/clients/{nth(19)}").status_code == 404


def test_the_list_of_views_says_how_much_waits_in_which(park: Office) -> None:
    let_wait(park, "client_card", f'["{ROMASHKA}"]', 7)
    let_wait(park, "client_card", f'["{VOLGA}"]', 3)
    answer = park.get("/projections", role="ops").json()
    Items[ProjectionStatus].model_validate(answer)
    told = {one["name"]: (one["parked"], one["parked_from"]) for one in answer["items"]}
    assert told["client_card"] == (2, 3)
    assert told["products"] == (0, None)


def test_what_waits_in_a_build_that_readers_do_not_see_is_not_told(park: Office) -> None:
    park.run(
        "INSERT INTO letopis.projection (name, generation, shape, fingerprint, state)"
        " VALUES ('client_card', 2, 1, 'x', 'building')"
    )
    park.run(
        "INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
        " VALUES ('client_card', 2, %s, 7, gen_random_uuid(), 'test.done', 'x')",
        [f'["{ROMASHKA}"]'],
    )
    assert "letopis-parked" not in park.get(f"/clients/{ROMASHKA}").headers
    park.run("DELETE FROM letopis.projection WHERE generation = 2")
    assert park.run("SELECT count(*) FROM letopis.parked") == [(0,)]
