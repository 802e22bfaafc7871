"""By what a client is recognised: the contact points, each as typed and in the one form it is compared in."""

from datetime import UTC, tzinfo
from typing import NamedTuple

from aggregates.email_address import email_key
from aggregates.identity_errors import WrongEmailError, WrongPhoneError
from aggregates.phone_number import HOME_REGION, phone_key
from events.values import Confidence, ContactKind, ContactPoint
from infra.typed import cleaned


class Home(NamedTuple):
    """Where the company is: the region (ISO 3166) and the city of phone numbers that are typed without their codes.

    And the zone in which its days begin.
    """

    region: str = HOME_REGION
    area_code: str | None = None
    zone: tzinfo = UTC


HOME = Home()


def plain_key(typed: str) -> str:
    """Return a text in the form two spellings of one thing share: as it looks, in lower case."""
    return cleaned(typed).casefold() or typed


def contact_point(
    kind: ContactKind,
    value: str,
    label: str | None = None,
    *,
    home: Home = HOME,
    confidence: Confidence = Confidence.STATED,
) -> ContactPoint:
    """Return the contact point as typed, with its key; raises WrongPhoneError, WrongEmailError."""
    parts = {"kind": kind, "value": value, "key": _key(kind, value, home), "label": label}
    if confidence is not Confidence.STATED:
        parts["confidence"] = confidence
    return ContactPoint.of(parts)


def kept_contact_point(
    kind: ContactKind,
    value: str,
    label: str | None = None,
    *,
    home: Home = HOME,
    confidence: Confidence = Confidence.STATED,
) -> ContactPoint:
    """Return the contact point as typed, with its key, or with a `doubt` that says what it is instead.

    So old records are taken: nothing is lost, and nobody is recognised by what is no number or address.
    """
    try:
        return contact_point(kind, value, label, home=home, confidence=confidence)
    except (WrongPhoneError, WrongEmailError) as error:
        doubt, sureness = error.facts["kind"], Confidence.DOUBTFUL
        return ContactPoint(kind=kind, value=value, key=plain_key(value), label=label, confidence=sureness, doubt=doubt)


def _key(kind: ContactKind, value: str, home: Home) -> str:
    if kind is ContactKind.PHONE:
        return phone_key(value, region=home.region, area_code=home.area_code)
    if kind is ContactKind.EMAIL:
        return email_key(value)
    return plain_key(value)
