"""What happens when two cards turn out to be one client's, and when they do not after all.

Each client who comes along has a fact of its own in the stream of who answers for it, with what its card brings; so a
card is folded from one stream, and what is personal is encrypted with the key of whom it is of.
"""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from events.base import Event
from events.examples import EMAIL, HOLDING, INN, LUTIK, ROMASHKA, SECTOR, example
from events.ids import ClientId, OwnerId
from events.marks import PERSONAL
from events.registration import Registration
from events.values import (
    Channel,
    Code,
    Confidence,
    ContactPoint,
    Lifecycle,
    Moment,
    ProfileFact,
    ShortText,
    Text,
    Value,
    Version,
)


def progress(state: Lifecycle) -> int:
    """Return how far a relationship has come: of clients who are one the furthest counts; who is lost is behind all."""
    return -1 if state is Lifecycle.LOST else list(Lifecycle).index(state)


class Taken(StrEnum):
    """Of what there is one on a card, and which of two clients it may be from."""

    NAME = "name"
    TAX_ID = "tax_id"
    OWNER = "owner"


class MergeSide(StrEnum):
    """Of two clients who are made one: who answers from then on, and who joins."""

    SURVIVOR = "survivor"
    MERGED = "merged"


class Source(Value):
    """From where, and how surely, the name, the tax number, КПП or ОГРН is known."""

    what: Code
    source: ShortText | None = None
    confidence: Confidence = Confidence.STATED


class JoinedPoint(Value):
    """A way to reach the client, and from where it is known."""

    point: ContactPoint
    source: ShortText | None = None


class JoinedNotice(Value):
    """When the client was told how their data are kept, by which text, in which way, and by whom."""

    text_version: Version
    channel: Channel
    given_at: Moment
    actor: ShortText


class Joined(Value):
    """What the card of a client brings to the one it joins, as it was then.

    `sources`: from where the name, the tax number, КПП and ОГРН are known. Its parent, and whom it acts for, stand here
    by their ids: the fact is not theirs.
    """

    name: ShortText
    sources: tuple[Source, ...] = ()
    points: tuple[JoinedPoint, ...] = ()
    tax_id: ShortText | None = None
    is_tax_id_wrong: bool = False
    registration: Registration | None = None
    profile: tuple[ProfileFact, ...] = ()
    data_notices: tuple[JoinedNotice, ...] = ()
    parent_id: UUID | None = None
    organisation_ids: tuple[UUID, ...] = ()


@example(
    on=ROMASHKA,
    merged_id=LUTIK,
    into_id=ROMASHKA,
    reason="one shop, entered twice",
    takes=(Taken.TAX_ID,),
    joined=Joined(
        name="Romashka Ltd",
        sources=(Source(what="name", source="web form"), Source(what="tax_id", source="contract")),
        points=(JoinedPoint(point=EMAIL, source="web form"),),
        tax_id=INN,
        profile=(SECTOR,),
    ),
)
class ClientsMerged(Event):
    """Another client turned out to be this one: its card, and all that is with it, are told here from now on.

    `into_id`: whom it joined, this client or one that joined it before. `takes`: of what there is one on a card it is
    the other's that counts; of the owner who it was and who it is now.
    """

    TOPIC: ClassVar[str] = "client.merged"
    SUBJECT: ClassVar[str] = "merged_id"

    merged_id: ClientId
    into_id: ClientId
    reason: Annotated[Text, PERSONAL]
    takes: tuple[Taken, ...] = ()
    from_owner_id: OwnerId | None = None
    to_owner_id: OwnerId | None = None
    lifecycle: Lifecycle = Lifecycle.PROSPECT
    joined: Annotated[Joined | None, PERSONAL] = None


@example(on=LUTIK, survivor_id=ROMASHKA, into_id=ROMASHKA, reason="one shop, entered twice")
class ClientMergedInto(Event):
    """The client turned out to be another one, who answers for it from now on; `into_id`: whom it joined."""

    TOPIC: ClassVar[str] = "client.merged_into"

    survivor_id: ClientId
    into_id: ClientId
    reason: Annotated[Text, PERSONAL]


@example(on=ROMASHKA, merged_id=HOLDING, reason="two shops after all")
class ClientUnmerged(Event):
    """A client that had joined this one is one by itself again; the owner is whoever it was without it."""

    TOPIC: ClassVar[str] = "client.unmerged"

    merged_id: ClientId
    reason: Annotated[Text, PERSONAL]
    from_owner_id: OwnerId | None = None
    to_owner_id: OwnerId | None = None


@example(on=HOLDING, survivor_id=ROMASHKA, reason="two shops after all")
class ClientUnmergedFrom(Event):
    """The client is one by itself again, or stays with whom it had joined before that one joined another."""

    TOPIC: ClassVar[str] = "client.unmerged_from"

    survivor_id: ClientId
    remains_in: ClientId | None = None
    reason: Annotated[Text, PERSONAL]
    duplicate_reason: Annotated[Text | None, PERSONAL] = None


@example(on=ROMASHKA, merged_id=LUTIK, to_state=Lifecycle.CUSTOMER)
class ClientPartAdvanced(Event):
    """The relationship with a client that joined this one entered another state, by what was begun with it."""

    TOPIC: ClassVar[str] = "client.part_advanced"

    merged_id: ClientId
    to_state: Lifecycle
