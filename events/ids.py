"""The ids that facts and commands carry: each says of which kind of stream it is the name.

What follows from it is written nowhere else: whose history a fact stands in, who is a client and who is staff in a
client's timeline, what is loaded before a command is decided, which columns of the analysts' tables are ids.
"""

from datetime import date
from functools import lru_cache
from typing import Annotated
from uuid import UUID, uuid5

from events.marks import Names

ClientId = Annotated[UUID, Names("client", is_party=True)]
"""A client, whose history the fact stands in."""

StaffId = Annotated[UUID, Names("staff")]
"""A staff member; never a client, and never a party."""

ActingId = Annotated[UUID, Names("staff", acts=True)]
"""The staff member who did it, or leads what was done; the timeline names them."""

OwnerId = Annotated[UUID, Names("staff", is_party=True)]
"""The staff member who owns, or owned, the client. The fact is theirs too: by it a departed one's clients are found."""

ActivityId = Annotated[UUID, Names("activity")]
TeamId = Annotated[UUID, Names("team")]
BranchId = Annotated[UUID, Names("branch")]
DealId = Annotated[UUID, Names("deal")]
PipelineId = Annotated[UUID, Names("pipeline")]
PlanId = Annotated[UUID, Names("plan")]
ProductId = Annotated[UUID, Names("product")]
PriceBookId = Annotated[UUID, Names("price_book")]
ImportId = Annotated[UUID, Names("import")]
ApiKeyId = Annotated[UUID, Names("api_key")]


_LOGINS = UUID("5b1d3b0a-93f4-5c7e-8f64-0e9d0f6b7a33")
_PORTAL_LOGINS = UUID("1f6a0c3d-7be2-5a49-9c18-40d7e2b95a61")
_RELATIONS = UUID("e5c09a37-6f4d-5b18-a2d7-90b3f1c46e85")
_DATES = UUID("0b7d5c38-e21f-5946-9a83-d64c2f17b09e")
_FILES = UUID("6c2f81b4-d305-5e9a-b7c6-28e04f9d1a53")
_TAGS = UUID("4f6e2d90-8b31-5c7a-9d04-e1a7c35b8f62")
_PERMISSIONS = UUID("b8f04c61-5d2a-5e97-8c3b-7a1e90d4f526")
_CUSTOM_FIELDS = UUID("6a2f91d4-3c58-5e07-b1f9-4d80c27e95a3")
_FIELDS = UUID("d3905b7e-8f14-5a62-94cd-0b61e7f2a8c9")
_PAIRS = UUID("3d7e5f10-9b1c-5a46-8e02-b5f4c7a9d613")
_TAX_RATES = UUID("5c8d0e27-94b1-5f36-8a0d-e7b21f4c6d93")
_LADDERS = UUID("e1f7a3c8-5b02-5d94-8c6e-2a90d47b18f5")
_PLANS = UUID("f2b7d6c1-4e08-5c93-a61d-8b05e97a3c24")
_RIGHTS = UUID("c2a4f8de-1f63-5b0e-8a57-6d1c9b3e7f04")
_TEAMS = UUID("7c1f0a52-6a0e-5d0b-9d52-2f6a7d0c4e11")
_SOURCES = UUID("6f0b3c1e-52d7-5e8a-9b44-c8e1d20f7a35")
_REVERTS = UUID("a1d94e72-0c6b-5f38-8e15-47b90c2d6e83")
_BRANCHES = UUID("9e0d2b6f-41c3-5f64-8a5e-63b1c7a9d022")


def team_named(name: str) -> UUID:
    """Return the id of the team that is opened under this name, however it is spaced and capitalised."""
    return uuid5(_TEAMS, _key(name))


def branch_named(name: str) -> UUID:
    """Return the id of the branch that is opened under this name, however it is spaced and capitalised."""
    return uuid5(_BRANCHES, _key(name))


def login_of(issuer: str, subject: str) -> UUID:
    """Return the id of the login of this name (`sub`) at an identity provider (`iss`): each letter counts."""
    return uuid5(_LOGINS, f"{issuer}\n{subject}")


def portal_login_of(login_id: UUID) -> UUID:
    """Return the id that a login has as a client's."""
    return uuid5(_PORTAL_LOGINS, login_id.hex)


def pair_of(client_id: UUID, other_id: UUID) -> UUID:
    """Return the id of two clients as a pair, whichever is named first."""
    first, second = sorted((client_id, other_id))
    return uuid5(_PAIRS, f"{first}{second}")


def permission_of(client_id: UUID) -> UUID:
    """Return the id of what a client said of being addressed."""
    return uuid5(_PERMISSIONS, client_id.hex)


def tags_of(client_id: UUID) -> UUID:
    """Return the id of the tags of a client."""
    return uuid5(_TAGS, client_id.hex)


def files_of(client_id: UUID) -> UUID:
    """Return the id of the files of a client."""
    return uuid5(_FILES, client_id.hex)


def custom_field_of(code: str) -> UUID:
    """Return the id of the field of clients that has this code."""
    return uuid5(_CUSTOM_FIELDS, code)


def fields_of(client_id: UUID) -> UUID:
    """Return the id of what stands in the company's own fields of a client."""
    return uuid5(_FIELDS, client_id.hex)


def relation_of(client_id: UUID, other_id: UUID, kind: str) -> UUID:
    """Return the id of what another client is to a client."""
    return uuid5(_RELATIONS, f"{client_id}{other_id}{kind}")


def dates_of(client_id: UUID) -> UUID:
    """Return the id of the days on which a client is remembered."""
    return uuid5(_DATES, client_id.hex)


def tax_rate_of(code: str) -> UUID:
    """Return the id of the tax of this code."""
    return uuid5(_TAX_RATES, code)


def ladder_of(book_id: UUID, product_code: str) -> UUID:
    """Return the id of what the product of this code costs in a price book."""
    return uuid5(_LADDERS, f"{book_id}{product_code}")


def plan_of(whose: UUID | None, begins_on: date, ends_on: date) -> UUID:
    """Return the id of the plan of somebody, a team or a branch, or of the company (None), for a period."""
    return uuid5(_PLANS, f"{whose or 'company'}\n{begins_on}\n{ends_on}")


def rights_of(role: str) -> UUID:
    """Return the id of the rights of a role."""
    return uuid5(_RIGHTS, role)


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def staff_id_of(actor: str) -> UUID | None:
    """Return the staff member behind the actor of a fact; None: a policy, an import or a program acted."""
    try:
        return UUID(actor)
    except ValueError:
        return None


def source_named(name: str) -> UUID:
    """Return the id of a source of old records."""
    return uuid5(_SOURCES, name)


@lru_cache(maxsize=10_000)
def revert_of(import_id: UUID) -> UUID:
    """Return what the facts have in common by which an import is reverted, as its own facts have its id."""
    return uuid5(_REVERTS, import_id.hex)
