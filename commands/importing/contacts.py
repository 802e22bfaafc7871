"""By what a row's client is reached and recognised: its contact points and tax number, right ones and doubtful."""

import re
from collections.abc import Iterable
from typing import Any

from aggregates.base import WrongValueError
from aggregates.email_address import email_key
from aggregates.phone_number import HOME_REGION, phone_key
from aggregates.tax_id import tax_id_key
from commands.importing.regions import region_of
from commands.importing.row import Row
from commands.importing.sheet import Cell
from events.values import ClientKind, ContactKind

CONTACTS = {
    "phone": ContactKind.PHONE,
    "email": ContactKind.EMAIL,
    "address": ContactKind.ADDRESS,
    "messenger": ContactKind.MESSENGER,
    "site": ContactKind.SITE,
}
"""The fields of a client that are contact points."""

_CHECKED = frozenset({ContactKind.PHONE, ContactKind.EMAIL})
_LABEL = re.compile(r"^[^\W\d_][\w .-]{0,20}:\s*")


def contact_points_of(row: Row) -> Iterable[dict[str, Any]]:
    """Yield the contact points of a row as a command takes them.

    What cannot be one is wrong, or, if the mapping says so, kept as it was typed: the command sees its doubt.
    """
    fields = row.sheet.mapped(CONTACTS)
    region = _region(row) if fields else ""
    for field in fields:
        kind = CONTACTS[field]
        for cell in row.cells(field):
            try:
                yield {"kind": kind, "value": _contact(row, kind, cell, region)}
            except WrongValueError as error:
                if row.sheet.mapping.doubtful_contacts == "refuse":
                    row.wrong(error.code, cell.column, cell.value)
                    continue
                row.warn(error.code, cell)
                yield _kept(row, kind, cell, region)


def _kept(row: Row, kind: ContactKind, cell: Cell, region: str) -> dict[str, Any]:
    """Return a doubtful contact point as it was typed, in its own country and city: by ours it might be one."""
    kept = {"kind": kind, "value": cell.value}
    if kind is ContactKind.PHONE and region != HOME_REGION:
        kept["region"] = region
    if kind is ContactKind.PHONE and row.sheet.mapping.area_code is not None:
        kept["area_code"] = row.sheet.mapping.area_code
    return kept


def _region(row: Row) -> str:
    """Return the country whose numbers need no country code: that of the row, else the mapping's."""
    home = row.sheet.mapping.phone_region
    country = row.sheet.country(row.record)
    if country is None:
        return home
    region = region_of(country.value)
    if region is None:
        row.warn("unknown-country", country)
    return region or home


def _contact(row: Row, kind: ContactKind, cell: Cell, region: str) -> str:
    """Return the contact as typed where our home rules read it right, else in the form that names one number.

    Raises WrongPhoneError, WrongEmailError.
    """
    if kind not in _CHECKED:
        return cell.value
    value = without_label(cell.value)
    if kind is ContactKind.EMAIL:
        email_key(value)
        return value
    area_code = row.sheet.mapping.area_code
    key = phone_key(value, region=region, area_code=area_code)
    return value if region == HOME_REGION and area_code is None else key


def without_label(typed: str) -> str:
    """Return a contact without the word before it: "phone: 8-800…" names the number after the colon."""
    return _LABEL.sub("", typed, count=1)


def tax_id_of(row: Row, kind: ClientKind) -> str | None:
    """Return the tax number; one whose check digits say that it cannot be one as it was typed, with a warning."""
    cells = row.cells("tax_id")
    if not cells:
        return None
    try:
        return tax_id_key(cells[0].value, kind)
    except WrongValueError:
        row.warn("doubtful-tax-id", cells[0])
        return cells[0].value
