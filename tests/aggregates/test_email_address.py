"""One mailbox is one key however its address is typed; what cannot be an address is refused."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregates.email_address import PLAIN, email_key
from aggregates.identity_errors import WrongEmailError
from infra.mailboxes import one_mailbox

OLGA = "olga@romashka.example"
IVAN, IVAN_Y = "ivanpetrov@gmail.com", "ivan-petrov@yandex.ru"

ADDRESSES: dict[str, str] = {
    OLGA: OLGA,
    " Olga@Romashka.Example ": OLGA,
    "OLGA@ROMASHKA.EXAMPLE": OLGA,
    "olga@romashka.example,": OLGA,
    "olga@romashka.example;": OLGA,
    "; olga@romashka.example, ": OLGA,
    "<olga@romashka.example>": OLGA,
    "Ольга <olga@romashka.example>": OLGA,
    '"Петрова, Ольга" <olga@romashka.example>': OLGA,
    "Olga Petrova < olga@romashka.example >": OLGA,
    "mailto:olga@romashka.example": OLGA,
    "email: olga@romashka.example": OLGA,
    "E-mail:olga@romashka.example": OLGA,
    "эл. почта: olga@romashka.example": OLGA,
    "MAILTO:Olga@romashka.example?subject=Весы": OLGA,
    "olga@romashka.example\u200b": OLGA,
    "\ufeffolga@romashka.example\u00a0": OLGA,
    "olga\u00ad@romashka.example": OLGA,
    "\u202aolga@romashka.example\u202c": OLGA,
    "\tolga@romashka.example\n": OLGA,
    # Unicode and Punycode are one domain
    "olga@почта.рф": "olga@почта.рф",
    "Olga@ПОЧТА.РФ": "olga@почта.рф",
    "olga@xn--80a1acny.xn--p1ai": "olga@почта.рф",
    "OLGA@XN--80A1ACNY.XN--P1AI": "olga@почта.рф",
    "ольга@почта.рф": "ольга@почта.рф",
    "info@bücher.example": "info@bücher.example",
    "info@xn--bcher-kva.example": "info@bücher.example",
    # dots only where the provider says so
    "ivan.petrov@gmail.com": IVAN,
    "i.v.a.n.petrov@Gmail.com": IVAN,
    "ivanpetrov@googlemail.com": IVAN,
    "Ivan.Petrov+letopis@gmail.com": IVAN,
    "ivan.petrov@yandex.ru": IVAN_Y,
    "ivan-petrov@ya.ru": IVAN_Y,
    "Ivan.Petrov@yandex.com": IVAN_Y,
    "ivan.petrov+x@yandex.kz": IVAN_Y,
    "ivan.petrov@mail.ru": "ivan.petrov@mail.ru",
    "ivan.petrov+x@mail.ru": "ivan.petrov+x@mail.ru",
    "ivan.petrov@romashka.example": "ivan.petrov@romashka.example",
    # odd and right
    '"a@b"@Shop.example': '"a@b"@shop.example',
    "o'hara@shop.example": "o'hara@shop.example",
    "a_b-c+d@sub.shop-1.example": "a_b-c+d@sub.shop-1.example",
    "1@2.example": "1@2.example",
    "x@a.museum": "x@a.museum",
}

NOT_ONE: dict[str, str] = {
    "": "unreadable",
    "olga": "unreadable",
    "нет": "unreadable",
    "@romashka.example": "unreadable",
    "olga@": "unreadable",
    "olga@romashka": "unreadable",
    "a b@romashka.example": "unreadable",
    "a@.b.": "unreadable",
    "olga@.example": "unreadable",
    "olga@shop.": "unreadable",
    "olga@shop.example.": "unreadable",
    "olga@.shop.example": "unreadable",
    "olga@shop..example": "unreadable",
    ".olga@shop.example": "unreadable",
    "olga.@shop.example": "unreadable",
    "ol..ga@shop.example": "unreadable",
    '"a@b.c"@shop': "unreadable",
    "olga@-shop.example": "unreadable",
    "olga@shop_1.example": "unreadable",
    "olga@[127.0.0.1]": "unreadable",
    "olga@printer.local": "unreadable",
    "olga@localhost": "unreadable",
    "olga@shop.test": "unreadable",
    "olga@xn--ram--t-k1.com": "unreadable",
    f"{'a' * 65}@shop.example": "unreadable",
    "olga@shop.example\ufffd": "unreadable",
    "(812) 267-19-59": "unreadable",
    "http://shop.example": "unreadable",
    "olga@shop.example, boris@shop.example": "several",
    "olga@shop.example; boris@shop.example": "several",
    "olga@shop.example boris@shop.example": "several",
    "olga@@shop.example": "several",
    # Cyrillic о and а
    "\u043elga@shop.example": "mixed",
    "olga@sh\u043ep.example": "mixed",
}


@pytest.mark.parametrize(("typed", "key"), ADDRESSES.items())
def test_a_mailbox_is_one_however_its_address_is_typed(typed: str, key: str) -> None:
    assert email_key(typed) == key


@pytest.mark.parametrize(("typed", "instead"), NOT_ONE.items())
def test_what_is_no_address_is_refused_and_told_for_what_it_is(typed: str, instead: str) -> None:
    with pytest.raises(WrongEmailError) as refused:
        email_key(typed)
    assert refused.value.facts == {"kind": instead}


@pytest.mark.parametrize("key", sorted(set(ADDRESSES.values())))
def test_the_key_of_a_key_is_the_key(key: str) -> None:
    assert email_key(key) == one_mailbox(key) == key


@given(
    st.one_of(
        st.from_regex(PLAIN, fullmatch=True),
        st.from_regex(r"[a-z.+-]{1,4}@[a-z0-9.-]{1,9}\.(ru|test|local|com)", fullmatch=True),
    )
)
@settings(max_examples=300)
def test_the_short_way_takes_what_the_standards_take(address: str) -> None:
    if len(address) > 60 or not PLAIN.fullmatch(address):
        return
    try:
        taken = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as error:
        pytest.fail(f"{address} is taken the short way: {error}")
    assert taken == address


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_text_is_an_address_with_a_stable_key_or_refused(typed: str) -> None:
    try:
        key = email_key(typed)
    except WrongEmailError:
        return
    assert email_key(key) == key
