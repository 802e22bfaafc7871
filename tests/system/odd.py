"""Commands as odd as their models allow, as the JSON that a caller would send.

What each field takes is read off its type, so a new command or field is odd by itself. Ids are those of the few things
that there are, so that most commands meet what they are about.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import AwareDatetime, BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from commands.base import Command
from commands.contact_point import ContactPointGiven
from events.marks import Names
from events.values import EARLIEST, LATEST, ContactKind, Money
from infra.amounts import AMOUNT, DECIMALS
from tests.system.chances import CODES, COUNTS, IDS, NOTES, STAGES, TAX_ID

Json = Any

# Whatever is no lone surrogate and no NUL; letters of every script, signs, and what breaks lines, cells and quotes.
_SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_TROUBLE = st.sampled_from(
    ("'", '"', "\\", "\\u0000", "%s", "{}", "\n", "\r\n", "\t", "\x01", "\x7f", "\u2028", "\ufeff", "\u202e", "=1+1",
     ";", ",", "NULL", "İ", "ß", "ё", "e\u0301", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0010ffff", "\ufffe",
     "</script>", "$$", "--")
)  # fmt: skip
_WORDS = st.lists(st.text(_SIGNS, max_size=8) | _TROUBLE, min_size=1, max_size=12).map("".join)


def texts(longest: int) -> SearchStrategy[str]:
    """Return texts up to a length, one of that very length among them."""
    full = st.sampled_from(("x", "Ж", "\U0001f600")).map(lambda sign: sign * longest)
    return _WORDS.map(lambda text: text[:longest]).filter(str.strip) | full


_LAST = datetime(2026, 1, 1, tzinfo=UTC)
_ZONES = st.sampled_from(("Z", "+00:00", "+14:00", "-12:00", "+05:45", "-00:30"))
_EDGES = (
    EARLIEST,
    EARLIEST + timedelta(microseconds=1),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, tzinfo=UTC),
)


def _written(moment: datetime, zone: str) -> str:
    """Write a moment in a zone as ISO 8601 does."""
    if zone == "Z":
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return moment.astimezone(datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo).isoformat()


def moments(latest: datetime) -> SearchStrategy[str]:
    """Return moments from the first that may be to a last one, in any zone, to the microsecond."""
    naive = st.datetimes(EARLIEST.replace(tzinfo=None), latest.replace(tzinfo=None) - timedelta(days=1))
    return st.builds(_written, naive.map(lambda each: each.replace(tzinfo=UTC)) | st.sampled_from(_EDGES), _ZONES)


PAST, ANY_TIME = moments(_LAST), moments(LATEST)
AMOUNTS = st.from_regex(AMOUNT, fullmatch=True) | st.sampled_from(
    ("0", "0.0000", "99999999999999", "99999999999999.99", "0.01")
)
MONEY = st.fixed_dictionaries({"amount": AMOUNTS, "currency": st.sampled_from(sorted(DECIMALS)) | st.just("RUB")})
NOTICES = st.sampled_from(("PT1M", "P90D", "P12W", "P89DT23H59M", "PT2160H", "PT129600M", "PT0H5M"))
CODE = st.sampled_from((*CODES, *(stage.code for stage in STAGES))) | st.from_regex(
    r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True
)
_PHONES = st.integers(0, 9_999_999).map(lambda number: f"8 (922) {number:07}") | st.sampled_from(("+44 20 7946 0958",))
_EMAILS = st.from_regex(
    r"[a-z0-9]{1,40}([.+_-][a-z0-9]{1,10})?@[a-z0-9]{1,30}\.example", fullmatch=True
) | st.sampled_from(("İvan@пример.example", "UPPER@Case.Example", "o'neil@x.example"))
POINT = st.builds(
    lambda kind, phone, email, text, label: {
        "kind": kind, "value": {"phone": phone, "email": email}.get(kind, text), **({"label": label} if label else {}),
    },
    st.sampled_from([each.value for each in ContactKind]), _PHONES, _EMAILS, texts(200), st.none() | texts(200),
)  # fmt: skip

OF_TYPE: dict[Any, SearchStrategy[Json]] = {
    bool: st.booleans(),
    date: st.dates(EARLIEST.date(), LATEST.date() - timedelta(days=1)).map(date.isoformat),
    datetime: PAST,
    AwareDatetime: PAST,
    timedelta: NOTICES,
    Money: MONEY,
    ContactPointGiven: POINT,
    UUID: st.uuids().map(str) | st.sampled_from((str(UUID(int=0)), str(UUID(int=2**128 - 1)))),
}
NOTE_ID = st.sampled_from(NOTES).map(str)
BY_NAME: dict[str, SearchStrategy[Json]] = {
    "tax_id": TAX_ID,
    # Nearly always none, and of Russia: of a person, or elsewhere, they are refused.
    "kpp": st.sampled_from((*[None] * 8, "770701001", "7707AB001")),
    "ogrn": st.sampled_from((*[None] * 8, "1027700132195", "385768585948949")),
    "tax_country": st.sampled_from((*["RU"] * 8, "KZ", "BY")),
    "country": st.sampled_from((*["RU"] * 8, "KZ", "BY")),
    "due_at": ANY_TIME,
    "remind_at": ANY_TIME,
    "note_id": NOTE_ID,
    "from_quantity": st.decimals(0, 10**9 - 1, places=3).map("{:f}".format) | st.sampled_from(("0", "0.001", "10")),
    "percent": st.none() | st.decimals(0, 100, places=2).map("{:f}".format) | st.sampled_from(("0", "22", "100")),
    "secret_sha256": st.binary(min_size=32, max_size=32).map(bytes.hex),
    "commands": st.lists(st.sampled_from(("register-client", "note-client")), max_size=4),
    "questions": st.lists(st.sampled_from(("list_products", "get_me")), min_size=1, max_size=4),
} | {name: st.just(count) for name, count in COUNTS.items()}


def _of(hint: Any, marks: tuple[Any, ...], name: str) -> SearchStrategy[Json]:
    """Return what a field of a type takes."""
    if name in BY_NAME:
        return BY_NAME[name]
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _of(parts[0], (*parts[1:], *marks), name)
    named = next((mark for mark in marks if isinstance(mark, Names)), None)
    if hint is UUID and named is not None and named.kind in IDS:
        # Nearly always somebody who is there.
        chance = st.tuples(st.integers(0, 30), IDS[named.kind].map(str), OF_TYPE[UUID])
        return chance.map(lambda drawn: drawn[2] if drawn[0] == 30 else drawn[1])
    if hint in OF_TYPE:
        return OF_TYPE[hint]
    for is_it, made in _SHAPES:
        if is_it(hint, origin):
            return made(hint, parts, marks, name)
    raise TypeError(f"{name}: nobody said what is odd in a {hint}: see tests/system/odd.py")


def _text(_hint: Any, _parts: Any, marks: tuple[Any, ...], _name: str) -> SearchStrategy[Json]:
    limits = [mark for mark in marks if isinstance(mark, StringConstraints)]
    longest = [limit.max_length for limit in limits if limit.max_length]
    return texts(min(longest)) if longest else CODE


def _whole(_hint: Any, _parts: Any, marks: tuple[Any, ...], _name: str) -> SearchStrategy[Json]:
    limits = {
        key: getattr(part, key)
        for mark in marks
        for part in _unfolded(mark)
        for key in ("ge", "le")
        if hasattr(part, key)
    }
    return st.integers(limits["ge"], limits["le"]) | st.sampled_from((limits["ge"], limits["le"]))


def _unfolded(mark: Any) -> list[Any]:
    return [mark, *mark.metadata] if isinstance(mark, FieldInfo) else [mark]


def _is(*kinds: type[Any]) -> Callable[[Any, Any], bool]:
    return lambda hint, _origin: isinstance(hint, type) and issubclass(hint, kinds)


def _choice(_hint: Any, parts: Any, marks: tuple[Any, ...], name: str) -> SearchStrategy[Json]:
    return st.one_of(*(st.none() if part is NoneType else _of(part, marks, name) for part in parts))


def _list(_hint: Any, parts: Any, _marks: tuple[Any, ...], name: str) -> SearchStrategy[Json]:
    return st.lists(_of(parts[0], (), name), min_size=1, max_size=4)


def _part(hint: Any, *_: Any) -> SearchStrategy[Json]:
    return _model(hint)


_Shape = tuple[Callable[[Any, Any], bool], Callable[[Any, Any, tuple[Any, ...], str], SearchStrategy[Json]]]
_SHAPES: tuple[_Shape, ...] = (
    (lambda _, origin: origin in {Union, UnionType}, _choice),
    (lambda _, origin: origin is Literal, lambda _, parts, _marks, _name: st.sampled_from(parts)),
    (lambda _, origin: origin is tuple, _list),
    (_is(Enum), lambda hint, *_: st.sampled_from([each.value for each in hint])),
    (_is(str), _text),
    (_is(int), _whole),
    (_is(BaseModel), _part),
)


@cache
def _model(model: type[BaseModel]) -> SearchStrategy[dict[str, Json]]:
    """Return what a model takes; what need not be there is there half of the time."""
    known = {name: _of(field.annotation, tuple(field.metadata), name) for name, field in model.model_fields.items()}
    needed = {name: known[name] for name, field in model.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(needed, optional={name: each for name, each in known.items() if name not in needed})


BEGINNING_VERBS = ("Define", "Hire", "Import", "List", "Open", "Plan", "Record", "Register", "Start")


def odd(kind: type[Command]) -> SearchStrategy[dict[str, Json]]:
    """Return bodies of a command, each value in them as odd as its type allows; what it begins is mostly new."""
    noun = re.sub(r".*(?=[A-Z])", "", kind.__name__).lower()
    if kind.__name__.startswith(BEGINNING_VERBS) and f"{noun}_id" in kind.model_fields:
        new = st.uuids().map(str) | OF_TYPE[UUID]
        return st.builds(lambda body, own: {**body, f"{noun}_id": own}, _model(kind), new)
    return _model(kind)
