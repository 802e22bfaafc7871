"""The database server that comes with Letopis starts, stops and comes back, whoever was killed in between."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi
import psycopg
import pytest

from infra.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError
from infra.postgres.embedded_place import remove_socket_folder
from infra.postgres.postmaster import find_postmaster

# Durable, as in production; only smaller.
SMALL = {"shared_buffers": "16MB"}

# A service that starts the server, says its number and waits to be killed.
SERVICE = """
import sys, time
from pathlib import Path
from infra.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), settings={"shared_buffers": "16MB"})
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def new_place() -> Path:
    """A folder with spaces in its name that the server's user can pass through, which is not so in pytest's own."""
    place = Path(tempfile.mkdtemp(prefix="letopis tests "))
    place.chmod(0o711)
    return place


def end_servers_below(place: Path) -> None:
    for pid_file in place.rglob("postmaster.pid"):
        if (left := find_postmaster(pid_file.parent)) is not None:
            left.send(signal.SIGKILL)
            left.await_end(10)
            remove_socket_folder(left.socket_folder)


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder for a server that the test makes anew."""
    place = new_place()
    yield place
    end_servers_below(place)
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def begun() -> Iterator[Path]:
    """The folder of a server after its first start and stop, used by one test after the other."""
    place = new_place()
    with EmbeddedPostgres(place / "var" / "postgres", settings=SMALL):
        pass
    yield place / "var" / "postgres"
    shutil.rmtree(place)


@pytest.fixture
def server(begun: Path) -> Iterator[EmbeddedPostgres]:
    """A server that is stopped; making one anew for each test would take a second or more."""
    server = EmbeddedPostgres(begun, settings=SMALL)
    yield server
    server.stop()
    end_servers_below(begun)


def run(server: EmbeddedPostgres, statement: bytes) -> None:
    with psycopg.connect(server.owner_url) as connection:
        connection.execute(statement)


def ask(server: EmbeddedPostgres, question: bytes) -> object:
    with psycopg.connect(server.owner_url) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() != b""


def start_service(folder: Path) -> tuple["subprocess.Popen[str]", int]:
    """A service process that runs the server of the same folder, and the server's number."""
    service = subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert service.stdout is not None
    return service, int(service.stdout.readline())


def test_what_was_written_is_there_after_a_stop_and_a_start(server: EmbeddedPostgres) -> None:
    server.start()
    run(server, b"CREATE TABLE stopped AS SELECT 42 AS answer")
    first = server.pid
    server.stop()
    assert not is_alive(first)
    server.start()
    assert server.pid != first
    assert ask(server, b"SELECT answer FROM stopped") == 42


def test_what_was_committed_is_there_after_the_server_was_killed(server: EmbeddedPostgres) -> None:
    server.start()
    url = server.owner_url
    run(server, b"CREATE TABLE killed AS SELECT 42 AS answer")
    with psycopg.connect(url) as connected_meanwhile:
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            _ask_on(connected_meanwhile)
    server.start()
    assert ask(server, b"SELECT answer FROM killed") == 42
    assert server.owner_url == url, "whoever knew the address can come back"


def _ask_on(connection: psycopg.Connection) -> None:
    """Ask until nobody answers: a session notices that its server is gone when it waits, and may answer until then."""
    while True:
        connection.execute("SELECT pg_sleep(0.1)")


def test_a_server_left_by_a_killed_service_is_taken_over_and_stopped(server: EmbeddedPostgres, begun: Path) -> None:
    service, pid = start_service(begun)
    service.kill()
    service.communicate()
    assert is_alive(pid)
    server.start()
    assert server.pid == pid
    assert ask(server, b"SELECT 1") == 1
    server.stop()
    assert not is_alive(pid)


def test_a_second_start_is_refused_and_names_the_first(server: EmbeddedPostgres, begun: Path) -> None:
    service, pid = start_service(begun)
    with pytest.raises(EmbeddedPostgresError, match=f"process {service.pid}") as refusal:
        server.start()
    assert refusal.value.code == "already-running"
    assert refusal.value.facts["pid"] == service.pid
    server.stop()
    assert is_alive(pid), "the one refused must not stop the server of the one that runs"
    service.kill()
    service.communicate()


def test_a_command_beside_the_service_uses_its_server_and_leaves_it_running(
    server: EmbeddedPostgres, begun: Path
) -> None:
    assert not server.attach()
    service, pid = start_service(begun)
    assert server.attach()
    assert ask(server, b"SELECT 1") == 1
    server.stop()
    assert is_alive(pid)
    service.kill()
    service.communicate()


