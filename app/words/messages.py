"""What people are told, in their language: one catalogue by code, English and Russian."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from aggregates.registry import WORDS

LANGUAGES = ("en", "ru")
_HERE = Path(__file__).parent


def _read(path: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _every_message() -> dict[str, dict[str, Any]]:
    """Return the words of requests and of operators' jobs, which stand here, and of rules, beside their aggregates."""
    messages = _read(_HERE / "messages.toml") | _read(_HERE / "operations.toml")
    for path in WORDS:
        messages |= _read(path) if path.exists() else {}
    return messages


MESSAGES = _every_message()
"""code → language → {title, detail}"""

FIELD_MESSAGES = _read(_HERE / "field_messages.toml")
"""code → language → sentence"""

LABELS = _read(_HERE / "labels.toml")
"""list → word of the interface → language → what people call it"""

# Facts that are words of a list, by the name of the fact; a member of a list of the code names its list itself.
_LIST_OF = {
    "kind": ("kind", "identity"),
    "role": ("staff_role", "portal_role"),
    "needed": ("staff_role", "portal_role"),
}


class _Facts(dict[str, str]):
    """The facts a sentence names; what is not known is a dash, for a refusal must never fail for its wording."""

    def __missing__(self, key: str) -> str:
        return "—"


def words_for(code: str, language: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and detail of what happened; a code without words is told as a broken rule.

    Words for one kind of thing (`not-found/deal`) come before those for all.
    """
    own = f"{code}/{facts.get('kind')}"
    words = MESSAGES.get(own, MESSAGES.get(code, MESSAGES["rule-broken"]))[language]
    shown = _shown(facts, language)
    return words["title"].format_map(shown), words["detail"].format_map(shown)


def words_for_field(code: str, field: str, language: str, facts: Mapping[str, Any]) -> str:
    """Return what is wrong with one field and how to mend it; an unlisted code gets a general one.

    A rule that one field breaks (a phone number that is none) has its words among the rules.
    """
    shown = _shown({**facts, "field": field or ("the body" if language == "en" else "тело запроса")}, language)
    if code in MESSAGES and code not in FIELD_MESSAGES:
        title, detail = words_for(code, language, facts)
        return f"{title}. {detail}"
    sentence: str = FIELD_MESSAGES.get(code, FIELD_MESSAGES["invalid"])[language]
    return sentence.format_map(shown)


def _shown(facts: Mapping[str, Any], language: str) -> _Facts:
    return _Facts({name: _show(value, language, _LIST_OF.get(name, ())) for name, value in facts.items()})


def _show(value: Any, language: str, lists: tuple[str, ...]) -> str:
    if value is None:
        return "—"
    if isinstance(value, Enum):
        return label(list_name(type(value)), str(value.value), language)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return ", ".join(_show(part, language, lists) for part in value)
    known = next((name for name in lists if value in LABELS[name]), None)
    return str(value) if known is None else label(known, value, language)


def label(name: str, word: str, language: str) -> str:
    """Return what people call a word of a list; the word itself where the list is not known."""
    return str(LABELS.get(name, {}).get(word, {}).get(language, word))


def list_name(kind: type[Enum]) -> str:
    """Return what a list of the code is called: `ClientKind` is client_kind."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@lru_cache(maxsize=256)
def language_of(accept_language: str | None) -> str:
    """Return the language of ours that the caller likes best; English when in doubt."""
    best, best_weight = LANGUAGES[0], 0.0
    for part in (accept_language or "").lower().split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().partition("-")[0]
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
