"""One text for one amount, whichever language writes it."""

from decimal import Decimal

import duckdb
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.amounts import DECIMALS, DUCKDB_MACRO, amount_text, canonical, postgres_text
from tests.database import Database

ODD = "QQQ"
"""No currency; an old log may hold it."""

amounts = st.decimals(min_value=0, max_value=Decimal("99999999999999.9999"), places=4)
pairs = st.tuples(amounts, st.sampled_from([*sorted(DECIMALS), ODD]))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1200.5", "EUR", "1200.50"),
        ("1200", "RUB", "1200.00"),
        ("4821", "JPY", "4821"),
        ("4821.00", "JPY", "4821"),
        ("4821.5", "JPY", "4821.5"),
        ("1.5", "KWD", "1.500"),
        ("1.5", "CLF", "1.5000"),
        ("0.1234", "USD", "0.1234"),
        ("1E+5", "RUB", "100000.00"),
        ("0E+999999999", "USD", "0.00"),
        ("-0", "USD", "0.00"),
        ("12", ODD, "12.00"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_and_nothing_is_rounded(
    amount: str, currency: str, text: str
) -> None:
    assert amount_text(Decimal(amount), currency) == text


def test_currencies_are_those_of_the_list() -> None:
    assert {"RUB": 2, "EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4}.items() <= DECIMALS.items()
    assert not {"XXX", "XAU", "XTS", "RUR", "BTC", ""} & DECIMALS.keys()


@given(pairs)
def test_the_text_is_the_same_amount_and_its_own_text(pair: tuple[Decimal, str]) -> None:
    amount, currency = pair
    written = canonical(amount, currency)
    assert (written, str(written)) == (amount, amount_text(amount, currency))
    assert amount_text(Decimal(str(written)), currency) == str(written)


def test_both_databases_write_it_as_python_does(database: Database) -> None:
    with duckdb.connect() as duck, psycopg.connect(database.reader_url, autocommit=True) as postgres:
        duck.execute(DUCKDB_MACRO)

        @given(st.lists(pairs, min_size=1, max_size=60))
        def same(some: list[tuple[Decimal, str]]) -> None:
            # A sum has as many digits as DuckDB has room for.
            some = [*some, (sum((amount for amount, _ in some), Decimal(10) ** 30), "JPY")]
            values, currencies = [str(amount) for amount, _ in some], [currency for _, currency in some]
            wanted = [amount_text(amount, currency) for amount, currency in some]
            by_duck = duck.execute(
                "SELECT amount_text(CAST(amount AS DECIMAL(38, 4)), currency)"
                " FROM (SELECT unnest($amounts) AS amount, unnest($currencies) AS currency)",
                {"amounts": values, "currencies": currencies},
            ).fetchall()
            by_postgres = postgres.execute(
                f"SELECT {postgres_text('p.amount', 'p.currency')}"
                " FROM unnest(%s::numeric[], %s::text[]) WITH ORDINALITY AS p(amount, currency, place) ORDER BY place",
                (values, currencies),
            ).fetchall()
            assert [text for (text,) in by_duck] == wanted
            assert [text for (text,) in by_postgres] == wanted

        same()
