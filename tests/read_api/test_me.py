"""Who one is, and what one may do."""

import pytest

from commands.registry import COMMANDS
from events.client import ClientRegistered
from events.examples import EAST
from events.staff import StaffHired
from events.team import TeamOpened
from infra.rights import RIGHTS
from read_api.me import Me
from read_api.roles import EVERYBODY, OF_PORTAL
from read_api.views import STAFF_DIRECTORY
from tests.examples import ANNA, BORIS, ROMASHKA, fact
from tests.read_api.office import Office
from tests.story import given, on


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_everybody_is_told_all_that_their_role_may_do_and_nothing_else(desk: Office, role: str) -> None:
    told = desk.get("/me", role=role).json()
    Me.model_validate_json(desk.get("/me", role=role).text)
    assert (told["id"], told["role"], told["staff"]) == ("x", role, None)
    assert told["commands"] == sorted(name for name, command in COMMANDS.items() if role in command.ROLES)
    assert told["questions"] == sorted(name for name, roles in RIGHTS.items() if role in roles)
    assert "get_me" in told["questions"]
    assert ("bind-login" in told["commands"]) == (role == "admin")


@pytest.mark.parametrize("role", sorted(OF_PORTAL))
def test_who_comes_in_for_a_client_is_told_for_whom_and_may_do_nothing_else(desk: Office, role: str) -> None:
    given(on(ROMASHKA, fact(ClientRegistered))).at(desk)
    answer = desk.get("/me", role=role, staff=ROMASHKA)
    told = Me.model_validate_json(answer.text)
    assert (told.id, told.role, told.client_id) == (f"login:{ROMASHKA}", role, ROMASHKA)
    assert (told.staff, told.commands, told.questions) == (None, [], ["get_me"])
    assert set(told.scopes.model_dump().values()) == {"none"}
    assert "Romashka" not in answer.text


def test_of_whom_the_directory_knows_it_tells_their_place(desk: Office) -> None:
    given(on(EAST, fact(TeamOpened)), on(ANNA, fact(StaffHired))).at(desk)
    told = desk.get("/me", staff=ANNA)
    assert told.json()["staff"] == desk.get(f"/staff/{ANNA}").json()
    assert told.headers["letopis-position"] == "2"
    Me.model_validate_json(told.text)
    assert desk.get("/me", staff=BORIS).json()["staff"] is None


def test_it_tells_in_which_language_errors_are(desk: Office) -> None:
    russian = desk.get("/me", headers={"Accept-Language": "ru-RU, en;q=0.5"})
    english = desk.get("/me")
    assert (russian.json()["language"], english.json()["language"]) == ("ru", "en")
    assert (russian.headers["vary"], english.headers["vary"]) == ("Accept-Language", "Accept-Language")
    assert russian.headers["etag"] != english.headers["etag"]
    assert desk.get("/me", headers={"If-None-Match": english.headers["etag"]}).status_code == 304


def test_a_program_is_told_while_the_directory_is_being_built(desk: Office) -> None:
    desk.run(f"ALTER VIEW read.{STAFF_DIRECTORY} RENAME TO staff_directory_away")
    try:
        told = desk.get("/me", role="ops")
        assert (told.status_code, told.json()["staff"]) == (200, None)
        assert told.json()["operations"]
        assert desk.get("/me", role="ops", staff=ANNA).status_code == 503
    finally:
        desk.run(f"ALTER VIEW read.staff_directory_away RENAME TO {STAFF_DIRECTORY}")
