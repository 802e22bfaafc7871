"""What a backup says of itself: of which log it is, which files it has, and by which master key it can be read.

The manifest is signed with the master key (a MAC). What is restored is run by the database's owner: nobody without the
key can make a backup that we would take for one of ours.
"""

import hashlib
import hmac
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.files.folder import synchronise
from infra.log.crypto import MasterKey, WrongMasterKeyError
from infra.told import ToldError

NAME = "manifest.json"
UNFINISHED = ".partial"
"""How the name of a folder ends in which a backup is being made."""

_KEY_CHECK = "letopis backup: by which master key"
_MAC = "letopis backup: manifest\n"


class DamagedBackupError(ToldError):
    """The folder does not hold a whole backup as it was made; says what is wrong with it."""


class FileSum(BaseModel):
    """One file as it was written: its size in bytes and its SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """What is in a backup. `server` is the version PostgreSQL gives itself, `seconds` how long the backup took.

    `files` are named by their path in the folder; `position` and `event_id` are the newest fact.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    made_at: datetime
    seconds: float
    server: str
    migrations: tuple[str, ...]
    position: int
    event_id: UUID | None
    tables: tuple[str, ...]
    files: dict[str, FileSum]
    key_check: str
    mac: Annotated[str, Field(alias="seal")] = ""
    """Hexadecimal; in the file it is called `seal`, as it always was."""

    @property
    def size_bytes(self) -> int:
        """How large the files are together."""
        return sum(one.size for one in self.files.values())

    def signed(self, master: MasterKey) -> Self:
        """Return the manifest with its MAC."""
        return self.model_copy(update={"mac": self._mac_by(master)})

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder, and wait until it and the folder are on the disk."""
        path = folder / NAME
        path.write_text(self.model_dump_json(indent=2, by_alias=True) + "\n", encoding="utf-8")
        synchronise(path)
        synchronise(folder)

    def _mac_by(self, master: MasterKey) -> str:
        return master.keyed_hash(_MAC + self.model_dump_json(exclude={"mac"})).hex()

    def require_signed_by(self, master: MasterKey) -> None:
        """Refuse what another master key made, or what was changed; raises WrongMasterKeyError, DamagedBackupError."""
        if not hmac.compare_digest(self.key_check, key_check(master)):
            raise WrongMasterKeyError(
                "The backup was made with another master key than the one given here: without that one no name in it "
                "can be read. Set LETOPIS_MASTER_KEY (or put back var/master.key) to the key it was made with."
            )
        if not hmac.compare_digest(self.mac, self._mac_by(master)):
            raise DamagedBackupError(f"{NAME} was changed after the backup was made. Take another copy of the backup.")


def key_check(master: MasterKey) -> str:
    """Return what tells one master key from another and gives away nothing of it."""
    return master.keyed_hash(_KEY_CHECK).hex()


def sums_of(folder: Path) -> dict[str, FileSum]:
    """Return the sizes and sums of all files below a folder but for its manifest, by their path in it."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / NAME)
    return {str(path.relative_to(folder)): _sum_of(path) for path in paths}


def _sum_of(path: Path) -> FileSum:
    with path.open("rb") as file:
        return FileSum(size=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def checked(folder: Path, master: MasterKey) -> Manifest:
    """Return the manifest of a backup whose files are all there, unchanged, and none beside them.

    Raises DamagedBackupError, and WrongMasterKeyError when it was made with another master key.
    """
    manifest = manifest_of(folder, master)
    found = sums_of(folder)
    for name, told in manifest.files.items():
        if found.pop(name, None) != told:
            raise DamagedBackupError(
                f"The file {folder / name} is not as it was when the backup was made. Take another copy of the backup."
            )
    if found:
        raise DamagedBackupError(f"These files are no part of the backup: {', '.join(sorted(found))}. Remove them.")
    return manifest


def manifest_of(folder: Path, master: MasterKey) -> Manifest:
    """Return the manifest of a backup, of which the files are not looked at; raises what `checked` raises."""
    manifest = _read(folder)
    manifest.require_signed_by(master)
    return manifest


def _read(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / NAME).read_bytes())
    except OSError as error:
        raise DamagedBackupError(
            f"There is no backup in {folder}: {NAME} cannot be read ({error.strerror}). Name the folder that "
            "`letopis backup` made."
        ) from error
    except ValidationError as error:
        raise DamagedBackupError(
            f"{folder / NAME} is no manifest of a backup of ours, or was changed. Take another copy of the backup."
        ) from error
