"""Cards of address books (.vcf) as a table: a row for each card, under headings that are always the same.

Several phones, e-mails and the like of one card stand in one cell with an empty line between them (BETWEEN).
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from types import TracebackType
from typing import Self

from infra.tables.card_lines import BINARY, Property, parts, plain, properties
from infra.tables.delimited import Record
from infra.tables.encodings import encoding_of, lines_of
from infra.tables.faults import UnreadableFileError
from infra.tables.packed import Source

BESIDE = "X-OTHER"
"""The column with what has no column of its own: a line for each."""

HEADINGS = (
    "UID", "KIND", "FN", "N.FAMILY", "N.GIVEN", "N.MIDDLE", "NICKNAME", "ORG", "TITLE", "TEL", "EMAIL", "ADR",
    "IMPP", "URL", "BDAY", "CATEGORIES", "NOTE", BESIDE,
)  # fmt: skip
BETWEEN = "\n\n"
MOST_PROPERTIES = 10_000
"""Lines of one card; a card without an end is no reason to hold a file in memory."""

_NAMES = ("N.FAMILY", "N.GIVEN", "N.MIDDLE")
_TITLES = "N.TITLES"
_MANY = frozenset({"TEL", "EMAIL", "ADR", "IMPP", "URL", "NOTE"})
_SAYS_NOTHING = frozenset(
    {"VERSION", "PRODID", "REV", "PROFILE", "X-ABSHOWAS", "X-ABADR", "X-ABLABEL", "BEGIN", "END", "X-APPLE-OMIT-YEAR"}
)
_DAY = re.compile(r"(\d{4}|-)-?(\d\d)-?(\d\d)(?:T.*)?")
_NO_YEAR = {"-", "1604"}
"""What stands for a year nobody knows; Apple's is a leap year."""


def is_cards(head: bytes) -> bool:
    """Return whether a file that begins so has cards in it."""
    return head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").upper().startswith(b"BEGIN:VCARD")


class Cards:
    """The cards of a file, below a row of headings in line 0."""

    form: str = "vcf"
    delimiter: str | None = None
    sheet: str | None = None

    def __init__(self, source: Source, encoding: str | None) -> None:
        """Find the encoding, if nobody names it."""
        self._source = source
        self.sheets: list[str] = []
        self._encoding = encoding_of(source, encoding)
        self.encoding: str | None = self._encoding

    def records(self) -> Iterator[Record]:
        """Yield the headings, then every card by the line it begins in; what is no card is a row of its own."""
        yield Record(0, list(HEADINGS))
        card: list[Property] = []
        depth = 0
        with self._source.open() as stream:
            for each in properties(lines_of(stream, self._encoding)):
                word = each.value.strip().upper() if each.name in {"BEGIN", "END"} else ""
                if each.name == "BEGIN" and word == "VCARD" and depth and not _holds_card(card):
                    yield _record(card, "no END:VCARD")
                    card, depth = [], 0
                card.append(each)
                if len(card) > MOST_PROPERTIES:
                    raise UnreadableFileError("endless-card", line=card[0].line, most=MOST_PROPERTIES)
                depth += (each.name == "BEGIN") - (each.name == "END" and depth > 0)
                if depth == 0:
                    yield _record(card)
                    card = []
        if card:
            yield _record(card, "no END:VCARD")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held between two readings."""


def _holds_card(card: list[Property]) -> bool:
    """Return whether the last line announces a card within the card (AGENT of version 2.1)."""
    return card[-1].name == "AGENT" and not card[-1].value.strip()


def _record(card: list[Property], *others: str) -> Record:
    is_old = any(each.name == "VERSION" and each.value.strip() == "2.1" for each in card)
    cells: dict[str, list[str]] = {heading: [] for heading in HEADINGS}
    cells[BESIDE] += others
    depth = 0
    for each in card:
        depth += each.name == "BEGIN"
        if depth > 1:
            cells[BESIDE].append(f"AGENT: {each.name}: {each.value}")
        elif each.name not in _SAYS_NOTHING:
            _say(cells, each, is_old=is_old)
        depth -= each.name == "END"
    _settle(cells, card)
    return Record(
        card[0].line, [BETWEEN.join(cells[name]) if name in _MANY else "\n".join(cells[name]) for name in HEADINGS]
    )


def _say(cells: dict[str, list[str]], each: Property, *, is_old: bool) -> None:
    """Put a line of a card where it belongs; what has no place, or a second one where there is one, goes beside."""
    name, value = each.name, each.value
    kinds = each.parameters.get("TYPE", "").upper().split(",")
    told = _text(name, value, is_old=is_old)
    if name == "N":
        given = parts(value, ";", is_old=is_old)
        for heading, part in zip(_NAMES, given, strict=False):
            cells[heading] = [part] if part else []
        # How somebody is addressed (Dr, jr.) is mostly said in FN as well.
        cells[_TITLES] = [part for part in given[len(_NAMES) :] if part]
    elif name in BINARY:
        cells[BESIDE] += [name] if value.strip(" ;") else []
    elif not told:
        return
    elif name == "TEL" and "FAX" in kinds:
        cells[BESIDE].append(f"FAX: {told}")
    elif name in _MANY or (name in cells and not cells[name] and name != BESIDE):
        cells[name].append(told)
    else:
        cells[BESIDE].append(f"{name or '?'}: {told}")


def _text(name: str, value: str, *, is_old: bool) -> str:
    if name in {"ADR", "ORG"}:
        return ", ".join(filter(None, parts(value, ";", is_old=is_old)))
    told = plain(value, is_old=is_old)
    if name in {"TEL", "EMAIL"}:
        told = re.sub(r"(?i)^(?:tel|mailto):", "", told)
        told = " ".join(re.sub(r"(?i);ext=", " ext. ", told).split())
    if name == "BDAY" and (day := _DAY.fullmatch(told)):
        return f"--{day[2]}-{day[3]}" if day[1] in _NO_YEAR else "-".join(day.groups())
    return re.sub(r"\n{2,}", "\n", told) if name in _MANY else told


def _settle(cells: dict[str, list[str]], card: list[Property]) -> None:
    """Say what follows from the rest of the card: what it is, how it is called, by what it is known again."""
    kinds = {each.name: each.value.strip().lower() for each in card}
    names = [part for heading in _NAMES for part in cells[heading]]
    kind = kinds.get("KIND") or kinds.get("X-ADDRESSBOOKSERVER-KIND") or ""
    is_company = kind == "org" or kinds.get("X-ABSHOWAS") == "company" or bool(cells["ORG"] and not names and not kind)
    cells["KIND"] = ["organisation" if is_company else kind if kind not in {"", "individual"} else "person"]
    if not cells["FN"]:
        cells["FN"] = [" ".join(names)] if names else cells["ORG"][:]
    cells[BESIDE] += [f"N: {part}" for part in cells.get(_TITLES, ()) if part not in "".join(cells["FN"])]
    if is_company and cells["ORG"] == cells["FN"]:
        cells["ORG"] = []
    if cells["UID"]:
        cells["UID"] = [re.sub(r"(?i)^urn:uuid:", "", cells["UID"][0])]
    else:
        said = "\n".join(f"{each.name}:{each.value}" for each in card if each.name not in _SAYS_NOTHING)
        cells["UID"] = [sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]]
