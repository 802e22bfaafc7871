"""Every command, by whom and of what: made of its example, one of its ids at a time is of somebody's things."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from commands.registry import COMMANDS
from events.examples import RETAIL, example_of
from events.ids import branch_named, plan_of, team_named
from events.marks import Names, ids_named
from events.plan import MAY
from infra.log.ids import new_id
from tests.system.chances import LAST_STAGE
from tests.system.everyone import (
    COLLEAGUES,
    HERE,
    IMPORT,
    KEY,
    NEARNESS,
    PEOPLE,
    ROAD,
    Person,
    Things,
    things_near,
)
from tests.system.inside import Inside, Told
from tests.system.page_of_rights import DONE, KEPT_OUT, KINDS, sees

OF_TWO = {
    "end-relation": ("client_id", "other_id"),
    "keep-clients-apart": ("client_id", "other_id"),
    "merge-clients": ("survivor_id", "merged_id"),
    "reconsider-clients": ("client_id", "other_id"),
    "relate-clients": ("client_id", "other_id"),
}
"""What is asked of two clients: by which fields they are named, who are never one."""

MAKES = {
    "import-activity": "activity_id",
    "import-client": "client_id",
    "import-deal": "deal_id",
    "open-deal": "deal_id",
    "plan-activity": "activity_id",
    "record-activity": "activity_id",
    "register-client": "client_id",
}
"""Commands that make a thing, and its id among their fields: it is a new one each time."""

ANOTHER = COLLEAGUES["team"].staff
LEFT = next(one.things.staff for one in PEOPLE if one.name == "departed seller")
ELSE: Mapping[str, Any] = {
    "staff": ANOTHER,
    "pipeline": ROAD,
    "branch": branch_named(HERE[0]),
    "team": team_named(HERE[1]),
    "api_key": KEY,
    "import": IMPORT,
    "plan": plan_of(None, *MAY),
    "price_book": RETAIL,
}
"""What the other ids of a command name, which are nobody's."""

NEW = {"hire-staff": ("staff_id",), "import-staff": ("staff_id",), "define-pipeline": ("pipeline_id",),
       "issue-api-key": ("api_key_id",), "start-import": ("import_id",),
       "open-price-book": ("book_id",)}  # fmt: skip
PERSONS = {
    ("affiliate-person", "client_id"),
    ("end-affiliation", "client_id"),
    ("correct-activity", "participant_client_ids"),
}
"""Where a contact person is named, besides the fields of that name."""

HELD = {"classify-call", "edit-note", "name-activity-client", "note-activity", "withdraw-note"}
"""What is about an activity that took place; the others are about a planned one."""

ENDED = {"reopen-deal"}

_HEIR = {"successor_id": COLLEAGUES["branch"].staff}
_UNHEARD = {"code": "gtk-900", "aliases": ()}
SAID: Mapping[str, Mapping[str, Any]] = {
    "add-stage": {"stage": LAST_STAGE},
    "define-custom-field": {"code": "height"},
    "change-staff-role": _HEIR,
    "depart-staff": _HEIR,
    "import-product": _UNHEARD,
    "list-product": _UNHEARD,
    "merge-clients": {"owner_of": "survivor"},
    "reassign-activity": {"from_staff_id": LEFT},
    "reassign-client": {"departed_id": LEFT},
    "reassign-deal": {"from_staff_id": LEFT},
}
"""What a command has to say so that nothing but a right can be missing."""


class Asked(NamedTuple):
    """A command that names things in one of its fields; None: it names none."""

    name: str
    field: str | None
    kind: str | None = None

    def body(self, things: Things, mine: Things) -> dict[str, Any]:
        """Return the command about these things, and of what else it needs about one's own."""
        body = dict(_said(self.name))
        for field, mark in _named(self.name).items():
            if field == MAKES.get(self.name) or field in NEW.get(self.name, ()):
                body[field] = str(new_id())
            elif mark.kind in KINDS:
                if field == self.field or (field in body and self._is_needed(field)):
                    one = str(self.thing(field, mark.kind, things if field == self.field else mine))
                    body[field] = [one] if field.endswith("_ids") else one
                else:
                    body.pop(field, None)
            elif field in body and field not in SAID.get(self.name, ()):
                body[field] = [str(ELSE[mark.kind])] if field.endswith("_ids") else str(ELSE[mark.kind])
        one, other = OF_TWO.get(self.name, ("", ""))
        if one and body[one] == body[other]:
            body[other if self.field == one else one] = str(mine.person)
        if "from_point" in body:
            body["from_point"] = {"kind": "email", "value": things.email}
        if self.field == "organisation_id" and self.name in MAKES:
            body |= {"kind": "person", "tax_id": None}
        if "note_id" in body and not self.name.startswith("note-"):
            body["note_id"] = str(getattr(things, f"{self.kind}_note"))
        return body

    def thing(self, field: str, kind: str, things: Things) -> UUID:
        """Return which of somebody's things a field names."""
        if kind == "client":
            is_person = field.startswith("contact_") or (self.name, field) in PERSONS
            return things.person if is_person else things.client
        if kind == "deal":
            return things.lost_deal if self.name in ENDED else things.deal
        return things.held if self.name in HELD else things.planned

    def _is_needed(self, field: str) -> bool:
        return COMMANDS[self.name].model_fields[field].is_required()


