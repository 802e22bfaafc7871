"""What the console keeps for browsers, in sessions of the database that are asked in threads."""

from functools import partial

from app.composition.readers import Readers
from infra.log.crypto import MasterKey
from infra.log.kept_secrets import KeptSecrets

SESSIONS = 2
"""Each takes a fraction of a millisecond; who waits for the other waits no longer."""


class Kept:
    """Keeps what secrets of browsers stand for; every method raises psycopg.Error and ServerSilentError."""

    def __init__(self, url: str, master: MasterKey, seconds: float) -> None:
        self._readers = Readers(url, SESSIONS, seconds)
        self._secrets = KeptSecrets(master)

    async def keep(self, kind: str, secret: str, content: bytes, seconds: float) -> None:
        """Keep something for so many seconds."""
        keep = partial(self._secrets.keep, kind=kind, secret=secret, content=content, seconds=seconds)
        await self._readers.ask(keep)

    async def read(self, kind: str, secret: str) -> bytes | None:
        """Return what is kept; None if nothing is."""
        return await self._readers.ask(partial(self._secrets.read, kind=kind, secret=secret))

    async def take(self, kind: str, secret: str) -> bytes | None:
        """Return what is kept, once."""
        return await self._readers.ask(partial(self._secrets.take, kind=kind, secret=secret))
