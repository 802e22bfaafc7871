"""A contact point is known by one key, however it is written, and keeps what was typed."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregates.identity import Home, contact_point, kept_contact_point
from aggregates.tax_id import Registered, kept_numbers
from events.values import ClientKind, Confidence, ContactDoubt, ContactKind

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


def test_what_is_none_is_kept_as_typed_of_old_records_and_says_what_it_is() -> None:
    for kind, typed, doubt in (
        (ContactKind.PHONE, "0000000", ContactDoubt.PLACEHOLDER),
        (ContactKind.PHONE, "12.05.2021", ContactDoubt.DATE),
        (ContactKind.PHONE, "7707083893", ContactDoubt.TAX_ID),
        (ContactKind.PHONE, "Звонить Оле", ContactDoubt.UNREADABLE),
        (ContactKind.EMAIL, "a@shop.example, b@shop.example", ContactDoubt.SEVERAL),
    ):
        point = kept_contact_point(kind, typed)
        assert (point.value, point.doubt, point.confidence) == (typed, doubt, Confidence.DOUBTFUL)
    sure = kept_contact_point(ContactKind.PHONE, "225-12-93", "office", home=PERM, confidence=Confidence.VERIFIED)
    assert sure == contact_point(ContactKind.PHONE, "225-12-93", "office", home=PERM, confidence=Confidence.VERIFIED)


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "phones", "tax_ids"),
    [
        ("agents_b_import.csv", "cp1251", ";", 80, 10),
        ("agents_k_import.csv", "cp1251", "\t", 80, 14),
        ("agents_k_import.txt", "utf-8-sig", "\t", 80, 14),
        ("agents_s_header_bom_crlf.csv", "utf-8-sig", ";", 75, 11),
        ("agents_s_noheader_bom.csv", "utf-8-sig", ";", 75, 11),
    ],
)
def test_every_phone_of_real_files_is_in_one_form_and_what_is_none_is_kept(
    real_data: Callable[[str], Path], name: str, encoding: str, delimiter: str, phones: int, tax_ids: int
) -> None:
    with real_data(f"ru-agents/{name}").open(encoding=encoding, newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=delimiter) if row[1] != "Наименование агента"]
    assert len(rows) == 100
    points = [kept_contact_point(ContactKind.PHONE, row[3]) for row in rows]
    assert all(re.fullmatch(r"\+7\d{10}", point.key) for point in points if point.doubt is None)
    assert sum(point.doubt is None for point in points) == phones
    # The rest are of one mask that has a digit too many for any number of Russia.
    assert all(len(re.findall(r"\d", point.value)) == 11 and "35222" in point.value for point in points if point.doubt)
    assert all(kept_contact_point(ContactKind.EMAIL, row[2]).doubt is None for row in rows)
    given = [Registered(row[8], kpp=row[9]) for row in rows]
    kept = [kept_numbers(each, ClientKind.ORGANISATION) for each in given]
    assert sum(not each.is_tax_id_wrong for each in kept) == tax_ids
    assert [(each.tax_id, each.kpp) for each in kept] == [(row[8], row[9]) for row in rows]
