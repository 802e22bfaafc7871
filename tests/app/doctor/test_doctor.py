"""The doctor finds what is wrong, says so in words, and changes nothing."""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import psycopg
import pytest

from app.auth.keys import KEY_FILE
from app.composition.wiring import ANALYTICS_FILE
from app.database import prepared
from app.demo.first_start import initialise
from app.doctor import database as doctor_database
from app.doctor import grants as doctor_grants
from app.doctor import machine as doctor_machine
from app.doctor import policies as doctor_policies
from app.doctor.examination import CHECKS, WORDS, Finding, examine, report
from app.doctor.patient import FailedError, Patient, SkippedError
from app.serving.analytics_control import note_address
from app.settings import Settings
from infra.analytics import parked_facts
from infra.log.clock import accept_clock
from infra.log.gaps import accept_gaps
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.projector import build
from projections.registry import PROJECTIONS
from tests.database import MASTER, Database
from tests.infra.backup.backups import plain_owner


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_at(var: Path, **changes: object) -> Settings:
    given = {"var": var, "database_url": None, "master_key": None, "jwt_public_keys": None, "jwt_secret": None}
    return Settings.model_validate({**given, "port": free_port(), **changes})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of an installation that was never started."""
    return settings_at(tmp_path / "var")


@pytest.fixture
def patient(tmp_path: Path, database: Database) -> Patient:
    """An installation with a fresh migrated database."""
    return Patient(settings_at(tmp_path / "var", master_key=MASTER.secret.hex()), owner_url=database.owner_url)


@pytest.fixture(scope="module")
def started() -> Iterator[Settings]:
    """An installation that was initialised and stopped."""
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    try:
        settings = settings_at(folder / "var")
        assert initialise(settings, lambda _: None)
        yield settings
    finally:
        shutil.rmtree(folder)


def run_as_owner(patient: Patient, statement: str) -> None:
    with psycopg.connect(patient.owner_url or "", autocommit=True) as owner:
        owner.execute(statement.encode())


def put_facts(patient: Patient, positions: str) -> None:
    run_as_owner(
        patient,
        "INSERT INTO letopis.event SELECT p, gen_random_uuid(), gen_random_uuid(), 1, 'a.b', 1, gen_random_uuid(),"
        " now(), now(), 'x', gen_random_uuid(), gen_random_uuid(), NULL, '{}', '{}'"
        f" FROM unnest(ARRAY[{positions}]::bigint[]) AS p",
    )


def states(findings: list[Finding]) -> dict[str, str]:
    return {one.check: one.state for one in findings}


def test_before_the_first_start_nothing_fails_and_nothing_is_made(settings: Settings) -> None:
    found = states(examine(settings, "en"))
    assert set(found.values()) == {"ok", "skipped"}
    assert found["postgres"] == "skipped"
    assert not settings.var.exists()


def test_a_stopped_installation_is_looked_at_and_left_stopped(started: Settings) -> None:
    found = examine(started, "en")
    assert [one for one in found if one.state == "failed"] == []
    skipped = {name for name, state in states(found).items() if state == "skipped"}
    assert skipped <= {"projections", "policies", "duplicates", "analytics", "token-key"}
    assert not EmbeddedPostgres(started.var / "postgres").attach()


def test_a_running_installation_is_looked_at_and_left_running(started: Settings) -> None:
    with EmbeddedPostgres(started.var / "postgres") as server:
        before = server.pid
        assert "failed" not in states(examine(started, "ru")).values()
        assert server.attach()
        assert server.pid == before


def test_a_database_of_one_s_own_with_an_owner_of_plain_rights_is_well(
    cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    with plain_owner(cluster) as (url, passwords):
        prefix = next(iter(passwords)).removesuffix("_writer")
        key = MASTER.secret.hex()
        own = settings_at(tmp_path / "var", database_url=url, master_key=key, role_prefix=prefix, dev_tokens=True)
        urls = prepared(url, own, MASTER)
        for projection in PROJECTIONS:
            build(projection, lambda fact: fact, urls.projector)
        found = {one.check: one for one in examine(own, "en")}
    assert found["projections"].state == "ok", found["projections"].seen
    # The tests' own server does not wait for its disk.
    assert {name for name, one in found.items() if one.state == "failed"} == {"durable"}


def test_a_server_of_an_older_version_is_found_and_told_what_to_do(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor_database.postgres(patient).startswith("PostgreSQL 18")
    monkeypatch.setattr("app.doctor.database.OLDEST_POSTGRES", 19)
    with pytest.raises(FailedError, match="PostgreSQL 18"):
        doctor_database.postgres(patient)


def test_a_mistyped_setting_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LETOPIS_DATA", raising=False)
    assert doctor_machine.settings(Patient(settings))
    (tmp_path / ".env").write_text("LETOPIS_ZON=Europe/Moscow\n")
    with pytest.raises(FailedError, match=r"LETOPIS_ZON is no setting and is not read\. Did you mean LETOPIS_ZONE\?"):
        doctor_machine.settings(Patient(settings))


def test_the_port_of_the_service_that_runs_here_is_the_one_that_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LETOPIS_PORT", raising=False)
    alive = ThreadingHTTPServer(("127.0.0.1", 0), _Alive)
    threading.Thread(target=alive.serve_forever, daemon=True).start()
    try:
        place = f"127.0.0.1:{alive.server_port}"
        note_address(tmp_path, f"http://{place}")
        assert doctor_machine.port(Patient(Settings(var=tmp_path))) == f"{place}, Letopis"
        # Who names a port asks about that one.
        other = settings_at(tmp_path)
        assert doctor_machine.port(Patient(other)) == f"127.0.0.1:{other.port}, free"
    finally:
        alive.shutdown()
        alive.server_close()


class _Alive(BaseHTTPRequestHandler):
    """Answers every request as a service that is alive does."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status":"alive"}')

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def test_a_wrong_and_a_lost_master_key_are_found(started: Settings, tmp_path: Path) -> None:
    with EmbeddedPostgres(started.var / "postgres") as server:
        wrong = settings_at(tmp_path, master_key="00" * 32)
        with pytest.raises(FailedError, match="not the one this database was written with"):
            doctor_database.the_master_key(Patient(wrong, owner_url=server.owner_url))
        with pytest.raises(FailedError, match=r"master\.key is not there"):
            doctor_database.the_master_key(Patient(settings_at(tmp_path), owner_url=server.owner_url))


