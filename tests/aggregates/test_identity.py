"""A contact point is known by one key, however it is written, and keeps what was typed."""

from aggregates.identity import Home, contact_point
from events.values import ContactKind

PERM = Home("RU", "342")


def test_a_contact_point_keeps_what_was_typed() -> None:
    point = contact_point(ContactKind.PHONE, "8 (922) 325-12-93", "office")
    assert (point.value, point.key, point.label) == ("8 (922) 325-12-93", "+79223251293", "office")


def test_an_address_is_one_whatever_its_case_and_spaces() -> None:
    assert contact_point(ContactKind.ADDRESS, "Lenina  1").key == contact_point(ContactKind.ADDRESS, "LENINA 1").key


def test_a_contact_point_has_the_key_of_its_kind_in_the_company_s_own_region() -> None:
    assert contact_point(ContactKind.PHONE, "225-12-93", home=PERM).key == "+73422251293"
    assert contact_point(ContactKind.PHONE, "020 7183 8750", home=Home("GB")).key == "+442071838750"
    assert contact_point(ContactKind.SITE, "  Romashka\t Shop ").key == "romashka shop"
