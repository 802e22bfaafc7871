"""What every fact of the log has in common: frozen, named by its topic, and honest about what is personal."""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, create_model

from events.marks import Names, PersonalMark, ids_named, is_unmarked_text


class Envelope(Protocol):
    """What the log knows about a fact beside the fact itself."""

    @property
    def position(self) -> int: ...
    @property
    def event_id(self) -> UUID: ...
    @property
    def stream_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def subject_id(self) -> UUID: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def correlation_id(self) -> UUID: ...
    @property
    def parties(self) -> tuple[UUID, ...]: ...


class Event(BaseModel):
    """A business fact that happened and will not change.

    The model's fields are the stored body and nothing else; what the log adds (when, who, where in the order) is
    read through the envelope. A changed meaning is a new SCHEMA_VERSION with an upcaster, never an edited class.
    """

    # A slot, not a private attribute of pydantic's: every fold reads the envelope several times a fact, and a slot is
    # read 18 times as fast; a fact without a private attribute is decoded 2.7 times as fast.
    __slots__ = ("_envelope",)

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=False)

    TOPIC: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1
    SUBJECT: ClassVar[str | None] = None
    """The field that names whose key encrypts what is personal; None: it is of whom the stream is about."""
    PERSONAL_FIELDS: ClassVar[frozenset[str]] = frozenset()
    IDS: ClassVar[Mapping[str, Names]] = {}
    """The fields that are ids, with what each of them names."""
    PARTY_FIELDS: ClassVar[tuple[str, ...]] = ()
    """The fields that name somebody whose history the fact stands in too."""
    _personal: ClassVar[set[str]] = set()

    if TYPE_CHECKING:
        _envelope: Envelope

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.PERSONAL_FIELDS = frozenset(
            name
            for name, field in cls.model_fields.items()
            if any(isinstance(mark, PersonalMark) for mark in field.metadata)
        )
        unmarked = [name for name, field in cls.model_fields.items() if is_unmarked_text(field)]
        if unmarked:
            raise TypeError(
                f"{cls.__name__}.{unmarked[0]} is free text: mark it PERSONAL, as `Annotated[Text, PERSONAL]`,"
                " and it is encrypted; only what a thing of the company is called is OPEN, as `OpenShortText`."
            )
        cls.IDS = ids_named(cls)
        cls.PARTY_FIELDS = tuple(name for name, mark in cls.IDS.items() if mark.is_party)
        # pydantic takes a plain set in half the time.
        cls._personal = set(cls.PERSONAL_FIELDS)

    def under(self, envelope: Envelope) -> Self:
        """Return this fact with the envelope it is recorded under."""
        object.__setattr__(self, "_envelope", envelope)
        return self

    @classmethod
    def part(cls, *names: str) -> "type[Event]":
        """Return the kind of fact that is read from the same bodies and has these fields only.

        Whatever else a body says is passed over, and what is encrypted in it stays so unless one of these is personal.
        """
        fields: dict[str, Any] = {name: (cls.model_fields[name].annotation, cls.model_fields[name]) for name in names}
        part = create_model(cls.__name__, __base__=Event, __cls_kwargs__={"extra": "ignore"}, **fields)
        part.TOPIC, part.SCHEMA_VERSION = cls.TOPIC, cls.SCHEMA_VERSION
        return part

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Self:
        """Return the fact that says this, without an envelope; raises pydantic.ValidationError on bad facts.

        It is the class called with its fields, in two thirds of the time.
        """
        event: Self = cls.__pydantic_validator__.validate_python(facts)
        return event

    def clear_json(self) -> bytes:
        """Return as JSON what is not personal; what is not known is left out."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True, exclude=self._personal)

    def personal_json(self) -> bytes:
        """Return as JSON what is personal; what is not known is left out."""
        said = self.__dict__
        for name in self._personal:
            if said[name] is not None:
                break
        else:  # most facts that may have a reason have none, and need no serializer to say so
            return b"{}"
        return self.__pydantic_serializer__.to_json(self, exclude_none=True, include=self._personal)

    @classmethod
    def from_json(cls, body: str | bytes, envelope: Envelope) -> Self:
        """Read a stored body that has nothing encrypted in it; raises pydantic.ValidationError on a foreign body."""
        event = cls.model_validate_json(body)
        object.__setattr__(event, "_envelope", envelope)
        return event

    @classmethod
    def reader(cls) -> "Callable[[str | bytes, Envelope], Event]":
        """Return what does what `from_json` does, for those who read a million of them."""
        validate, put = cls.__pydantic_validator__.validate_json, _put_envelope

        def read(body: str | bytes, envelope: Envelope) -> Event:
            event: Event = validate(body)
            put(event, envelope)
            return event

        return read

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], envelope: Envelope) -> Self:
        """Read an opened or upcast body; raises pydantic.ValidationError on a foreign body."""
        event = cls.model_validate(payload)
        object.__setattr__(event, "_envelope", envelope)
        return event

    @property
    def envelope(self) -> Envelope:
        """The record this fact is kept under."""
        return self._envelope

    @property
    def originator_id(self) -> UUID:
        """The stream, under the name the eventsourcing library uses."""
        return self._envelope.stream_id

    @property
    def originator_version(self) -> int:
        """The place in the stream, starting at 1, under the name the eventsourcing library uses."""
        return self._envelope.version

    @property
    def stream_id(self) -> UUID:
        """The aggregate the fact belongs to."""
        return self._envelope.stream_id

    @property
    def position(self) -> int:
        """The place in the whole log, starting at 1; 0 while the fact is not stored."""
        return self._envelope.position

    @property
    def occurred_at(self) -> datetime:
        """Business time, UTC."""
        return self._envelope.occurred_at

    @property
    def recorded_at(self) -> datetime:
        """When the log stored it, UTC."""
        return self._envelope.recorded_at

    @property
    def subject_id(self) -> UUID:
        """The person or organisation it is about."""
        return self._envelope.subject_id

    @property
    def actor(self) -> str:
        """Who said so: a staff member's id, or the name of a policy or an import."""
        return self._envelope.actor

    @property
    def parties(self) -> tuple[UUID, ...]:
        """Everybody the fact concerns; their histories show it."""
        return self._envelope.parties


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(topic, stored schema version) → the function that turns its payload into that of the next version."""


def upcasts(event_type: type[Event], stored_version: int) -> Callable[[Upcaster], Upcaster]:
    """Register what turns the payload of a stored version of a fact into that of the next one."""

    def register(upcaster: Upcaster) -> Upcaster:
        UPCASTERS[event_type.TOPIC, stored_version] = upcaster
        return upcaster

    return register


# The slot's own setter: a frozen model refuses every other way, and this one is the shortest.
_put_envelope: Callable[[Event, Envelope], None] = vars(Event)["_envelope"].__set__


def _read_through_the_slot() -> None:
    """Let the properties above be read by attrgetters: every fold reads several of each event, in half the time."""
    for name, member in list(vars(Event).items()):
        if isinstance(member, property) and member.fget is not None and name != "envelope":
            path = {"originator_id": "stream_id", "originator_version": "version"}.get(name, name)
            setattr(Event, name, property(attrgetter(f"_envelope.{path}"), doc=member.__doc__))


_read_through_the_slot()
