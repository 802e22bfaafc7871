"""Folds an exported log with Dask, on however many machines it has: the same folds give the same rows.

Needs the extra `scale` (`make test-scale` installs it, docs/scale.md shows a run). The machines read the Parquet files;
PostgreSQL is asked only for the keys of those whose personal data a read model shows.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import dask.dataframe as dd
import pandas as pd
from pydantic_core import to_jsonable_python

from infra.log.envelope import ReadEvent
from infra.projector.folding import Decode, Rows, decoding, play, preparing, touches
from infra.projector.projection import Projection
from replay.export.export import parts_of
from replay.rebuilding.workers import Reference, found, reference_of

_COLUMNS = (
    "position",
    "event_id",
    "stream_id",
    "version",
    "topic",
    "schema_version",
    "subject_id",
    "occurred_at",
    "recorded_at",
    "actor",
)

_PLAIN = (str, int, float, Decimal, datetime, date, type(None))


def fold_export(projection: Projection[Any], folder: Path, decoder: Callable[[], Decode], shares: int) -> Any:
    """Return, as a Dask DataFrame that is computed when it is asked for, the rows of a read model and their positions.

    Facts are dealt out by the read model's partition into so many `shares`, each of which must fit in the memory of a
    worker together with its rows. Values are those of `plain_row`. Raises ExportError at once and, when
    it is computed, PoisonEventError.
    """
    columns = [*_COLUMNS, *(["parties"] if projection.needs_parties else []), "body"]
    facts = dd.read_parquet(
        [str(part.path) for part in parts_of(folder)],
        columns=columns,
        filters=[("topic", "in", list(projection.topics))],
        dtype_backend="pyarrow",
        index=False,
    )
    if projection.needs_parties:
        # What is dealt out between machines may hold no lists.
        as_text = facts._meta.assign(parties=pd.array([], dtype="string[pyarrow]"))
        facts = facts.map_partitions(_with_parties_as_text, meta=as_text)
    if projection.partition_by == "none":
        dealt = facts.repartition(npartitions=1)
    else:
        dealt = facts.shuffle(f"{projection.partition_by}_id", npartitions=shares)
    return dealt.map_partitions(
        partial(_folded, reference=reference_of(projection), decoder=decoder),
        meta=_frame(projection, []),
        enforce_metadata=False,
    )


def plain_row(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row in values that every engine has: ids as text, whatever is composed as JSON text."""
    return tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, _PLAIN):
        return value
    return json.dumps(to_jsonable_python(value), sort_keys=True, ensure_ascii=False)


def _with_parties_as_text(facts: pd.DataFrame) -> pd.DataFrame:
    return facts.assign(parties=pd.array([" ".join(each) for each in facts["parties"]], dtype="string[pyarrow]"))


def _folded(facts: pd.DataFrame, *, reference: Reference, decoder: Callable[[], Decode]) -> pd.DataFrame:
    projection, decode = found(reference), decoder()
    read = _read(facts.sort_values("position"))
    preparing(decode, projection)(read)
    rows: Rows = {}
    play(projection, rows, touches(projection, read, decoding(decode, projection)))
    there = [(*plain_row(one.row), one.position) for one in rows.values() if one.row is not None]
    return _frame(projection, there)


def _frame(projection: Projection[Any], rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*projection.columns, "position"], dtype=object)
    return frame.astype({"position": "int64"})


def _read(facts: pd.DataFrame) -> list[ReadEvent]:
    columns = {name: facts[name].tolist() for name in facts.columns}
    for name in ("event_id", "stream_id", "subject_id"):
        columns[name] = list(map(UUID, columns[name]))
    for name in ("occurred_at", "recorded_at"):
        columns[name] = [moment.to_pydatetime() for moment in columns[name]]
    parties = [tuple(map(UUID, each.split())) for each in columns.get("parties", [""] * len(facts))]
    envelope = [columns[name] for name in _COLUMNS]
    return [ReadEvent._make(each) for each in zip(*envelope, parties, columns["body"], strict=True)]
