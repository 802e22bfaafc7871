"""What happens to a client: a person or an organisation the company deals with."""

from typing import Annotated, ClassVar

from events.base import Event
from events.entry import EntryReverted
from events.examples import (
    ANNA,
    BORIS,
    EMAIL,
    FIRST_IMPORT,
    HOLDING,
    INN,
    KPP,
    NOTICE_TEXT,
    OLGA,
    PHONE,
    REMARK,
    ROMASHKA,
    SECTOR,
    STRAY_CLIENT,
    example,
)
from events.ids import ClientId, OwnerId
from events.marks import PERSONAL
from events.note import Noted, NoteEdited, NoteWithdrawn
from events.registration import HOME_COUNTRY, Country, Registration
from events.values import (
    AffiliationRole,
    Channel,
    ClientKind,
    Confidence,
    ContactPoint,
    Lifecycle,
    OpenShortText,
    OwnershipCause,
    ProfileFact,
    ProfileField,
    RegistrationNumber,
    ShortText,
    Text,
    Version,
)


@example(
    on=ROMASHKA,
    kind=ClientKind.ORGANISATION,
    name="Romashka",
    contact_points=(PHONE,),
    tax_id=INN,
    profile=(SECTOR,),
    source="entered by hand",
)
class ClientRegistered(Event):
    """A client was entered into the base for the first time."""

    TOPIC: ClassVar[str] = "client.registered"

    kind: ClientKind
    name: Annotated[ShortText, PERSONAL]
    contact_points: Annotated[tuple[ContactPoint, ...], PERSONAL] = ()
    tax_id: Annotated[ShortText | None, PERSONAL] = None
    profile: Annotated[tuple[ProfileFact, ...], PERSONAL] = ()
    source: Annotated[ShortText, PERSONAL]
    external_id: OpenShortText | None = None
    date_unknown: bool = False
    duplicate_reason: Annotated[Text | None, PERSONAL] = None
    # From old records: the tax number is kept as it was written, and is nobody's.
    is_tax_id_wrong: bool = False
    registration: Annotated[Registration | None, PERSONAL] = None


@example(on=ROMASHKA, from_name="Romashka", to_name="Romashka Plus", source="entered by hand")
class ClientRenamed(Event):
    """The client is called differently now."""

    TOPIC: ClassVar[str] = "client.renamed"

    from_name: Annotated[ShortText, PERSONAL]
    to_name: Annotated[ShortText, PERSONAL]
    source: Annotated[ShortText | None, PERSONAL] = None
    confidence: Confidence = Confidence.STATED


@example(on=ROMASHKA, point=EMAIL, source="web form")
class ContactPointAdded(Event):
    """There is one more way to reach the client."""

    TOPIC: ClassVar[str] = "client.contact_point_added"

    point: Annotated[ContactPoint, PERSONAL]
    source: Annotated[ShortText, PERSONAL]
    duplicate_reason: Annotated[Text | None, PERSONAL] = None


@example(on=ROMASHKA, from_point=PHONE, to_point=EMAIL, source="entered by hand")
class ContactPointCorrected(Event):
    """A contact point had been taken down wrongly, or changed."""

    TOPIC: ClassVar[str] = "client.contact_point_corrected"

    from_point: Annotated[ContactPoint, PERSONAL]
    to_point: Annotated[ContactPoint, PERSONAL]
    source: Annotated[ShortText, PERSONAL]


@example(on=ROMASHKA, point=EMAIL, reason="bounces")
class ContactPointRemoved(Event):
    """The client is not reached this way any more."""

    TOPIC: ClassVar[str] = "client.contact_point_removed"

    point: Annotated[ContactPoint, PERSONAL]
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=ROMASHKA, from_tax_id=None, to_tax_id=INN, source="contract")
class TaxIdCorrected(Event):
    """The client's tax number (INN) was given or corrected."""

    TOPIC: ClassVar[str] = "client.tax_id_corrected"

    from_tax_id: Annotated[ShortText | None, PERSONAL] = None
    to_tax_id: Annotated[ShortText | None, PERSONAL] = None
    source: Annotated[ShortText, PERSONAL]
    confidence: Confidence = Confidence.STATED
    from_country: Country = HOME_COUNTRY
    to_country: Country = HOME_COUNTRY
    # As it was written in old records, when an import that corrected it is reverted.
    is_tax_id_wrong: bool = False


@example(on=ROMASHKA, number=RegistrationNumber.KPP, to_value=KPP, source="contract")
class RegistrationNumberCorrected(Event):
    """The client's КПП or ОГРН was given or corrected."""

    TOPIC: ClassVar[str] = "client.registration_number_corrected"

    number: RegistrationNumber
    from_value: Annotated[ShortText | None, PERSONAL] = None
    to_value: Annotated[ShortText | None, PERSONAL] = None
    source: Annotated[ShortText, PERSONAL]
    confidence: Confidence = Confidence.STATED


