"""A card of which others turned out to be one: what was the client's own, and what those brought who joined.

`ClientCardRow.joined` keeps both, as JSON: {"own": {column: value}, "parts": [{client_id, takes, name, points, tax_id,
is_tax_id_wrong, told, country, profile, data_notices, parent_id, owner_id, since, lifecycle}]}, in the order in which
they came. The columns are what counts now, so that lists find, filter and sort by it; who leaves takes along its part.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from events.client import (
    ClientClaimed,
    ClientReleased,
    ClientRenamed,
    ClientTransferred,
    ContactPointCorrected,
    ContactPointRemoved,
    LifecycleAdvanced,
)
from events.client_merge import ClientsMerged, Taken, progress
from events.registration import RUSSIAN
from events.values import Confidence, ContactPoint, Lifecycle
from infra.names.search import indexed
from infra.projector.projection import Fold, Key
from infra.words import name_of
from projections.change import changed
from projections.parties.card_row import MOST_DATA_NOTICES, ClientCardRow
from projections.parties.recognised import (
    TAX_ID,
    as_told,
    called,
    doubts_of,
    identity_keys,
    next_order,
    notice_told,
    point_name,
    point_told,
)

OWN = (
    "name",
    "name_sort",
    "name_terms",
    "identity_keys",
    "contact_points",
    "tax_id",
    "told",
    "doubts",
    "profile",
    "parent_id",
    "owner_id",
    "owned_since",
    "lifecycle",
    "data_notices",
)
"""The columns in which what others brought counts too."""
_IDS, _MOMENTS = ("parent_id", "owner_id"), ("owned_since",)

Part = dict[str, Any]
Columns = dict[str, Any]


def part_of(event: ClientsMerged) -> Part:
    """Return what a client brings; of who was forgotten nothing is left but that it joined."""
    joined, part_id = event.joined, str(event.merged_id)
    part: Part = {
        "client_id": part_id,
        "takes": [each.value for each in event.takes],
        "owner_id": None if event.to_owner_id is None else str(event.to_owner_id),
        "since": event.occurred_at.astimezone(UTC).isoformat(),
        "lifecycle": event.lifecycle.value,
    }
    if joined is None:
        return {**part, "name": None, "points": [], "tax_id": None, "told": {}, "profile": {}, "data_notices": []}
    registration = joined.registration or RUSSIAN
    told: dict[str, Any] = {each.what: as_told(each.source, each.confidence) for each in joined.sources}
    if joined.tax_id is not None:
        sureness = Confidence.DOUBTFUL if joined.is_tax_id_wrong else None
        known = told.get(TAX_ID, as_told(None, Confidence.STATED))
        told[TAX_ID] = {**known, "country": registration.country}
        if sureness is not None:
            told[TAX_ID]["confidence"] = sureness.value
    for number, value in (("kpp", registration.kpp), ("ogrn", registration.ogrn)):
        if value is not None:
            told[number] = {**told.get(number, as_told(None, Confidence.STATED)), "value": value}
        else:
            told.pop(number, None)
    return {
        **part,
        "name": joined.name,
        "points": [{**point_told(each.point, each.source, 0), "client_id": part_id} for each in joined.points],
        "tax_id": joined.tax_id,
        "is_tax_id_wrong": joined.is_tax_id_wrong,
        "told": told,
        "profile": {
            each.field.value: {"value": each.value, **as_told(each.source, each.confidence)} for each in joined.profile
        },
        "data_notices": [
            notice_told(each.text_version, each.channel, each.given_at, each.actor) for each in joined.data_notices
        ],
        "parent_id": None if joined.parent_id is None else str(joined.parent_id),
    }


def kept(own: Columns) -> Columns:
    """Return columns of a row as JSON keeps them."""
    moments = {name: None if own[name] is None else own[name].astimezone(UTC).isoformat() for name in _MOMENTS}
    return {**own, **{name: None if own[name] is None else str(own[name]) for name in _IDS}, **moments}


def taken_out(kept_as: Columns) -> Columns:
    """Return columns that were kept as the row has them."""
    moments = {
        name: None if kept_as[name] is None else datetime.fromisoformat(kept_as[name]).astimezone(UTC)
        for name in _MOMENTS
    }
    return {**kept_as, **{name: None if kept_as[name] is None else UUID(kept_as[name]) for name in _IDS}, **moments}


def combined(own: Columns, parts: list[Part]) -> Columns:
    """Return the columns that count, of what is the client's own and what others brought."""
    columns = dict(own)
    named = _last(parts, Taken.NAME)
    if named is not None and named["name"]:
        columns |= called(named["name"])
        columns["told"] = _told_of(columns["told"], named["told"], ("name",))
    names = [each for each in (own["name"], columns["name"], *(part["name"] for part in parts)) if each]
    columns["name_terms"] = indexed([word for name in dict.fromkeys(names) for word in name_of(name).words])
    numbered = _last(parts, Taken.TAX_ID)
    if numbered is not None:
        columns["tax_id"] = numbered["tax_id"]
        columns["told"] = _told_of(columns["told"], numbered["told"], (TAX_ID, "kpp", "ogrn"))
    owner = _last(parts, Taken.OWNER)
    if owner is not None:
        columns["owner_id"] = UUID(owner["owner_id"]) if owner["owner_id"] else None
        columns["owned_since"] = datetime.fromisoformat(owner["since"])
    if columns["parent_id"] is None:
        parents = [part["parent_id"] for part in parts if part.get("parent_id")]
        columns["parent_id"] = UUID(parents[0]) if parents else None
    columns["lifecycle"] = max((own["lifecycle"], *(part["lifecycle"] for part in parts)), key=_progress)
    brought = {name: fact for part in reversed(parts) for name, fact in part["profile"].items()}
    columns["profile"] = {**brought, **own["profile"]}
    columns["contact_points"] = _points(own["contact_points"], parts)
    columns["identity_keys"] = sorted({*own["identity_keys"], *(key for part in parts for key in _keys_of(part))})
    columns["doubts"] = _doubts(columns, own, numbered)
    notices = (*own["data_notices"], *(each for part in parts for each in part["data_notices"]))
    columns["data_notices"] = sorted(notices, key=itemgetter("given_at"), reverse=True)[:MOST_DATA_NOTICES]
    return columns


