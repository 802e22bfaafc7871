"""A card is read by another reader as it was meant, whatever stands in it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from infra.vcard import LINE_BYTES, Card, vcards

# What no line of text has: an end of a line of another kind, and what XML and address books refuse as well.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200)


def lines_of(content: bytes) -> list[str]:
    """Read as RFC 2426 says: lines end with CR LF, and one that begins with a blank goes on with the one before."""
    assert content.endswith(b"\r\n")
    assert all(len(line) <= LINE_BYTES for line in content.split(b"\r\n"))
    return content.decode().replace("\r\n ", "").split("\r\n")[:-1]


def value_of(line: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], line.partition(":")[2])


@given(name=texts, phone=texts, address=texts)
def test_whatever_a_name_or_an_address_is_it_is_read_again(name: str, phone: str, address: str) -> None:
    told = lines_of(vcards([Card("1", name, is_organisation=False, phones=(phone,), addresses=(address,))]))
    assert [line.partition(":")[0] for line in told] == ["BEGIN", "VERSION", "UID", "FN", "N", "TEL", "ADR", "END"]
    assert value_of(told[3]) == name
    assert value_of(told[5]) == phone
    assert value_of(told[6]) == f";;{address};;;;"


def test_a_card_has_what_is_known_and_nothing_else() -> None:
    firm = Card(
        "0190",
        "ООО «Ромашка»; склад",
        is_organisation=True,
        phones=("+7 495 123-45-67 доб. 12",),
        emails=("a@x.org", "b@x.org"),
        addresses=("Москва, ул. Ленина\nд. 1",),
        sites=("x.org",),
        birthday="в мае",
        position="Отдел",
    )
    assert lines_of(vcards([firm, Card("2", "Ада", is_organisation=False, birthday="1990-03-02")])) == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "UID:urn:uuid:0190",
        "FN:ООО «Ромашка»\\; склад",
        "N:ООО «Ромашка»\\; склад;;;;",
        "ORG:ООО «Ромашка»\\; склад",
        "X-ABShowAs:COMPANY",
        "TEL:+7 495 123-45-67 доб. 12",
        "EMAIL:a@x.org",
        "EMAIL:b@x.org",
        "ADR:;;Москва\\, ул. Ленина\\nд. 1;;;;",
        "URL:x.org",
        "TITLE:Отдел",
        "END:VCARD",
        "BEGIN:VCARD",
        "VERSION:3.0",
        "UID:urn:uuid:2",
        "FN:Ада",
        "N:Ада;;;;",
        "BDAY:1990-03-02",
        "END:VCARD",
    ]
