"""What was known of a client before an import said otherwise, from the client's own facts: what counts again, or stays.

Of each thing that a card has one of, what was said of it lies in layers, one over another. What the import said on top
is taken off; where somebody has said something else since, that stays, and is told.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from commands.base import Command
from commands.import_revert import (
    LifecycleBefore,
    NameBefore,
    OwnerBefore,
    PointAdded,
    RevertClientUpdate,
    TaxIdBefore,
    TraitBefore,
)
from commands.import_revert_beside import FieldBefore, RevertClientFields, RevertClientTags, TagGiven
from events import client as facts
from events.base import Event
from events.client_field import ClientFieldCleared, ClientFieldSet
from events.client_tag import ClientTagged, ClientUntagged
from events.ids import revert_of
from events.registration import RUSSIAN
from events.values import Confidence, ContactPoint, Lifecycle, ProfileField
from infra.typed import tag_key

NAME, TAX_ID, OWNER, LIFECYCLE, TRAIT, POINT = "name", "tax_id", "owner", "lifecycle", "trait", "contact_point"
FIELD, TAG = "field", "tag"
Thing = tuple[str, Any]
"""What is said something of: a kind, and which one of it (a trait's field, a contact point's kind and key)."""
OF_DEALS = frozenset({OWNER, LIFECYCLE})
"""What a deal, or an offer, says of its client."""


class Layer(NamedTuple):
    """What was said of a thing, and by which fact."""

    said: Any
    event: Event

    @property
    def matter(self) -> UUID:
        """In which matter it was said: an import's id, a revert's, or that of one command."""
        return self.event.envelope.correlation_id


@dataclass
class Known:
    """What is to count again of a client (as arguments of what lets it count again), and what stays, by whose facts."""

    version: int = 0
    back: dict[str, Any] = field(default_factory=dict)
    stays: list[tuple[Thing, Event]] = field(default_factory=list)

    def command(self, client_id: UUID, import_id: UUID, reason: str) -> Command:
        """Return what lets it count again, of a card or of what stands beside it."""
        kind = RevertClientFields if "fields" in self.back else RevertClientTags if "tags" in self.back else None
        return (kind or RevertClientUpdate)(client_id=client_id, import_id=import_id, reason=reason, **self.back)


def known_before(told: Sequence[Event], import_id: UUID, *, keeps: frozenset[str] = frozenset()) -> Known:
    """Return what was known of a client before an import, given all the client's facts in order.

    Things of the kinds in `keeps` are left as they are, and told as staying.
    """
    known = Known(version=told[-1].envelope.version if told else 0)
    for thing, layers in _layers(told).items():
        mine = [layer for layer in layers if layer.matter == import_id]
        if not mine:
            continue
        top = len(layers)
        while top and layers[top - 1].matter == import_id:
            top -= 1
        under = layers[top - 1] if top else None
        if top < len(layers) and thing[0] in keeps:
            known.stays.append((thing, layers[-1].event))
        elif top < len(layers):
            at = min(layer.event.envelope.occurred_at for layer in layers[top:])
            _put(known.back, thing, under, layers[-1], at)
        if under is not None and any(layer.matter == import_id for layer in layers[:top]) and _differs(under, layers):
            known.stays.append((thing, under.event))
    return known


def _differs(under: Layer, layers: Sequence[Layer]) -> bool:
    """Return whether somebody said something else than was before; who corrected a contact point did in any case."""
    return isinstance(under.event, facts.ContactPointCorrected) or under.said != layers[0].said


def _layers(told: Iterable[Event]) -> dict[Thing, list[Layer]]:
    things: dict[Thing, list[Layer]] = {}
    for event in told:
        if isinstance(event, facts.ClientRegistered):
            things = {}
        for thing, said in _said(event):
            layers = things.setdefault(thing, [Layer(None, event)] if _is_new(thing, event) else [])
            _lay(layers, Layer(said, event))
    return things


def _is_new(thing: Thing, event: Event) -> bool:
    """Return whether a thing of which nothing was known is said something of: below it lies that there is nothing."""
    return not isinstance(event, facts.ClientRegistered) and thing[0] in {TRAIT, POINT, FIELD, TAG}


def _lay(layers: list[Layer], layer: Layer) -> None:
    """Lay what is said over what was said; what the revert of another import says takes off what that one said."""
    reverted = {each.matter for each in layers if revert_of(each.matter) == layer.matter}
    if reverted:
        layers[:] = [each for each in layers if each.matter not in reverted]
        if layers and layers[-1].said == layer.said:
            return
    layers.append(layer)


def _said(event: Event) -> Iterable[tuple[Thing, Any]]:
    """Give what a fact of a client says of which thing; None: there is nothing of it."""
    of_kind = _SAID.get(type(event))
    return () if of_kind is None else of_kind(event)


def _registered(event: facts.ClientRegistered) -> Iterator[tuple[Thing, Any]]:
    registration = event.registration or RUSSIAN
    sureness = Confidence.DOUBTFUL if event.is_tax_id_wrong else Confidence.STATED
    yield (NAME, None), (event.name, event.source, Confidence.STATED)
    yield (TAX_ID, None), (event.tax_id, registration.country, event.is_tax_id_wrong, event.source, sureness)
    yield (OWNER, None), None
    yield (LIFECYCLE, None), Lifecycle.PROSPECT
    for trait in event.profile:
        yield (TRAIT, trait.field), (trait.value, trait.source, trait.confidence)
    for point in event.contact_points:
        yield _point(point), point


def _point(point: ContactPoint) -> Thing:
    return POINT, (point.kind, point.key)


_SAID: dict[type[Event], Callable[[Any], Iterable[tuple[Thing, Any]]]] = {
    facts.ClientRegistered: _registered,
    facts.ClientRenamed: lambda told: [((NAME, None), (told.to_name, told.source, told.confidence))],
    facts.TaxIdCorrected: lambda told: [
        ((TAX_ID, None), (told.to_tax_id, told.to_country, told.is_tax_id_wrong, told.source, told.confidence))
    ],
    facts.ProfileCorrected: lambda told: [
        ((TRAIT, told.field), told.to_value and (told.to_value, told.source, told.confidence))
    ],
    facts.ContactPointAdded: lambda told: [(_point(told.point), told.point)],
    facts.ContactPointRemoved: lambda told: [(_point(told.point), None)],
    facts.ContactPointCorrected: lambda told: [(_point(told.from_point), None), (_point(told.to_point), told.to_point)],
    facts.LifecycleAdvanced: lambda told: [((LIFECYCLE, None), told.to_state)],
    facts.ClientClaimed: lambda told: [((OWNER, None), told.owner_id)],
    facts.ClientTransferred: lambda told: [((OWNER, None), told.to_owner_id)],
    facts.ClientReleased: lambda _: [((OWNER, None), None)],
    ClientFieldSet: lambda told: [((FIELD, told.code), told.value)],
    ClientFieldCleared: lambda told: [((FIELD, told.code), None)],
    ClientTagged: lambda told: [((TAG, tag_key(told.tag)), told.tag)],
    ClientUntagged: lambda told: [((TAG, tag_key(told.tag)), None)],
}


def _put(back: dict[str, Any], thing: Thing, under: Layer | None, mine: Layer, at: datetime) -> None:
    """Say what is to count again instead of what the import said."""
    said = None if under is None else under.said
    kind, which = thing
    if kind == NAME and said is not None:
        back[NAME] = NameBefore(at=at, name=said[0], source=said[1], confidence=said[2])
    elif kind == TAX_ID and said is not None:
        tax_id, country, is_wrong, source, confidence = said
        back[TAX_ID] = TaxIdBefore(
            at=at, tax_id=tax_id, country=country, is_wrong=is_wrong, source=source, confidence=confidence
        )
    elif kind == TRAIT:
        assert isinstance(which, ProfileField)  # noqa: S101 - see _said
        value, source, confidence = said or (None, getattr(mine.event, "source", "-"), Confidence.STATED)
        trait = TraitBefore(at=at, field=which, value=value, source=source, confidence=confidence)
        back["traits"] = (*back.get("traits", ()), trait)
    elif kind == POINT and said is None and mine.said is not None:
        back["points"] = (*back.get("points", ()), PointAdded(at=at, kind=mine.said.kind, key=mine.said.key))
    elif kind == FIELD:
        _put_field(back, which, under, at)
    elif kind == TAG and said is None and mine.said is not None:
        back["tags"] = (*back.get("tags", ()), TagGiven(at=at, tag=mine.said))
    elif kind == OWNER:
        back[OWNER] = OwnerBefore(at=at, owner_id=said)
    elif kind == LIFECYCLE and said is not None:
        back[LIFECYCLE] = LifecycleBefore(at=at, state=said)


def _put_field(back: dict[str, Any], code: str, under: Layer | None, at: datetime) -> None:
    """Say what is to stand in a field again: since when it stood there, if that is not later than the import's day."""
    value = under and under.said
    if value is not None and under is not None:
        at = min(at, under.event.envelope.occurred_at)
    back["fields"] = (*back.get("fields", ()), FieldBefore(at=at, code=code, value=value))