def test_a_server_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    away = settings_at(tmp_path, database_url=f"postgresql://nobody@127.0.0.1:{free_port()}/nowhere")
    found = {one.check: one for one in examine(away, "en")}
    assert found["postgres"].state == "failed"
    assert "refused" in found["postgres"].seen
    assert "LETOPIS_DATABASE_URL" in found["postgres"].mend


def test_a_migration_missing_or_unknown_is_found(patient: Patient) -> None:
    assert doctor_database.migrations(patient)
    run_as_owner(patient, "INSERT INTO public.letopis_migration (name) VALUES ('9999_tomorrow.sql')")
    with pytest.raises(FailedError, match="unknown: 9999_tomorrow"):
        doctor_database.migrations(patient)
    run_as_owner(patient, "DELETE FROM public.letopis_migration WHERE name LIKE '0002%'")
    with pytest.raises(FailedError, match="missing: 0002"):
        doctor_database.migrations(patient)


def test_a_server_that_does_not_wait_for_the_disk_is_found(patient: Patient) -> None:
    # The tests' own server is such a one.
    with pytest.raises(FailedError, match="fsync=off"):
        doctor_database.durable(patient)


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ("GRANT INSERT ON letopis.event TO letopis_writer", "REVOKE INSERT ON TABLE letopis.event FROM letopis_writer"),
        ("GRANT UPDATE (stream_id) ON letopis.receipt TO letopis_projector",
         "REVOKE UPDATE ON TABLE letopis.receipt FROM letopis_projector"),
        ("GRANT SELECT ON letopis.event TO letopis_reader", "REVOKE SELECT ON TABLE letopis.event FROM letopis_reader"),
        ("GRANT SELECT ON letopis.subject_key TO PUBLIC", "REVOKE SELECT ON TABLE letopis.subject_key FROM PUBLIC"),
        ("GRANT EXECUTE ON FUNCTION letopis.publish_view TO letopis_reader",
         "REVOKE EXECUTE ON FUNCTION letopis.publish_view FROM letopis_reader"),
        ("GRANT CREATE ON SCHEMA letopis TO letopis_projector",
         "REVOKE CREATE ON SCHEMA letopis FROM letopis_projector"),
        ("REVOKE INSERT ON letopis.skipped FROM letopis_projector",
         "GRANT INSERT ON TABLE letopis.skipped TO letopis_projector"),
        ("REVOKE ALL ON FUNCTION letopis.clock FROM letopis_reader",
         "GRANT EXECUTE ON FUNCTION letopis.clock TO letopis_reader"),
        ("REVOKE USAGE ON SCHEMA read FROM letopis_writer", "GRANT USAGE ON SCHEMA read TO letopis_writer"),
    ],
)  # fmt: skip
def test_a_right_too_many_or_too_few_is_found_with_what_mends_it(patient: Patient, right: str, says: str) -> None:
    assert doctor_grants.roles(patient) == "letopis_writer, letopis_projector, letopis_reader"
    run_as_owner(patient, right)
    with pytest.raises(FailedError) as found:
        doctor_grants.roles(patient)
    assert says in str(found.value).split("; ")
    for statement in str(found.value).split("; "):
        run_as_owner(patient, statement)
    assert doctor_grants.roles(patient)