def alone(card: ClientCardRow) -> ClientCardRow:
    """Return the card as the client's own facts make it, without what others brought."""
    return card if card.joined is None else changed(card, joined=None, **taken_out(card.joined["own"]))


def with_parts(own: ClientCardRow, parts: list[Part]) -> ClientCardRow:
    """Return the card with what others bring to what is the client's own."""
    if not parts:
        return own
    columns = {name: getattr(own, name) for name in OWN}
    return changed(own, **combined(columns, parts), joined={"own": kept(columns), "parts": parts})


def of_all(fold: Fold) -> Fold:
    """Return the fold of a client's own fact for who may have others with it: what these brought is added anew."""

    def folded(row: ClientCardRow | None, event: Any, key: Key) -> ClientCardRow:
        if row is None or row.joined is None:
            card: ClientCardRow = fold(row, event, key)
            return card
        return with_parts(fold(alone(row), event, key), since_then(row.joined["parts"], event))

    return folded


def since_then(parts: list[Part], event: Any) -> list[Part]:
    """Return what of it still counts after a fact of the client itself."""
    if isinstance(event, ClientRenamed):
        return _without(parts, Taken.NAME)
    if isinstance(event, LifecycleAdvanced) and event.to_state is Lifecycle.LOST:
        return [{**part, "lifecycle": Lifecycle.LOST.value} for part in parts]
    if isinstance(event, ContactPointCorrected):
        return _without_point(parts, event.from_point)
    if isinstance(event, ContactPointRemoved):
        return _without_point(parts, event.point)
    if isinstance(event, ClientClaimed | ClientTransferred | ClientReleased):
        return _without(parts, Taken.OWNER)
    return parts


def _without(parts: list[Part], taken: Taken) -> list[Part]:
    return [{**part, "takes": [each for each in part["takes"] if each != taken.value]} for part in parts]


def _without_point(parts: list[Part], gone: ContactPoint) -> list[Part]:
    name = point_name(gone)
    return [{**part, "points": [each for each in part["points"] if _name(each) != name]} for part in parts]


def _name(point: dict[str, Any]) -> str:
    return f"{point['kind']}:{point['key']}"


def _last(parts: list[Part], taken: Taken) -> Part | None:
    return next((part for part in reversed(parts) if taken.value in part["takes"]), None)


def _told_of(ours: dict[str, Any], theirs: dict[str, Any], what: Iterable[str]) -> dict[str, Any]:
    others = {name: known for name, known in ours.items() if name not in what}
    return {**others, **{name: theirs[name] for name in what if name in theirs}}


def _progress(state: str | None) -> int:
    """Return how far a relationship has come; one of which nothing is said yet has not begun."""
    return -1 if state is None else progress(Lifecycle(state))


def _points(own: dict[str, Any], parts: list[Part]) -> dict[str, Any]:
    points = dict(own)
    for part in parts:
        for point in part["points"]:
            if _name(point) not in points:
                points[_name(point)] = {**point, "order": next_order(points)}
    return points


def _keys_of(part: Part) -> set[str]:
    points = {_name(point): point for point in part["points"]}
    country = part["told"].get(TAX_ID, {}).get("country")
    return identity_keys(points, None if part.get("is_tax_id_wrong") else part["tax_id"], country or RUSSIAN.country)


def _doubts(columns: Columns, own: Columns, numbered: Part | None) -> list[str]:
    is_wrong = TAX_ID in own["doubts"] if numbered is None else bool(numbered.get("is_tax_id_wrong"))
    return sorted(doubts_of(columns["contact_points"], columns["name"], is_wrong=is_wrong))
