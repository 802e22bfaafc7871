"""What operators do to keep what there is: make a backup, put one back, look at sizes and what is kept how long."""

from pathlib import Path

import psycopg

from app.composition.files_kept import files_kept
from app.composition.wiring import ANALYTICS_FILE
from app.database import database, master_key, owner_url, passwords, prepared
from app.doctor.machine import free_bytes
from app.files.standing import KEPT_TEXT
from app.operations.doing import backed_up
from app.serving.policy_lag import policies_at
from app.settings import Settings
from app.terminal.console import operator, print_json, print_table, say
from infra.analytics.fact_file import size_of
from infra.backup.manifest import Manifest
from infra.backup.restore import RestoreRefusedError, checked_backup, restore
from infra.files.folder import FilesFolder
from infra.log.crypto import MasterKey
from infra.log.gaps import accept_gaps, told
from infra.postgres.embedded import EmbeddedPostgresError
from projections.registry import PROJECTIONS
from replay.repair.status import statuses
from replay.repair.storage import Stored, storage

MEGABYTE = 2**20


def make_backup(folder: Path, *, as_json: bool) -> None:
    """Make a backup of the log in a new folder; the database is not migrated and nothing in it is changed."""
    settings = Settings()
    master = master_key(settings)
    with owner_url(settings, say) as url:
        made = backed_up(url, master, folder, FilesFolder(settings.files_folder))
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    say(f"{folder}: {_told(made)}, in {made.seconds:.1f} s")
    say(f"It can be read with the master key only, which is not in it: keep {_place_of_key(settings)} elsewhere.")


def put_back(folder: Path, *, is_replacing: bool, accept_gaps_because: str | None = None) -> None:
    """Put a backup back; what is wrong with it, or with its place, is said before anything is changed.

    With a reason also one from which facts were gone; that is then on record.
    """
    settings = Settings()
    master = _key_that_is_there(settings)
    manifest = checked_backup(folder, master)
    try:
        with owner_url(settings, say, beside_service=False) as url:
            damaged = restore(
                url,
                folder,
                manifest,
                role_passwords=passwords(settings, master),
                is_replacing=is_replacing,
                may_have_gaps=accept_gaps_because is not None,
                files=FilesFolder(settings.files_folder),
            )
            prepared(url, settings, master)
            if accept_gaps_because is not None:
                _accept(url, accept_gaps_because)
    except EmbeddedPostgresError as error:
        if error.code != "already-running":
            raise
        raise RestoreRefusedError(
            f"Letopis runs in {error.facts['folder']} as process {error.facts['pid']}, and what it keeps in memory "
            f"would be of a log that is gone. Stop it (kill {error.facts['pid']}), restore, and start it again."
        ) from error
    say(f"restored: {_told(manifest)}, as they were at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC")
    for stored in damaged:
        say(f"Of {stored.digest}, a file of {stored.subject_id}, there are no whole bytes: look in an older backup.")
    say("Read models and reports are made anew from this log when the service starts; `letopis status` shows how far.")


def accept_open_gaps(reason: str) -> None:
    """Record that one goes on without the facts that are gone."""
    settings = Settings()
    with database(settings, master_key(settings), say) as urls:
        _accept(urls.owner, reason)


def _accept(url: str, reason: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        accepted = accept_gaps(connection, reason=reason, actor=operator())
    if accepted:
        say(f"on record: one goes on without the positions {told(accepted)}")
    else:
        say("No fact is missing that was not accepted before, so nothing changed.")


def _key_that_is_there(settings: Settings) -> MasterKey:
    """Return the master key; never a new one, by which no backup was made. Raises RestoreRefusedError."""
    path = settings.var / "master.key"
    if settings.master_key is None and not path.exists():
        raise RestoreRefusedError(
            f"There is no master key here. Put the one that the backup was made with to {path}, or set "
            "LETOPIS_MASTER_KEY: without it no name in the backup can be read."
        )
    return master_key(settings)


def _told(manifest: Manifest) -> str:
    return f"{manifest.position:,} facts, {manifest.size_bytes / MEGABYTE:.1f} MB"


def _place_of_key(settings: Settings) -> str:
    return "LETOPIS_MASTER_KEY" if settings.master_key else str(settings.var / "master.key")


def show_status(*, as_json: bool) -> None:
    """Print how the read models are, and what is kept: how much, how large, how long, and the room left."""
    settings = Settings()
    master = master_key(settings)
    with database(settings, master, say) as urls:
        models = statuses(PROJECTIONS, urls.projector)
        policies = policies_at(urls.reader)
        kept = [*storage(urls.owner), _files(urls.projector), _analytics(settings)]
    free = free_bytes(settings.var)
    if as_json:
        disk = {"folder": str(settings.var), "free_bytes": free}
        print_json(
            {"projections": models, "policies": [one._asdict() for one in policies], "storage": kept, "disk": disk}
        )
        return
    print_table(
        ("read model", "state", "position", "lag", "error"),
        [(one.name, one.state, one.position, one.lag_events, one.error) for one in models],
    )
    print_table(
        ("policy or timer", "position", "lag", "seconds", "stands still", "unanswered"),
        [
            (
                one.title,
                one.position,
                one.lag_events,
                round(one.lag_seconds, 1),
                round(one.still_seconds, 1),
                f"{one.unanswered} from {one.unanswered_from}" if one.unanswered_from else one.unanswered or "",
            )
            for one in policies
        ],
    )
    print_table(
        ("kept", "rows", "MB", "how long"),
        [(one.name, one.rows, round(one.size_bytes / MEGABYTE, 1), one.kept) for one in kept],
    )
    say(f"Free on the disk of {settings.var}: {free / 2**30:.1f} GB")


def _files(url: str) -> Stored:
    with psycopg.connect(url, autocommit=True) as connection:
        found = files_kept(connection)
    return Stored("files of clients", found and found.files, found.size_bytes if found else 0, KEPT_TEXT)


def _analytics(settings: Settings) -> Stored:
    size = size_of(settings.var / ANALYTICS_FILE)
    return Stored("analytics file", None, size, "Made from the log; filled anew when it is missing.")
