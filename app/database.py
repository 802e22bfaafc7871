"""Which database this installation uses, and how each part of it connects: embedded unless told otherwise."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import structlog

from app.settings import Settings
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.crypto import Keyring, MasterKey, WrongMasterKeyError
from infra.log.event_versions import check_log, versions_of
from infra.log.eventlog import LogKeys
from infra.log.mapper import Mapper
from infra.migrations import migrate
from infra.migrations.text_order import wrong_text_order
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.embedded_watch import Watch
from infra.projector.states import break_replaced
from infra.told import ToldError
from replay.repair.renew_claims import renew_claims

log = structlog.get_logger()

ROLES = ("writer", "projector", "reader")


class FolderUnusableError(ToldError):
    """The var folder cannot be made, read or written; says what to do."""


class DatabaseStoppedError(ToldError):
    """The database's server does not run; says what to do."""


@dataclass(frozen=True)
class Urls:
    """How each role connects; the owner's URL is for migrations and repairs, never for serving."""

    owner: str
    writer: str
    projector: str
    reader: str


def master_key(settings: Settings) -> MasterKey:
    """Return the installation's master key: given by the setting, else kept in the var folder, made on the first start.

    Raises FolderUnusableError and infra.log.crypto.WrongMasterKeyError.
    """
    if settings.master_key is not None:
        return MasterKey(bytes.fromhex(settings.master_key.get_secret_value()))
    path = settings.var / "master.key"
    try:
        if not path.exists() and is_made(settings):
            raise WrongMasterKeyError(
                f"{path} is gone, and the database beside it was written with it. Put it back from its backup, or set "
                "LETOPIS_MASTER_KEY: without it no name in the database can be read."
            )
        return MasterKey.from_file(path)
    except OSError as error:
        raise FolderUnusableError(
            f"The folder {settings.var} cannot be used ({error.strerror}). Start Letopis as the user who owns it, or "
            "name another folder in LETOPIS_VAR."
        ) from error


def is_made(settings: Settings) -> bool:
    """Tell whether the embedded database of this folder was made by an earlier start."""
    folder = settings.var / "postgres"
    return settings.database_url is None and ((folder / "data").exists() or (folder / "place").exists())


def prepared(url: str, settings: Settings, master: MasterKey) -> Urls:
    """Migrate the owner's database and return how each role connects to it.

    What was made of another log, because a backup was restored by whatever means, is marked before anybody reads it.
    Raises infra.log.crypto.WrongMasterKeyError and, where a newer Letopis was at work,
    infra.migrations.DatabaseIsNewerError or infra.log.event_versions.NewerLogError.
    """
    check_key(url, master)
    migrate(url, role_passwords=passwords(settings, master))
    with psycopg.connect(url) as connection:
        if order := wrong_text_order(connection):
            log.warning("names_out_of_order", database=order, remedy="letopis doctor")
        check_log(connection, versions_of(EVENT_TYPES))
        break_replaced(connection)
        keyring = Keyring(master, LogKeys(partial(nullcontext, connection)))
        if changed := renew_claims(connection, Mapper(EVENT_TYPES, UPCASTERS, keyring), master.keyed_hash):
            log.warning("claims_renewed", changed=changed, reason="keys are made by other rules than before")
    return urls_of(url, settings, master)


def check_key(url: str, master: MasterKey) -> None:
    """Refuse another key than the one the database was written with, before anything is done with it."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT to_regclass('letopis.subject_key') IS NOT NULL").fetchone()
        if found and found[0]:
            for subject_id, wrapped in connection.execute(
                "SELECT subject_id, wrapped FROM letopis.subject_key LIMIT 1"
            ):
                master.unwrap(subject_id, wrapped)


def urls_of(url: str, settings: Settings, master: MasterKey) -> Urls:
    """Return how each role connects to a database of this owner's URL that was prepared before."""
    return Urls(url, *(_as_role(url, *login) for login in passwords(settings, master).items()))


def passwords(settings: Settings, master: MasterKey) -> dict[str, str]:
    """Return the login roles of this installation with the password of each."""
    names = (f"{settings.role_prefix}_{role}" for role in ROLES)
    return {name: master.password_for(name) for name in names}


@contextmanager
def database(
    settings: Settings, master: MasterKey, say: Callable[[str], None], *, beside_service: bool = True
) -> Iterator[Urls]:
    """Lend the database, prepared, for as long as the block runs: the one named by the settings, or the embedded one.

    Raises what `owner_url` and `prepared` raise.
    """
    with owner_url(settings, say, beside_service=beside_service) as url:
        yield prepared(url, settings, master)


@contextmanager
def owner_url(settings: Settings, say: Callable[[str], None], *, beside_service: bool = True) -> Iterator[str]:
    """Lend how the owner connects to the database, as it is, for as long as the block runs.

    A command typed beside a running service uses the service's server and leaves it running; a second service in one
    folder (not `beside_service`) is refused. Raises infra.postgres.embedded.EmbeddedPostgresError.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedPostgres(settings.var / "postgres", say=say)
    if beside_service and server.attach():
        yield server.owner_url
        return
    with server, Watch(server):
        yield server.owner_url


def running_owner_url(settings: Settings) -> str:
    """Return how the owner reaches the database now; raises DatabaseStoppedError when its server does not run."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    server = EmbeddedPostgres(settings.var / "postgres")
    if not server.attach():
        raise DatabaseStoppedError(
            f"In {settings.var} no database server runs: the one that comes with Letopis runs while the service does. "
            "Start that (make run), and ask again."
        )
    return server.owner_url


def server_disk(settings: Settings, urls: Urls) -> Path | None:
    """Return the folder in which the embedded server keeps its data; None for a server elsewhere."""
    if settings.database_url is not None:
        return None
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    return Path(row[0]) if row else None


def _as_role(url: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{place}"))
