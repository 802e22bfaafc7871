"""`python -m tests.torture.faults_table [SECONDS]`: every fault for so long each, a full disk too; prints the table.

As root on Linux only: the disk that fills is a small one of its own, mounted for the run.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from infra.postgres.embedded import EmbeddedPostgres
from tests.torture.faults import LONG_FAULTS, failing_site, play, stored, table

DISK_MEGABYTES = 600


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put a small disk of its own under a folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=0711", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - where it lies differs


def folder_of(server: EmbeddedPostgres) -> Path:
    """Return the folder that lies on the server's disk."""
    return server._folder


def _fill(file: FileIO) -> None:
    for size in (1 << 20, 1 << 12):
        with suppress(OSError):
            while file.write(bytes(size)):
                pass


async def out_of_disk(server: EmbeddedPostgres, seconds: float) -> None:
    """Fill the server's disk to the last byte, and after a while make room and start what did not survive it."""
    ballast = folder_of(server) / "ballast"
    end = time.monotonic() + seconds
    with ballast.open("wb", buffering=0) as file:
        while time.monotonic() < end:
            _fill(file)
            # Room that the server gives back is taken as well.
            await asyncio.sleep(0.05)
    ballast.unlink()
    await asyncio.to_thread(server.start)


def main() -> None:
    """Let every fault happen, one after the other, and print what came of it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with failing_site(disk=small_disk) as (server, running):
        tally, faults = play(server, running, seconds, {**LONG_FAULTS, "out of disk": out_of_disk})
        print("\n".join(table(tally, faults, stored(server))))
        print(tally.surprises or "No other answers than 200 and 503.")


if __name__ == "__main__":
    main()
