"""What one client is marked with: each tag once, however it is written."""

from collections.abc import Iterable
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.client_tag import ClientTagged, ClientUntagged
from infra.typed import tag_key

MOST_TAGS = 50
"""So many tags one client has: all of them stand on the card."""


class TooManyTagsError(RuleBrokenError):
    """The client has as many tags as may be; facts: client_id, most."""

    code = "too-many-tags"


class TagIsOfAPartError(RuleBrokenError):
    """A client who turned out to be this one brought the tag; facts: client_id, part_id."""

    code = "tag-is-of-a-part"


class ClientTag(Aggregate):
    """The tags of one client, by what they are compared by, under an id made of theirs (`events.ids.tags_of`)."""

    KIND = "client_tag"

    client_id: UUID | None
    tags: dict[str, str]

    def start(self) -> None:
        self.client_id = None
        self.tags = {}

    @property
    def subject_id(self) -> UUID:
        """The client, whose key encrypts the tags."""
        return self.client_id or self.id

    def give(self, client_id: UUID, tag: str) -> None:
        """Record a tag; one that the client has, however it is written, records nothing."""
        if tag_key(tag) in self.tags:
            return
        if len(self.tags) >= MOST_TAGS:
            raise TooManyTagsError(client_id=client_id, most=MOST_TAGS)
        self.trigger_event(ClientTagged, client_id=client_id, tag=tag)

    def take(self, client_id: UUID, tag: str, parts: Iterable["ClientTag"]) -> None:
        """Record that a tag was taken away; one that the client has not records nothing.

        Raises TagIsOfAPartError where one of the `parts`, who turned out to be the client, has it.
        """
        key = tag_key(tag)
        if key in self.tags:
            self.trigger_event(ClientUntagged, client_id=client_id, tag=self.tags[key])
            return
        part = next((each for each in parts if key in each.tags), None)
        if part is not None:
            raise TagIsOfAPartError(client_id=client_id, part_id=part.client_id)

    @applies(ClientTagged)
    def _given(self, event: ClientTagged) -> None:
        self.client_id = event.client_id
        self.tags[tag_key(event.tag)] = event.tag

    @applies(ClientUntagged)
    def _taken(self, event: ClientUntagged) -> None:
        self.client_id = event.client_id
        self.tags.pop(tag_key(event.tag), None)
