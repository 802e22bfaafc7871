"""Everything that the interface can be asked as of a moment, derived from its own declarations."""

from collections.abc import Iterator, Mapping
from hashlib import md5
from itertools import product
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi.routing import APIRoute
from pydantic import BaseModel

from events.examples import RETAIL
from events.ids import branch_named, team_named
from projections.analytics import ANALYTICS
from read_api.analytics_forms import FormQuestion
from read_api.door import MODULES
from read_api.reading.question import PageQuestion
from tests.read_api.office import Office
from tests.system.chances import ACTIVITIES, BUYER, CLIENTS, CODES, DEALS, IMPORTS, NINA, PLANS, ROADS, SALE, STAFF

SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "client_id": CLIENTS,
    "merged_id": CLIENTS[1:2],
    "activity_id": ACTIVITIES,
    "plan_id": PLANS,
    "of_unit": (team_named("Lutik"),),
    "on": ("2025-06-15", "2026-12-31"),
    "code": (*CODES, "shown"),
    # The second is one of those that test_statements.py makes.
    "price_book_id": (RETAIL, UUID(hex=md5(b"1", usedforsecurity=False).hexdigest())),
    "edition": ("1",),
    "line": (f"{CODES[0]}:1", f"{CODES[0]}:10"),
    "product_code": CODES[:1],
    "deal_id": DEALS,
    "staff_id": STAFF,
    "import_id": IMPORTS[:1],
    "report": tuple(one.name for one in ANALYTICS.reports),
    "owner": (STAFF[0], NINA),
    "seller": (NINA,),
    "staff": (STAFF[0], NINA),
    "head": STAFF[4:5],
    "client": CLIENTS[:4],
    "deal": (SALE,),
    "participant": (CLIENTS[0], STAFF[1]),
    "pipeline": ROADS,
    "stage": ("offer", "contract"),
    "stream_id": (SALE, CLIENTS[0]),
    "product": CODES[:1],
    "q": ("romash", "ромошка"),
    "team": ("Romashka", "Lutik"),
    "team_id": (team_named("Romashka"),),
    "branch_id": (branch_named("Romashka"),),
    "branch": ("Romashka", "Lutik"),
    "from": ("2025-01-01",),
    "to": ("2026-01-01",),
    "registered_from": ("2025-03-01",),
    "registered_to": ("2026-03-01",),
    "opened_from": ("2025-03-01",),
    "opened_to": ("2026-03-01",),
    "expected_from": ("2026-04-30",),
    "expected_to": ("2026-04-30",),
    "category": ("commit",),
    "closed_from": ("2025-03-01",),
    "closed_to": ("2026-03-01",),
    "currency": ("USD",),
    "amount_from": ("200&currency=USD",),
    "amount_to": ("200&currency=USD",),
    "contact": (BUYER,),
    "ids": (",".join(map(str, (*CLIENTS[:3], *DEALS[:3], *ACTIVITIES[:3], *STAFF[:3]))),),
    "tag": ("vip",),
    "field": ("shown:10", f"{CODES[0]}:hot"),
    "field_least": ("shown:10", f"{CODES[0]}:2026-11-30"),
    "field_most": ("shown:10",),
    "fields": ("version",),
    "include": ("dates,deals,fields,next_activity,notes,relations,tags,timeline", "next_activity", "notes,timeline"),
    "day": ("2025-06-01",),
    "days": ("7",),
    "ahead": ("366",),
    "latest": ("true",),
    "by_staff": ("true",),
    "untouched_since": ("2025-06-01",),
}
"""What is asked for by each part of a path and by each filter that is no choice among few."""

NEEDS = {"amount": "amount&currency=USD", "-amount": "-amount&currency=USD"}
"""What cannot be asked by itself, with what it needs."""

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "addressed_by": ("email&purpose=news",),
    "purpose": ("news&addressed_by=email",),
}
"""Filters of which neither is asked without the other."""

SEARCHED = (("email", "a@b.example"), ("phone", "+7 922 325-12-93"), ("tax_id", "7707083893"))
"""What a client is looked for by, in the body of a question."""

