"""The process that imports one file, or takes an import back, or rehearses that; it tells how far it is, and the end.

It ends with the service, or when it is told to: what it has stored by then stays, and begun anew it doubles nothing.
"""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from aggregates.identity import Home
from app.imports.files import ERRORS, UPLOAD, WARNINGS
from app.spawned import leave_stopping_to_the_parent
from infra.files.folder import FULL
from infra.log.crypto import MasterKey

CLIENTS_FACTS = frozenset({"names", "owner_name", "branch", "candidates", "holder_id", "since"})
"""What problems say of clients other than that of the row, and of who owns them."""


@dataclass(frozen=True)
class Work:
    """What is to be done: the file in its folder, by which mapping, for whom; `names_rivals`: they may know them."""

    import_id: UUID
    folder: Path
    file: str
    digest: str
    mapping: Mapping[str, Any]
    zone: str
    asked_by: str
    language: str
    is_dry: bool
    is_strict: bool
    names_rivals: bool


class Revert(NamedTuple):
    """An import that is to be taken back, why, and for whom."""

    import_id: UUID
    reason: str
    asked_by: str
    is_dry: bool


class Site(NamedTuple):
    """Where it is stored."""

    url: str
    master: MasterKey
    home: Home


class Progress(NamedTuple):
    """How far it is: rows read before any is imported (`total` is not known), rows accounted for, things taken back."""

    phase: str
    done: int
    total: int | None


class Imported(NamedTuple):
    """What became of the rows, and which files say more."""

    report: Mapping[str, Any]
    has_errors: bool
    has_warnings: bool


class Reverted(NamedTuple):
    """What is gone, what is as it was, and what stays."""

    report: Mapping[str, Any]


class Refused(NamedTuple):
    """Why it cannot be done, such as a file that is no table, in both languages."""

    code: str
    en: str
    ru: str


class Lost(NamedTuple):
    """The log was out of reach for too long: it goes on when it is there again."""


class NoRoom(NamedTuple):
    """The disk is full."""


def begin(work: Work | Revert, site: Site, parent: Connection) -> None:
    """Do it, and tell the parent; as a process of its own."""
    leave_stopping_to_the_parent()
    from app.logs import configure_logs

    configure_logs()
    threading.Thread(target=_end_with, args=(parent,), name="import-watch", daemon=True).start()
    with suppress(OSError):
        parent.send(_done(work, site, parent))


def _end_with(parent: Connection) -> None:
    """End at once when the parent says so, or is gone."""
    with suppress(EOFError, OSError):
        parent.recv()
    os._exit(1)


def _done(work: Work | Revert, site: Site, parent: Connection) -> Imported | Reverted | Refused | Lost | NoRoom:
    from infra.told import WordedError

    try:
        return _reverted(work, site, parent) if isinstance(work, Revert) else _imported(work, site, parent)
    except WordedError as error:
        return Refused(error.code, error.said("en"), error.said("ru"))
    except psycopg.OperationalError:
        return Lost()
    except OSError as error:
        if error.errno in FULL:
            return NoRoom()
        raise


def _imported(work: Work, site: Site, parent: Connection) -> Imported:
    from app.imports.storing import import_door
    from app.process import settle
    from commands import registry
    from commands.importing.error_file import ErrorFile
    from commands.importing.file_import import ImportName, import_file
    from commands.importing.mapping import make_mapping

    assert registry.COMMANDS  # noqa: S101 - with it every handler is known
    path, errors = work.folder / UPLOAD, work.folder / ERRORS
    # Rows of people: files that this process makes are its owner's alone.
    os.umask(0o077)
    with import_door(site.url, site.master, site.home, size=path.stat().st_size, is_dry=work.is_dry) as door:
        settle()
        report = import_file(
            path,
            make_mapping({"zone": work.zone, **work.mapping}),
            door,
            strict=work.is_strict,
            is_dry=work.is_dry,
            asked_by=work.asked_by,
            errors=ErrorFile(errors, _tell(work), language=work.language),
            progress=lambda done, total: parent.send(Progress("importing", done, total)),
            named=ImportName(work.import_id, work.file, work.digest),
            reading=lambda rows: parent.send(Progress("reading", rows, None)),
        )
    return Imported(report.as_dict(), report.refused + report.wrong > 0, (work.folder / WARNINGS).exists())


def _reverted(work: Revert, site: Site, parent: Connection) -> Reverted:
    from app.composition.decoding import decoder_at
    from app.imports.storing import import_door
    from app.process import settle
    from commands import registry
    from commands.importing.revert import revert_import

    assert registry.COMMANDS  # noqa: S101 - with it every handler is known
    with import_door(site.url, site.master, site.home, size=0, is_dry=work.is_dry) as door:
        settle()
        report = revert_import(
            work.import_id,
            door,
            decoder_at(site.url, site.master),
            reason=work.reason,
            asked_by=work.asked_by,
            is_dry=work.is_dry,
            progress=lambda done, total: parent.send(Progress("reverting", done, total)),
        )
    return Reverted(report.as_dict())


def _tell(work: Work) -> Any:
    """Return what puts problems into words; who sees no clients is not told who they are."""
    from app.imports.telling import tell_in

    tell = tell_in(work.language)

    def told(code: str, facts: Mapping[str, Any]) -> str:
        known = facts if work.names_rivals else {name: "—" if name in CLIENTS_FACTS else facts[name] for name in facts}
        return tell(code, known)

    return told
