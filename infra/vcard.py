"""Cards for address books, as vCard 3.0 has them (RFC 2426), which every phone and mail program reads."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

LINE_BYTES = 75
"""No line is longer; what is goes on in the next one, which begins with a blank."""


class Card(NamedTuple):
    """Somebody in an address book; `birthday` is a day written out (ISO 8601), or it is left out."""

    uid: str
    name: str
    is_organisation: bool
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    birthday: str | None = None
    position: str | None = None


def vcards(cards: Iterable[Card]) -> bytes:
    """Return the cards one after the other, in UTF-8."""
    return b"".join(_folded(line) for card in cards for line in _lines(card))


def _lines(card: Card) -> Iterator[str]:
    name = _escaped(card.name)
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"UID:urn:uuid:{card.uid}"
    yield f"FN:{name}"
    # Which of its words is the surname nobody has said, and of an organisation none is.
    yield f"N:{name};;;;"
    if card.is_organisation:
        yield f"ORG:{name}"
        yield "X-ABShowAs:COMPANY"
    yield from (f"TEL:{_escaped(phone)}" for phone in card.phones)
    yield from (f"EMAIL:{_escaped(email)}" for email in card.emails)
    yield from (f"ADR:;;{_escaped(address)};;;;" for address in card.addresses)
    yield from (f"URL:{_escaped(site)}" for site in card.sites)
    if card.position:
        yield f"TITLE:{_escaped(card.position)}"
    if card.birthday and _is_day(card.birthday):
        yield f"BDAY:{card.birthday}"
    yield "END:VCARD"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _escaped(text: str) -> str:
    r"""Return a text in which what has a meaning of its own has none: ``\`` ``;`` ``,`` and the end of a line."""
    for special in ("\\", ";", ","):
        text = text.replace(special, f"\\{special}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """Return a line in pieces of at most so many bytes, none of which ends within a letter."""
    pieces: list[bytes] = [b""]
    for letter in line:
        encoded = letter.encode()
        if len(pieces[-1]) + len(encoded) > LINE_BYTES:
            pieces.append(b" ")
        pieces[-1] += encoded
    return b"\r\n".join(pieces) + b"\r\n"
