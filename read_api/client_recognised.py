"""What a card says of by what its client is recognised, from where it is known, and how surely."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from read_api.lists import Confidence, ContactDoubt, ContactKind
from read_api.reading.answer import Answer, Sql, list_of

Doubted = Literal["name", "phone", "email", "tax_id"]
"""What may be doubtful: a name with letters of two alphabets, what is no phone or e-mail, a wrong tax number."""


class ContactPoint(Answer):
    """A way to reach the client: as typed, and the form it is compared in; of what is doubted, what it is instead."""

    kind: ContactKind
    value: str
    key: str
    label: str | None = None
    source: str | None = None
    confidence: Confidence | None = None
    doubt: ContactDoubt | None = None
    order: int | None = None
    client_id: UUID | None = Field(
        default=None, description="With whom it came, of those who turned out to be this client."
    )


class Told(Answer):
    """From where something is known, and how surely."""

    source: str | None = None
    confidence: Confidence | None = None


class Registration(Told):
    """From where the tax number is known, and of which country it is; or КПП or ОГРН, and from where that is known."""

    value: str | None = None
    country: str | None = None


class ProfileTrait(Told):
    """One trait, where it came from and how sure we are."""

    value: str


CONTACT_POINTS = Sql(
    list_of("p.value", "jsonb_each(c.contact_points) AS p", order="(p.value ->> 'order')::integer, p.key")
)
