"""Lines of address-book cards (vCard 2.1, 3.0, 4.0): joined where they were folded, decoded, taken apart."""

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from infra.tables.encodings import is_damaged
from infra.tables.faults import UnreadableFileError

MOST_LINE = 1_000_000
"""Characters of one property that is text; pictures are not kept at all."""

LONGEST_HEAD = 1_000
"""Characters in which a property's name and parameters stand; a long text is not looked through again at each fold."""

BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_HEAD = re.compile(r'((?:[^":]|"[^"]*")*?):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';((?:[^";]|"[^"]*")*)')
_NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)")
_QUOTED_PRINTABLE = re.compile("quoted-printable", re.IGNORECASE)


class Property(NamedTuple):
    """A line of a card: its name in capitals ("": it is none), parameters by name, and its value as it is written."""

    line: int
    name: str
    parameters: dict[str, str]
    value: str


def properties(lines: Iterable[str]) -> Iterator[Property]:
    """Yield what the lines of a file say; raises UnreadableFileError for one without an end."""
    said, first, is_old = "", 0, False
    for number, told in enumerate(lines, 1):
        line = told.rstrip("\r\n")
        head = said[:LONGEST_HEAD].partition(":")[0]
        is_soft = said.endswith("=") and _QUOTED_PRINTABLE.search(head) is not None
        is_binary = _name_of(head.partition(";")[0]) in BINARY
        if said and is_soft:
            said = said[:-1] + line
        elif said and line[:1] in {" ", "\t"}:
            said += "" if is_binary else line if is_old else line[1:]
        elif is_binary and line and ":" not in line:
            continue
        else:
            if said.strip():
                yield _property(first, said)
            said, first = line, number
            if line.upper().startswith("VERSION:"):
                is_old = line.strip().endswith("2.1")
        if len(said) > MOST_LINE and not is_binary:
            raise UnreadableFileError("endless-line", line=first, most=MOST_LINE)
    if said.strip():
        yield _property(first, said)


def _name_of(head: str) -> str:
    match = _NAME.fullmatch(head.strip())
    return match[1].upper() if match else ""


def _property(line: int, said: str) -> Property:
    match = _HEAD.fullmatch(said)
    head = "" if match is None else match[1]
    name = _name_of(head.partition(";")[0])
    if match is None or not name:
        return Property(line, "", {}, said.strip())
    parameters: dict[str, str] = {}
    for each in _PARAMETER.findall(head):
        key, sign, value = each.partition("=")
        # Version 2.1 says plainly CELL, or QUOTED-PRINTABLE.
        key, value = (key.strip().upper(), value) if sign else ("TYPE", key)
        parameters[key] = ",".join(filter(None, (parameters.get(key, ""), value.strip().strip('"'))))
    return Property(line, name, parameters, _decoded(match[2], parameters))


def _decoded(value: str, parameters: dict[str, str]) -> str:
    charset = parameters.get("CHARSET", "")
    if _QUOTED_PRINTABLE.search(",".join(parameters.values())):
        raw = a2b_qp(value.encode("utf-8", "surrogateescape"))
    elif charset and is_damaged(value):
        raw = value.encode("utf-8", "surrogateescape")
    else:
        return value
    for encoding in (charset, "utf-8", "cp1251"):
        try:
            return raw.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("utf-8", "surrogateescape")


def parts(value: str, sign: str, *, is_old: bool) -> list[str]:
    """Return what stands between signs that are not escaped, each as it was meant."""
    found = re.findall(rf"((?:\\.|[^\\{sign}]|\\$)*)(?:{sign}|$)", value, re.DOTALL)[: value.count(sign) + 1]
    return [plain(each, is_old=is_old) for each in found]


def plain(value: str, *, is_old: bool) -> str:
    r"""Return a text without its escapes; version 2.1 knows ``\;`` and the like only."""
    if is_old:
        return re.sub(r"\\([;,:])", r"\1", value).strip()
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value, flags=re.DOTALL).strip()
