"""Pasted lines are cleaned of what nobody sees, and letters of two alphabets in one word are seen."""

import pytest

from infra.typed import cleaned, with_plain_digits, words_of_two_alphabets

CLEAN: dict[str, str] = {
    "Ромашка": "Ромашка",
    "Romashka  Plus": "Romashka Plus",
    "  Ромашка ": "Ромашка",
    "ООО\u00a0«Ромашка»": "ООО «Ромашка»",
    "Ромаш\u00adка": "Ромашка",
    "\ufeffРомашка": "Ромашка",
    "Ром\u200bашка": "Ромашка",
    "Ром\u200cаш\u200dка": "Ромашка",
    "Ромашка\u200e\u200f": "Ромашка",
    "\u202aРомашка\u202c": "Ромашка",
    "\u2066Ромашка\u2069": "Ромашка",
    "Ромашка\u2060 плюс": "Ромашка плюс",
    "Ромашка\tплюс": "Ромашка плюс",
    "Ромашка\r\nплюс": "Ромашка плюс",
    "Ромашка\u2028плюс": "Ромашка плюс",
    "Ромашка\u2003плюс": "Ромашка плюс",
    "Ромашка\u3000плюс": "Ромашка плюс",
    "Ромашка\u3164": "Ромашка",
    "Ромашка\u2800плюс": "Ромашка плюс",
    "Ромашка\x07": "Ромашка",
    "\u200b": "",
    "О’Хара": "О’Хара",
    # Part of the spelling: Persian and an emoji.
    "می\u200cخواهم": "می\u200cخواهم",
    "👩\u200d🌾 ферма": "👩\u200d🌾 ферма",
}

TWO_ALPHABETS: dict[str, dict[str, str]] = {
    "СибБашкирТекстиль": {},
    "CибБашкирТекстиль": {"CибБашкирТекстиль": "СибБашкирТекстиль"},
    "ООО «Pомашка»": {"Pомашка": "Ромашка"},
    "Рomashka": {"Рomashka": "Pomashka"},
    "ТЕХНO": {"ТЕХНO": "ТЕХНО"},
    "ИП Иванoв": {"Иванoв": "Иванов"},
    "Аpple": {"Аpple": "Apple"},
    "Яндекс Go": {},
    "СпецTech": {},
    "Wi-Fi-роутер": {},
    "IT-отдел, 1С": {},
    "\u0410CE": {"\u0410CE": "\u0410\u0421\u0415"},
    "Baltiс": {"Baltiс": "Baltic"},
    "iPhone для Ромашки": {},
}


@pytest.mark.parametrize(("typed", "clean"), CLEAN.items())
def test_a_line_is_what_it_looks_like(typed: str, clean: str) -> None:
    assert cleaned(typed) == clean
    assert cleaned(clean) == clean


@pytest.mark.parametrize(("typed", "meant"), TWO_ALPHABETS.items())
def test_a_word_of_two_alphabets_is_seen(typed: str, meant: dict[str, str]) -> None:
    assert words_of_two_alphabets(typed) == meant


def test_digits_of_every_script_are_digits() -> None:
    assert with_plain_digits("٧۷७７+＋x²") == "7777++x²"
