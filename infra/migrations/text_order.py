"""Whether a database keeps every letter, and compares texts code point by code point, as the keys of names need it."""

from typing import Any, LiteralString

import psycopg

from infra.told import ToldError

# Every natural language puts these otherwise than their code points are. JSON, because a database without an encoding
# answers texts as bytes.
_FOUND: LiteralString = """
SELECT json_build_array(getdatabaseencoding(), coalesce(d.datlocale, d.datcollate), EXISTS (
    SELECT FROM unnest(ARRAY['a', 'B', 'a b', 'ab', 'a-c']) AS one, unnest(ARRAY['a', 'B', 'a b', 'ab', 'a-c']) AS other
    WHERE (one < other) <> (one COLLATE "C" < other COLLATE "C")
))
FROM pg_database AS d
WHERE d.datname = current_database()
"""


class WrongTextOrderError(ToldError):
    """A new database would sort names wrongly, or not keep all of their letters; says how to make it."""


def wrong_text_order(connection: psycopg.Connection[Any]) -> str:
    """Return the encoding and the locale of a database whose lists of names are not in their order; else nothing."""
    ((found,),) = connection.execute(_FOUND).fetchall()
    encoding, locale, is_by_language = found
    return f"{encoding}, {locale}" if is_by_language or encoding != "UTF8" else ""


def require_text_order(connection: psycopg.Connection[Any]) -> None:
    """Refuse a database that nothing is in yet, if names would be sorted wrongly there; raises WrongTextOrderError."""
    if found := wrong_text_order(connection):
        raise WrongTextOrderError(
            f"The database was made with {found}, and lists of names would not be in their order there. Make it with "
            "ENCODING 'UTF8' LOCALE_PROVIDER builtin LOCALE 'C.UTF-8' TEMPLATE template0; docs/operations.md has the "
            "whole statement."
        )
