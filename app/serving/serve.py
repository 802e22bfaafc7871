"""Runs Letopis: the database, the write side, the projections, the analytics and the HTTP application, until Ctrl-C."""

import contextlib
import errno
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import structlog

from app.auth.issuing import issue_token, token_issuer
from app.auth.keys import KEY_FILE, TokenKeyError, takes_development_key
from app.composition.old_units import open_old_units
from app.composition.wiring import analytics_node
from app.composition.write_side import WriteSide
from app.database import Urls, database, master_key, server_disk
from app.demo.company import ADMIN_ID, demo_id
from app.demo.first_start import first_start
from app.files.sweeping import Sweeping
from app.imports.hands import Imports
from app.operations.for_reports import ForReports
from app.operations.runner import Runner
from app.process import settle
from app.serving.analytics_control import is_letopis, note_address, noted_address
from app.serving.background import projector_process
from app.serving.console import TOKEN_LIFE, link_at
from app.serving.console_process import console_parts
from app.serving.doors import Home, http_parts
from app.serving.ending import Ending
from app.serving.http import Parts, create_app
from app.serving.metrics import Measured
from app.serving.server import Server
from app.serving.workers import Crew
from app.settings import Settings
from infra.log.crypto import MasterKey
from infra.told import ToldError
from projections.registry import PROJECTIONS
from read_api.console.sessions import PATH
from replay.repair.status import wait_until

log = structlog.get_logger()

UNSENT = 128 * 1024
"""Bytes of an answer that the system takes over and cannot send yet: else four megabytes for each who reads nothing."""

VIEWS_SECONDS = 15.0
"""How long the first views may keep the service from answering; a large log takes longer, and is built meanwhile."""

Say = Callable[[str], None]


class PortTakenError(ToldError):
    """Something else listens where we should."""


def serve(settings: Settings, say: Say) -> None:
    """Run until SIGINT or SIGTERM, then stop everything that was started, the embedded server last.

    Raises TokenKeyError, PortTakenError, infra.postgres.embedded.EmbeddedPostgresError and
    infra.migrations.DatabaseIsNewerError.
    """
    if takes_development_key(settings):
        log.warning(
            "development_tokens",
            meaning=f"whoever reads {settings.var / KEY_FILE} is let in as whoever they like",
            remedy="set LETOPIS_OIDC_ISSUER, LETOPIS_JWT_PUBLIC_KEYS or LETOPIS_JWT_SECRET before real clients come",
        )
    ending = Ending()
    with ending.heard(), ExitStack() as stack:
        try:
            listening = stack.enter_context(taken_port(settings))
            master = master_key(settings)
            urls = stack.enter_context(database(settings, master, say, beside_service=False))
            _run(stack, settings, master, urls, listening, ending, say)
        except KeyboardInterrupt:
            say("Stopping, before the start was through.")
    say("Letopis has stopped.")


