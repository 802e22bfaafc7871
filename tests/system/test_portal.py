"""Who signs in for a client is told who they are, and nothing else, by whatever they ask."""

import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest

from app.demo.company import ADMIN_ID, demo_id
from app.words.openapi import PUBLIC
from commands.registry import COMMANDS
from tests import examples
from tests.database import Database
from tests.system.providers import Provider, becomes, mock
from tests.system.service import Service, environment, letopis, service

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # theirs

PETR, IRINA, FIRM, ANNA = (demo_id(name) for name in ("petr", "irina", "romashka", "anna"))


class Portal(NamedTuple):
    """A service at which people sign in for clients, and what an administrator tells it."""

    service: Service
    provider: Provider
    admin: str
    tells: Callable[..., httpx.Response]

    def bound(self, client_id: UUID, role: str, subject: str) -> httpx.Response:
        """Say for which client a name comes in."""
        at = {"issuer": self.provider.issuer, "subject": subject}
        return self.tells("bind-portal-login", client_id=str(client_id), role=role, **at)

    def released(self, subject: str) -> httpx.Response:
        """Say that a name comes in for nobody."""
        at = {"issuer": self.provider.issuer, "subject": subject}
        return self.tells("release-portal-login", reason="they asked for it", **at)


@pytest.fixture(scope="module")
def portal(shared_company: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder, url = tmp_path_factory.mktemp("portal"), shared_company.owner_url
    with mock() as provider:
        admin = provider.signs_in("root")
        with service(folder, "service", database_url=url, provider=provider.issuer) as running:
            subprocess.run(
                letopis("bind-login", str(ADMIN_ID), "root"),
                env=environment(folder / "service", url, provider=provider.issuer),
                cwd=folder,
                capture_output=True,
                check=True,
            )
            becomes(running, "/staff", admin, 200)

            def tells(command: str, **body: Any) -> httpx.Response:
                return running.post(command, body, {"Authorization": f"Bearer {admin}"})

            yield Portal(running, provider, admin, tells)
            log = running.log.read_text()
            assert '"error"' not in log
            assert admin not in log


def routes(running: Service, own: UUID) -> Iterator[tuple[str, str]]:
    """Give the method and address of everything that the interface describes, about a client's own id."""
    described = httpx.get(f"{running.address}/openapi.json").json()["paths"]
    for path, methods in described.items():
        address = re.sub(r"\{\w+\}", str(own), path)
        yield from ((method.upper(), address) for method in methods)


def test_who_comes_in_for_a_client_is_told_who_they_are_and_refused_all_else(portal: Portal) -> None:
    running, provider = portal.service, portal.provider
    assert portal.bound(PETR, "client", "petr").status_code == 200
    assert portal.bound(FIRM, "partner", "firm").status_code == 200
    for own, role, subject in ((PETR, "client", "petr"), (FIRM, "partner", "firm")):
        token = provider.signs_in(subject)
        me = becomes(running, "/me", token, 200).json()
        position, login = me.pop("position"), me.pop("id")
        assert position > 0
        assert login == f"login:{UUID(login[6:])}"
        assert me == {
            "role": role, "client_id": str(own), "staff": None, "language": "en", "zone": "Europe/Moscow",
            "commands": [], "questions": ["get_me"], "operations": [],
            "scopes": dict.fromkeys(("clients", "deals", "activities", "texts"), "none"),
        }  # fmt: skip

        found = list(routes(running, own))
        tried = [(method, path) for method, path in found if path not in {*PUBLIC, "/me"}]
        assert {("GET", f"/clients/{own}"), ("POST", "/commands"), ("POST", "/operations/rebuild")} <= set(tried)
        assert {f"/commands/{name}" for name in COMMANDS} <= {path for _, path in tried}
        # As a proxy asks for them: on the machine itself the metrics want no token.
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.7"}
        with httpx.Client(base_url=running.address, headers=headers, timeout=30) as caller:
            answers = {
                (method, path): caller.request(method, path, json=_body(path) if method == "POST" else None)
                for method, path in tried
            }
        let_in = {
            where: (answer.status_code, answer.text)
            for where, answer in answers.items()
            if (answer.status_code, answer.json().get("code")) != (403, "not-allowed")
        }
        assert not let_in


def _body(path: str) -> dict[str, Any]:
    """Return what might be carried out, if who sends it were let in."""
    name = path.removeprefix("/commands/")
    if name in COMMANDS:
        told: dict[str, Any] = examples.command(COMMANDS[name]).model_dump(mode="json", exclude_none=True)
        return told
    if path == "/commands":
        item = {"command": "note-client", "data": {"client_id": str(PETR), "text": "It was me"}}
        return {"commands": [item]}
    return {"phone": "+7 903 111-22-33"} if path.startswith("/clients") else {"projection": "products", "reason": "x"}


def test_a_name_is_let_in_while_it_is_a_client_s_whose_card_is_in_use(portal: Portal) -> None:
    running, token = portal.service, portal.provider.signs_in("irina")

    def is_nobody() -> None:
        assert becomes(running, "/me", token, 403).json()["code"] == "login-unknown"

    is_nobody()
    assert portal.bound(IRINA, "client", "irina").status_code == 200
    becomes(running, "/me", token, 200)
    assert portal.tells("archive-client", client_id=str(IRINA), reason="moved away").status_code == 200
    is_nobody()
    assert portal.tells("restore-client", client_id=str(IRINA), reason="came back").status_code == 200
    becomes(running, "/me", token, 200)

    at = {"issuer": portal.provider.issuer, "subject": "irina"}
    for refused, code in (
        (portal.bound(FIRM, "partner", "irina"), "login-is-of-portal"),
        (portal.tells("bind-login", staff_id=str(ANNA), **at), "login-is-of-portal"),
        (portal.bound(IRINA, "client", "root"), "login-is-bound"),
        (portal.bound(IRINA, "partner", "irina.k"), "not-an-organisation"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    for hired in (
        portal.tells("hire-staff", name="Irina", role="client"),
        portal.tells("grant-scope", role="partner", kind="clients", scope="all"),
    ):
        assert hired.status_code == 422

    [shown] = becomes(running, f"/logins?client={IRINA}", portal.admin, 200).json()["items"]
    assert (shown["role"], shown["client_id"], shown["staff_id"]) == ("client", str(IRINA), None)
    assert (shown["issuer"], shown["subject"]) == (at["issuer"], "irina")
    assert portal.released("irina").status_code == 200
    is_nobody()
    assert portal.tells("bind-login", staff_id=str(ANNA), **at).status_code == 200
    assert becomes(running, "/me", token, 200).json()["staff"]["staff_id"] == str(ANNA)