@example(on=ROMASHKA, field=ProfileField.SECTOR, from_value="retail", to_value="wholesale", source="meeting")
class ProfileCorrected(Event):
    """A trait of the client was learnt, corrected or found untrue."""

    TOPIC: ClassVar[str] = "client.profile_corrected"

    field: ProfileField
    from_value: Annotated[Text | None, PERSONAL] = None
    to_value: Annotated[Text | None, PERSONAL] = None
    source: Annotated[ShortText, PERSONAL]
    confidence: Confidence = Confidence.STATED


@example(on=OLGA, organisation_id=ROMASHKA, role=AffiliationRole.BUYER)
class ClientAffiliated(Event):
    """A person began to act for an organisation."""

    TOPIC: ClassVar[str] = "client.affiliated"

    organisation_id: ClientId
    role: AffiliationRole


@example(on=OLGA, organisation_id=ROMASHKA, reason="left")
class AffiliationEnded(Event):
    """A person no longer acts for an organisation."""

    TOPIC: ClassVar[str] = "client.affiliation_ended"

    organisation_id: ClientId
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=ROMASHKA, parent_id=HOLDING)
class SubsidiaryDeclared(Event):
    """An organisation belongs to a parent organisation; it does not inherit the parent's owner."""

    TOPIC: ClassVar[str] = "client.subsidiary_declared"

    parent_id: ClientId


@example(on=ROMASHKA, owner_id=ANNA, cause=OwnershipCause.OFFER)
class ClientClaimed(Event):
    """An unowned client got its one owning manager."""

    TOPIC: ClassVar[str] = "client.claimed"

    owner_id: OwnerId
    cause: OwnershipCause


@example(on=ROMASHKA, from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="they quarrelled")
class ClientTransferred(Event):
    """The client was given from one owning manager to another."""

    TOPIC: ClassVar[str] = "client.transferred"

    from_owner_id: OwnerId
    to_owner_id: OwnerId
    cause: OwnershipCause
    reason: Annotated[Text, PERSONAL]


@example(on=ROMASHKA, from_owner_id=ANNA, cause=OwnershipCause.RELEASE, reason="nobody follows it")
class ClientReleased(Event):
    """The client has no owning manager any more."""

    TOPIC: ClassVar[str] = "client.released"

    from_owner_id: OwnerId
    cause: OwnershipCause
    reason: Annotated[Text, PERSONAL]


@example(on=ROMASHKA, from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CONTACTED)
class LifecycleAdvanced(Event):
    """The relationship with the client entered another state."""

    TOPIC: ClassVar[str] = "client.lifecycle_advanced"

    from_state: Lifecycle
    to_state: Lifecycle
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=ROMASHKA, reason="closed down")
class ClientArchived(Event):
    """The client's card was put away; its identity is free for others."""

    TOPIC: ClassVar[str] = "client.archived"

    reason: Annotated[Text, PERSONAL]


@example(on=ROMASHKA, reason="opened again")
class ClientRestored(Event):
    """The client's card was taken out of the archive."""

    TOPIC: ClassVar[str] = "client.restored"

    reason: Annotated[Text, PERSONAL]


@example(on=ROMASHKA, text_version=NOTICE_TEXT, channel=Channel.EMAIL)
class DataNoticeGiven(Event):
    """The client was told what is done for the confidentiality of their data; `text_version`: by which text."""

    TOPIC: ClassVar[str] = "client.data_notice_given"

    text_version: Version
    channel: Channel


@example(on=ROMASHKA, note_id=REMARK, text="Call before noon")
class ClientNoted(Noted):
    """Somebody added a note to a client's card."""

    TOPIC: ClassVar[str] = "client.noted"


@example(on=ROMASHKA, note_id=REMARK, from_text="Call before noon", to_text="Call after four")
class ClientNoteEdited(NoteEdited):
    """A note to a client's card was put into other words."""

    TOPIC: ClassVar[str] = "client.note_edited"


@example(on=ROMASHKA, note_id=REMARK, reason="it was another client")
class ClientNoteWithdrawn(NoteWithdrawn):
    """A note to a client's card does not stand any more."""

    TOPIC: ClassVar[str] = "client.note_withdrawn"


@example(on=STRAY_CLIENT, import_id=FIRST_IMPORT, reason="the wrong file", organisation_ids=(HOLDING,))
class ClientEntryReverted(EntryReverted):
    """The import that entered the client was reverted; `organisation_ids`: whom they were said to act for."""

    TOPIC: ClassVar[str] = "client.entry_reverted"

    organisation_ids: tuple[ClientId, ...] = ()
