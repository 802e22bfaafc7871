"""One row is one client as known now: the card every front-office screen opens, and what lists and search filter on.

Read by GET /clients/{id}, GET /clients and POST /clients/search. What touched the client is counted there, from
`activities`.
"""

from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.client import (
    AffiliationEnded,
    ClientAffiliated,
    ClientArchived,
    ClientClaimed,
    ClientNoted,
    ClientNoteEdited,
    ClientNoteWithdrawn,
    ClientRegistered,
    ClientReleased,
    ClientRenamed,
    ClientRestored,
    ClientTransferred,
    ContactPointAdded,
    ContactPointCorrected,
    ContactPointRemoved,
    DataNoticeGiven,
    LifecycleAdvanced,
    ProfileCorrected,
    SubsidiaryDeclared,
    TaxIdCorrected,
)
from events.ids import staff_id_of
from events.values import ContactKind, ContactPoint, Lifecycle
from infra.mailboxes import line_of, one_mailbox
from infra.projector.projection import Key, Projection
from infra.words import name_of, word_parts
from projections.change import changed

MOST_DATA_NOTICES = 50
"""So many a card has; the client's story tells all of them."""


class ClientCardRow(NamedTuple):
    """The card. `contact_points` is {"kind:key": {kind, value, key, label, source, order}}, `profile` is {field:
    {value, source, confidence}}, `data_notices` are [{text_version, channel, given_at, actor, staff_id}], the latest
    first, MOST_DATA_NOTICES at most; `version` is the client stream's.
    """

    client_id: UUID
    kind: str | None = None
    name: str | None = None
    name_sort: str | None = None
    name_parts: list[str] = []  # noqa: RUF012
    identity_keys: list[str] = []  # noqa: RUF012
    contact_points: dict[str, Any] = {}  # noqa: RUF012
    tax_id: str | None = None
    profile: dict[str, Any] = {}  # noqa: RUF012
    parent_id: UUID | None = None
    owner_id: UUID | None = None
    owned_since: datetime | None = None
    lifecycle: str | None = None
    archived_at: datetime | None = None
    registered_at: datetime | None = None
    date_unknown: bool = False
    source: str | None = None
    external_id: str | None = None
    data_notices: list[dict[str, Any]] = []  # noqa: RUF012
    version: int = 0


