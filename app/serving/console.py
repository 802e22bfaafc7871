"""Puts the console together: what it keeps for browsers, who may come in how, and the API that it asks."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from secrets import token_urlsafe

import psycopg
from starlette.requests import Request
from starlette.routing import BaseRoute

from app.auth.code_flow import CodeFlow
from app.auth.issuing import token_issuer
from app.auth.keys import TokenKeyError, takes_development_key
from app.auth.provider import Provider
from app.composition.kept import Kept
from app.database import Urls
from app.demo.company import ADMIN_ID, STAFF, demo_id
from app.serving.here import is_from_here
from app.settings import Settings
from app.words.messages import language_of
from infra.log.crypto import MasterKey
from infra.log.kept_secrets import KeptSecrets
from read_api.console.assets import ROUTE
from read_api.console.calling import Wire
from read_api.console.carrying import carrying_routes
from read_api.console.door import Door, Person, Ways, routes_of
from read_api.console.live import live_route
from read_api.console.pages import PAGES
from read_api.console.pages.entering import LINK, entering_routes
from read_api.console.sessions import PATH, SESSION_SECONDS

TOKEN_LIFE = timedelta(seconds=SESSION_SECONDS)

LINK_SECONDS = 600.0
"""How long a link lets in: as long as it takes to copy it."""

DEMO = {
    **{key: Person(key, name, role.value) for key, (name, role) in STAFF.items()},
    **{role: Person(role, "", role) for role in ("analyst", "auditor", "ops", "admin")},
}
"""Whom one may be in the demo company: its staff, and programs in roles that nobody has there."""


def console_routes(settings: Settings, urls: Urls, master: MasterKey) -> Callable[[Wire], Sequence[BaseRoute]]:
    """Return what gives the routes of the console, once it is known how the API is asked."""
    kept = Kept(urls.writer, master, settings.read_seconds)

    def routes(call: Wire) -> Sequence[BaseRoute]:
        door = Door(call, kept, ways_in(settings), PAGES, language_of)
        return routes_of(door, (ROUTE, live_route(door, call), *carrying_routes(door, call), *entering_routes(door)))

    return routes


def ways_in(settings: Settings) -> Ways:
    """Return the ways into the console that these settings leave open."""
    is_demo = settings.database_url is None and _signs_itself(settings)

    def people(request: Request) -> Sequence[Person]:
        return tuple(DEMO.values()) if is_demo and is_from_here(request.scope) else ()

    def token_of(key: str) -> str:
        person = DEMO[key]
        issuer = token_issuer(settings)
        if key == "admin":
            return issuer.issue(str(ADMIN_ID), None, TOKEN_LIFE)
        if person.name:
            return issuer.issue(str(demo_id(key)), None, TOKEN_LIFE)
        return issuer.issue(key, person.role, TOKEN_LIFE)

    return Ways(people, token_of, lambda request: is_from_here(request.scope), _provider(settings))


def _provider(settings: Settings) -> CodeFlow | None:
    """Return where people sign in, if it is said who signs tokens and as whom we ask for them."""
    client_id, secret = settings.oidc_client_id or settings.jwt_audience, settings.oidc_client_secret
    if settings.oidc_issuer is None or client_id is None:
        return None
    return CodeFlow(Provider(settings.oidc_issuer), client_id, None if secret is None else secret.get_secret_value())


def link_at(address: str, owner_url: str, master: MasterKey, token: str) -> str:
    """Return an address at which a browser comes in with a token: once, within ten minutes."""
    key = token_urlsafe(24)
    with psycopg.connect(owner_url, autocommit=True, connect_timeout=10) as connection:
        KeptSecrets(master).keep(connection, LINK, key, token.encode(), LINK_SECONDS)
    return f"{address}{PATH}/enter?key={key}"


def _signs_itself(settings: Settings) -> bool:
    try:
        return takes_development_key(settings)
    except TokenKeyError:
        return False
