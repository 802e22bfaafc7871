"""One form of a word for all the ways to write it in Cyrillic, Latin and Greek letters: what two spellings share.

Shcherbakov, Scherbakow and Щербаков are one skeleton, as are Evgeniy, Yevgeny and Евгений. It is coarser than any
standard of transliteration, so that passports of all years (ICAO 9303), BGN/PCGN, GOST 7.79, ISO 9 without its accents,
and German and Polish spellings meet: sh, shch, š and s are one letter, and so are zh and z, ts and t, kh, g and h, y
and i. A beginning of a word has, in Cyrillic, a skeleton that begins the word's.
"""

import re

from infra.typed import words_of_two_alphabets

_LETTERS = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
        "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
        "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
        "є": "e", "і": "i", "ї": "i", "ґ": "g", "ў": "u", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u",
        "ү": "u", "һ": "h", "ҳ": "h", "ҷ": "ch", "ӣ": "i", "ӯ": "u", "ђ": "d", "ј": "i", "љ": "lj", "њ": "nj",
        "ћ": "ch", "џ": "dzh", "ѓ": "g", "ќ": "k", "ѕ": "dz",
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "t", "ι": "i", "κ": "k", "λ": "l",
        "μ": "m", "ν": "n", "ξ": "ks", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "i", "φ": "f",
        "χ": "h", "ψ": "ps", "ω": "o",
    }
)  # fmt: skip

_FIRST = re.compile("^й(?=[ео])")
"""Йошкар-Ола is Yoshkar-Ola; inside of a word a letter and the next one stay two."""

_AS_CH = re.compile("^t(?=ch)|c(?=[eiy])|(?<=vi)c$")
"""Tchaikovsky; Celik, which was Çelik; Petrovic, which was Petrović."""

_TOGETHER = {
    "schtsch": "s", "shch": "s", "sch": "s", "szh": "sz", "sh": "s", "sz": "s",
    "tshch": "ts", "tsch": "c", "tsh": "ts", "ts": "t", "tz": "t", "th": "t",
    "dzh": "dz", "dj": "dz", "zh": "z", "ch": "c", "cz": "c", "ck": "k", "c": "k", "kh": "h", "gh": "h", "g": "h",
    "ph": "f", "wh": "v", "w": "v", "qu": "kv", "q": "k", "x": "ks",
    "ye": "e", "je": "e", "yo": "e", "y": "i", "j": "i",
}  # fmt: skip
_SOUND = re.compile("|".join(_TOGETHER))
"""The longer ones stand before those that they begin with."""

_TWICE = re.compile(r"([^\W\d_])\1+")


def in_one_alphabet(word: str) -> str:
    """Return a folded word of Cyrillic and Latin letters in one of the two, if those of the other only look like it."""
    if word.isascii():
        return word
    capitals = word.upper()
    meant = words_of_two_alphabets(capitals).get(capitals)
    return word if meant is None else meant.lower()


def skeleton(word: str) -> str:
    """Return what all spellings of a folded word (infra.words) have in common; may be empty (ь)."""
    if word.isdecimal():
        return word
    latin = _FIRST.sub("y", word).translate(_LETTERS)
    sounds = _SOUND.sub(lambda found: _TOGETHER[found[0]], _AS_CH.sub(_as_ch, latin))
    return _TWICE.sub(r"\1", sounds)


def _as_ch(found: re.Match[str]) -> str:
    return "" if found[0] == "t" else "ch"
