"""One row is one client as known now: the card every front-office screen opens, and what lists and search filter on.

Read by GET /clients/{id}, GET /clients and POST /clients/search. What touched the client is counted there, from
`activities`.
"""

from operator import itemgetter
from pathlib import Path
from typing import Any

from events.client import (
    AffiliationEnded,
    ClientAffiliated,
    ClientArchived,
    ClientClaimed,
    ClientEntryReverted,
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
    RegistrationNumberCorrected,
    SubsidiaryDeclared,
    TaxIdCorrected,
)
from events.client_merge import (
    ClientMergedInto,
    ClientPartAdvanced,
    ClientsMerged,
    ClientUnmerged,
    ClientUnmergedFrom,
)
from events.registration import HOME_COUNTRY, RUSSIAN
from events.values import Confidence, Lifecycle
from infra.projector.projection import Key, Projection
from projections.change import changed
from projections.parties.card_row import MOST_DATA_NOTICES, ClientCardRow
from projections.parties.joined_card import alone, of_all, part_of, with_parts
from projections.parties.recognised import (
    TAX_ID,
    as_told,
    called,
    next_order,
    notice_told,
    point_name,
    point_told,
    reached,
)

client_card = Projection(
    name="client_card",
    row=ClientCardRow,
    key=("client_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    version=9,
    shape=7,
)

Row = ClientCardRow | None


def _card(row: Row, event: Any) -> ClientCardRow:
    """Return the card the client's own event changes, as it was before."""
    return row or ClientCardRow(event.stream_id)


def _known(card: ClientCardRow, points: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Return the columns that other contact points, or another name, fill."""
    return reached(points, card.tax_id, name, country=_country(card), is_wrong=TAX_ID in card.doubts)


def _told(card: ClientCardRow, what: str, fact: dict[str, Any] | None) -> dict[str, Any]:
    """Return from where everything is known, with something else of one number; None: it is not known any more."""
    others = {name: known for name, known in card.told.items() if name != what}
    return others if fact is None else {**others, what: fact}


def _country(card: ClientCardRow) -> str:
    """Return where the tax number of the card is one."""
    return str(card.told.get(TAX_ID, {}).get("country", HOME_COUNTRY))


@client_card.on(ClientRegistered)
def registered(row: Row, event: ClientRegistered, _: Key) -> ClientCardRow:
    points = {
        point_name(point): point_told(point, event.source, order)
        for order, point in enumerate(event.contact_points, start=1)
    }
    card, told, registration = _card(row, event), {"name": as_told(event.source, Confidence.STATED)}, RUSSIAN
    if event.registration is not None:
        registration = event.registration
    if event.tax_id is not None:
        sureness = Confidence.DOUBTFUL if event.is_tax_id_wrong else Confidence.STATED
        told[TAX_ID] = {**as_told(event.source, sureness), "country": registration.country}
    for number, value in (("kpp", registration.kpp), ("ogrn", registration.ogrn)):
        if value is not None:
            told[number] = {**as_told(event.source, Confidence.STATED), "value": value}
    return changed(
        card,
        version=event.originator_version,
        kind=event.kind.value,
        told=told,
        profile={
            fact.field.value: {"value": fact.value, **as_told(fact.source, fact.confidence)} for fact in event.profile
        },
        lifecycle=card.lifecycle or Lifecycle.PROSPECT.value,
        registered_at=event.occurred_at,
        date_unknown=event.date_unknown,
        source=event.source,
        external_id=event.external_id,
        **called(event.name),
        **reached(points, event.tax_id, event.name, country=registration.country, is_wrong=event.is_tax_id_wrong),
    )


@client_card.on(ClientRenamed)
def renamed(row: Row, event: ClientRenamed, _: Key) -> ClientCardRow:
    card = _card(row, event)
    return changed(
        card,
        version=event.originator_version,
        told={**card.told, "name": as_told(event.source, event.confidence)},
        **called(event.to_name),
        **_known(card, card.contact_points, event.to_name),
    )


@client_card.on(ContactPointAdded)
def contact_point_added(row: Row, event: ContactPointAdded, _: Key) -> ClientCardRow:
    card = _card(row, event)
    points = card.contact_points
    added = point_told(event.point, event.source, next_order(points))
    points = {**points, point_name(event.point): added}
    return changed(card, version=event.originator_version, **_known(card, points, card.name))


@client_card.on(ContactPointCorrected)
def contact_point_corrected(row: Row, event: ContactPointCorrected, _: Key) -> ClientCardRow:
    card = _card(row, event)
    points = dict(card.contact_points)
    old = points.pop(point_name(event.from_point), None)
    order = next_order(points) if old is None else int(old["order"])
    points[point_name(event.to_point)] = point_told(event.to_point, event.source, order)
    return changed(card, version=event.originator_version, **_known(card, points, card.name))


@client_card.on(ContactPointRemoved)
def contact_point_removed(row: Row, event: ContactPointRemoved, _: Key) -> ClientCardRow:
    card, gone = _card(row, event), point_name(event.point)
    left = {name: point for name, point in card.contact_points.items() if name != gone}
    return changed(card, version=event.originator_version, **_known(card, left, card.name))


@client_card.on(TaxIdCorrected)
def tax_id_corrected(row: Row, event: TaxIdCorrected, _: Key) -> ClientCardRow:
    card, known = _card(row, event), as_told(event.source, event.confidence)
    number, country, is_wrong = event.to_tax_id, event.to_country, event.is_tax_id_wrong
    return changed(
        card,
        version=event.originator_version,
        told=_told(card, TAX_ID, None if number is None else {**known, "country": country}),
        **reached(card.contact_points, number, card.name, country=country, is_wrong=is_wrong),
    )


@client_card.on(RegistrationNumberCorrected)
def registration_number_corrected(row: Row, event: RegistrationNumberCorrected, _: Key) -> ClientCardRow:
    card, known = _card(row, event), as_told(event.source, event.confidence)
    told = _told(card, event.number.value, None if event.to_value is None else {**known, "value": event.to_value})
    return changed(card, version=event.originator_version, told=told)


@client_card.on(ProfileCorrected)
def profile_corrected(row: Row, event: ProfileCorrected, _: Key) -> ClientCardRow:
    card = _card(row, event)
    profile = {name: fact for name, fact in card.profile.items() if name != event.field.value}
    if event.to_value is not None:
        profile[event.field.value] = {"value": event.to_value, **as_told(event.source, event.confidence)}
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
    card, told = _card(row, event), notice_told(event.text_version, event.channel, event.occurred_at, event.actor)
    notices = sorted((told, *card.data_notices), key=itemgetter("given_at"), reverse=True)[:MOST_DATA_NOTICES]
    return changed(card, version=event.originator_version, data_notices=notices)


for _kind, (_keys, _fold) in list(client_card.folds.items()):
    client_card.folds[_kind] = (_keys, of_all(_fold))


@client_card.on(ClientEntryReverted, reads=())
def entry_reverted(_row: Row, _event: Any, _: Key) -> None:
    """Show nothing: it is as if the client had not been entered."""


@client_card.on(ClientMergedInto, reads=("survivor_id",))
def merged_into(row: Row, event: ClientMergedInto, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, survivor_id=event.survivor_id)


@client_card.on(ClientUnmergedFrom, reads=("remains_in",))
def unmerged_from(row: Row, event: ClientUnmergedFrom, _: Key) -> ClientCardRow:
    return changed(_card(row, event), version=event.originator_version, survivor_id=event.remains_in)


def _parts_of(card: ClientCardRow) -> list[dict[str, Any]]:
    return [] if card.joined is None else card.joined["parts"]


@client_card.on(ClientsMerged)
def merged(row: Row, event: ClientsMerged, _: Key) -> ClientCardRow:
    card = changed(_card(row, event), version=event.originator_version)
    return with_parts(alone(card), [*_parts_of(card), part_of(event)])


@client_card.on(ClientUnmerged, reads=("merged_id",))
def unmerged(row: Row, event: ClientUnmerged, _: Key) -> ClientCardRow:
    card, gone = changed(_card(row, event), version=event.originator_version), str(event.merged_id)
    return with_parts(alone(card), [part for part in _parts_of(card) if part["client_id"] != gone])


@client_card.on(ClientPartAdvanced)
def part_advanced(row: Row, event: ClientPartAdvanced, _: Key) -> ClientCardRow:
    card, whose = changed(_card(row, event), version=event.originator_version), str(event.merged_id)
    state = {"lifecycle": event.to_state.value}
    return with_parts(
        alone(card), [{**each, **(state if each["client_id"] == whose else {})} for each in _parts_of(card)]
    )
