"""A company in which clients turn out to be one, and are taken apart, and the one in which that never happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid5

from commands.activity import HoldActivity, PlanActivity, RecordActivity
from commands.affiliation import AffiliatePerson
from commands.base import Command
from commands.client import AdvanceLifecycle, ArchiveClient, CorrectProfile, RegisterClient, RenameClient
from commands.client_field import SetClientField
from commands.client_file import AddClientFile
from commands.client_merge import MergeClients, UnmergeClients
from commands.client_permission import LiftObjection, RecordConsent, RecordObjection, WithdrawConsent
from commands.client_tag import TagClient
from commands.contact_point import AddContactPoint, ContactPointGiven, CorrectContactPoint
from commands.custom_field import DefineCustomField
from commands.data_notice import GiveDataNotice
from commands.deal import MoveDeal, OpenDeal, WinDeal
from commands.note import NoteClient, NoteDeal
from commands.ownership import ClaimClient, TransferClient
from commands.pipeline import DefinePipeline
from commands.staff import HireStaff
from events.client_merge import MergeSide
from events.custom_field import CustomFieldType
from events.labels import GivenLabels
from events.permission import PermissionChannel, PermissionPurpose
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    ClientKind,
    ContactKind,
    Direction,
    Lifecycle,
    Money,
    ProfileFact,
    ProfileField,
    StaffRole,
)
from tests.system.chances import BEGINNING, ROADS, STAFF, STAGES

MADE = UUID("6d8a6b52-0000-4000-8000-000000000000")
SELLERS = STAFF[:3]
WEIGHTS = (2, 4, 10, 3, 5, 9, 4, 6, 8)
SECTOR = ProfileFact(field=ProfileField.SECTOR, value="retail", source="2gis")
LONGEST = 5
"""Clients in one chain."""


def made(what: str, number: int) -> UUID:
    """Return the id of the n-th thing of a kind."""
    return uuid5(MADE, f"{what} {number}")


def inn(number: int) -> str:
    """Return a tax number of an organisation that is one."""
    digits = f"{100_000_000 + number}"
    return f"{digits}{sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11 % 10}"


@dataclass
class Told:
    """A command, when it was received, and whether the company in which nobody was merged was told as well."""

    command: Command
    received_at: datetime
    is_of_both: bool = True


@dataclass
class Script:
    """Commands in order: what there was, the merges, what came since, and the taking apart."""

    pairs: int
    random: Random = field(default_factory=lambda: Random(7))
    groups: list[list[UUID]] = field(default_factory=list)
    owned: list[tuple[list[UUID], UUID]] = field(default_factory=list)
    """Groups of which all are one seller's: whose any of them is, is so in both companies."""
    number: int = 0
    minute: int = 0

    def _now(self) -> datetime:
        self.minute += 1
        return BEGINNING + timedelta(minutes=self.minute)

    def both(self, command: Command) -> Told:
        return Told(command, self._now())

    def only(self, command: Command) -> Told:
        return Told(command, self._now(), is_of_both=False)

    def opening(self) -> Iterator[Told]:
        for each in SELLERS:
            yield self.both(HireStaff(staff_id=each, name="Anna", role=StaffRole.SELLER))
        for road in ROADS:
            yield self.both(DefinePipeline(pipeline_id=road, name="Road", stages=STAGES))
        for code in ("shops", "staff"):
            labels = GivenLabels(en=code, ru=code)
            yield self.both(DefineCustomField(code=code, type=CustomFieldType.NUMBER, labels=labels))
        merges = 0
        while merges < self.pairs:
            size = min(self.random.choice((2, 2, 2, 3, 4, LONGEST)), self.pairs - merges + 1)
            kind = self.random.choice(tuple(ClientKind))
            group = [made("client", len(self.groups) * LONGEST + place) for place in range(size)]
            self.groups.append(group)
            merges += size - 1
            sellers = [self.random.choice((*SELLERS, None)) for _ in group]
            if self.random.random() < 0.5:
                one = self.random.choice(SELLERS)
                sellers = [one for _ in group]
                self.owned.append((group, one))
            for client_id, seller in zip(group, sellers, strict=True):
                yield from self.client(client_id, kind, seller)
        yield from self.ties()

    def client(self, client_id: UUID, kind: ClientKind, seller: UUID | None) -> Iterator[Told]:
        """Enter a client with all that a card may have, and work with it."""
        chance, n = self.random.random, self.number
        self.number += 1
        is_organisation = kind is ClientKind.ORGANISATION
        has_number = is_organisation and chance() < 0.6
        is_foreign = has_number and chance() < 0.2
        points = [ContactPointGiven(kind=ContactKind.PHONE, value=f"+7 916 {n:07d}"[:16])]
        if chance() < 0.5:
            points.append(ContactPointGiven(kind=ContactKind.EMAIL, value=f"Client{n}@made.example", label="work"))
        yield self.both(
            RegisterClient(
                client_id=client_id,
                kind=kind,
                name=self.random.choice(("Ромашка", "ООО «Лютик»", "Romashka Ltd", "Пётр Лебедев")),
                contact_points=tuple(points),
                tax_id=(f"{40_000_000 + n}" if is_foreign else inn(n)) if has_number else None,
                tax_country="KZ" if is_foreign else "RU",
                kpp=f"{770_000_000 + n}" if has_number and not is_foreign and chance() < 0.5 else None,
                profile=(ProfileFact(field=ProfileField.SECTOR, value="retail", source="2gis"),)
                if chance() < 0.4
                else (),
                source=self.random.choice(("web form", "exhibition")),
            )
        )
        if seller is not None:
            yield self.both(ClaimClient(client_id=client_id, seller_id=seller))
        if chance() < 0.3:
            yield self.both(AdvanceLifecycle(client_id=client_id, to_state=Lifecycle.CONTACTED))
        if chance() < 0.3:
            yield self.both(GiveDataNotice(client_id=client_id, text_version="2026-06", channel=Channel.EMAIL))
        if chance() < 0.5:
            yield self.both(self.consent(client_id))
        if chance() < 0.4:
            yield self.both(TagClient(client_id=client_id, tag=self.random.choice(("VIP", "vip", "Exhibition"))))
            yield self.both(self.file(client_id))
        if chance() < 0.3:
            yield self.both(WithdrawConsent(client_id=client_id, purpose=PermissionPurpose.NEWS))
        if chance() < 0.3:
            yield self.both(RecordObjection(client_id=client_id, addressed_by=PermissionChannel.CALL))
        if chance() < 0.3:
            right = ContactPointGiven(kind=ContactKind.PHONE, value=f"+7 903 {n:07d}"[:16])
            yield self.both(CorrectContactPoint(client_id=client_id, from_point=points[0], to_point=right))
        yield from self.work(client_id, seller, n)

    def work(self, client_id: UUID, seller: UUID | None, n: int) -> Iterator[Told]:
        """Sell to a client, meet it, and note something."""
        chance = self.random.random
        if chance() < 0.4:
            yield self.both(SetClientField(client_id=client_id, code="shops", value=str(n % 5)))
        if chance() < 0.7:
            yield self.both(
                OpenDeal(
                    deal_id=made("deal", n),
                    client_id=client_id,
                    seller_id=seller or SELLERS[0],
                    pipeline_id=self.random.choice(ROADS),
                    title="Scales",
                    amount=Money(amount=Decimal(n % 90 + 10), currency=self.random.choice(("RUB", "USD"))),
                )
            )
            if chance() < 0.4:
                yield self.both(WinDeal(deal_id=made("deal", n)))
        if chance() < 0.6:
            yield self.both(
                PlanActivity(
                    activity_id=made("plan", n),
                    channel=Channel.CALL,
                    staff_id=SELLERS[0],
                    client_id=client_id,
                    topic="Prices",
                    due_at=BEGINNING + timedelta(days=n % 300),
                )
            )
        if chance() < 0.6:
            yield self.both(self.call(client_id, made("call", n)))
        if chance() < 0.4:
            yield self.both(NoteClient(client_id=client_id, note_id=made("note", n), text="Call before noon"))

    def consent(self, client_id: UUID) -> RecordConsent:
        return RecordConsent(
            client_id=client_id,
            addressed_by=self.random.choice((PermissionChannel.EMAIL, PermissionChannel.CALL)),
            purpose=PermissionPurpose.NEWS,
            text_version="2026-06",
            source="web form",
            evidence="Ticked the box",
        )

    def file(self, client_id: UUID) -> AddClientFile:
        """Return what is said of a file whose bytes are there; here nobody asks for them."""
        digest = f"{self.random.getrandbits(256):064x}"
        return AddClientFile(
            client_id=client_id,
            file_id=UUID(digest[:32]),
            name=f"{digest[:6]}.pdf",
            media_type="application/pdf",
            size_bytes=1 + self.random.randrange(1_000),
            digest=digest,
            stored=digest[::-1],
        )

    @staticmethod
    def call(client_id: UUID, activity_id: UUID, contact_id: UUID | None = None) -> RecordActivity:
        return RecordActivity(
            activity_id=activity_id,
            channel=Channel.CALL,
            direction=Direction.INBOUND,
            call_status=CallStatus.FINISHED,
            staff_id=SELLERS[1],
            client_id=client_id,
            contact_id=contact_id,
            topic="They ask for prices",
        )

    def ties(self) -> Iterator[Told]:
        """Let persons act for organisations, and be talked to for them; put a few others away."""
        for place, group in enumerate(self.groups[:-1]):
            other = self.groups[place + 1]
            if self.random.random() < 0.4:
                person, organisation = self.random.choice(group), self.random.choice(other)
                # Refused where they are not a person and an organisation: in both companies.
                yield self.both(
                    AffiliatePerson(client_id=person, organisation_id=organisation, role=AffiliationRole.BUYER)
                )
                yield self.both(self.call(organisation, made("tied", place), person))
        for n in range(3):
            apart = made("apart", n)
            yield from self.client(apart, ClientKind.PERSON, None)
            yield self.both(ArchiveClient(client_id=apart, reason="moved away"))

    def merges(self) -> Iterator[Told]:
        """Merge each group: in a chain, from the last one on, or each with the first one."""
        for group in self.groups:
            is_chain = self.random.random() < 0.6
            pairs = list(zip(group[1:], group, strict=False)) if is_chain else [(group[0], each) for each in group[1:]]
            if not is_chain:
                self.random.shuffle(pairs)
            for survivor, merged in pairs:
                sides: dict[str, Any] = {
                    name: self.random.choice(tuple(MergeSide)) for name in ("name_of", "tax_id_of", "owner_of")
                }
                yield self.only(MergeClients(survivor_id=survivor, merged_id=merged, reason="one client", **sides))

    def since(self, answering: dict[UUID, UUID], facts: int) -> Iterator[Told]:
        """Go on with those who answer, and with what there is of those who joined."""
        everybody = [each for group in self.groups for each in group]
        lost: set[UUID] = set()
        for place in range(facts):
            n = 1_000_000 + place
            named = self.random.choice(everybody)
            who = answering.get(named, named)
            sold, given = self.owned[::2], self.owned[1::2] or self.owned
            (one, *_), seller = self.random.choice(sold)
            (other, *_), _ = self.random.choice(given)
            command = self.random.choice(
                (
                    self.call(named, made("call", n)),
                    OpenDeal(
                        deal_id=made("deal", n),
                        client_id=one,
                        pipeline_id=self.random.choice(ROADS),
                        seller_id=seller,
                        title="More scales",
                    ),
                    WinDeal(deal_id=made("deal", self.random.randrange(self.number))),
                    MoveDeal(deal_id=made("deal", self.random.randrange(self.number)), to_stage="contract"),
                    HoldActivity(activity_id=made("plan", self.random.randrange(self.number)), result="They think"),
                    NoteDeal(
                        deal_id=made("deal", self.random.randrange(self.number)),
                        note_id=made("note", n),
                        text="Ask again",
                    ),
                    NoteClient(client_id=who, note_id=made("note", n), text="Since"),
                    RenameClient(client_id=who, name=f"Новое имя {place}"),
                    CorrectProfile(client_id=who, field=ProfileField.SECTOR, value=f"sector {place}"),
                    AddContactPoint(
                        client_id=who,
                        point=ContactPointGiven(kind=ContactKind.EMAIL, value=f"since{place}@made.example"),
                    ),
                    AdvanceLifecycle(client_id=who, to_state=Lifecycle.LOST, reason="closed down"),
                    TransferClient(
                        client_id=answering.get(other, other),
                        to_seller_id=self.random.choice(SELLERS),
                        reason="leave",
                    ),
                    GiveDataNotice(client_id=who, text_version="2026-07", channel=Channel.CALL),
                    self.consent(named),
                    TagClient(client_id=named, tag=f"tag {place % 7}"),
                    self.file(named),
                    SetClientField(client_id=named, code="staff", value=str(place % 7)),
                    LiftObjection(client_id=who, evidence="Signed"),
                )
            )
            # Who is lost already is so again only where they are one with somebody who bought since.
            if isinstance(command, AdvanceLifecycle):
                if who in lost:
                    continue
                lost.add(who)
            yield self.both(command)

    def taking_apart(self, joined: Sequence[UUID]) -> list[UUID]:
        """Return who is to leave, in an order of chance."""
        return self.random.sample(joined, len(joined))

    def unmerge(self, survivor_id: UUID, merged_id: UUID) -> Told:
        return self.only(UnmergeClients(survivor_id=survivor_id, merged_id=merged_id, reason="two after all"))
