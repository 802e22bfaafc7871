"""What turns stored facts into events; it loads nothing else, so that the processes of a rebuild start at once."""

from collections.abc import Callable
from functools import partial

from events.base import Event
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.crypto import Keyring, MasterKey
from infra.log.envelope import AnyEvent
from infra.log.eventlog import LogKeys
from infra.log.mapper import Mapper
from infra.postgres.connection import Borrow, OwnConnection

Decode = Callable[[AnyEvent], Event]


def mapper_at(url: str, master: MasterKey) -> Mapper:
    """Return a mapper that reads keys by a connection of its own; for one thread, or several that share it."""
    return mapper_by(OwnConnection(url), master)


def mapper_by(borrow: Borrow, master: MasterKey) -> Mapper:
    """Return a mapper that reads keys by the connection lent."""
    return Mapper(EVENT_TYPES, UPCASTERS, Keyring(master, LogKeys(borrow)))


def decoder_at(url: str, master: MasterKey) -> Decode:
    """Return what turns stored facts into events."""
    return mapper_at(url, master)


def decoder_factory(url: str, master: MasterKey) -> Callable[[], Decode]:
    """Return what makes a decoder in another process."""
    return partial(decoder_at, url, master)
