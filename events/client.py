"""What happens to a client: a person or an organisation the company deals with."""

from typing import Annotated, ClassVar
from uuid import UUID

from events.base import PERSONAL, Event
from events.values import (
    AffiliationRole,
    ClientKind,
    Confidence,
    ContactPoint,
    Lifecycle,
    OwnershipCause,
    ProfileFact,
    ProfileField,
    ShortText,
    Text,
)


class ClientRegistered(Event):
    """A client was entered into the base for the first time."""

    TOPIC: ClassVar[str] = "client.registered"

    kind: ClientKind
    name: Annotated[ShortText, PERSONAL]
    contact_points: Annotated[tuple[ContactPoint, ...], PERSONAL] = ()
    tax_id: Annotated[ShortText | None, PERSONAL] = None
    profile: Annotated[tuple[ProfileFact, ...], PERSONAL] = ()
    source: ShortText
    external_id: ShortText | None = None
    date_unknown: bool = False
    duplicate_reason: Text | None = None


class ClientRenamed(Event):
    """The client is called differently now."""

    TOPIC: ClassVar[str] = "client.renamed"

    from_name: Annotated[ShortText, PERSONAL]
    to_name: Annotated[ShortText, PERSONAL]


class ContactPointAdded(Event):
    """There is one more way to reach the client."""

    TOPIC: ClassVar[str] = "client.contact_point_added"

    point: Annotated[ContactPoint, PERSONAL]
    source: ShortText
    duplicate_reason: Text | None = None


class ContactPointCorrected(Event):
    """A contact point had been taken down wrongly, or changed."""

    TOPIC: ClassVar[str] = "client.contact_point_corrected"

    from_point: Annotated[ContactPoint, PERSONAL]
    to_point: Annotated[ContactPoint, PERSONAL]
    source: ShortText


class ContactPointRemoved(Event):
    """The client is not reached this way any more."""

    TOPIC: ClassVar[str] = "client.contact_point_removed"

    point: Annotated[ContactPoint, PERSONAL]
    reason: Text | None = None


class TaxIdCorrected(Event):
    """The client's tax number (INN) was given or corrected."""

    TOPIC: ClassVar[str] = "client.tax_id_corrected"

    from_tax_id: Annotated[ShortText | None, PERSONAL] = None
    to_tax_id: Annotated[ShortText | None, PERSONAL] = None
    source: ShortText


class ProfileCorrected(Event):
    """A trait of the client was learnt, corrected or found untrue."""

    TOPIC: ClassVar[str] = "client.profile_corrected"

    field: ProfileField
    from_value: Annotated[Text | None, PERSONAL] = None
    to_value: Annotated[Text | None, PERSONAL] = None
    source: ShortText
    confidence: Confidence = Confidence.STATED


class ClientAffiliated(Event):
    """A person began to act for an organisation."""

    TOPIC: ClassVar[str] = "client.affiliated"

    organisation_id: UUID
    role: AffiliationRole


class AffiliationEnded(Event):
    """A person no longer acts for an organisation."""

    TOPIC: ClassVar[str] = "client.affiliation_ended"

    organisation_id: UUID
    reason: Text | None = None


class SubsidiaryDeclared(Event):
    """An organisation belongs to a parent organisation; it does not inherit the parent's owner."""

    TOPIC: ClassVar[str] = "client.subsidiary_declared"

    parent_id: UUID


class ClientClaimed(Event):
    """An unowned client got its one owning manager."""

    TOPIC: ClassVar[str] = "client.claimed"

    owner_id: UUID
    cause: OwnershipCause


class ClientTransferred(Event):
    """The client was given from one owning manager to another."""

    TOPIC: ClassVar[str] = "client.transferred"

    from_owner_id: UUID
    to_owner_id: UUID
    cause: OwnershipCause
    reason: Text


class ClientReleased(Event):
    """The client has no owning manager any more."""

    TOPIC: ClassVar[str] = "client.released"

    from_owner_id: UUID
    cause: OwnershipCause
    reason: Text


class LifecycleAdvanced(Event):
    """The relationship with the client entered another state."""

    TOPIC: ClassVar[str] = "client.lifecycle_advanced"

    from_state: Lifecycle
    to_state: Lifecycle
    reason: Text | None = None


class ClientArchived(Event):
    """The client's card was put away; its identity is free for others."""

    TOPIC: ClassVar[str] = "client.archived"

    reason: Text


class ClientRestored(Event):
    """The client's card was taken out of the archive."""

    TOPIC: ClassVar[str] = "client.restored"

    reason: Text
