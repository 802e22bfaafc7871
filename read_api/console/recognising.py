"""By what a client is recognised, but by the name: a phone, an e-mail, a tax number; and who that is."""

import re
from collections.abc import Mapping
from typing import Any

from read_api.console.calling import RefusedError
from read_api.console.visit import Visit

_NUMBER = re.compile(r"[\d\s()+.\-/]+")
PHONE_DIGITS, TAX_DIGITS = 7, (10, 12)
"""A number of so many digits may be a phone, and one of 10 or 12 a tax number."""


def known_by(typed: str) -> Mapping[str, str]:
    """Return by what a client may be recognised in what was typed; nothing: these are words of a name."""
    if "@" in typed:
        return {"email": typed}
    digits = sum(letter.isdigit() for letter in typed)
    if not _NUMBER.fullmatch(typed) or digits < PHONE_DIGITS:
        return {}
    known = {"phone": typed}
    if digits in TAX_DIGITS and typed.replace(" ", "").isdigit():
        known["tax_id"] = typed
    return known


async def recognised(visit: Visit, known: Mapping[str, str]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the clients of a phone, an e-mail or a tax number, and whose those are whom the user does not see."""
    given = dict(known)
    try:
        page = await visit.api.search("/clients/search", given)
    except RefusedError as refused:
        if "tax_id" not in given or refused.at("phone") is None:
            raise
        # Ten digits that are no phone are a tax number.
        del given["phone"]
        page = await visit.api.search("/clients/search", given)
    owners = (await visit.api.search("/clients/owners", given))["items"] if visit.asks("find_owners") else []
    return page, owners