def _run(
    stack: ExitStack,
    settings: Settings,
    master: MasterKey,
    urls: Urls,
    listening: socket.socket,
    ending: Ending,
    say: Say,
) -> None:
    if settings.role == "console":
        _answer(console_parts(settings, urls, master), settings, urls, master, [listening], ending, say)
        return
    has_projections = settings.role in {"all", "projections"}
    write_side = WriteSide(urls, settings, master, with_policies=has_projections)
    write_side.start()
    stack.callback(write_side.stop)
    measured = Measured(commands=write_side.executor.durations, appends=write_side.appends)
    if has_projections:
        open_old_units(urls.writer, write_side.carry_out, master.keyed_hash)
        first_start(settings, master, write_side, say, shows_token=sys.stderr.isatty())
        projector = projector_process(settings, urls, master, server_disk(settings, urls), measured.views.add_all)
        projector.start()
        stack.callback(projector.stop)
    imports = Imports(settings, urls, master)
    imports.start()
    stack.callback(imports.stop)
    sweeping = Sweeping(settings, urls.projector)
    sweeping.start()
    stack.callback(sweeping.stop)
    analytics = None
    if settings.role in {"all", "analytics"}:
        analytics = analytics_node(settings, urls, master)
        analytics.start()
        stack.callback(analytics.stop)
        write_side.listeners.append(analytics.wake)
        runner = Runner(urls.projector, ForReports(analytics, urls.projector), of_analytics=True)
        runner.start()
        stack.callback(runner.stop)
    if has_projections:
        # The first thing people do is to paste the request they are shown; it should not find the views missing.
        wait_until(urls.projector, [one.name for one in PROJECTIONS], 0, VIEWS_SECONDS)
    crew, sockets = None, [listening]
    if settings.workers > 1:
        # What a worker has not got itself it asks for here, where no other worker answers.
        inner = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        sockets.append(inner)
        home = Home(_address(inner), has_analytics=analytics is not None)
        crew = Crew(settings.workers - 1, settings, urls, master, listening, home, measured)
        crew.start()
        stack.callback(crew.stop)
    parts = http_parts(settings, urls, master, write_side, analytics, measured=measured, crew=crew)
    _answer(parts, settings, urls, master, sockets, ending, say)


def _answer(
    parts: Parts,
    settings: Settings,
    urls: Urls,
    master: MasterKey,
    sockets: list[socket.socket],
    ending: Ending,
    say: Say,
) -> None:
    """Answer at the first socket, and any other, until told to stop."""
    server = Server(
        create_app(parts),
        on_ready=lambda: _greet(settings, urls, master, _address(sockets[0]), say),
        on_stop=lambda: _stop(parts.on_stop, say),
    )
    settle()
    ending.server = server
    server.run(sockets=sockets)
    ending.server = None


@contextlib.contextmanager
def taken_port(settings: Settings) -> Iterator[socket.socket]:
    """Take the port before anything is started, so that a taken one costs nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
            # Every connection taken here has it from here.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
            listening.listen(2048)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(_who_has_the_port(settings)) from None
            raise PortTakenError(
                f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Set LETOPIS_HOST and PORT."
            ) from None
        listening.set_inheritable(True)
        yield listening


def _who_has_the_port(settings: Settings) -> str:
    """Say what to do about a taken port: most often it is the service of this very folder."""
    address = noted_address(settings.var)
    if address is not None and urlsplit(address).port == settings.port and is_letopis(address):
        return (
            f"Letopis already runs from this folder, at {address}. Use that one, or stop it with Ctrl-C where it runs."
        )
    return f"Port {settings.port} is taken by another program. Choose another one: make run PORT={settings.port + 1}"


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _greet(settings: Settings, urls: Urls, master: MasterKey, address: str, say: Say) -> None:
    note_address(settings.var, address)
    say(f"Letopis is at {address}\nThe console is at {address}{PATH}, and every request to try at {address}/docs")
    try:
        token_issuer(settings)
    except TokenKeyError:
        return
    if settings.role in {"all", "api"}:
        actor = str(demo_id("head") if settings.database_url is None else ADMIN_ID)
        if not sys.stderr.isatty():
            # What is not a terminal may be a journal that others read, and that keeps it.
            say(f"A token to try it with: letopis token {actor}\nA link into the console: letopis console-link {actor}")
            return
        token = issue_token(settings, actor, None, TOKEN_LIFE)
        say(
            f"Open the console (once, within ten minutes):\n  {link_at(address, urls.owner, master, token)}\n"
            "Ready to paste (the token is good for 12 hours):\n"
            f"  curl -H 'Authorization: Bearer {token}' {address}/clients"
        )
    say("Ctrl-C stops everything.")


def _stop(end_streams: Callable[[], None], say: Say) -> None:
    say("Stopping: requests under way are finished. Ctrl-C once more waits for none of them.")
    end_streams()
