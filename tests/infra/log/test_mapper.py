"""Bodies are exact, validated when read, encrypted where they are personal, and readable after a change of version."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from pydantic_core import from_json

from events.base import Event
from events.marks import PERSONAL
from infra.log.crypto import KeyIsGoneError, Keyring, MasterKey, WrongMasterKeyError
from infra.log.envelope import ReadEvent, RecordedEvent
from infra.log.mapper import Mapper, UnreadableEventError
from tests.database import MASTER
from tests.infra.log.decided import fact


class Visited(Event):
    """Somebody came by."""

    TOPIC: ClassVar[str] = "thing.happened"

    place: str
    who: Annotated[str, PERSONAL]
    phones: Annotated[tuple[str, ...], PERSONAL] = ()
    note: str | None = None


class Counted(Event):
    """Something was counted; version 2 counts in pieces, version 1 counted in dozens."""

    TOPIC: ClassVar[str] = "thing.counted"
    SCHEMA_VERSION: ClassVar[int] = 2

    pieces: int


class Said(Event):
    """Somebody said why; once that was kept in clear."""

    TOPIC: ClassVar[str] = "thing.said"

    place: str
    who: Annotated[str | None, PERSONAL] = None
    why: Annotated[str | None, PERSONAL] = None


def to_pieces(payload: dict[str, Any]) -> dict[str, Any]:
    return {"pieces": payload["dozens"] * 12}


class Vault:
    """The table of wrapped keys, in memory."""

    def __init__(self) -> None:
        self.rows: dict[UUID, bytes] = {}
        self.asked: list[UUID] = []

    def after(self, first: UUID, count: int) -> list[tuple[UUID, bytes]]:
        return sorted((subject, key) for subject, key in self.rows.items() if subject >= first)[:count]

    def of(self, subject_ids: Sequence[UUID]) -> list[tuple[UUID, bytes]]:
        self.asked += subject_ids
        return [(subject, self.rows[subject]) for subject in subject_ids if subject in self.rows]


def mapper(vault: Vault, master: MasterKey = MASTER) -> Mapper:
    return Mapper((Visited, Counted, Said), {("thing.counted", 1): to_pieces}, Keyring(master, vault))


def stored(writing: Mapper, vault: Vault, event: Event) -> RecordedEvent:
    """Store the event as the log would: the body, and the key that is new."""
    envelope = fact(uuid4(), 1).envelope._replace(topic=event.TOPIC, schema_version=event.SCHEMA_VERSION)
    body = writing.to_body(event.under(envelope))
    wrapped = writing.keyring.unsaved(envelope.subject_id)
    if wrapped is not None:
        vault.rows[envelope.subject_id] = wrapped
    return RecordedEvent(envelope, body)


LONG_AGO = '{"place":"Казань","who":"Olga","why":"on leave"}'
VISIT = Visited(place="Казань", who='Анна "Аня" Ёлкина', phones=("+79161234567",))


def test_what_is_read_is_what_was_written_whoever_reads() -> None:
    vault = Vault()
    kept = stored(mapper(vault), vault, VISIT)
    read = mapper(vault).to_event(kept)
    assert (read.place, read.who, read.phones, read.note) == (VISIT.place, VISIT.who, VISIT.phones, None)
    assert read.stream_id == kept.envelope.stream_id


def test_personal_fields_are_not_in_the_stored_text_and_the_others_are() -> None:
    vault = Vault()
    body = stored(mapper(vault), vault, VISIT).body
    assert body.startswith('{"place":"Казань","sealed":"')
    for secret in ("Анна", "Ёлкина", "79161234567", "who", "phones"):
        assert secret not in body


def test_a_value_that_looks_like_a_seal_is_kept_as_it_is() -> None:
    vault = Vault()
    tricky = Visited(place='","sealed":"AAAA"}', who='"sealed":"', note='"sealed":"')
    read = mapper(vault).to_event(stored(mapper(vault), vault, tricky))
    assert (read.place, read.who, read.note) == (tricky.place, tricky.who, tricky.note)


def test_without_the_key_nobody_reads_it_and_the_error_names_the_subject() -> None:
    vault = Vault()
    kept = stored(mapper(vault), vault, VISIT)
    vault.rows.clear()
    with pytest.raises(KeyIsGoneError) as caught:
        mapper(vault).to_event(kept)
    assert caught.value.subject_id == kept.envelope.subject_id


def test_another_master_key_opens_nothing_and_says_so() -> None:
    vault = Vault()
    kept = stored(mapper(vault), vault, VISIT)
    with pytest.raises(WrongMasterKeyError, match="LETOPIS_MASTER_KEY"):
        mapper(vault, MasterKey(bytes(32))).to_event(kept)


def test_a_sealed_value_moved_to_another_fact_is_noticed() -> None:
    vault = Vault()
    kept = stored(mapper(vault), vault, VISIT)
    moved = RecordedEvent(kept.envelope._replace(event_id=uuid4()), kept.body)
    with pytest.raises(InvalidTag):
        mapper(vault).to_event(moved)


def test_an_older_version_is_brought_up_to_date() -> None:
    old = fact(uuid4(), 1, '{"dozens": 3}').envelope._replace(topic="thing.counted", schema_version=1)
    assert mapper(Vault()).to_event(RecordedEvent(old, '{"dozens": 3}')).pieces == 36


@pytest.mark.parametrize(
    ("topic", "version", "body", "says"),
    [
        ("thing.unheard", 1, "{}", "no event type"),
        ("thing.counted", 3, '{"pieces": 1}', "start the newer Letopis"),
        ("thing.counted", 2, '{"pieces": "many"}', "does not fit Counted"),
        ("thing.counted", 2, '{"pieces": 1, "colour": "red"}', "does not fit Counted"),
    ],
)
def test_what_cannot_be_read_is_refused_and_the_place_named(topic: str, version: int, body: str, says: str) -> None:
    envelope = fact(uuid4(), 1).envelope._replace(topic=topic, schema_version=version, position=41)
    with pytest.raises(UnreadableEventError, match=says) as caught:
        mapper(Vault()).to_event(RecordedEvent(envelope, body))
    assert "Fact 41" in str(caught.value)


def test_a_chain_of_upcasters_with_a_hole_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="no upcaster from version 1 to 2"):
        Mapper((Counted,), {}, Keyring(MASTER, Vault()))


def test_two_types_with_one_topic_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="Two event types"):
        Mapper((Visited, Visited), {}, Keyring(MASTER, Vault()))


def test_a_keyed_hash_says_nothing_without_the_key() -> None:
    assert MASTER.keyed_hash("phone:+7") == MASTER.keyed_hash("phone:+7")
    assert MASTER.keyed_hash("phone:+7") != MASTER.keyed_hash("phone:+8")
    assert MASTER.keyed_hash("phone:+7") != MasterKey(bytes(32)).keyed_hash("phone:+7")


def test_readers_outside_get_the_personal_part_only_if_they_may_see_it() -> None:
    vault = Vault()
    kept = stored(mapper(vault), vault, VISIT)
    told = mapper(vault).told(kept, with_personal=True)
    assert (from_json(told.text)["who"], told.personal) == (VISIT.who, "open")
    assert mapper(vault).told(kept, with_personal=False) == ('{"place":"Казань"}', 1, "withheld")
    vault.rows.clear()
    assert mapper(vault).told(kept, with_personal=True) == ('{"place":"Казань"}', 1, "forgotten")


def test_what_lies_in_clear_from_before_it_was_sealed_is_read_and_withheld_like_the_rest() -> None:
    vault = Vault()
    sealed = stored(mapper(vault), vault, Said(place="Казань", who="Olga"))
    told = mapper(vault).told
    for body, personal in ((sealed.body.replace("{", '{"why":"on leave",', 1), "open"), (LONG_AGO, None)):
        kept = RecordedEvent(sealed.envelope, body)
        read = mapper(vault).to_event(kept)
        assert (read.who, read.why) == ("Olga", "on leave")
        whole = told(kept, with_personal=True)
        assert (from_json(whole.text), whole.personal) == (from_json(LONG_AGO), personal)
        assert told(kept, with_personal=False) == ('{"place":"Казань"}', 1, "withheld")


def test_where_nothing_personal_is_said_nothing_is_sealed_and_no_key_is_fetched() -> None:
    vault = Vault()
    kept = stored(mapper(vault), vault, Said(place="Казань"))
    assert (kept.body, vault.rows) == ('{"place":"Казань"}', {})
    assert mapper(vault).told(kept, with_personal=False) == (kept.body, 1, None)
    reading = mapper(vault)
    for body, fetched in ((kept.body, 0), ('{"place":"Казань","sealed":"AAAA"}', 1)):
        vault.asked.clear()
        reading.prepare([ReadEvent(*kept.envelope[:10], (), body)], {})
        assert len(vault.asked) == fetched


def test_readers_outside_get_old_facts_as_they_are_said_today() -> None:
    envelope = fact(uuid4(), 1).envelope._replace(topic="thing.counted")
    assert mapper(Vault()).told(RecordedEvent(envelope, '{"dozens":2}'), with_personal=False) == (
        '{"pieces":24}',
        2,
        None,
    )


def test_a_topic_nobody_knows_is_told_to_readers_outside_as_it_is_stored() -> None:
    envelope = fact(uuid4(), 1).envelope._replace(topic="thing.lost")
    assert mapper(Vault()).told(RecordedEvent(envelope, '{"a":1}'), with_personal=True) == ('{"a":1}', 1, None)
