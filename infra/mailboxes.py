"""Which addresses are one mailbox: as the providers themselves say, and in one spelling of the domain.

What is known by an address is compared by this form, however long ago it was written down: it depends on no library. So
are phones and tax numbers.
"""

from typing import NamedTuple


class _Provider(NamedTuple):
    """`domain` is the one all its domains stand for; `dot` is what a dot before the @ is to it."""

    domain: str
    dot: str


# "Dots don't matter in Gmail addresses", nor does what follows a plus: Gmail Help, answers 7436150 and 22370.
_GMAIL = _Provider("gmail.com", dot="")
# One mailbox has an address in each of these domains; a dot and a hyphen in its name are one: Yandex ID and Mail, Help.
_YANDEX = _Provider("yandex.ru", dot="-")
_PROVIDERS = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
    **dict.fromkeys(("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "narod.ru"), _YANDEX),
}


def one_mailbox(address: str) -> str:
    """Return the address that stands for all that reach one mailbox; an address in lower case is expected.

    Of the addresses of a provider that says so the dots, and what follows a plus, are left out; a domain in Punycode
    is written in its own letters.
    """
    name, at, domain = address.strip("<>,; ").rpartition("@")
    if "xn--" in domain:
        domain = _in_own_letters(domain)
    provider = _PROVIDERS.get(domain)
    if provider is None:
        return f"{name}{at}{domain}"
    return f"{name.partition('+')[0].replace('.', provider.dot)}@{provider.domain}"


def _in_own_letters(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


HOME_COUNTRY = "RU"
"""Whose tax numbers are known without their country (ISO 3166)."""


def tax_number(number: str, country: str) -> str:
    """Return what a tax number is compared by: one of another country has that before it."""
    return number if country == HOME_COUNTRY else f"{country}:{number}"


def line_of(number: str) -> str:
    """Return the number that rings, of one in E.164 that may have an extension (";ext=")."""
    return number.partition(";")[0]
