"""Looking at files that were sent, a few at once, each in a process of its own that cannot take all time or memory."""

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from commands.importing.refused import FileUnreadableError, MappingWrongError, TooManyLooksError
from infra.own_process import started
from infra.tables.faults import UnreadableFileError

AT_ONCE = 2
"""So many are looked at at once: each takes a core, and up to 2 GiB."""

PATIENCE_SECONDS = 30.0
"""How long one waits for its turn."""

MOST_SECONDS = 60.0
"""How long a look may take: one at 10,000 rows takes a second or two, a workbook has to be unpacked before."""

RETRY_AFTER = 5


class Looks:
    """Looks at files; all of them take turns."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._room = asyncio.Semaphore(AT_ONCE)

    async def at(
        self,
        path: Path,
        *,
        target: str,
        source: str,
        mapping: Mapping[str, Any] | None,
        language: str,
        own: Sequence[Mapping[str, Any]] = (),
        rows: int = 10,
    ) -> dict[str, Any]:
        """Return `mapping` (given, or guessed), `toml` (the same as a file), `target` and `preview` of a file.

        `own` are the company's own fields of clients, as JSON. Raises FileUnreadableError,
        MappingWrongError and TooManyLooksError.
        """
        asked = {
            "path": str(path), "target": target, "source": source, "mapping": mapping, "language": language,
            "own": own, "rows": rows, "zone": self._zone,
        }  # fmt: skip
        try:
            await asyncio.wait_for(self._room.acquire(), PATIENCE_SECONDS)
        except TimeoutError:
            raise TooManyLooksError(retry_after=RETRY_AFTER) from None
        try:
            told = await asyncio.to_thread(_told, asked)
        finally:
            self._room.release()
        match told:
            case {"fault": fault, "kind": "mapping", "said": said}:
                raise MappingWrongError(fault=fault, said=said)
            case {"fault": fault, "said": said}:
                raise FileUnreadableError(fault=fault, said=said)
        return told


def _told(asked: Mapping[str, Any]) -> dict[str, Any]:
    with started("app.imports.look") as process:
        try:
            told, said = process.communicate(json.dumps(asked).encode(), MOST_SECONDS)
        except subprocess.TimeoutExpired:
            told, said = b"", b""
        finally:
            process.kill()
            with suppress(ProcessLookupError):
                process.wait()
    if not told and process.returncode > 0:
        raise RuntimeError(f"a look at a file failed: {said[-1000:].decode(errors='replace')}")
    if not told:
        # Killed, for want of memory or of time.
        error = UnreadableFileError("needs-too-much")
        return {"fault": error.code, "said": error.said(str(asked["language"]))}
    read: dict[str, Any] = json.loads(told)
    return read