def test_a_pid_file_that_names_some_other_program_does_not_hinder_the_start(server: EmbeddedPostgres) -> None:
    server.start()
    data = Path(str(ask(server, b"SHOW data_directory")))
    server.kill()
    lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    (data / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]), "utf-8")
    server.start()
    assert ask(server, b"SELECT 1") == 1


def test_a_first_start_that_was_killed_half_way_is_begun_anew(place: Path) -> None:
    unfinished = place / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n", "ascii")
    with EmbeddedPostgres(place, settings=SMALL, elsewhere=place / "elsewhere") as server:
        assert ask(server, b"SELECT 1") == 1
    assert not unfinished.exists()


def test_nobody_enters_without_the_password(server: EmbeddedPostgres, begun: Path) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(server.url("letopis", "letopis_owner"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("letopis", "letopis_owner", "wrong"))
    assert stat.S_IMODE((begun / "owner.password").stat().st_mode) == 0o600


def test_the_server_listens_on_a_private_socket_and_on_no_network(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server, b"SHOW listen_addresses") == ""
    socket_folder = Path(str(ask(server, b"SHOW unix_socket_directories")).strip('"'))
    assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    server.stop()
    assert not socket_folder.exists()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(server: EmbeddedPostgres) -> None:
    server.start()
    assert os.getsid(server.pid) != os.getsid(0)


def test_the_server_never_runs_as_root(server: EmbeddedPostgres) -> None:
    server.start()
    uid = Path(f"/proc/{server.pid}").stat().st_uid
    assert uid == os.geteuid() or (os.geteuid() == 0 and uid != 0)


def test_where_the_servers_user_cannot_enter_its_data_go_elsewhere_and_no_folder_is_opened(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    server = EmbeddedPostgres(closed / "var", settings=SMALL, elsewhere=place / "elsewhere", say=said.append)
    for _ in range(2):
        with server:
            data = Path(str(ask(server, b"SHOW data_directory")))
    # Only root's server is a stranger in root's folders.
    is_root = os.geteuid() == 0
    assert data.is_relative_to(place / "elsewhere" if is_root else closed)
    assert len(said) == (1 if is_root else 0)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_data_that_were_kept_elsewhere_and_are_gone_are_not_replaced_by_an_empty_database(place: Path) -> None:
    (place / "place").write_text(str(place / "elsewhere" / "gone"), "utf-8")
    with pytest.raises(EmbeddedPostgresError, match="is gone") as refusal:
        EmbeddedPostgres(place, settings=SMALL, elsewhere=place / "elsewhere").start()
    assert refusal.value.code == "data-gone"


def test_arrow_reads_reach_it_by_the_same_address(server: EmbeddedPostgres) -> None:
    server.start()
    with adbc_driver_postgresql.dbapi.connect(server.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 7::BIGINT AS seven")
        assert cursor.fetch_arrow_table().to_pylist() == [{"seven": 7}]


def test_commits_are_durable_and_text_sorts_the_same_everywhere(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server, b"SHOW fsync") == "on"
    assert (
        ask(server, b"SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'letopis'")
        == "bC.UTF-8"
    )
    assert ask(server, "SELECT lower('ЛЕТОПИСЬ')".encode()) == "летопись"


def test_a_setting_can_be_overridden_but_not_the_private_socket(begun: Path) -> None:
    settings = {**SMALL, "max_connections": "17", "listen_addresses": "*"}
    with EmbeddedPostgres(begun, settings=settings) as server:
        assert ask(server, b"SHOW max_connections") == "17"
        assert ask(server, b"SHOW listen_addresses") == ""


def test_a_lost_password_is_named_and_the_server_does_not_stay_behind(server: EmbeddedPostgres, begun: Path) -> None:
    server.start()
    pid = server.pid
    server.stop()
    (begun / "owner.password").rename(begun / "kept.password")
    (begun / "owner.password").write_text("another", "ascii")
    with pytest.raises(EmbeddedPostgresError, match=r"owner\.password") as refusal:
        server.start()
    (begun / "kept.password").replace(begun / "owner.password")
    assert refusal.value.code == "owner-refused"
    assert not (begun / "data" / "postmaster.pid").exists()
    assert not is_alive(pid)


def test_a_server_that_cannot_start_says_what_it_said(begun: Path) -> None:
    server = EmbeddedPostgres(begun, settings={"shared_buffers": "lots"})
    with pytest.raises(EmbeddedPostgresError, match="invalid value for parameter") as refusal:
        server.start()
    assert refusal.value.code == "did-not-start"
