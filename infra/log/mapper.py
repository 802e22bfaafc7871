"""Turns facts into stored bodies and back: validates, encrypts personal fields, and brings old versions up to date."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, Self

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from infra.log.crypto import KeyIsGoneError, Keyring
from infra.log.encrypted import ENCRYPTED_MEMBER, completed
from infra.log.envelope import AnyEvent, Envelope, ReadEvent, RecordedEvent
from infra.log.event_versions import check_chains, versions_of
from infra.told import ToldError


class Fact(Protocol):
    """What the mapper asks of an event class and its instances."""

    TOPIC: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int]
    PERSONAL_FIELDS: ClassVar[frozenset[str]]

    @property
    def envelope(self) -> Any: ...
    def clear_json(self) -> bytes: ...
    def personal_json(self) -> bytes: ...
    @classmethod
    def from_json(cls, body: str | bytes, envelope: Any) -> Self: ...
    @classmethod
    def reader(cls) -> Callable[[str | bytes, Any], Any]: ...
    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], envelope: Any) -> Self: ...


Personal = Literal["open", "withheld", "forgotten"]
"""What became of the personal part of a fact: told, kept from this reader, or unreadable because its key is gone."""


class Told(NamedTuple):
    """A fact for readers outside: its JSON, the schema version that has, and what became of its personal part."""

    text: str
    schema_version: int
    personal: Personal | None


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class UnreadableEventError(ToldError):
    """A stored fact cannot be read by this version of the code; says which and why."""

    def __init__(self, envelope: Envelope, why: str) -> None:
        super().__init__(f"Fact {envelope.position} ({envelope.topic} v{envelope.schema_version}): {why}")
        self.envelope = envelope


class Mapper:
    """Reads and writes bodies; every body read is validated against its class."""

    def __init__(
        self, types: Iterable[type[Fact]], upcasters: Mapping[tuple[str, int], Upcaster], keyring: Keyring
    ) -> None:
        """Register the event types; raises ValueError for a topic used twice or a chain of upcasters with a hole."""
        self.keyring = keyring
        kinds = tuple(types)
        check_chains(versions_of(kinds), upcasters)
        self._types: dict[str, type[Fact]] = {each.TOPIC: each for each in kinds}
        self._upcasters = upcasters

    def to_body(self, event: Fact) -> str:
        """Return the exact JSON text to store; personal fields are encrypted under the subject's key, in one piece."""
        clear = event.clear_json().decode()
        if not event.PERSONAL_FIELDS:
            return clear
        plain = event.personal_json()
        if plain == b"{}":
            return clear
        envelope: Envelope = event.envelope
        is_first = envelope.version == 1 and envelope.subject_id == envelope.stream_id
        encrypt = self.keyring.encrypt_first if is_first else self.keyring.encrypt
        encrypted = b2a_base64(encrypt(envelope.subject_id, plain, envelope.event_id.bytes), newline=False).decode()
        return f'{clear[:-1]}{"" if clear == "{}" else ","}{ENCRYPTED_MEMBER}{encrypted}"}}'

    def to_event(self, fact: AnyEvent) -> Any:
        """Return the event as its class says today; raises UnreadableEventError and infra.log.crypto.KeyIsGoneError."""
        envelope, body = fact.envelope, fact.body
        event_type = self._types.get(envelope.topic)
        if event_type is None:
            raise UnreadableEventError(envelope, "no event type has this topic; start the version that wrote it.")
        if event_type.PERSONAL_FIELDS:
            body = self.opened(envelope, body)
        try:
            if envelope.schema_version == event_type.SCHEMA_VERSION:
                return event_type.from_json(body, envelope)
            return event_type.from_payload(self._upcast(envelope, from_json(body)), envelope)
        except ValidationError as error:
            raise UnreadableEventError(envelope, f"the body does not fit {event_type.__name__}: {error}") from error

    def __call__(self, fact: AnyEvent) -> Any:
        """Return the event, as `to_event` does."""
        return self.to_event(fact)

    def prepare(self, facts: Iterable[ReadEvent], parts: Mapping[str, type[Fact]]) -> None:
        """Fetch at once the keys that reading these facts with these parts will need."""
        encrypted = {topic for topic, each in {**self._types, **parts}.items() if each.PERSONAL_FIELDS}
        self.keyring.prepare(
            fact.subject_id for fact in facts if fact.topic in encrypted and ENCRYPTED_MEMBER in fact.body
        )

    def reading(self, parts: Mapping[str, type[Fact]]) -> Callable[[ReadEvent], Any]:
        """Return what reads facts of these topics as the kinds given, which have some of their fields only.

        What is encrypted is opened only for a kind that has a personal field; for the others the open part of a body
        will do. Facts of other topics, and old ones, are read whole.
        """

        wanted = {**self._types, **parts}
        readers = {
            topic: (each.SCHEMA_VERSION, each.reader(), bool(each.PERSONAL_FIELDS)) for topic, each in wanted.items()
        }
        opened = self.opened

        def read(fact: ReadEvent) -> Any:
            try:
                schema_version, from_json, is_sealed = readers[fact.topic]
                if schema_version == fact.schema_version:
                    return from_json(opened(fact, fact.body) if is_sealed else completed(fact.body), fact)
            except (KeyError, ValidationError):
                pass  # said properly below
            return self.to_event(fact)

        return read

    def opened(self, envelope: Envelope | ReadEvent, body: str) -> str:
        """Return the body with its encrypted part in clear."""
        start = body.rfind(ENCRYPTED_MEMBER)
        if start < 0:
            return body
        encrypted = a2b_base64(body[start + len(ENCRYPTED_MEMBER) : -2])
        plain = self.keyring.decrypt(envelope.subject_id, encrypted, envelope.event_id.bytes).decode()
        return f"{body[:start]}{plain[1:]}"

    def told(self, fact: RecordedEvent, *, with_personal: bool) -> Told:
        """Return a fact as JSON for readers outside, without making an object of it where that can be helped.

        What is personal and lies in clear, because it was recorded before it was sealed, is withheld like the rest.

        A topic that this code does not know, and an old fact of a forgotten person, are told as they are stored.
        """
        envelope, body = fact
        known = self._types.get(envelope.topic)
        is_old = known is not None and envelope.schema_version < known.SCHEMA_VERSION
        start = body.rfind(ENCRYPTED_MEMBER)
        personal: Personal | None = None
        if start >= 0:
            clear = f"{body[:start].rstrip(',')}}}"
            try:
                # An upcaster may need what is personal, also where it is not told afterwards.
                opened = self.opened(envelope, body) if with_personal or is_old else clear
            except KeyIsGoneError:
                return Told(clear, envelope.schema_version, "forgotten")
            body, personal = opened, "open" if with_personal else "withheld"
        if known is None or not (is_old or (known.PERSONAL_FIELDS and not with_personal)):
            return Told(body, envelope.schema_version, personal)
        payload = self.upcast(envelope.topic, envelope.schema_version, from_json(body))
        if not with_personal:
            withheld = payload.keys() & known.PERSONAL_FIELDS
            payload = {name: value for name, value in payload.items() if name not in withheld}
            personal = "withheld" if withheld else personal
        return Told(to_json(payload).decode(), known.SCHEMA_VERSION, personal)

    def _upcast(self, envelope: Envelope, payload: dict[str, Any]) -> dict[str, Any]:
        present = self._types[envelope.topic].SCHEMA_VERSION
        if envelope.schema_version > present:
            raise UnreadableEventError(envelope, f"this code knows version {present} at most; start the newer Letopis.")
        return self.upcast(envelope.topic, envelope.schema_version, payload)

    def upcast(self, topic: str, stored_version: int, payload: dict[str, Any]) -> dict[str, Any]:
        """Bring a payload of an older version to the present one."""
        for version in range(stored_version, self._types[topic].SCHEMA_VERSION):
            payload = self._upcasters[topic, version](payload)
        return payload