OWN_TO_LISTS = {*PageQuestion.model_fields, *FormQuestion.model_fields}
OF_ANALYSTS = {"get_sql", "ask_sql", "get_report_sql", "get_report_chart"}
"""The first two are a process each, asked as of a moment in test_sql_door.py; the others say how a report is asked."""

FILES = {"get_client_file", "get_mailing_list", "download_client_file"}
"""What is told as a file: the list of clients says what is in it (tests/read_api/test_client_file.py), and what
a client was given is read back in tests/system/test_client_files.py."""

WHOLE = "limit=200&count=true"


class Query(NamedTuple):
    """One question without its moment; `body` is sent with a POST."""

    name: str
    path: str
    is_list: bool = False
    body: tuple[str, str] | None = None

    def of(
        self, office: Office, as_of: str | None, more: str = "", role: str = "admin", staff: UUID = STAFF[0]
    ) -> httpx.Response:
        """Ask it of the present, or as of a moment, as an admin unless said."""
        moment = "" if as_of is None else f"as_of={quote(as_of)}"
        query = "&".join(part for part in (more, moment) if part)
        path = f"{self.path}{'&' if '?' in self.path else '?'}{query}" if query else self.path
        if self.body is None:
            return office.get(path, role=role, staff=staff)
        return office.send("POST", path, role=role, staff=staff, json=dict([self.body]))


def everything() -> tuple[Query, ...]:
    """Return every question that takes `as_of`: bare, and with each of its filters by itself and with the next one."""
    routes = (route for module in MODULES for route in module.router.routes if isinstance(route, APIRoute))
    return tuple(query for route in routes for query in _queries(route))


def _queries(route: APIRoute) -> Iterator[Query]:
    kind = get_type_hints(route.endpoint).get("question")
    assert isinstance(kind, type)
    assert issubclass(kind, BaseModel)
    if "as_of" not in kind.model_fields or route.name in OF_ANALYSTS | FILES:
        return
    is_list = issubclass(kind, PageQuestion)
    filters = [f"{name}={NEEDS.get(value, value)}" for name, values in _filters(kind).items() for value in values]
    pairs = [f"{one}&{other}" for one, other in zip(filters, filters[2:], strict=False) if _go_together(one, other)]
    for values in product(*(SAMPLES[name] for name in route.param_convertors)):
        path = route.path.format(**dict(zip(route.param_convertors, values, strict=True)))
        if route.methods == {"POST"}:
            yield from (Query(route.name, path, body=body) for body in SEARCHED)
            continue
        needed = [f"{name}={SAMPLES[name][0]}" for name, field in kind.model_fields.items() if field.is_required()]
        for given in ["", *filters, *pairs]:
            query = "&".join(part for part in (*needed, given, WHOLE if is_list else "") if part)
            yield Query(route.name, f"{path}?{query}" if query else path, is_list)


def _go_together(one: str, other: str) -> bool:
    """Tell whether two filters can be asked at once: no parameter is in both, and they are not two names of one."""
    first, second = ({part.partition("=")[0] for part in each.split("&")} for each in (one, other))
    return one[:2] != other[:2] and not first & second and {*first, *second} != {"staff", "team_id"}


def _filters(kind: type[BaseModel]) -> dict[str, tuple[Any, ...]]:
    """Return what to ask with by each filter: both answers to yes or no, two members of a choice, else samples.

    Every way to sort is asked for.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for name, field in kind.model_fields.items():
        if name in OWN_TO_LISTS or field.is_required():
            continue
        choices = [one for one in (field.annotation, *get_args(field.annotation)) if get_origin(one) is Literal]
        if name in TOGETHER:
            found[name] = TOGETHER[name]
        elif choices:
            found[name] = get_args(choices[0])[: None if name == "sort" else 2]
        elif bool in get_args(field.annotation):
            found[name] = ("true", "false")
        else:
            found[field.alias or name] = SAMPLES[field.alias or name]
    return found
