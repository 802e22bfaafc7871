"""What people type: mistakes are answered with a sentence that says what to do, and exit codes mean something."""

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
import psycopg
import pytest

from app.database import database, master_key
from app.demo.place import ROOT
from app.settings import Settings
from infra.postgres.embedded import EmbeddedPostgres
from tests.system.told_moments import FORM, like_moments

PICTURE = Path(__file__).parents[3] / "docs/pictures/board.png"
UNKNOWN_CLIENT = "00000000-0000-0000-0000-000000000000"


def letopis(var: Path, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Type a command line in an empty folder and wait for its end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LETOPIS_")}
    environment |= {"LETOPIS_VAR": str(var), "PYTHONPATH": str(ROOT), "TERM": "dumb", "COLUMNS": "200", **settings}
    return subprocess.run(
        [sys.executable, "-c", "from app.terminal.cli import main; main()", *words],
        cwd=var.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told(done: "subprocess.CompletedProcess[str]") -> Any:
    """Return the JSON that was printed, in which every moment has the one form."""
    value = json.loads(done.stdout)
    assert [moment for moment in like_moments(value) if not FORM.fullmatch(moment)] == []
    return value


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """The var folder of an installation that was initialised; its server stays up, so that each command starts fast."""
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    try:
        done = letopis(folder / "var", "init")
        assert done.returncode == 0, done.stderr
        with EmbeddedPostgres(folder / "var" / "postgres"):
            yield folder / "var"
    finally:
        shutil.rmtree(folder)


def test_init_shows_the_token_once(var: Path) -> None:
    again = letopis(var, "init")
    assert again.returncode == 0
    assert "entered before" in again.stderr
    assert "eyJ" not in again.stderr


def test_a_token_says_who_and_as_what(var: Path) -> None:
    done = letopis(var, "token", "anna", "seller", "--hours", "1")
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["sub"], claims["role"]) == ("anna", "seller")
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("token", "anna", "boss"), 1, "'boss' is no role; the roles are admin, analyst"),
        (("token", "policy:x", "admin"), 1, "'policy:x' acts inside, and nobody is let in as that"),
        (("api-key", "issue", "Shop", "--command", "hire-staff"), 1, "A program may not be given hire-staff"),
        (("api-key", "issue", "Shop", "--question", "list_clients"), 1, "A program may not be given list_clients"),
        (("api-key", "issue", "Shop"), 1, "commands has too few items: it takes at least 1"),
        (("api-key", "issue", " ", "--question", "get_me"), 1, "name is too short"),
        (("api-key", "rotate", UNKNOWN_CLIENT), 1, "There is no such API key"),
        (("api-key", "revoke", UNKNOWN_CLIENT, "--reason", " "), 1, "reason is too short"),
        (("projections", "rebuild", "nonsense"), 1, "There is no read model 'nonsense'. There are: client_card"),
        (
            ("projections", "verify", "client_card"),
            1,
            "client_card has not been built: start the service or rebuild it",
        ),
        (("projections", "cancel", "products"), 0, "products: is not being rebuilt, so nothing changed"),
        (("projections", "throttle", "products", "5"), 0, "products: is not being rebuilt, so nothing changed"),
        (("projections", "throttle", "products", "many"), 2, "Invalid value for"),
        (("projections", "drop", "products"), 0, "products: nothing was kept, so nothing changed"),
        (("client", "history", UNKNOWN_CLIENT), 1, "Nothing in the log concerns"),
        (("client", "history", "abc"), 2, "valid UUID"),
        (("client", "as-of", UNKNOWN_CLIENT), 2, "name a moment: --recorded, --occurred or both"),
        (("client", "as-of", UNKNOWN_CLIENT, "--recorded", "May"), 2, "'May' is no moment: write 2026-06-30"),
        (("client", "as-of", UNKNOWN_CLIENT, "--recorded", "2999-01-01"), 1, "Name a moment up to now"),
        (("client", "as-of", UNKNOWN_CLIENT, "--occurred", "2026-01-01"), 1, "was known then"),
        (("restore", "/nowhere", "--accept-gaps", " "), 2, "say why in a few words"),
        (("database", "accept-gaps", "--reason", ""), 2, "say why in a few words"),
        (("database", "accept-gaps", "--reason", "x"), 0, "No fact is missing that was not accepted before"),
        (("restore", "/nowhere"), 1, "There is no backup in /nowhere: manifest.json cannot be read"),
        (("import", "maven", "/nowhere"), 2, "'/nowhere' does not exist"),
        (("import", "look", str(PICTURE), "--ru"), 1, "Это файл другого вида (PNG)"),
        (("projections", "skip", "client_card", "--key", "x", "--reason", " "), 2, "say why in a few words"),
        (("projections", "retry", "client_card", "--key", "x"), 1, "'x' is no key of client_card, whose rows have"),
        (
            ("projections", "skip", "client_card", "--key", UNKNOWN_CLIENT, "--reason", "x"),
            1,
            "client_card has not been built: start the service or rebuild it",
        ),
        (("nonsense",), 2, "No such command 'nonsense'"),
        (("serve", "--role", "nonsense"), 1, "LETOPIS_ROLE: Input should be 'all', 'api'"),
        (("serve", "--port", "70000"), 2, "Invalid value for '--port'"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(var: Path, words: tuple[str, ...], code: int, says: str) -> None:
    done = letopis(var, *words)
    assert says in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("LETOPIS_ZONE", "Mars", "LETOPIS_ZONE: Mars is no time zone; name one like Europe/Moscow."),
        ("LETOPIS_DATABASE_URL", "localhost", "LETOPIS_DATABASE_URL: it must be a URL like postgresql://"),
        ("LETOPIS_MASTER_KEY", "secret-that-is-short", "LETOPIS_MASTER_KEY: it must be 64 hexadecimal digits"),
        ("LETOPIS_JWT_SECRET", "secret-that-is-short", "LETOPIS_JWT_SECRET: it must have 32 bytes or more"),
        ("LETOPIS_JWT_SECRET", "", "LETOPIS_JWT_SECRET: it must have 32 bytes or more"),
        ("LETOPIS_VAR", "/dev/null", "The folder /dev/null cannot be used"),
        ("LETOPIS_MASTER_KEY", "00" * 32, "not the one this database was written with"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_kept_secret(var: Path, setting: str, value: str, says: str) -> None:
    done = letopis(var, "projections", "status", **{setting: value})
    assert says in done.stderr
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "secret-that-is-short" not in done.stderr


def test_a_mistyped_setting_is_told_with_the_nearest_one_whatever_is_asked(var: Path) -> None:
    done = letopis(var, "token", "anna", "seller", LETOPIS_PROT="9000", LETOPIS_NOTHING_LIKE_IT="x", letopis_zone="UTC")
    assert done.returncode == 0
    assert "LETOPIS_PROT is no setting and is not read. Did you mean LETOPIS_PORT?" in done.stderr
    assert "LETOPIS_NOTHING_LIKE_IT is no setting and is not read." in done.stderr
    assert "LETOPIS_ZONE" not in done.stderr
    assert done.stdout.startswith("eyJ")
    assert not letopis(var, "token", "anna", "seller").stderr


def test_the_owner_s_way_to_the_database_is_printed_while_it_runs(var: Path, tmp_path: Path) -> None:
    done = letopis(var, "database", "url")
    with psycopg.connect(done.stdout.strip()) as owner:
        assert owner.execute("SELECT count(*) > 0 FROM letopis.event").fetchone() == (True,)
    own = "postgresql://owner:secret@db.example:5433/letopis"
    assert letopis(var, "database", "url", LETOPIS_DATABASE_URL=own).stdout == f"{own}\n"
    stopped = letopis(tmp_path / "var", "database", "url")
    assert stopped.returncode == 1
    assert "no database server runs" in stopped.stderr
    assert not (tmp_path / "var").exists()


def test_a_database_out_of_reach_is_told_with_what_to_look_at(var: Path) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"postgresql://owner:s3cr3t@127.0.0.1:{probe.getsockname()[1]}/letopis"
        done = letopis(var, "projections", "status", LETOPIS_DATABASE_URL=url)
    assert done.returncode == 1
    assert "Is LETOPIS_DATABASE_URL right" in done.stderr
    assert "s3cr3t" not in done.stderr


def test_a_lost_master_key_is_not_replaced_by_a_new_one(var: Path) -> None:
    key, kept = var / "master.key", var / "kept"
    key.rename(kept)
    try:
        done = letopis(var, "projections", "status")
        assert done.returncode == 1
        assert "Put it back from its backup" in done.stderr
        assert not key.exists()
    finally:
        kept.rename(key)


def test_a_master_key_that_is_none_is_told_and_not_repeated(var: Path) -> None:
    key = var / "master.key"
    kept = key.read_text()
    key.write_text("half a key")
    try:
        done = letopis(var, "projections", "status")
    finally:
        key.write_text(kept)
    assert done.returncode == 1
    assert "holds no key of 64 hexadecimal digits" in done.stderr
    assert "Traceback" not in done.stderr
    assert "half a key" not in done.stderr


def test_a_file_that_holds_no_token_keys_is_told(var: Path) -> None:
    file = var.parent / "keys.pem"
    file.write_text("nothing here")
    done = letopis(var, "token", "anna", "seller", LETOPIS_JWT_PUBLIC_KEYS=str(file))
    assert done.returncode == 1
    assert "ask there for one" in done.stderr
    findings = told(letopis(var, "doctor", "--json", LETOPIS_JWT_PUBLIC_KEYS=str(file)))
    assert any("holds no public key" in one["seen"] for one in findings)


def test_a_taken_port_costs_nothing_and_another_one_is_proposed(var: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = letopis(var, "serve", "--port", str(port))
        signed_by_others = letopis(var, "serve", "--port", str(port), LETOPIS_JWT_SECRET="x" * 32)
    assert done.returncode == 1
    assert f"make run PORT={port + 1}" in done.stderr
    # So plain a start takes the development key, and says so in one line.
    (line,) = [json.loads(line) for line in done.stderr.splitlines() if "development_tokens" in line]
    assert line["level"] == "warning"
    assert "LETOPIS_OIDC_ISSUER" in line["remedy"]
    assert "development_tokens" not in signed_by_others.stderr


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("init",), ("token", "anna", "seller")])
def test_with_a_database_of_one_s_own_nothing_is_done_until_it_is_said_who_signs_tokens(
    var: Path, words: tuple[str, ...]
) -> None:
    # No server is there: it was refused before anything was looked at.
    own = "postgresql://owner:secret@127.0.0.1:1/letopis"
    done = letopis(var, *words, LETOPIS_DATABASE_URL=own)
    assert (done.returncode, done.stdout) == (1, "")
    (told,) = done.stderr.splitlines()
    assert "LETOPIS_DEV_TOKENS=1" in told
    assert "secret@" not in told


def test_the_doctor_says_whose_tokens_are_let_in(var: Path) -> None:
    def seen(**settings: str) -> tuple[str, str]:
        findings = told(letopis(var, "doctor", "--json", **settings))
        return next((one["state"], one["seen"]) for one in findings if one["check"] == "token-key")

    letopis(var, "token", "anna", "seller")
    assert seen() == ("ok", "token-key.pem: development tokens are let in")
    state, why = seen(LETOPIS_DEV_TOKENS="0")
    assert (state, "Nobody is configured who signs tokens" in why) == ("failed", True)


def test_the_company_s_zone_may_stand_in_a_file(var: Path) -> None:
    (var.parent / ".env").write_text("LETOPIS_ZONE=Nowhere/City\n")
    try:
        done = letopis(var, "projections", "status")
    finally:
        (var.parent / ".env").unlink()
    assert done.returncode == 1
    assert "Nowhere/City is no time zone" in done.stderr


def let_wait(var: Path) -> str:
    """Let the administrator's row wait for the fact that made it, as a failed fold would; return the key."""
    settings = Settings.model_validate({"var": var, "database_url": None})
    with database(settings, master_key(settings), print) as urls, psycopg.connect(urls.projector) as projector:
        row = projector.execute(
            "INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
            " SELECT p.name, p.generation, jsonb_build_array(e.stream_id), e.position, e.event_id, e.topic, 'KeyError'"
            " FROM letopis.event e, letopis.projection p WHERE e.topic = 'staff.hired' AND p.name = 'staff_directory'"
            " AND p.state = 'live' ORDER BY e.position LIMIT 1 RETURNING place ->> 0"
        ).fetchone()
        assert row is not None
        projector.execute(f"DELETE FROM staff_directory_g1.staff_directory WHERE staff_id = '{row[0]}'".encode())
        return str(row[0])


def test_what_waits_is_shown_tried_again_and_skipped_with_a_reason_on_record(var: Path) -> None:
    letopis(var, "projections", "rebuild", "staff_directory")
    key = let_wait(var)
    shown = told(letopis(var, "projections", "parked", "all", "--json"))
    assert [(one["projection"], one["place"], one["reason"]) for one in shown["parked"]] == [
        ("staff_directory", f'["{key}"]', "KeyError")
    ]
    again = letopis(var, "projections", "retry", "staff_directory", "--key", key)
    assert (again.returncode, f'["{key}"]: flows again' in again.stderr) == (0, True)
    let_wait(var)
    done = letopis(var, "projections", "skip", "staff_directory", "--key", key, "--reason", "entered twice")
    assert (done.returncode, "flows again" in done.stderr) == (0, True)
    (one,) = told(letopis(var, "projections", "parked", "staff_directory", "--json"))["skipped"]
    assert (one["place"], one["failure"], one["reason"]) == (f'["{key}"]', "KeyError", "entered twice")
    assert one["actor"] == getpass.getuser()
    said = letopis(var, "projections", "parked", "all")
    assert "Nothing waits." in said.stderr
    assert "entered twice" in said.stdout


def test_what_programs_read_is_json_on_standard_output(var: Path) -> None:
    assert told(letopis(var, "status", "--json")).keys() == {"projections", "policies", "storage", "disk"}
    assert told(letopis(var, "backup", str(var.parent / "backup"), "--json"))["position"] > 0
    findings = told(letopis(var, "doctor", "--json"))
    assert {"check", "state", "what", "seen", "why", "mend"} == set(findings[0])
    estimated = told(letopis(var, "projections", "rebuild", "products", "--dry-run", "--json"))
    assert estimated["estimates"][0]["projection"] == "products"
    assert estimated["free_bytes"] > 0
    rebuilt = told(letopis(var, "projections", "rebuild", "products", "--json"))
    assert rebuilt[0]["projection"] == "products"
    assert told(letopis(var, "projections", "verify", "products", "--json"))["reports"][0]["differing"] == 0


def test_the_log_is_written_out_and_a_hole_in_it_is_told(var: Path, tmp_path: Path) -> None:
    folder = tmp_path / "an export"
    done = letopis(var, "export", "log", "--to", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["files"] == len(list(folder.glob("recorded_month=*/*.parquet"))) == 1
    assert told["events"] == told["position"] > 0

    (file,) = folder.glob("*/*.parquet")
    file.rename(file.with_name("000000000002-000000000003.parquet"))
    failed = letopis(var, "export", "log", "--to", str(folder))
    assert failed.returncode == 1
    assert "from position 1 on is missing" in failed.stderr