def test_a_projector_that_may_make_no_temporary_table_is_found_and_the_others_need_none(patient: Patient) -> None:
    with psycopg.connect(patient.owner_url or "") as owner:
        name = owner.info.dbname
    run_as_owner(patient, f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    with pytest.raises(FailedError) as found:
        doctor_grants.roles(patient)
    assert str(found.value) == f"GRANT TEMPORARY ON DATABASE {name} TO letopis_projector"
    run_as_owner(patient, str(found.value))
    assert doctor_grants.roles(patient)


def test_what_readers_see_of_a_read_model_and_where_it_is_kept_is_looked_at(patient: Patient) -> None:
    projection = PROJECTIONS[0]
    build(projection, lambda fact: fact, doctor_database.urls_for(patient).projector)
    assert doctor_grants.roles(patient)
    view, schema = f"read.{projection.name}_v{projection.shape}", f"{projection.name}_g1"
    run_as_owner(patient, f"SET ROLE letopis_projector; REVOKE SELECT ON {view} FROM letopis_reader")
    run_as_owner(patient, f"GRANT USAGE ON SCHEMA {schema} TO letopis_reader")
    with pytest.raises(FailedError) as found:
        doctor_grants.roles(patient)
    assert set(str(found.value).split("; ")) == {
        f"GRANT SELECT ON TABLE {view} TO letopis_reader",
        f"REVOKE USAGE ON SCHEMA {schema} FROM letopis_reader",
    }


@pytest.mark.parametrize("table", doctor_database.GUARDED)
def test_a_trigger_that_is_off_is_found(patient: Patient, table: str) -> None:
    assert doctor_database.triggers(patient)
    run_as_owner(patient, f"ALTER TABLE letopis.{table} DISABLE TRIGGER {table}_is_immutable")
    with pytest.raises(FailedError, match=f"off: letopis.{table}$"):
        doctor_database.triggers(patient)


def test_a_gap_in_the_log_is_found(patient: Patient) -> None:
    put_facts(patient, "1, 2")
    assert doctor_database.positions(patient) == "2"
    put_facts(patient, "4")
    with pytest.raises(FailedError, match=r"3 facts, last position 4: 3 \(1 facts\) gone"):
        doctor_database.positions(patient)
    with psycopg.connect(patient.owner_url or "", autocommit=True) as owner:
        accept_gaps(owner, reason="a disk died", actor="ivan")
    assert doctor_database.positions(patient) == "3, 1 gone and accepted"


def test_a_broken_and_an_old_read_model_are_found(patient: Patient) -> None:
    with pytest.raises(SkippedError):
        doctor_database.projections(patient)
    insert = "INSERT INTO letopis.projection (name, generation, shape, fingerprint, state, error) VALUES"
    run_as_owner(
        patient, f"{insert} ('products', 1, 1, 'old', 'live', NULL), ('pipelines', 1, 1, 'x', 'broken', 'at 7')"
    )
    with pytest.raises(FailedError) as found:
        doctor_database.projections(patient)
    assert "products made by other code" in str(found.value)
    assert "pipelines broken: at 7" in str(found.value)
    assert "client_card building" in str(found.value)


def test_a_read_model_in_which_something_waits_is_found(patient: Patient) -> None:
    run_as_owner(
        patient,
        "INSERT INTO letopis.projection (name, generation, shape, fingerprint, state)"
        " VALUES ('products', 1, 1, 'x', 'live');"
        " INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
        """ VALUES ('products', 1, '["a"]', 7, gen_random_uuid(), 'product.listed', 'KeyError at listed:9')""",
    )
    with pytest.raises(FailedError, match="products 1 parked from position 7"):
        doctor_database.projections(patient)


def test_an_analytics_file_of_another_log_a_damaged_one_and_what_waits_in_one_are_found(patient: Patient) -> None:
    path = patient.settings.var / ANALYTICS_FILE
    path.parent.mkdir()
    put_facts(patient, "1, 2")
    ((event_id,),) = patient.query("SELECT event_id FROM letopis.event WHERE position = 2")
    with duckdb.connect(str(path)) as file:
        file.execute("CREATE TABLE followed (fingerprint VARCHAR, position BIGINT, event_id VARCHAR)")
        file.execute("INSERT INTO followed VALUES ('x', 2, ?)", [str(event_id)])
    assert doctor_database.analytics(patient) == "2 / 2"
    with duckdb.connect(str(path)) as file:
        file.execute(parked_facts.DDL)
        file.execute("INSERT INTO parked VALUES (uuid(), 2, 'deal.won', 'ConversionException', now())")
    with pytest.raises(FailedError, match="1 parked from position 2"):
        doctor_database.analytics(patient)
    with duckdb.connect(str(path)) as file:
        file.execute("UPDATE followed SET event_id = '00000000-0000-0000-0000-000000000000'")
    with pytest.raises(FailedError, match="position 2 is not the one in the log"):
        doctor_database.analytics(patient)
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(FailedError):
        doctor_database.analytics(patient)


def test_the_clocks_of_one_machine_agree(patient: Patient) -> None:
    assert doctor_database.clock(patient) == "0.0 s"


def test_a_log_that_is_ahead_of_the_clock_is_found_until_that_is_accepted(patient: Patient) -> None:
    put_facts(patient, "1")
    assert doctor_database.log_time(patient).endswith("UTC")
    run_as_owner(
        patient,
        "INSERT INTO letopis.event SELECT 2, gen_random_uuid(), gen_random_uuid(), 1, 'a.b', 1, gen_random_uuid(),"
        " now(), now() + interval '1 year', 'x', gen_random_uuid(), gen_random_uuid(), NULL, '{}', '{}'",
    )
    with pytest.raises(FailedError, match=r"position 2\) is of .* ahead of the clock"):
        doctor_database.log_time(patient)
    with psycopg.connect(patient.owner_url or "", autocommit=True) as owner:
        accept_clock(owner, reason="the battery was empty", actor="operator")
    doctor_database.log_time(patient)


def test_a_secret_that_others_can_read_is_found(settings: Settings) -> None:
    settings.var.mkdir(mode=0o755)
    key = settings.var / "master.key"
    key.write_text("00" * 32)
    key.chmod(0o600)
    assert doctor_machine.folder(Patient(settings)) == str(settings.var)
    key.chmod(0o640)
    with pytest.raises(FailedError, match=r"can be read by others: master\.key"):
        doctor_machine.folder(Patient(settings))
    key.chmod(0o600)
    settings.var.chmod(0o777)
    with pytest.raises(FailedError, match="can be written by others"):
        doctor_machine.folder(Patient(settings))


def test_a_file_in_the_place_of_the_folder_is_found(settings: Settings) -> None:
    settings.var.write_text("a file")
    with pytest.raises(FailedError, match="is no folder that this user can write"):
        doctor_machine.folder(Patient(settings))


def test_a_damaged_token_key_is_found(settings: Settings) -> None:
    settings.var.mkdir()
    (settings.var / KEY_FILE).write_text("nonsense")
    with pytest.raises(FailedError):
        doctor_machine.token_key(Patient(settings))


def test_a_port_that_another_program_has_is_found(settings: Settings) -> None:
    assert doctor_machine.port(Patient(settings)).endswith("free")
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", settings.port))
        other.listen()
        with pytest.raises(FailedError, match="in use"):
            doctor_machine.port(Patient(settings))


def test_every_check_says_what_why_and_how_in_both_languages() -> None:
    assert list(WORDS["checks"]) == list(CHECKS)
    for words in WORDS["checks"].values():
        for language in ("en", "ru"):
            assert all(words[language][part] for part in ("what", "why", "mend"))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_report_tells_each_check_and_counts(language: str) -> None:
    said: list[str] = []
    found = [
        Finding("disk", "failed", "There is room", "0.1 GiB", "because", "mend so"),
        Finding("python", "ok", "Python is new", "3.11", "because", "mend so"),
    ]
    report(found, language, said.append)
    text = "\n".join(said)
    assert "✗ There is room" in text
    assert "0.1 GiB" in text
    assert text.count("because") == text.count("mend so") == 2
    assert "disk" in said[-1]


def test_a_policy_that_stands_still_or_could_not_answer_is_found(patient: Patient) -> None:
    with pytest.raises(SkippedError):
        doctor_policies.policies(patient)
    put_facts(patient, "1, 2")
    run_as_owner(patient, "INSERT INTO letopis.checkpoint (name, position) VALUES ('ownership-reassignment', 1)")
    assert doctor_policies.policies(patient).startswith("2, lag 1")
    run_as_owner(patient, "UPDATE letopis.checkpoint SET position = 2")
    assert doctor_policies.policies(patient).startswith("2, lag 0")
    run_as_owner(
        patient, "INSERT INTO letopis.unanswered (name, position, code) VALUES ('ownership-reassignment', 1, 'x')"
    )
    with pytest.raises(FailedError, match="could not answer 1 facts, the first at position 1"):
        doctor_policies.policies(patient)
