"""A connection of one's own: nobody waits for ever on it, and a session that has ended is replaced unnoticed."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.log.append import append
from infra.postgres.connection import OwnConnection, ServerSilentError, async_connect
from tests.database import Database
from tests.infra.log.decided import decided

SLEEP = "SELECT pg_sleep(60)"


class Network:
    """A network between us and the server, which can go silent: it takes everything and passes nothing on."""

    def __init__(self, url: str) -> None:
        self._server = f"{conninfo_to_dict(url)['host']}/.s.PGSQL.5432"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._is_silent = threading.Event()
        host, port = self._listening.getsockname()
        self.url = make_conninfo(url, host=host, port=port)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listening.accept()
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(self._server)
                for source, sink in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._is_silent.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def go_silent(self) -> None:
        self._is_silent.set()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def network(database: Database) -> Iterator[Network]:
    with closing(Network(database.writer_url)) as between:
        yield between


@contextmanager
def own(url: str, seconds: float = 0.4) -> Iterator[OwnConnection]:
    with closing(OwnConnection(url, seconds)) as borrow:
        yield borrow


def test_where_the_network_went_silent_a_question_ends_and_the_line_is_cut(network: Network) -> None:
    with own(network.url) as borrow, borrow() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        network.go_silent()
        with pytest.raises(ServerSilentError):
            connection.execute("SELECT 2")
        assert connection.closed


def test_where_the_network_went_silent_an_append_ends(network: Network) -> None:
    with own(network.url) as borrow, borrow() as connection:
        append(connection, [decided(uuid4())])
        network.go_silent()
        with pytest.raises(ServerSilentError):
            append(connection, [decided(uuid4())])
        assert connection.closed


def test_where_the_network_went_silent_a_question_on_an_event_loop_ends(network: Network) -> None:
    async def ask() -> None:
        async with await async_connect(network.url, 0.4) as connection:
            await connection.execute("SELECT 1")
            network.go_silent()
            with pytest.raises(ServerSilentError):
                await connection.execute("SELECT 2")

    asyncio.run(ask())


def test_a_server_that_lives_says_itself_that_it_took_too_long(network: Network) -> None:
    with own(network.url) as borrow, borrow() as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(SLEEP)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_who_waits_for_word_of_the_log_may_wait_longer_than_for_an_answer(network: Network) -> None:
    with own(network.url) as borrow, borrow() as connection:
        connection.execute("LISTEN letopis_log")
        assert list(connection.notifies(timeout=0.7)) == []
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_session_that_was_ended_while_nobody_used_it_costs_nobody_an_answer(database: Database) -> None:
    with own(database.writer_url, 60) as borrow:
        pids: set[Any] = set()
        for _ in range(3):
            with borrow() as connection:
                pids |= set(connection.execute("SELECT pg_backend_pid()").fetchall())
            with psycopg.connect(database.owner_url, autocommit=True) as owner:
                ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'letopis_writer'"
                owner.execute(f"{ended} AND datname = current_database()".encode())
        assert len(pids) == 3
