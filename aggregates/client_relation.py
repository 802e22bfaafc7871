"""What one client is to another: each relation has a stream of its own, whichever of the two it is told of."""

from typing import NamedTuple
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from aggregates.client_pair import SameClientError
from events.client_relation import ClientsRelated, RelationEnded, RelationKind
from events.ids import relation_of

SEEN_FROM_THERE = {RelationKind.CHILD: RelationKind.PARENT, RelationKind.REFERRED: RelationKind.REFERRER}
"""Kinds that are kept as what the client is to the other one."""
MUTUAL = frozenset({RelationKind.SPOUSE, RelationKind.SIBLING, RelationKind.RELATIVE, RelationKind.PARTNER})


class RelationIsTheOtherWayError(RuleBrokenError):
    """It is the other way round between these two; facts: client_id, other_id, kind."""

    code = "relation-is-the-other-way"


class Tie(NamedTuple):
    """Of whom the other one is what: in the one way in which it is kept, however it is told."""

    client_id: UUID
    other_id: UUID
    kind: RelationKind

    @classmethod
    def told(cls, client_id: UUID, other_id: UUID, kind: RelationKind) -> "Tie":
        """Return what was told, as it is kept; raises SameClientError."""
        if client_id == other_id:
            raise SameClientError(client_id=client_id)
        if kind in SEEN_FROM_THERE:
            return cls(other_id, client_id, SEEN_FROM_THERE[kind])
        if kind in MUTUAL:
            return cls(min(client_id, other_id), max(client_id, other_id), kind)
        return cls(client_id, other_id, kind)

    @property
    def id(self) -> UUID:
        """The id of the relation."""
        return relation_of(self.client_id, self.other_id, self.kind)

    @property
    def other_way(self) -> "Tie | None":
        """The same the other way round; None: it is mutual."""
        return None if self.kind in MUTUAL else Tie(self.other_id, self.client_id, self.kind)


class ClientRelation(Aggregate):
    """A relation of two clients, and whether it stands."""

    KIND = "client_relation"

    client_id: UUID | None
    stands: bool

    def start(self) -> None:
        self.client_id = None
        self.stands = False

    @property
    def subject_id(self) -> UUID:
        """The client whose key encrypts why it ended."""
        return self.client_id or self.id

    def begin(self, tie: Tie, other_way: "ClientRelation | None") -> None:
        """Record that it is so since then; what stands records nothing. Raises RelationIsTheOtherWayError."""
        if self.stands:
            return
        if other_way is not None and other_way.stands:
            raise RelationIsTheOtherWayError(**tie._asdict())
        self.trigger_event(ClientsRelated, **tie._asdict())

    def end(self, tie: Tie, *, reason: str | None) -> None:
        """Record that it is so no more; what does not stand records nothing."""
        if self.stands:
            self.trigger_event(RelationEnded, **tie._asdict(), reason=reason)

    @applies(ClientsRelated)
    def _began(self, event: ClientsRelated) -> None:
        self.client_id, self.stands = event.client_id, True

    @applies(RelationEnded)
    def _ended(self, event: RelationEnded) -> None:
        self.client_id, self.stands = event.client_id, False
