"""What can be done from a page: of each command which of its fields are asked for, and in what order.

Kinds of fields, what is required and how long a text may be come from the API's own description; words from words.toml.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Receipt = Mapping[str, Any]


class Verb(NamedTuple):
    """A command as a form: a part of a value is named with points (`point.kind`, `contact_points.0.value`).

    All other fields come with the link that opens the form. With `checks_version` it is refused when what it is about
    has changed since the page was drawn. `must` are fields that the form wants filled in though the command does not,
    `called` those that have other words than in other forms. `given` is what the form has in it unless the link says
    otherwise, `opens` the page to go to instead of the one it was opened from. `empties`: what of its fields is left
    empty is emptied. `finds` are fields for which a client is looked for, each with the kind of client, or of both.
    """

    fields: tuple[str, ...] = ()
    given: Mapping[str, str] = {}
    checks_version: bool = False
    must: frozenset[str] = frozenset()
    called: Mapping[str, str] = {}
    opens: Callable[[Receipt], str] | None = None
    empties: bool = False
    finds: Mapping[str, str] = {}


def _card(receipt: Receipt) -> str:
    return f"/console/clients/{receipt['stream_id']}"


def _colleague(receipt: Receipt) -> str:
    return f"/console/company/staff/{receipt['stream_id']}"


def _deal(receipt: Receipt) -> str:
    return f"/console/deals/{receipt['stream_id']}"


def _price_book(receipt: Receipt) -> str:
    return f"/console/company/prices/{receipt['stream_id']}"


def _plan(receipt: Receipt) -> str:
    return f"/console/plans/{receipt['stream_id']}"


_REASON = Verb(("reason",))
_WORTH, _IN_ROUBLES = ("amount.amount", "amount.currency"), {"amount.currency": "RUB"}
_CALLED = {"name": "called"}
_MORE_TIERS = tuple(f"tiers.{place}.{part}" for place in (1, 2) for part in ("from_quantity", "price.amount"))
_STAGE = ("name", "code", "probability")
_LANGUAGES = ("en", "ru")
_OPTION = ("labels.en", "labels.ru", "code")
_OF_CHANNELS = ("addressed_by", "purpose", "source", "evidence", "occurred_at")
_UNDER_HEAD = Verb(("head_id", "reason"), empties=True)

VERBS: Mapping[str, Verb] = {
    # clients
    "register-client": Verb(
        (
            "kind",
            "name",
            "contact_points.0.kind",
            "contact_points.0.value",
            "contact_points.1.kind",
            "contact_points.1.value",
            "tax_id",
            "kpp",
        ),
        {"kind": "organisation", "contact_points.0.kind": "phone", "contact_points.1.kind": "email"},
        opens=_card,
    ),
    "claim-client": Verb(),
    "release-client": _REASON,
    "transfer-client": Verb(("to_seller_id", "cause", "reason")),
    "advance-lifecycle": Verb(("to_state", "reason")),
    "archive-client": _REASON,
    "restore-client": _REASON,
    "rename-client": Verb(("name",), checks_version=True),
    "correct-tax-id": Verb(("tax_id", "source"), checks_version=True),
    "correct-registration-number": Verb(("number", "value", "source"), checks_version=True),
    "correct-profile": Verb(("field", "value", "confidence", "source"), checks_version=True),
    "add-contact-point": Verb(("point.kind", "point.value", "point.label"), {"point.kind": "phone"}),
    "correct-contact-point": Verb(("to_point.kind", "to_point.value", "to_point.label")),
    "remove-contact-point": _REASON,
    "merge-clients": Verb(
        ("merged_id", "name_of", "tax_id_of", "owner_of", "reason"), opens=_card, finds={"merged_id": ""}
    ),
    "unmerge-clients": Verb(("reason", "allow_duplicate", "duplicate_reason")),
    "affiliate-person": Verb(
        ("client_id", "organisation_id", "role"), finds={"client_id": "person", "organisation_id": "organisation"}
    ),
    "end-affiliation": _REASON,
    "declare-subsidiary": Verb(("parent_id",), finds={"parent_id": "organisation"}),
    "keep-clients-apart": _REASON,
    "reconsider-clients": _REASON,
    "give-data-notice": Verb(("text_version", "channel")),
    "record-consent": Verb(("addressed_by", "purpose", "text_version", "source", "evidence", "occurred_at")),
    "withdraw-consent": Verb(_OF_CHANNELS),
    "record-objection": Verb(_OF_CHANNELS),
    "lift-objection": Verb(_OF_CHANNELS),
    "retract-permission-entry": _REASON,
    "note-client-date": Verb(
        ("kind", "label", "day", "month", "year"), called={"kind": "date_kind", "label": "date_label"}
    ),
    "drop-client-date": Verb(),
    "relate-clients": Verb(
        ("other_id", "kind", "occurred_at"), called={"kind": "relation_kind"}, finds={"other_id": ""}
    ),
    "end-relation": _REASON,
    "remove-client-file": _REASON,
    "tag-client": Verb(("tag",)),
    "untag-client": Verb(),
    "set-client-field": Verb(("value",)),
    "clear-client-field": Verb(),
    "note-client": Verb(("text",)),
    # activities
    "plan-activity": Verb(
        ("channel", "due_at", "topic", "remind_before", "place", "duration_minutes"), {"channel": "call"}
    ),
    "record-activity": Verb(
        ("channel", "direction", "topic", "result", "call_status", "contact_name", "contact_data", "is_offer"),
        {"channel": "call", "direction": "inbound"},
    ),
    "hold-activity": Verb(("result", "contact_name", "contact_data", "is_offer")),
    "reschedule-activity": Verb(("due_at", "reason")),
    "cancel-activity": _REASON,
    "classify-call": Verb(("status",)),
    "name-activity-client": Verb(),
    "note-activity": Verb(("text",)),
    "hand-over-activity": Verb(("to_staff_id", "reason")),
    # deals
    "open-deal": Verb(("title", *_WORTH, "product_code", "pipeline_id"), _IN_ROUBLES, opens=_deal),
    "move-deal": Verb(("to_stage", "reason"), checks_version=True),
    "win-deal": Verb(_WORTH, _IN_ROUBLES, checks_version=True),
    "lose-deal": Verb(
        ("reason_code", "reason"), checks_version=True, must=frozenset({"reason_code"}), called={"reason": "in_words"}
    ),
    "reopen-deal": Verb(("stage", "reason"), checks_version=True),
    "revalue-deal": Verb((*_WORTH, "reason"), _IN_ROUBLES, checks_version=True, empties=True),
    "retitle-deal": Verb(("title",), empties=True),
    "expect-closing": Verb(("day", "reason"), checks_version=True, empties=True),
    "categorise-deal": Verb(("category",), checks_version=True),
    "hand-over-deal": Verb(("to_seller_id", "reason"), checks_version=True),
    "name-deal-client": Verb(("client_id",), finds={"client_id": ""}),
    "note-deal": Verb(("text",)),
    # notes
    "edit-note": Verb(("text",)),
    "withdraw-note": _REASON,
    # staff
    "hire-staff": Verb(
        ("name", "role", "branch_id", "team_id", "head_id"),
        {"role": "seller"},
        opens=_colleague,
        called={"name": "full_name"},
    ),
    "move-staff": Verb(("branch_id", "team_id", "head_id"), empties=True),
    "change-staff-role": Verb(("role", "successor_id")),
    "suspend-staff": _REASON,
    "reinstate-staff": _REASON,
    "depart-staff": Verb(("successor_id", "reason")),
    "bind-login": Verb(("issuer", "subject")),
    "release-login": _REASON,
    "grant-scope": Verb(("scope", "reason")),
    "grant-editing": Verb(("extent", "reason")),
    "revoke-api-key": _REASON,
    # plans
    "agree-plan": Verb(
        (
            "staff_id",
            "team_id",
            "branch_id",
            "begins_on",
            "ends_on",
            *(f"targets.{number}.{part}" for number in range(2) for part in ("metric", "count")),
            *(f"targets.2.{part}" for part in _WORTH),
        ),
        {"targets.0.metric": "deals_won", "targets.1.metric": "contacts", "targets.2.amount.currency": "RUB"},
        opens=_plan,
    ),
    "adjust-target": Verb(
        ("target.metric", "target.count", *(f"target.{part}" for part in _WORTH), "since", "reason"),
        {"target.amount.currency": "RUB"},
    ),
    "accept-plan": Verb(),
    "contest-plan": _REASON,
    "withdraw-plan": _REASON,
    "close-period": Verb(),
    # teams and branches
    "open-team": Verb(("name", "head_id"), called=_CALLED),
    "rename-team": Verb(("name",), called=_CALLED),
    "move-team-under-head": _UNDER_HEAD,
    "close-team": _REASON,
    "open-branch": Verb(("name", "head_id"), called=_CALLED),
    "rename-branch": Verb(("name",), called=_CALLED),
    "move-branch-under-head": _UNDER_HEAD,
    "close-branch": _REASON,
    # the catalogue
    "define-pipeline": Verb(
        ("name", *(f"stages.{number}.{part}" for number in range(3) for part in _STAGE)), called=_CALLED
    ),
    "add-stage": Verb((*(f"stage.{part}" for part in _STAGE), "after")),
    "revise-stage": Verb(("stage.name", "stage.probability")),
    "retire-stage": Verb(),
    "restore-stage": Verb(),
    "retire-pipeline": Verb(),
    "restore-pipeline": Verb(),
    "define-custom-field": Verb(
        (
            *(f"labels.{language}" for language in _LANGUAGES),
            "code",
            "type",
            *(f"options.{number}.{part}" for number in range(3) for part in _OPTION),
        ),
        {"type": "text"},
    ),
    "relabel-custom-field": Verb(tuple(f"labels.{language}" for language in _LANGUAGES)),
    "retire-custom-field": Verb(),
    "restore-custom-field": Verb(),
    "add-field-option": Verb(tuple(f"option.{part}" for part in _OPTION)),
    "relabel-field-option": Verb(tuple(f"option.labels.{language}" for language in _LANGUAGES)),
    "retire-field-option": Verb(),
    "restore-field-option": Verb(),
    "list-product": Verb(("name", "code", "series"), called=_CALLED),
    "rename-product": Verb(("name",), called=_CALLED),
    "add-product-alias": Verb(("alias",)),
    "withdraw-product": Verb(),
    "open-price-book": Verb(("name", "currency", "tax_mode"), {"currency": "RUB"}, called=_CALLED, opens=_price_book),
    "publish-price-book": Verb(("takes_effect_on", "name"), called={"name": "edition_name"}),
    "close-price-book": Verb(),
    "list-price": Verb(("product_code", "from_day", "to_day", "tiers.0.price.amount", *_MORE_TIERS)),
    "withdraw-price": Verb(("from_day", "to_day")),
}
"""By the name of the command; what is not here has no form."""

OPERATIONS: Mapping[str, Verb] = {
    "rebuild": Verb(("reason", "park")),
    "verify": Verb(("sample", "reason"), {"sample": "1"}),
    "rollback": _REASON,
    "drop": _REASON,
    "pause": _REASON,
    "resume": _REASON,
    "cancel": _REASON,
    "throttle": Verb(("events", "reason")),
    "retry": _REASON,
    "skip": _REASON,
    "find-duplicates": _REASON,
    "merge-duplicates": Verb(("from_score", "most", "is_dry", "reason"), {"from_score": "0.99"}),
    "unmerge-duplicates": Verb(("is_dry", "reason")),
}
"""The same of what operators ask for."""

OF_ANALYTICS = _REASON
"""Whatever it is, of the analytics nothing is asked but why."""
