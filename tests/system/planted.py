"""Commands with a word of their own in every text that people may type, so that it can be looked for afterwards."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from commands.base import Command
from commands.contact_point import ContactPointGiven
from events.examples import example_of
from events.labels import FieldOption, GivenLabels
from events.marks import FreeTextMark, marks_of
from events.values import ProfileFact, Stage

SAMPLES: Mapping[type[BaseModel], dict[str, Any]] = {
    ContactPointGiven: {"kind": "messenger"},
    ProfileFact: {"field": "note"},
    Stage: {"code": "planted"},
    FieldOption: {"code": "hot"},
    GivenLabels: {},
}
"""What a part of a command says beside its texts, where the example has none, or one of which a text is checked."""

CHECKED = {"tax_id", "kpp", "ogrn", "commands", "questions", "correct-registration-number /value"}
"""Texts that cannot be any word: by their names, or where they stand."""

SAME = {
    "correct-contact-point /from_point /value": "add-contact-point /point /value",
    "remove-contact-point /point /value": "correct-contact-point /to_point /value",
    "untag-client /tag": "tag-client /tag",
    "drop-client-date /label": "note-client-date /label",
    "release-login /issuer": "bind-login /issuer",
    "release-login /subject": "bind-login /subject",
    "release-portal-login /issuer": "bind-portal-login /issuer",
    "release-portal-login /subject": "bind-portal-login /subject",
}
"""Where a command names what another one typed."""


class Words:
    """The words that were planted, each with where: `lose-deal /reason`."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def new(self, place: str) -> str:
        """Return a word that is nowhere else, and stays as it is however names are written."""
        if place in SAME:
            return next(word for word, there in self.places.items() if there == SAME[place])
        word = f"tajna{len(self.places):03}q"
        self.places[word] = place
        return word

    def found_in(self, text: str) -> set[str]:
        """Return where the words were planted that are in a text, as letters or as their hexadecimal bytes."""
        low = text.lower()
        if "tajna" not in low and b"tajna".hex() not in low:
            return set()
        return {place for word, place in self.places.items() if word in low or word.encode().hex() in low}


def planted(kind: type[Command], words: Words) -> dict[str, Any]:
    """Return the example of a command with a word in each of its texts, as JSON."""
    example = example_of(kind)
    said = example.model_dump(mode="json", include=example.model_fields_set)
    return _planted(kind, said, words, kind.command_name())


def _planted(model: type[BaseModel], said: dict[str, Any], words: Words, place: str) -> dict[str, Any]:
    for name, field in model.model_fields.items():
        at = f"{place} /{name}"
        part = next(_parts_of(field), None)
        is_list = get_origin(field.annotation) is tuple
        if part is not None:
            given = said.get(name) or {}
            each_given = given if isinstance(given, list) else [given]
            every = [_planted(part, _sampled(part, each), words, at) for each in each_given]
            said[name] = every if is_list else every[0]
        elif CHECKED.isdisjoint({name, at}) and any(isinstance(mark, FreeTextMark) for mark in marks_of(field)):
            said[name] = [words.new(at)] if is_list else words.new(at)
    return said


def _sampled(part: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    return {**given, **SAMPLES[part]} if part is ContactPointGiven else {**SAMPLES[part], **given}


def _parts_of(field: FieldInfo) -> Iterator[type[BaseModel]]:
    for hint in (field.annotation, *get_args(field.annotation)):
        if isinstance(hint, type) and issubclass(hint, BaseModel) and hint in SAMPLES:
            yield hint