client_card = Projection(
    name="client_card",
    row=ClientCardRow,
    key=("client_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="subject",
    version=5,
    shape=4,
)

Row = ClientCardRow | None


def _card(row: Row, event: Any) -> ClientCardRow:
    """Return the card the client's own event changes, as it was before."""
    return row or ClientCardRow(event.stream_id)


def _called(name: str) -> dict[str, Any]:
    """Return the columns that a name fills."""
    folded = name_of(name)
    return {"name": name, "name_sort": folded.sort_key, "name_parts": word_parts(folded.words)}


def _reached(points: dict[str, Any], tax_id: str | None) -> dict[str, Any]:
    """Return the columns that the ways to reach and to recognise the client fill; the keys are what search compares."""
    keys = [key for point in points.values() for key in _keys_of(point["kind"], point["key"])]
    if tax_id is not None:
        keys.append(f"tax_id:{tax_id}")
    return {"contact_points": points, "tax_id": tax_id, "identity_keys": sorted(set(keys))}


def _keys_of(kind: str, key: str) -> tuple[str, ...]:
    """Return by what a contact point is found: of an extension the number that rings as well."""
    if kind == ContactKind.EMAIL:
        return (f"{kind}:{one_mailbox(key)}",)
    if kind != ContactKind.PHONE:
        return ()
    line = line_of(key)
    return (f"{kind}:{key}",) if line == key else (f"{kind}:{key}", f"line:{line}")


def _name_of(point: ContactPoint) -> str:
    return f"{point.kind.value}:{point.key}"


def _point(point: ContactPoint, source: str | None, order: int) -> dict[str, Any]:
    return {
        "kind": point.kind.value,
        "value": point.value,
        "key": point.key,
        "label": point.label,
        "source": source,
        "order": order,
    }


def _next_order(points: dict[str, Any]) -> int:
    return 1 + max((int(point["order"]) for point in points.values()), default=0)


@client_card.on(ClientRegistered)
def registered(row: Row, event: ClientRegistered, _: Key) -> ClientCardRow:
    points = {
        _name_of(point): _point(point, event.source, order) for order, point in enumerate(event.contact_points, start=1)
    }
    card = _card(row, event)
    return changed(
        card,
        version=event.originator_version,
        kind=event.kind.value,
        profile={
            fact.field.value: {"value": fact.value, "source": fact.source, "confidence": fact.confidence.value}
            for fact in event.profile
        },
        lifecycle=card.lifecycle or Lifecycle.PROSPECT.value,
        registered_at=event.occurred_at,
        date_unknown=event.date_unknown,
        source=event.source,
        external_id=event.external_id,
        **_called(event.name),
        **_reached(points, event.tax_id),
    )


@client_card.on(ClientRenamed)
def renamed(row: Row, event: ClientRenamed, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, **_called(event.to_name))


@client_card.on(ContactPointAdded)
def contact_point_added(row: Row, event: ContactPointAdded, _: Key) -> ClientCardRow:
    card = _card(row, event)
    points = card.contact_points
    added = _point(event.point, event.source, _next_order(points))
    return changed(
        card, version=event.originator_version, **_reached({**points, _name_of(event.point): added}, card.tax_id)
    )


@client_card.on(ContactPointCorrected)
def contact_point_corrected(row: Row, event: ContactPointCorrected, _: Key) -> ClientCardRow:
    card = _card(row, event)
    points = dict(card.contact_points)
    old = points.pop(_name_of(event.from_point), None)
    order = _next_order(points) if old is None else int(old["order"])
    points[_name_of(event.to_point)] = _point(event.to_point, event.source, order)
    return changed(card, version=event.originator_version, **_reached(points, card.tax_id))


@client_card.on(ContactPointRemoved)
def contact_point_removed(row: Row, event: ContactPointRemoved, _: Key) -> ClientCardRow:
    card = _card(row, event)
    gone = _name_of(event.point)
    return changed(
        card,
        version=event.originator_version,
        **_reached({name: point for name, point in card.contact_points.items() if name != gone}, card.tax_id),
    )


@client_card.on(TaxIdCorrected)
def tax_id_corrected(row: Row, event: TaxIdCorrected, _: Key) -> ClientCardRow:
    card = _card(row, event)
    return changed(card, version=event.originator_version, **_reached(card.contact_points, event.to_tax_id))


@client_card.on(ProfileCorrected)
def profile_corrected(row: Row, event: ProfileCorrected, _: Key) -> ClientCardRow:
    card = _card(row, event)
    profile = {name: fact for name, fact in card.profile.items() if name != event.field.value}
    if event.to_value is not None:
        fact = {"value": event.to_value, "source": event.source, "confidence": event.confidence.value}
        profile[event.field.value] = fact
    return changed(card, version=event.originator_version, profile=profile)


@client_card.on(ClientAffiliated, AffiliationEnded, ClientNoted, ClientNoteEdited, ClientNoteWithdrawn, reads=())
def shown_elsewhere(row: Row, event: Any, _: Key) -> ClientCardRow:
    """Whom a person acts for and what was noted are views of their own, `contact_persons` and `notes`."""
    return changed(_card(row, event), version=event.originator_version)


@client_card.on(SubsidiaryDeclared)
def subsidiary_declared(row: Row, event: SubsidiaryDeclared, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, parent_id=event.parent_id)


@client_card.on(ClientClaimed)
def claimed(row: Row, event: ClientClaimed, _: Key) -> ClientCardRow:
    return changed(
        _card(row, event), version=event.originator_version, owner_id=event.owner_id, owned_since=event.occurred_at
    )


@client_card.on(ClientTransferred)
def transferred(row: Row, event: ClientTransferred, _: Key) -> ClientCardRow:
    return changed(
        _card(row, event), version=event.originator_version, owner_id=event.to_owner_id, owned_since=event.occurred_at
    )


@client_card.on(ClientReleased)
def released(row: Row, event: ClientReleased, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, owner_id=None, owned_since=None)


@client_card.on(LifecycleAdvanced)
def lifecycle_advanced(row: Row, event: LifecycleAdvanced, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, lifecycle=event.to_state.value)


@client_card.on(ClientArchived)
def archived(row: Row, event: ClientArchived, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, archived_at=event.occurred_at)


@client_card.on(ClientRestored)
def restored(row: Row, event: ClientRestored, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, archived_at=None)


@client_card.on(DataNoticeGiven)
def data_notice_given(row: Row, event: DataNoticeGiven, _: Key) -> ClientCardRow:
    card, staff_id = _card(row, event), staff_id_of(event.actor)
    told = {
        "text_version": event.text_version,
        "channel": event.channel.value,
        "given_at": event.occurred_at.astimezone(UTC).isoformat(),
        "actor": event.actor,
        "staff_id": None if staff_id is None else str(staff_id),
    }
    notices = sorted((told, *card.data_notices), key=itemgetter("given_at"), reverse=True)[:MOST_DATA_NOTICES]
    return changed(card, version=event.originator_version, data_notices=notices)
