"""The company's own fields of clients, as an import knows them: which there are, and what may stand in them."""

from collections.abc import Callable, Iterable, Mapping, Set
from functools import cached_property
from types import MappingProxyType

from aggregates.custom_field import CustomField
from commands.importing.choices import word_key
from commands.importing.problems import MappingError
from events.base import Event
from events.custom_field import CustomFieldType
from events.ids import custom_field_of
from events.labels import FieldOption, GivenLabels
from events.values import Code, Value
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import read_streams
from infra.postgres.connection import Borrow

PREFIX = "field:"
"""What a mapping calls one of the company's own fields begins so; behind it stands the field's code."""


class OwnField(Value):
    """One field; `options` are those that may be chosen."""

    code: Code
    type: CustomFieldType
    labels: GivenLabels
    options: tuple[FieldOption, ...] = ()
    is_retired: bool = False

    @cached_property
    def choices(self) -> Mapping[str, str]:
        """The codes of the options by what they are called, in either language; a name of two of them means none."""
        named: dict[str, set[str]] = {}
        for option in self.options:
            for name in (option.labels.en, option.labels.ru):
                named.setdefault(word_key(name), set()).add(option.code)
        codes = {each.code: each.code for each in self.options}
        return {name: next(iter(found)) for name, found in named.items() if len(found) == 1} | codes

    def option_called(self, word: str) -> str | None:
        """Return the code of the option that a word means; None: of none."""
        return self.choices.get(word) or self.choices.get(word_key(word))


OwnFields = Mapping[str, OwnField]
"""Fields by what a mapping calls them."""

NO_OWN: OwnFields = MappingProxyType({})


def named(fields: Iterable[OwnField]) -> dict[str, OwnField]:
    """Return fields by what a mapping calls them."""
    return {f"{PREFIX}{each.code}": each for each in fields}


def own_fields(borrow: Borrow, decode: Callable[[RecordedEvent], Event], names: Iterable[str]) -> OwnFields:
    """Return those of the company's own fields that a mapping names, as the log has them now."""
    codes = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    if not codes:
        return {}
    with borrow() as connection:
        recorded = read_streams(connection, {custom_field_of(code): 0 for code in codes})
    found: dict[object, CustomField] = {}
    for fact in recorded:
        stream_id = fact.envelope.stream_id
        found.setdefault(stream_id, CustomField(stream_id)).apply(decode(fact))
    return named(map(_known, found.values()))


def _known(field: CustomField) -> OwnField:
    assert field.type is not None  # noqa: S101 - what was recorded began with its definition
    assert field.labels is not None  # noqa: S101 - likewise
    options = tuple(field.options[code] for code in field.open_options)
    return OwnField(code=field.code, type=field.type, labels=field.labels, options=options, is_retired=field.is_retired)


def check_own(names: Set[str], own: OwnFields) -> Set[str]:
    """Return the names that are of no such field.

    Raises MappingError for a field that nobody defined, or that is not filled in any more.
    """
    asked = {name for name in names if name.startswith(PREFIX)}
    unknown = sorted(asked - own.keys())
    if unknown:
        raise MappingError("own-field-is-unknown", fields=", ".join(unknown))
    retired = sorted(name for name in asked if own[name].is_retired)
    if retired:
        raise MappingError("own-field-is-retired", fields=", ".join(retired))
    return names - asked
