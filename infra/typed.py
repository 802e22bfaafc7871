"""What people type and paste into one line: cleaned of what nobody sees, and searched for letters of two alphabets.

Pasted texts bring no-break spaces, zero-width and direction marks, soft hyphens; and a Latin C among Cyrillic letters
looks like the С it was meant to be.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath, PureWindowsPath

NUMBER = r"-?[0-9]{1,12}(\.[0-9]{1,6})?"
"""How a number is written that a company's own field takes."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORD = re.compile(r"[^\W\d_]+")
_JOINERS = "\u200c\u200d"
"""Part of the spelling in Persian and Indic words and in some emoji; nothing at all between other letters."""
_BLANKS = "\u2800\u3164\u115f\u1160\uffa0"
"""Drawn as blanks, although Unicode calls them letters or signs."""
_LATIN, _CYRILLIC = "A-Za-z", "Ѐ-ӿ"
_TWINS = dict(zip("ABCEHIKMOPTXYaceiopxyÏï", "АВСЕНІКМОРТХУасеіорхуЇї", strict=True))
_LATIN_TWINS = {cyrillic: latin for latin, cyrillic in _TWINS.items()}
_TWO_ALPHABETS = re.compile(f"[{_LATIN}][{_CYRILLIC}]|[{_CYRILLIC}][{_LATIN}]")


def cleaned(text: str) -> str:
    """Return a line as it looks: what nobody sees left out, every blank one plain space, none at the ends."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    seen = "".join(_seen(text, place) for place in range(len(text))) if not text.isprintable() else text
    return " ".join(seen.translate(dict.fromkeys(map(ord, _BLANKS), " ")).split())


def _seen(text: str, place: int) -> str:
    letter = text[place]
    match unicodedata.category(letter):
        case "Zs" | "Zl" | "Zp" | "Cc":
            return " "
        case "Cf":
            before = text[place - 1] if place else " "
            is_spelling = letter in _JOINERS and not re.match(rf"[\s\d{_LATIN}{_CYRILLIC}]", before)
            return letter if is_spelling and place + 1 < len(text) else ""
        case _:
            return letter


def file_name(given: str) -> str:
    """Return what a file is called, without the folder it was in and without what nobody sees; nothing for a folder."""
    shown = cleaned(PurePosixPath(PureWindowsPath(given.replace("\0", "")).name).name)
    return "" if shown in {".", ".."} else shown


def number_text(text: str) -> str | None:
    """Return a number in the one form in which it is kept, such as 1200.5 for 1200.50; None where it is none.

    It has a point and no exponent, 12 digits before it at most and 6 after.
    """
    if not re.fullmatch(NUMBER, text):
        return None
    number = Decimal(text)
    return f"{number.normalize():f}" if number else "0"


def day_written(text: str) -> date | None:
    """Return the day of the calendar that a text is: its year, month and day; None where it is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def tag_key(tag: str) -> str:
    """Return what a tag is compared by: however it is capitalised and spaced it is one."""
    return unicodedata.normalize("NFKC", cleaned(tag)).casefold()


def labelled_key(kind: str, label: str | None) -> str:
    """Return what tells apart what has a kind and perhaps a label."""
    return kind if label is None else f"{kind}:{tag_key(label)}"


def with_plain_digits(text: str) -> str:
    """Return a text with the digits of every script, and a full-width plus, as the keyboard has them."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text).replace(
        "\uff0b", "+"
    )


def words_of_two_alphabets(text: str) -> dict[str, str]:
    """Return the words with letters that look like another alphabet's, and the words they were meant to be.

    A word that has a letter of its own of both alphabets (СпецTech) was meant as it stands.
    """
    if not _TWO_ALPHABETS.search(text):
        return {}
    meant = {}
    for word in _WORD.findall(text):
        if _TWO_ALPHABETS.search(word):
            cyrillic = "".join(_TWINS.get(letter, letter) for letter in word)
            latin = "".join(_LATIN_TWINS.get(letter, letter) for letter in word)
            right = next((each for each in (cyrillic, latin) if not _TWO_ALPHABETS.search(each)), None)
            if right is not None:
                meant[word] = right
    return meant
