"""What lies beside the database and belongs to the log: the bytes of files, in a backup and back in their place.

They are put into a backup after its facts, and back before them: so there is never a fact without its bytes. What was
written once never changes, and is named by its digest.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copyfile

from infra.files.folder import FilesFolder, Stored, put, synchronise

FILES = "files"
"""The folder in a backup that has the bytes."""


def take_along(files: FilesFolder, place: Path) -> None:
    """Copy all files into the folder of a backup; raises OSError."""
    copies = FilesFolder(place / FILES)
    for stored in files.stored():
        copy = copies.path(stored)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Swept meanwhile: nobody needs it.
        with suppress(FileNotFoundError):
            copyfile(files.path(stored), copy)
            synchronise(copy)


def put_back(folder: Path, files: FilesFolder) -> list[Stored]:
    """Put the files of a backup in their places, where they are not; return those that there is no whole one of.

    A file may have been damaged before the backup was made; that is no reason to go without all the rest.
    """
    return [*_not_put_back(FilesFolder(folder / FILES), files)]


def _not_put_back(kept: FilesFolder, files: FilesFolder) -> Iterator[Stored]:
    for stored in kept.stored():
        with suppress(FileNotFoundError):
            if files.is_whole(stored):
                continue
        if not kept.is_whole(stored):
            yield stored
            continue
        with kept.path(stored).open("rb") as source:
            put(source, files.path(stored), files.root)
