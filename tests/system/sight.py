"""Who may see what, as somebody would say it who has the whole company before them: for the tests of the reach."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.read_api.office import Office

Item = Mapping[str, Any]
Scopes = Mapping[str, str]


@dataclass(frozen=True)
class Whole:
    """Everything there is, as an admin is told it; ids are texts, as in answers."""

    staff: Mapping[str, Item]
    units: Mapping[str, Item]
    clients: Mapping[str, Item]
    acts_for: Mapping[str, frozenset[str]]
    """The organisations that a contact person acts for now."""
    deals: Mapping[str, Item]
    activities: Mapping[str, Item]
    plans: Mapping[str, Item]


def every_of(office: Office, path: str, key: str, as_of: str = "") -> dict[str, Item]:
    """Return what an admin is told there is, or was, each by its id."""
    told = office.get(f"{path}?limit=200&as_of={as_of}".removesuffix("&as_of="), "admin").json()
    assert told["next"] is None
    return {item[key]: item for item in told["items"]}


def whole_of(office: Office) -> Whole:
    """Ask for everything, as an admin."""

    every = partial(every_of, office)
    clients = every("/clients", "client_id")
    acts_for: dict[str, set[str]] = {}
    for each in clients:
        for person in office.get(f"/clients/{each}", "admin").json()["contact_persons"]:
            if person["is_active"]:
                acts_for.setdefault(person["client_id"], set()).add(each)
    return Whole(
        every("/staff", "staff_id"),
        every("/units", "unit_id"),
        clients,
        {person: frozenset(organisations) for person, organisations in acts_for.items()},
        every("/deals", "deal_id"),
        every("/activities", "activity_id"),
        every("/plans", "plan_id"),
    )


@dataclass(frozen=True)
class Sight:
    """What one caller may see of it, by the scopes of their role."""

    whole: Whole
    me: str
    scopes: Scopes
    staff_then: Mapping[str, Item] | None = None
    """Who was where at the moment that is asked about; None: now."""

    def people(self, kind: str) -> frozenset[str] | None:
        """Return whose things of a kind they see; None: everybody's."""
        scope = self.scopes[kind]
        if scope in {"all", "none"}:
            return None if scope == "all" else frozenset()
        found = {self.me}
        if scope in {"team", "branch"}:
            found |= self._members("team") | {
                each for each, member in self.whole.staff.items() if member["head_id"] == self.me
            }
        if scope == "branch":
            found |= self._members("branch")
        return frozenset(found)

    def _members(self, unit: str) -> set[str]:
        mine = {each for each, one in self.whole.units.items() if one["kind"] == unit and one["head_id"] == self.me}
        if self.me in self.whole.staff and self.whole.staff[self.me][f"{unit}_id"]:
            mine.add(self.whole.staff[self.me][f"{unit}_id"])
        return {each for each, member in self.whole.staff.items() if member[f"{unit}_id"] in mine}

    def client(self, client_id: str | None, kind: str = "clients") -> bool:
        """Tell whether they see a client; of another kind: whether a client's things of that kind."""
        people = self.people(kind)
        if client_id is None or client_id not in self.whole.clients:
            # What was taken back is of nobody: its history is left to who sees all.
            return client_id is not None and people is None
        owner = self.whole.clients[client_id]["owner_id"]
        if people is None or owner in people:
            return True
        owners = {self.whole.clients[each]["owner_id"] for each in self.whole.acts_for.get(client_id, ())} - {None}
        return owner is None and bool(people) and (not owners or bool(owners & people))

    def deal(self, deal_id: str) -> bool:
        """Tell whether they see a deal."""
        people, one = self.people("deals"), self.whole.deals.get(deal_id)
        if one is None:
            return False
        return people is None or one["seller_id"] in people or self.client(one["client_id"], "deals")

    def activity(self, activity_id: str) -> bool:
        """Tell whether they see an activity."""
        people, one = self.people("activities"), self.whole.activities.get(activity_id)
        if one is None:
            return False
        colleagues = {each["staff_id"] for each in one["participants"]} - {None}
        return (
            people is None
            or one["staff_id"] in people
            or bool(colleagues & people)
            or any(self.client(one[who], "activities") for who in ("client_id", "contact_id"))
        )

    def plan(self, plan_id: str) -> bool:
        """Tell whether they see a plan: of whose figures they see, of a unit where such people work, the company's."""
        one = self.whole.plans.get(plan_id)
        if one is None:
            return False
        if one["staff_id"] is not None:
            return self.staff(one["staff_id"])
        unit = one["team_id"] or one["branch_id"]
        return unit is None or any(
            self.staff(each)
            for each, member in (self.staff_then or self.whole.staff).items()
            if unit in {member["team_id"], member["branch_id"]} and member["departed_at"] is None
        )

    def staff(self, staff_id: str) -> bool:
        """Tell whether they see the figures of a staff member."""
        people = self.people("activities")
        return people is None or staff_id in people


def seen(items: Iterable[Item], key: str, sees: Callable[[str], bool]) -> list[Item]:
    """Return those of the items that somebody sees."""
    return [item for item in items if sees(item[key])]
