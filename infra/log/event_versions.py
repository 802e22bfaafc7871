"""Which versions of which facts are stored, and whether this code can read them all: asked before anything starts."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

import psycopg

from infra.told import ToldError


class NewerLogError(ToldError):
    """The log holds facts of a schema version, or of a topic, that this program does not know yet."""


class Versioned(Protocol):
    """A kind of fact: its stored name, and the version in which it is written today."""

    TOPIC: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int]


_STORED = """
SELECT EXISTS (
    SELECT
    FROM letopis.event
    WHERE position > %s
        AND topic = %s
        AND schema_version = %s
)
"""

_NOTE = """
INSERT INTO letopis.fact_version (topic, schema_version, since)
SELECT given.topic, given.schema_version, (SELECT coalesce(max(position), 0) FROM letopis.event)
FROM unnest(%s::text[], %s::smallint[]) AS given (topic, schema_version)
ON CONFLICT DO NOTHING
"""


def versions_of(types: Iterable[type[Versioned]]) -> dict[str, int]:
    """Return the version of each topic that is written today; raises ValueError for a topic used twice."""
    versions: dict[str, int] = {}
    for each in types:
        if each.TOPIC in versions:
            raise ValueError(f"Two event types have the topic {each.TOPIC}.")
        versions[each.TOPIC] = each.SCHEMA_VERSION
    return versions


def check_chains(versions: Mapping[str, int], upcasters: Iterable[tuple[str, int]]) -> None:
    """Raise ValueError unless upcasters lead from every older version to today's, one step each, and nowhere else."""
    needed = {(topic, step) for topic, version in versions.items() for step in range(1, version)}
    given = set(upcasters)
    for topic, step in sorted(needed - given):
        raise ValueError(
            f"{topic}: no upcaster from version {step} to {step + 1}. Register one under ({topic!r}, {step}): "
            "facts of that version are stored for ever."
        )
    for topic, step in sorted(given - needed):
        present = f"is written in version {versions[topic]}" if topic in versions else "is no topic of any event type"
        raise ValueError(
            f"An upcaster leads from version {step} of {topic} to {step + 1}, but {topic} {present}. Raise the "
            "event's SCHEMA_VERSION, or take the upcaster out."
        )


def check_log(connection: psycopg.Connection[Any], versions: Mapping[str, int]) -> None:
    """Raise NewerLogError if a fact is stored that this code cannot read; else note what this code may write.

    Every Letopis notes that before it writes, so the whole log need not be read. What is noted and unknown here is
    looked for in the log, from where it can be on: a newer Letopis may have started and written nothing new.
    """
    noted = connection.execute("SELECT topic, schema_version, since FROM letopis.fact_version ORDER BY 1, 2").fetchall()
    for topic, version, since in noted:
        if version <= versions.get(topic, 0):
            continue
        (is_stored,) = connection.execute(_STORED, (since, topic, version)).fetchone() or (False,)
        if is_stored:
            known = f"version {versions[topic]} at most" if topic in versions else "no such topic"
            raise NewerLogError(
                f"The log holds facts {topic} of version {version}, and this Letopis knows {known}. Start the newer "
                "Letopis that wrote them, or restore a backup made before it: this one can read "
                "nothing that such a fact concerns."
            )
    connection.execute(_NOTE, (list(versions), list(versions.values())))
