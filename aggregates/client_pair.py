"""Two clients who look like one: whether somebody said that they are not the same."""

from uuid import UUID

from aggregates.base import Aggregate, WrongValueError, applies
from events.client_pair import ClientsKeptApart, ClientsReconsidered


class SameClientError(WrongValueError):
    """A client is named twice, where two are needed; facts: client_id."""

    code = "same-client"
    field = "other_id"


class ClientPair(Aggregate):
    """Two clients, under the id that they have as a pair (`events.ids.pair_of`)."""

    KIND = "client_pair"

    client_ids: tuple[UUID, ...]
    is_kept_apart: bool

    def start(self) -> None:
        self.client_ids = ()
        self.is_kept_apart = False

    @property
    def subject_id(self) -> UUID:
        """The one of them whose key encrypts why: always the same one."""
        return min(self.client_ids, default=self.id)

    def keep_apart(self, client_id: UUID, other_id: UUID, *, reason: str) -> None:
        """Record that they are not the same; what was said already records nothing."""
        if client_id == other_id:
            raise SameClientError(client_id=client_id)
        if not self.is_kept_apart:
            self.trigger_event(ClientsKeptApart, client_id=client_id, other_id=other_id, reason=reason)

    def reconsider(self, client_id: UUID, other_id: UUID, *, reason: str) -> None:
        """Record that it is open again whether they are the same; what is open records nothing."""
        if self.is_kept_apart:
            self.trigger_event(ClientsReconsidered, client_id=client_id, other_id=other_id, reason=reason)

    @applies(ClientsKeptApart)
    def _kept_apart(self, event: ClientsKeptApart) -> None:
        self.client_ids, self.is_kept_apart = (event.client_id, event.other_id), True

    @applies(ClientsReconsidered)
    def _reconsidered(self, event: ClientsReconsidered) -> None:
        self.client_ids, self.is_kept_apart = (event.client_id, event.other_id), False
