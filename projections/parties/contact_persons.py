"""One row is one person's acting for one organisation: whom to ask for at the client, and in which role.

Read by GET /clients/{id} for an organisation (its people) and for a person (their organisations).
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client import AffiliationEnded, ClientAffiliated, ClientEntryReverted
from infra.projector.projection import Key, Projection
from projections.change import changed


class ContactPersonRow(NamedTuple):
    """One affiliation; a person who left stays, with `is_active` false and the time it ended."""

    organisation_id: UUID
    person_id: UUID
    role: str | None = None
    is_active: bool = False
    since: datetime | None = None
    ended_at: datetime | None = None


contact_persons = Projection(
    name="contact_persons",
    row=ContactPersonRow,
    key=("organisation_id", "person_id"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


def _affiliation(event: ClientAffiliated | AffiliationEnded) -> tuple[Key, ...]:
    return ((event.organisation_id, event.stream_id),)


@contact_persons.on(ClientAffiliated, keys=_affiliation)
def affiliated(_: ContactPersonRow | None, event: ClientAffiliated, key: Key) -> ContactPersonRow:
    return ContactPersonRow(
        organisation_id=key[0],
        person_id=key[1],
        role=event.role.value,
        is_active=True,
        since=event.occurred_at,
    )


@contact_persons.on(AffiliationEnded, keys=_affiliation)
def ended(row: ContactPersonRow | None, event: AffiliationEnded, key: Key) -> ContactPersonRow:
    return changed(row or ContactPersonRow(*key), is_active=False, ended_at=event.occurred_at)


def _affiliations(event: ClientEntryReverted) -> tuple[Key, ...]:
    return tuple((each, event.stream_id) for each in event.organisation_ids)


@contact_persons.on(ClientEntryReverted, keys=_affiliations, reads=("organisation_ids",))
def entry_reverted(_row: ContactPersonRow | None, _event: object, _: Key) -> None:
    """Show nothing: the person was not entered."""
