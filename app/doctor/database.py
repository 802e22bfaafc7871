"""What the doctor looks at in the database and in the analytics file that follows it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import duckdb

from app.composition.wiring import ANALYTICS_FILE
from app.database import Urls, check_key, master_key, urls_of
from app.doctor.patient import FailedError, Patient, SkippedError
from app.serving.analytics_control import metrics_of
from infra.analytics.parked_facts import waiting_in
from infra.log.clock import STATUS, ClockStatus
from infra.log.crypto import MasterKey
from infra.log.gaps import open_gaps, told
from infra.migrations import scripts
from infra.migrations.server_version import OLDEST_POSTGRES
from infra.migrations.text_order import wrong_text_order
from infra.told import ToldError
from projections.registry import PROJECTIONS
from replay.repair.status import ProjectionStatus, statuses

LARGEST_SKEW_SECONDS = 2.0
SAFETY = ("fsync", "full_page_writes", "synchronous_commit")
GUARDED = ("event", "event_party", "receipt", "skipped", "accepted_gap", "accepted_clock")


def postgres(patient: Patient) -> str:
    """The server answers and is new enough."""
    if patient.owner_url is None:
        if patient.why_no_database:
            raise FailedError(patient.why_no_database)
        raise SkippedError("no database yet: the first start makes it")
    ((number, name),) = patient.query(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
    )
    if number < OLDEST_POSTGRES * 10_000:
        raise FailedError(f"PostgreSQL {name}")
    return f"PostgreSQL {name}"


def text_order(patient: Patient) -> str:
    """The database keeps every letter, and compares texts as the keys of names need it."""
    with patient.session() as connection:
        if found := wrong_text_order(connection):
            raise FailedError(found)
    return "UTF8, by code point"


def migrations(patient: Patient) -> str:
    """Every migration this code has was run, and none that it does not have."""
    if not patient.has_table("public.letopis_migration"):
        raise SkippedError("the database is empty")
    known, done = set(scripts()), {name for (name,) in patient.query("SELECT name FROM public.letopis_migration")}
    if missing := sorted(known - done):
        raise FailedError(f"missing: {', '.join(missing)}")
    if unknown := sorted(done - known):
        raise FailedError(f"unknown: {', '.join(unknown)}")
    return f"{len(done)}"


def the_master_key(patient: Patient) -> str:
    """The key that is configured opens a key that is stored."""
    settings = patient.settings
    if not has_key(patient):
        if patient.owner_url is not None and patient.has_table("letopis.event"):
            raise FailedError(f"{settings.var / 'master.key'} is not there")
        raise SkippedError("made by the first start")
    master = _key_of(patient)
    patient.require_log()
    try:
        check_key(patient.owner_url or "", master)
    except ToldError as error:
        raise FailedError(str(error)) from error
    return "LETOPIS_MASTER_KEY" if settings.master_key else str(settings.var / "master.key")


def has_key(patient: Patient) -> bool:
    """Return whether the key is here, of which the passwords of the roles are made."""
    return patient.settings.master_key is not None or (patient.settings.var / "master.key").exists()


def urls_for(patient: Patient) -> Urls:
    """Return how each role reaches the database; the key must be here. Raises FailedError."""
    return urls_of(patient.owner_url or "", patient.settings, _key_of(patient))


def _key_of(patient: Patient) -> MasterKey:
    try:
        return master_key(patient.settings)
    except ToldError as error:
        raise FailedError(str(error)) from error


def durable(patient: Patient) -> str:
    """The server and the writing role wait for the disk."""
    found = dict(patient.query("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", list(SAFETY)))
    configured = patient.query(
        "SELECT unnest(s.setconfig) FROM pg_db_role_setting AS s"
        " JOIN pg_roles AS r ON r.oid = s.setrole WHERE r.rolname = %s",
        patient.role("writer"),
    )
    found |= dict(line.split("=", 1) for (line,) in configured if line.startswith("synchronous_commit="))
    weak = [f"{name}={value}" for name, value in sorted(found.items()) if value in {"off", "local"}]
    if weak:
        raise FailedError(", ".join(weak))
    return ", ".join(f"{name}={value}" for name, value in sorted(found.items()))


def triggers(patient: Patient) -> str:
    """Every table of the log has its guard, switched on."""
    patient.require_log()
    on = {
        name
        for (name,) in patient.query(
            "SELECT tgrelid::regclass::text FROM pg_trigger"
            " WHERE tgname = split_part(tgrelid::regclass::text, '.', 2) || '_is_immutable' AND tgenabled IN ('O', 'A')"
        )
    }
    off = [name for name in GUARDED if f"letopis.{name}" not in on]
    if off:
        raise FailedError(f"off: {', '.join(f'letopis.{name}' for name in off)}")
    return ", ".join(GUARDED)


def positions(patient: Patient) -> str:
    """There are as many facts as the last position says."""
    patient.require_log()
    with patient.session() as connection:
        ((count, last),) = connection.execute("SELECT count(*), coalesce(max(position), 0) FROM letopis.event")
        gaps = open_gaps(connection)
    if gaps:
        raise FailedError(f"{count} facts, last position {last}: {told(gaps)} gone")
    return f"{count}" + (f", {last - count} gone and accepted" if count != last else "")


def projections(patient: Patient) -> str:
    """Every read model is live, of this code, and not far behind while a service keeps it up to date."""
    patient.require_log()
    if not has_key(patient):
        raise SkippedError("the read models' role cannot log in without the master key")
    # As the role whose tables they are: an owner who is no superuser may not look into them.
    found = statuses(PROJECTIONS, urls_for(patient).projector)
    if not any(one.generation for one in found):
        raise SkippedError("none was built yet: start the service")
    is_followed = bool(
        patient.query("SELECT 1 FROM pg_stat_activity WHERE usename = %s LIMIT 1", patient.role("projector"))
    )
    limit = patient.settings.ready_lag_seconds if is_followed else None
    wrong = [told for one in found if (told := _wrong_with(one, limit))]
    if wrong:
        raise FailedError("; ".join(wrong))
    lag = max(one.lag_events for one in found)
    return f"{len(found)}, lag {lag}" + ("" if is_followed else ", service stopped")


def _wrong_with(one: ProjectionStatus, limit: float | None) -> str:
    if one.state == "retired":
        return ""
    if one.state not in {"live", "paused"}:
        return f"{one.name} {one.state}" + (f": {one.error}" if one.error else "")
    if one.parked:
        return f"{one.name} {one.parked} parked from position {one.parked_from}"
    if not one.is_current:
        return f"{one.name} made by other code"
    if limit is not None and one.state == "live" and one.lag_seconds > limit:
        return f"{one.name} {one.lag_events} facts, {one.lag_seconds:.0f} s behind"
    return ""


def analytics(patient: Patient) -> str:
    """The analytics file is of this log, has all of it while a service follows, and nothing waits in it."""
    patient.require_log()
    path = patient.settings.var / ANALYTICS_FILE
    if not path.exists():
        raise SkippedError("made when the service starts")
    ((head,),) = patient.query("SELECT coalesce(max(position), 0) FROM letopis.event")
    try:
        with duckdb.connect(str(path), read_only=True) as file:
            found: Any = file.execute("SELECT position, event_id FROM followed").fetchone()
            parked = waiting_in(file).in_order() if _has_parked(file) else []
    except duckdb.Error as error:
        # The service holds its file; then it is asked instead.
        return _analytics_in_service(patient, head, error)
    position, event_id = found or (0, None)
    if position:
        there = patient.query("SELECT event_id FROM letopis.event WHERE position = %s", position)
        if not there or there[0][0] != UUID(str(event_id)):
            raise FailedError(f"the fact at position {position} is not the one in the log")
    if parked:
        raise FailedError(f"{len(parked)} parked from position {parked[0].position}")
    return f"{position} / {head}"


def _has_parked(file: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the file was opened by a program that lets facts wait."""
    return bool(file.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'parked'").fetchall())


def _analytics_in_service(patient: Patient, head: int, held: duckdb.Error) -> str:
    metrics = metrics_of(patient.settings)
    if metrics is None or "letopis_analytics_position" not in metrics:
        raise FailedError(str(held).partition("\n")[0]) from held
    position = int(metrics["letopis_analytics_position"])
    if position > head:
        raise FailedError(f"the reports count in {position} facts, the log holds {head}") from held
    ours = {name: value for name, value in metrics.items() if 'projection="analytics"' in name}
    for name, value in ours.items():
        if 'state="broken"' in name:
            raise FailedError(f"broken at position {position} of {head}") from held
        if name.startswith("letopis_parked_keys") and value:
            raise FailedError(f"{value:.0f} parked") from held
        if name.startswith("letopis_projection_lag_seconds") and value > patient.settings.ready_lag_seconds:
            raise FailedError(f"{head - position} facts, {value:.0f} s behind") from held
    return f"{position} / {head}"


def clock(patient: Patient) -> str:
    """The two clocks differ by less than people would notice."""
    before = datetime.now(UTC)
    ((there,),) = patient.query("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    skew = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if skew > LARGEST_SKEW_SECONDS:
        raise FailedError(f"{skew:.1f} s")
    return f"{skew:.1f} s"


def log_time(patient: Patient) -> str:
    """The last fact is not later than the clock says."""
    patient.require_log()
    if not patient.has_table("read.clock_status"):
        raise SkippedError("the database is of an older Letopis")
    status = ClockStatus(*patient.query(STATUS)[0])
    if status.wrong:
        raise FailedError(status.wrong)
    return "no fact yet" if status.recorded_at is None else f"{status.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
