"""What a card says of by what a client is recognised: the columns of name, contact points and tax number."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from events.ids import staff_id_of
from events.values import Channel, Confidence, ContactKind, ContactPoint
from infra.mailboxes import line_of, one_mailbox, tax_number
from infra.names.search import indexed
from infra.typed import cleaned, words_of_two_alphabets
from infra.words import name_of

TAX_ID = "tax_id"
DOUBTED = ("name", "phone", "email", TAX_ID)
"""What may be doubtful: a name with letters of two alphabets, what is no phone or e-mail, a wrong tax number."""


def called(name: str) -> dict[str, Any]:
    """Return the columns that a name fills: as it looks, since what nobody sees of it is in the fact."""
    clean = cleaned(name) or name
    folded = name_of(clean)
    return {"name": clean, "name_sort": folded.sort_key, "name_terms": indexed(folded.words)}


def as_told(source: str | None, confidence: Confidence) -> dict[str, Any]:
    """Return from where, and how surely, something is known."""
    return {"source": source, "confidence": confidence.value}


def notice_told(text_version: str, channel: Channel, given_at: datetime, actor: str) -> dict[str, Any]:
    """Return when a client was told how their data are kept, by which text, in which way and by whom, for a row."""
    staff_id = staff_id_of(actor)
    return {
        "text_version": text_version,
        "channel": channel.value,
        "given_at": given_at.astimezone(UTC).isoformat(),
        "actor": actor,
        "staff_id": None if staff_id is None else str(staff_id),
    }


def reached(
    points: Mapping[str, Any], tax_id: str | None, name: str | None, *, country: str, is_wrong: bool
) -> dict[str, Any]:
    """Return the columns of the ways to reach and to recognise the client; the keys are what search compares.

    By a doubted contact point, and by a wrong tax number, nobody is found.
    """
    keys = identity_keys(points, None if is_wrong else tax_id, country)
    doubts = doubts_of(points, name, is_wrong=is_wrong)
    return {"contact_points": points, "tax_id": tax_id, "identity_keys": sorted(keys), "doubts": sorted(doubts)}


def identity_keys(points: Mapping[str, Any], tax_id: str | None, country: str) -> set[str]:
    """Return by what a client is found: undoubted contact points, and the tax number."""
    keys: set[str] = set()
    for point in points.values():
        if point["doubt"] is None:
            keys.update(_keys_of(point["kind"], point["key"]))
    if tax_id is not None:
        keys.add(f"{TAX_ID}:{tax_number(tax_id, country)}")
    return keys


def doubts_of(points: Mapping[str, Any], name: str | None, *, is_wrong: bool) -> set[str]:
    """Return what is to be looked at; `is_wrong`: the tax number."""
    doubts = {point["kind"] for point in points.values() if point["doubt"] is not None}
    if is_wrong:
        doubts.add(TAX_ID)
    if name is not None and words_of_two_alphabets(name):
        doubts.add("name")
    return doubts


def _keys_of(kind: str, key: str) -> tuple[str, ...]:
    """Return by what a contact point is found: of an extension the number that rings as well."""
    if kind == ContactKind.EMAIL:
        return (f"{kind}:{one_mailbox(key)}",)
    if kind != ContactKind.PHONE:
        return ()
    line = line_of(key)
    return (f"{kind}:{key}",) if line == key else (f"{kind}:{key}", f"line:{line}")


def point_name(point: ContactPoint) -> str:
    """Return under which name a contact point stands on the card."""
    return f"{point.kind.value}:{point.key}"


def point_told(point: ContactPoint, source: str | None, order: int) -> dict[str, Any]:
    """Return what a card says of a contact point."""
    return {
        "kind": point.kind.value,
        "value": point.value,
        "key": point.key,
        "label": point.label,
        "source": source,
        "confidence": point.confidence.value,
        "doubt": None if point.doubt is None else point.doubt.value,
        "order": order,
    }


def next_order(points: Mapping[str, Any]) -> int:
    """Return the place of one more contact point."""
    return 1 + max((int(point["order"]) for point in points.values()), default=0)
