"""Puts a build before the readers in the place of the one they see: brought up to date first, then in one moment."""

from collections.abc import Callable
from time import sleep
from typing import Any

import psycopg
from psycopg import errors

from infra.log.log_reader import head_of
from infra.projector.advance import Leased, advance, lease, reader_for
from infra.projector.folding import Decode
from infra.projector.generations import Generation, current, lock_all, publish, set_state
from infra.projector.leases import release, try_lease
from infra.projector.projection import Projection

Look = Callable[[], None]
"""Called now and then; what it raises ends the work."""

# Facts examined in one transaction: large enough to share the round trips, small enough to be short.
BATCH = 1_000
# A swap waits no longer than this for those who read: readers that come after it wait as well.
PATIENCE_MS = 200
# How often it is looked whether another worker has brought a build up to date.
POLL_SECONDS = 0.05


def catch_up(
    connection: psycopg.Connection[Any],
    leased: Leased,
    decode: Decode,
    batch: int = BATCH,
    look: Look = lambda: None,
) -> None:
    """Bring one build to the head of the log; raises PoisonEventError at a fact that it cannot take in."""
    reader = reader_for([leased])
    look()
    while advance(connection, [leased], reader, decode, batch):
        look()


def promote(connection: psycopg.Connection[Any], leased: Leased, decode: Decode, look: Look = lambda: None) -> None:
    """Put a filled generation before the readers, in one transaction, not behind the one they saw until now."""
    catch_up(connection, leased, decode, look=look)
    checkpoint = leased.checkpoint

    def swap() -> None:
        leased.checkpoint = checkpoint
        catch_up(connection, leased, decode)
        publish(connection, leased.projection, leased.generation)

    _in_a_moment(connection, leased.projection.name, swap, look)


def promote_again(
    connection: psycopg.Connection[Any], projection: Projection[Any], retired: Generation, decode: Decode
) -> None:
    """Put a retired generation of this code before the readers again, brought up to date first.

    Only for the holder of the build lock. Raises PoisonEventError, with nothing changed, and GenerationMovedError when
    the generation was dropped.
    """
    # If it was stopped at a fact, that fact is tried again.
    set_state(connection, retired, "retired", only_from=("retired",))
    _bring_up_to_date(connection, projection, retired, decode)

    def swap() -> None:
        generation = current(connection, retired)
        catch_up(connection, lease(connection, projection, generation), decode)
        publish(connection, projection, generation)

    _in_a_moment(connection, projection.name, swap, lambda: None)


def _bring_up_to_date(
    connection: psycopg.Connection[Any], projection: Projection[Any], retired: Generation, decode: Decode
) -> None:
    """Let a generation come near the head of the log: by the service that has it in hand, or else by our own."""
    while head_of(connection).position - current(connection, retired).position > BATCH:
        if try_lease(connection, retired.schema):
            try:
                catch_up(connection, lease(connection, projection, current(connection, retired)), decode)
            finally:
                release(connection, retired.schema)
        else:
            sleep(POLL_SECONDS)


def _in_a_moment(connection: psycopg.Connection[Any], name: str, swap: Callable[[], None], look: Look) -> None:
    """Swap while no worker moves the read model; give way to a long reader, and try again."""
    while True:
        look()
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
                # A live worker's checkpoint waits for this lock, then finds its generation replaced and writes nothing.
                lock_all(connection, name)
                swap()
        except errors.LockNotAvailable:
            sleep(PATIENCE_MS / 1000)
        else:
            return
