"""`letopis doctor`: looks at everything Letopis rests on and says what is wrong, why it matters and how to mend it.

It changes nothing: it makes no key, migrates no database, builds no view. Where the embedded server is not running it
is started for the look and stopped again.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app.database import is_made
from app.doctor import database as doctor_database
from app.doctor import duplicates as doctor_duplicates
from app.doctor import files as doctor_files
from app.doctor import grants as doctor_grants
from app.doctor import machine as doctor_machine
from app.doctor import policies as doctor_policies
from app.doctor.patient import FailedError, Patient, SkippedError
from app.settings import Settings
from infra.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError

WORDS = tomllib.loads(Path(__file__).with_name("doctor.toml").read_text(encoding="utf-8"))

Check = Callable[[Patient], str]
Say = Callable[[str], None]

CHECKS: Mapping[str, Check] = {
    "python": doctor_machine.python,
    "disk": doctor_machine.disk,
    "folder": doctor_machine.folder,
    "settings": doctor_machine.settings,
    "token-key": doctor_machine.token_key,
    "postgres": doctor_database.postgres,
    "text-order": doctor_database.text_order,
    "migrations": doctor_database.migrations,
    "master-key": doctor_database.the_master_key,
    "durable": doctor_database.durable,
    "roles": doctor_grants.roles,
    "triggers": doctor_database.triggers,
    "positions": doctor_database.positions,
    "projections": doctor_database.projections,
    "policies": doctor_policies.policies,
    "files": doctor_files.files,
    "duplicates": doctor_duplicates.duplicates,
    "analytics": doctor_database.analytics,
    "clock": doctor_database.clock,
    "log-time": doctor_database.log_time,
    "port": doctor_machine.port,
}
"""In the order in which one explains the next; each has its words in doctor.toml."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `state` is ok, failed or skipped, `seen` is what was found there."""

    check: str
    state: str
    what: str
    seen: str
    why: str
    mend: str


def examine(settings: Settings, language: str) -> list[Finding]:
    """Run every check and return what each found, in `en` or `ru`."""
    with _patient(settings) as patient:
        return [_finding(name, check, patient, language) for name, check in CHECKS.items()]


def _finding(name: str, check: Check, patient: Patient, language: str) -> Finding:
    try:
        state, seen = "ok", check(patient)
    except SkippedError as reason:
        state, seen = "skipped", str(reason)
    except FailedError as failure:
        state, seen = "failed", str(failure)
    except (psycopg.Error, OSError) as error:
        state, seen = "failed", str(error).strip().partition("\n")[0]
    words = WORDS["checks"][name][language]
    return Finding(name, state, words["what"], seen, words["why"], words["mend"])


@contextmanager
def _patient(settings: Settings) -> Iterator[Patient]:
    """Lend what the checks look at, with the database if it can be had."""
    if settings.database_url is not None:
        yield Patient(settings, owner_url=settings.database_url.get_secret_value())
        return
    folder = settings.var / "postgres"
    server = EmbeddedPostgres(folder, say=lambda _: None)
    try:
        if server.attach():
            yield Patient(settings, owner_url=server.owner_url)
            return
        if not is_made(settings):
            yield Patient(settings, why_no_database="")
            return
        server.start()
    except (EmbeddedPostgresError, OSError) as error:
        yield Patient(settings, why_no_database=str(error))
        return
    try:
        yield Patient(settings, owner_url=server.owner_url)
    finally:
        server.stop()


def report(findings: list[Finding], language: str, say: Say) -> None:
    """Tell people what was found: for each check what, why it matters and how to mend it."""
    words = WORDS["words"][language]
    marks = {"ok": "✓", "failed": "✗", "skipped": "–"}
    for one in findings:
        say(f"{marks[one.state]} {one.what}: {words[one.state]}" + (f" ({one.seen})" if one.seen else ""))
        say(f"    {words['why']}: {one.why}\n    {words['mend']}: {one.mend}")
    failed = [one.check for one in findings if one.state == "failed"]
    counts = {state: sum(one.state == state for one in findings) for state in marks}
    told = words["not_well" if failed else "all_well"]
    say("\n" + told.format(**counts, all=len(findings), names=", ".join(failed)))
