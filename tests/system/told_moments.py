"""The moments that an answer tells: those that its schema promises, and whatever else looks like one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from app.demo.company import demo_id
from events.ids import branch_named

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
"""The one form that a moment has, everywhere."""

_LIKE_ONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*")

_ROMASHKA, _SHUT, _BUYER, _NOTE, _LOST, _CALL, _GONE, _AWAY, _KEY, _ENDED, _ROAD = (
    str(UUID(int=number)) if number else str(demo_id("romashka")) for number in range(11)
)
_PHONE, _MAIL = {"kind": "phone", "value": "+7 916 777-00-12"}, {"kind": "email", "value": "buyer@shut.example"}
_KEYS = {"name": "Shop", "commands": ["register-client"]}

_RELATED = {"client_id": _ROMASHKA, "other_id": str(demo_id("vector")), "kind": "partner"}

BEGUN = str(UUID(int=11))
"""An import that began, ended and was reverted."""

ENDED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("give-data-notice", {"client_id": _ROMASHKA, "text_version": "2026-06", "channel": "email"}),
    (
        "record-objection",
        {"client_id": _ROMASHKA, "addressed_by": "call", "occurred_at": "2026-01-02T03:04:05.678+03:00"},
    ),
    ("retract-permission-entry", {"client_id": _ROMASHKA, "number": 1, "reason": "another client"}),
    *(
        ("note-client", {"client_id": _ROMASHKA, "note_id": each, "text": "Call before noon"})
        for each in (_NOTE, _LOST)
    ),
    ("edit-note", {"client_id": _ROMASHKA, "note_id": _NOTE, "text": "Call after four"}),
    ("withdraw-note", {"client_id": _ROMASHKA, "note_id": _LOST, "reason": "another client"}),
    (
        "plan-activity",
        {
            "activity_id": _CALL,
            "channel": "call",
            "client_id": _ROMASHKA,
            "staff_id": str(demo_id("anna")),
            "topic": "Scales",
            "due_at": "2090-01-01T00:00:00Z",
            "remind_before": "PT1H",
        },
    ),
    ("reschedule-activity", {"activity_id": _CALL, "due_at": "2090-01-02T05:45:00+05:45", "reason": "ill"}),
    ("cancel-activity", {"activity_id": _CALL, "reason": "not needed"}),
    ("register-client", {"client_id": _SHUT, "kind": "organisation", "name": "Shut", "contact_points": [_PHONE]}),
    ("register-client", {"client_id": _BUYER, "kind": "person", "name": "Buyer", "contact_points": [_MAIL]}),
    ("affiliate-person", {"client_id": _BUYER, "organisation_id": _ROMASHKA, "role": "buyer"}),
    ("end-affiliation", {"client_id": _BUYER, "organisation_id": _ROMASHKA, "reason": "left"}),
    ("archive-client", {"client_id": _SHUT, "reason": "closed down"}),
    *(("hire-staff", {"staff_id": each, "name": "Oleg", "role": "operator"}) for each in (_GONE, _AWAY)),
    ("bind-login", {"staff_id": _AWAY, "issuer": "https://login.example.org", "subject": "oleg"}),
    ("suspend-staff", {"staff_id": _AWAY, "reason": "the phone was stolen"}),
    ("depart-staff", {"staff_id": _GONE}),
    *(("issue-api-key", {**_KEYS, "api_key_id": each, "secret_sha256": "a" * 64}) for each in (_KEY, _ENDED)),
    ("rotate-api-key", {"api_key_id": _KEY, "secret_sha256": "b" * 64}),
    ("revoke-api-key", {"api_key_id": _ENDED, "reason": "it was in a screenshot"}),
    (
        "define-pipeline",
        {"pipeline_id": _ROAD, "name": "Old", "stages": [{"code": "offer", "name": "Offer", "probability": 20}]},
    ),
    ("retire-pipeline", {"pipeline_id": _ROAD}),
    ("tag-client", {"client_id": _ROMASHKA, "tag": "old friend"}),
    (
        "define-custom-field",
        {"code": "scales", "type": "text", "labels": {"en": "Interest", "ru": "Интерес"}},
    ),
    ("set-client-field", {"client_id": _ROMASHKA, "code": "scales", "value": "scales"}),
    ("retire-custom-field", {"code": "scales"}),
    ("adopt-tax-rate", {"code": "scales", "percent": "22", "from_day": "2026-01-01"}),
    ("relate-clients", _RELATED),
    ("end-relation", _RELATED),
    ("note-client-date", {"client_id": _ROMASHKA, "kind": "founded", "month": 2, "day": 29, "year": 1996}),
    ("start-import", {"import_id": BEGUN, "source": "old"}),
    ("finish-import", {"import_id": BEGUN, "rows": 0, "accepted": 0, "refused": 0, "wrong": 0}),
    ("revert-import", {"import_id": BEGUN, "reason": "the wrong file"}),
    ("finish-revert", {"import_id": BEGUN, "gone": 0, "restored": 0, "kept": 0}),
    ("list-product", {"code": "old", "name": "Old"}),
    ("withdraw-product", {"code": "old"}),
    ("open-branch", {"name": "Shut"}),
    ("close-branch", {"branch_id": str(branch_named("Shut")), "reason": "the lease ended"}),
)
"""Commands after which the demo company has moments of most kinds."""

NOT_TOLD = frozenset(
    {
        ("Activity", "reminded_at"),
        ("PartOfActivity", "reminded_at"),
        ("KeptApart", "decided_at"),
        ("Run", "began_at"),
        ("Run", "ended_at"),
        ("Suggested", "registered_at"),
        ("Backup", "made_at"),
        ("ClientCard", "archived_at"),
        ("LookedAt", "accessed_at"),
        ("MergedClient", "merged_at"),
        ("OwnershipChange", "until"),
        ("ParkedKey", "parked_at"),
        ("Plan", "closed_at"),
        ("PriceBook", "closed_at"),
        ("Plan", "contested_at"),
        ("Plan", "withdrawn_at"),
        ("ParkedPlace", "parked_at"),
        ("Rebuild", "started_at"),
        ("Rebuild", "told_at"),
        ("Refusal", "refused_at"),
        ("Size", "kept_since"),
        ("SkippedFact", "skipped_at"),
        ("TimelineDetails", "given_at"),
        ("StaffPlace", "until"),
        ("TimelineDetails", "held_at"),
        ("TimelineDetails", "remind_at"),
    }
)
"""Moments of which it may have none even then."""

Member = tuple[str, str]
"""The name of a schema, and of a member that is a moment."""


def like_moments(part: Any) -> Iterator[str]:
    """Give every text in an answer that is like a moment and no sentence, wherever it stands."""
    if isinstance(part, str) and _LIKE_ONE.fullmatch(part):
        yield part
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for each in inner:
        yield from like_moments(each)


class Promised:
    """What the schemas of a document promise to be moments."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]

    def told(
        self, schema: Mapping[str, Any], value: Any, name: str = "", member: str = ""
    ) -> Iterator[tuple[Member, Any]]:
        """Give what an answer of this schema has in the place of each moment, if that is not null."""
        if value is None:
            return
        if schema.get("format") == "date-time":
            yield (name, member), value
        for each in schema.get("anyOf", schema.get("oneOf", ())):
            yield from self.told(each, value, name, member)
        if "$ref" in schema:
            named = schema["$ref"].rpartition("/")[2]
            yield from self.told(self._schemas[named], value, named)
        if isinstance(value, list) and "items" in schema:
            for each in value:
                yield from self.told(schema["items"], each, name, member)
        if isinstance(value, dict):
            others = schema.get("additionalProperties")
            for key, each in value.items():
                inner = schema.get("properties", {}).get(key, others)
                if isinstance(inner, dict):
                    yield from self.told(inner, each, name, key)

    def all(self, schema: Any, name: str = "", member: str = "", seen: frozenset[str] = frozenset()) -> set[Member]:
        """Return every moment that an answer of this schema may have."""
        if isinstance(schema, list):
            return {one for each in schema for one in self.all(each, name, member, seen)}
        if not isinstance(schema, dict):
            return set()
        if schema.get("format") == "date-time":
            return {(name, member)}
        named = schema.get("$ref", "").rpartition("/")[2]
        if named:
            return set() if named in seen else self.all(self._schemas[named], named, "", seen | {named})
        return {
            one
            for key, each in schema.items()
            for one in (
                {found for inner, told in each.items() for found in self.all(told, name, inner, seen)}
                if key == "properties"
                else self.all(each, name, member, seen)
            )
        }