@cache
def _said(name: str) -> Mapping[str, Any]:
    """Return what the example of a command says, or what it has to say here."""
    said: dict[str, Any] = json.loads(to_json(example_of(COMMANDS[name]).model_dump(exclude_unset=True)))
    return {**said, **json.loads(to_json(SAID.get(name, {})))}


@cache
def _named(name: str) -> Mapping[str, Names]:
    return ids_named(COMMANDS[name])


def every_command() -> Iterator[Asked]:
    """Give each command once for each of its fields that name a client, a deal or an activity, else once."""
    for name in sorted(COMMANDS):
        named = [
            Asked(name, field, mark.kind)
            for field, mark in _named(name).items()
            if mark.kind in KINDS and field != MAKES.get(name)
        ]
        yield from named or [Asked(name, None)]


ACTING_BY_ID = {"integration", "ops"}
"""They see nobody, and act on what they were given the id of."""

KNOWN_BY_ID = {("claim-client", "client_id"), ("record-activity", "client_id"), ("record-activity", "contact_id")}
"""What may be named by whoever was told the id by a phone, seen or not."""

NOT_LOOKED_AT = {
    ("import-activity", "deal_id"),
    ("import-client", "parent_id"),
    ("import-client-update", "matched_ids"),
    ("import-client-update", "organisation_id"),
    ("import-client-update", "parent_id"),
}
"""What old records may name though it is not there yet."""

NEVER_DONE = {
    ("import-client-update", "organisation_id"),
    ("import-client-update", "parent_id"),
    ("remove-client-file", "client_id"),
    ("retract-permission-entry", "client_id"),
    ("revert-activity-entry", "activity_id"),
    ("revert-client-entry", "client_id"),
    ("revert-deal-entry", "deal_id"),
}
"""What a rule refuses to everybody here: no import entered anything, nobody has a file or said how to be addressed."""

BUSINESS = {
    "activity-has-client",
    "client-not-recognised",
    "client-owned",
    "clients-are-of-two-kinds",
    "correction-needs-right",
    "deal-has-client",
    "entry-is-of-elsewhere",
    "entry-is-used",
    "file-is-unknown",
    "login-is-of-portal",
    "merging-owners-needs-right",
    "note-is-anothers",
    "plan-is-anothers",
    "parent-is-below",
    "permission-entry-is-unknown",
    "relation-is-other",
    "staff-does-not-sell",
}
"""Why what somebody may do is not done all the same, in this company."""

NO_VERSION = '"999999"'


class Order(NamedTuple):
    """One command of somebody about things that are so near to them."""

    asked: Asked
    who: Person
    near: str

    @property
    def things(self) -> Things:
        return things_near(self.who, self.near)

    @property
    def key(self) -> tuple[Asked, str]:
        """What is the same whatever it is about."""
        return self.asked, self.who.name

    @property
    def refusal(self) -> tuple[int, str] | None:
        """How it has to be refused, whatever the business says; None: it is not."""
        if self.who.standing in KEPT_OUT:
            return 403, KEPT_OUT[self.who.standing]
        if not DONE[self.asked.name].get(self.who.role):
            return 403, "not-allowed"
        name, field, kind = self.asked
        if kind is None or (name, field) in NOT_LOOKED_AT:
            return None
        is_known = self.near != "unknown" and (self.who.role in ACTING_BY_ID or (name, field) in KNOWN_BY_ID)
        return None if is_known or sees(self.who, kind, self.near) else (404, "not-found")

    async def ask(self, app: Inside) -> Told:
        """Ask for it; what may be done is asked for on a version that never is, and so decided and not done."""
        condition = {} if self.refusal else {"If-Match": NO_VERSION}
        body = self.asked.body(self.things, self.who.things)
        return await app.ask("POST", f"/commands/{self.asked.name}", {**self.who.headers, **condition}, body)

    def check(self, told: Told) -> str:
        """Check the answer; return in a word what it was."""
        is_business = (told.status, told.code in BUSINESS) == (409, True)
        if self.refusal is None:
            assert told.status == 412 or is_business, (self, told)
            return "not done" if is_business else "decided"
        # Of what there is not, a rule of the business may speak first.
        if self.near != "unknown" or not is_business:
            assert (told.status, told.code) == self.refusal, (self, told)
        return "refused" if told.status == 403 else "absent"


def every_order(people: tuple[Person, ...]) -> list[Order]:
    """Return every command of everybody, of each thing if it names things; first of one that there is not."""
    return [
        Order(asked, who, near)
        for asked in every_command()
        for who in people
        for near in (("unknown", *NEARNESS) if asked.field else ("own",))
    ]
