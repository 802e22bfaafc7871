"""What append is given, in PostgreSQL's own binary form: the records of a batch as five arrays.

A record: the number of its columns; then of each the number of its type, its length and its bytes (PostgreSQL's
record_recv). An array: dimensions, whether it has nulls, the type of its elements, how many, the first subscript;
then of each its length and its bytes (array_recv). Everything is big-endian. Types have the numbers of pg_type.dat.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from uuid import UUID

from infra.log.envelope import RecordedEvent
from infra.log.eventlog import ClaimChange, Decided, Head

_BOOL, _BYTEA, _INT2, _INT4, _TEXT, _JSON, _MOMENT, _UUID, _UUIDS = 16, 17, 21, 23, 25, 114, 1184, 2950, 2951
_int2, _int4, _int8 = Struct(">h").pack, Struct(">i").pack, Struct(">q").pack
uint4 = Struct(">I").pack
_array_head = Struct(">ii4sii").pack
_NO_ELEMENTS = Struct(">ii4s").pack
_PLACES = tuple(_int4(n) for n in range(1024))
_NULL = _int4(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _column(kind: int, length: int | None = None) -> bytes:
    """Return what stands before a column's bytes; the length too, where all values have one length."""
    return uint4(kind) + (b"" if length is None else _int4(length))


_N, _SMALL, _ID, _AT, _FLAG = (
    _column(_INT4, 4),
    _column(_INT2, 2),
    _column(_UUID, 16),
    _column(_MOMENT, 8),
    _column(_BOOL, 1),
)
_STRING, _BYTES, _DOCUMENT, _IDS = _column(_TEXT), _column(_BYTEA), _column(_JSON), _column(_UUIDS)
_NO_ID = _column(_UUID) + _NULL
_NO_IDS = _IDS + _NULL
_A_COMMAND, _AN_EXPECTATION, _AN_EVENT, _A_CLAIM, _A_KEY = (
    _int4(columns) + first for columns, first in ((5, _ID), (4, _N), (14, _N), (6, _N), (3, _N))
)
_NOBODY = _IDS + _int4(12) + _NO_ELEMENTS(0, 0, uint4(_UUID))
_ONE_PARTY = _IDS + _int4(40) + _array_head(1, 0, uint4(_UUID), 1, 1) + _int4(16)


def _array(element: bytes, items: Sequence[bytes]) -> bytes:
    if not items:
        return _NO_ELEMENTS(0, 0, element)
    parts = [_array_head(1, 0, element, len(items), 1)]
    for item in items:
        parts += (_int4(len(item)), item)
    return b"".join(parts)


def _sized(value: bytes) -> bytes:
    return _int4(len(value)) + value


def _ids(ids: Iterable[UUID]) -> bytes:
    return _IDS + _sized(_array(uint4(_UUID), [each.int.to_bytes(16, "big") for each in ids]))


def moment(at: datetime) -> bytes:
    """Return the microseconds since the year 2000, by which PostgreSQL counts."""
    since = at - _EPOCH
    return _int8((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def arrays_of(types: Sequence[bytes], batch: Sequence[Decided]) -> list[bytes]:
    """Return the arrays of a batch (commands, expectations, events, claims, keys), whose types are given by number."""
    commands: list[bytes] = []
    expectations: list[bytes] = []
    events: list[bytes] = []
    claims: list[bytes] = []
    keys: list[bytes] = []
    for n, decided in enumerate(batch):
        place = _PLACES[n] if n < 1024 else _int4(n)
        commands.append(_command(decided))
        expectations += [_expectation(place, stream_id, head) for stream_id, head in decided.expectations]
        events += [_event(place, fact) for fact in decided.facts]
        if decided.claims:
            claims += [_claim(place, claim) for claim in decided.claims]
        if decided.keys:
            keys += [_key(place, subject_id, wrapped) for subject_id, wrapped in decided.keys.items()]
    records = (commands, expectations, events, claims, keys)
    return [_array(kind, rows) for kind, rows in zip(types, records, strict=True)]


def _command(decided: Decided) -> bytes:
    return b"".join(
        (
            _A_COMMAND,
            decided.command_id.int.to_bytes(16, "big"),
            _BYTES,
            _int4(len(decided.content_hash)),
            decided.content_hash,
            _ID,
            decided.stream_id.int.to_bytes(16, "big"),
            _N,
            _int4(decided.version),
            _N,
            _int4(len(decided.facts)),
        )
    )


def _expectation(place: bytes, stream_id: UUID, head: Head) -> bytes:
    version, event_id, _ = head
    last = _NO_ID if event_id is None else _ID + event_id.int.to_bytes(16, "big")
    return b"".join((_AN_EXPECTATION, place, _ID, stream_id.int.to_bytes(16, "big"), _N, _int4(version), last))


@lru_cache(maxsize=1_000)
def _kind(topic: str, schema_version: int) -> bytes:
    return _STRING + _sized(topic.encode()) + _SMALL + _int2(schema_version)


@lru_cache(maxsize=10_000)
def _text(text: str) -> bytes:
    return _STRING + _sized(text.encode())


def _event(place: bytes, fact: RecordedEvent) -> bytes:
    envelope, text = fact
    (_, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, _, actor, command_id,
     correlation_id, causation_id, parties) = envelope  # fmt: skip
    body = text.encode()
    stream = stream_id.int.to_bytes(16, "big")
    # The same id is most often the same object, and costs nothing the second time.
    subject = stream if subject_id is stream_id else subject_id.int.to_bytes(16, "big")
    command = command_id.int.to_bytes(16, "big")
    return b"".join(
        (
            _AN_EVENT,
            place,
            _ID,
            event_id.int.to_bytes(16, "big"),
            _ID,
            stream,
            _N,
            _int4(version),
            _kind(topic, schema_version),
            _ID,
            subject,
            _AT,
            moment(occurred_at),
            _text(actor),
            _ID,
            command,
            _ID,
            command if correlation_id is command_id else correlation_id.int.to_bytes(16, "big"),
            _NO_ID if causation_id is None else _ID + causation_id.int.to_bytes(16, "big"),
            _ONE_PARTY + subject if len(parties) == 1 and parties[0] is subject_id else _ids(dict.fromkeys(parties)),
            _DOCUMENT,
            _int4(len(body)),
            body,
        )
    )


def _claim(place: bytes, claim: ClaimChange) -> bytes:
    return b"".join(
        (
            _A_CLAIM,
            place,
            _text(claim.kind),
            _BYTES,
            _sized(claim.key),
            _ID,
            claim.holder_id.int.to_bytes(16, "big"),
            _NO_IDS if claim.share_with is None else _ids(claim.share_with) if claim.share_with else _NOBODY,
            _FLAG,
            b"\1" if claim.is_taken else b"\0",
        )
    )


def _key(place: bytes, subject_id: UUID, wrapped: bytes) -> bytes:
    return b"".join((_A_KEY, place, _ID, subject_id.int.to_bytes(16, "big"), _BYTES, _int4(len(wrapped)), wrapped))
