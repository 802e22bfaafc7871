"""How a row becomes a command about a client: to enter it, or to say what is otherwise with one that is there."""

from collections.abc import Iterable
from typing import Any

from commands.base import Command
from commands.client import ImportClient
from commands.client_import import ImportClientUpdate
from commands.importing.beside_row import beside_of
from commands.importing.contacts import contact_points_of, tax_id_of
from commands.importing.frame import Frame, chosen, common, named
from commands.importing.row import Row
from events.values import AffiliationRole, ClientKind, ProfileField

TRAITS = {each.value: each for each in ProfileField}
"""The fields of a client that are traits."""


def client_row(row: Row, frame: Frame) -> Command:
    """Enter a person or an organisation, or say what is otherwise with who is there."""
    if frame.mapping.mode != "create":
        return _update(row, frame)
    kind = chosen(row, "kind", ClientKind) or ClientKind.ORGANISATION
    return ImportClient.model_validate(
        {
            **common(row, frame, "date"),
            "client_id": frame.id_of("client", row.external_id),
            "kind": kind,
            "name": row.needed("name"),
            "contact_points": tuple(contact_points_of(row)),
            "tax_id": tax_id_of(row, kind),
            "profile": tuple(_profile(row)),
            "source": frame.mapping.source,
            "external_id": row.external_id,
            "parent_id": named(row, frame, "client", "parent"),
            "organisation_id": named(row, frame, "client", "organisation"),
            "affiliation_role": chosen(row, "affiliation_role", AffiliationRole) or AffiliationRole.OTHER,
            "duplicate_reason": frame.mapping.duplicate_reason,
            "beside": beside_of(row),
        }
    )


def _update(row: Row, frame: Frame) -> Command:
    """Say what the row says of a client: what it does not say stays."""
    mapping = frame.mapping
    kind = chosen(row, "kind", ClientKind)
    entered = common(row, frame, "date")
    return ImportClientUpdate.model_validate(
        {
            "import_id": frame.import_id,
            "occurred_at": mapping.stated_moment,
            "entered_at": entered["occurred_at"],
            "date_unknown": entered["date_unknown"],
            "client_id": frame.id_of("client", row.external_id),
            "may_enter": mapping.mode == "create-or-update",
            "kind": kind,
            "name": row.text("name"),
            "contact_points": tuple(contact_points_of(row)),
            "tax_id": tax_id_of(row, kind or ClientKind.ORGANISATION),
            "profile": tuple(_profile(row)),
            "clear": tuple(TRAITS[each] for each in mapping.clear if each in TRAITS and row.text(each) is None),
            "source": mapping.source,
            "external_id": row.external_id,
            "parent_id": named(row, frame, "client", "parent"),
            "organisation_id": named(row, frame, "client", "organisation"),
            "affiliation_role": chosen(row, "affiliation_role", AffiliationRole) or AffiliationRole.OTHER,
            "duplicate_reason": mapping.duplicate_reason,
            "beside": beside_of(row),
        }
    )


def _profile(row: Row) -> Iterable[dict[str, Any]]:
    source = row.sheet.mapping.source
    for name in row.sheet.mapped(TRAITS):
        field = TRAITS[name]
        if field is ProfileField.NOTE:
            value = "\n".join(cell.value for cell in row.cells(name)) or None
        else:
            value = row.text(name)
        if value is not None:
            yield {"field": field, "value": value, "source": source}
