"""What an import entered is taken back if nobody has used it, and what it changed counts as it did before."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from aggregates.base import NotFoundError
from aggregates.client import Client
from aggregates.entry import EntryIsOfElsewhereError, EntryIsUsedError
from commands.base import Actor
from commands.client import ImportClient
from commands.import_revert import (
    FinishRevert,
    LifecycleBefore,
    NameBefore,
    OwnerBefore,
    PointAdded,
    RevertActivityEntry,
    RevertClientEntry,
    RevertClientUpdate,
    RevertDealEntry,
    RevertImport,
    TaxIdBefore,
    TraitBefore,
)
from events.activity import ActivityEntryReverted, ActivityHeld
from events.client import (
    ClientClaimed,
    ClientEntryReverted,
    ClientRegistered,
    ClientReleased,
    ClientRenamed,
    ContactPointRemoved,
    LifecycleAdvanced,
    ProfileCorrected,
    TaxIdCorrected,
)
from events.client_merge import ClientsMerged
from events.deal import DealEntryReverted, DealMoved, DealOpened
from events.ids import source_named
from events.import_run import ImportRevertBegun, ImportReverted, ImportStarted, SourceReverted
from events.values import Confidence, Lifecycle, OwnershipCause, ProfileField
from tests.examples import ANNA, CALL, FIRST_IMPORT, INN, LUTIK, PHONE, ROMASHKA, SALE, command, fact
from tests.story import MATTER, given, on

AS_IMPORT = Actor("import:maven-crm", "import")
OTHER_IMPORT = UUID(int=1)
THEN = datetime(2026, 3, 1, tzinfo=UTC)
WHY = "the wrong file"


def test_who_was_entered_by_the_import_is_taken_back() -> None:
    ask = command(RevertClientEntry, import_id=MATTER)
    gone = ClientEntryReverted(import_id=MATTER, reason=WHY)
    entered = on(LUTIK, fact(ClientRegistered))
    given(entered).when(ask, AS_IMPORT).then(on(LUTIK, gone))
    given(entered, on(LUTIK, gone)).when(ask, AS_IMPORT).then_refused(NotFoundError)
    given(entered).when(command(RevertClientEntry, import_id=OTHER_IMPORT), AS_IMPORT).then_refused(
        EntryIsOfElsewhereError
    )
    merged = on(LUTIK, fact(ClientsMerged, merged_id=ROMASHKA, into_id=LUTIK))
    given(entered, merged).when(ask, AS_IMPORT).then_refused(EntryIsUsedError)


def test_a_deal_and_an_activity_are_taken_back() -> None:
    deal, elsewhere = (command(RevertDealEntry, import_id=each) for each in (MATTER, OTHER_IMPORT))
    opened, gone = fact(DealOpened), DealEntryReverted(import_id=MATTER, reason=WHY)
    given(on(SALE, opened)).when(deal, AS_IMPORT).then(on(SALE, gone))
    given(on(SALE, opened, fact(DealMoved))).when(elsewhere, AS_IMPORT).then_refused(EntryIsOfElsewhereError)
    call = command(RevertActivityEntry, import_id=MATTER)
    no_call = ActivityEntryReverted(import_id=MATTER, reason=WHY)
    given(on(CALL, fact(ActivityHeld))).when(call, AS_IMPORT).then(on(CALL, no_call))


def test_what_was_taken_back_holds_nothing_and_may_be_entered_anew() -> None:
    gone = ClientEntryReverted(import_id=MATTER, reason=WHY)
    story = given(on(LUTIK, fact(ClientRegistered), gone))
    client = story.context.streams[LUTIK]
    assert isinstance(client, Client)
    assert (client.exists, client.identities()) == (False, frozenset())
    anew = ImportClient(import_id=FIRST_IMPORT, client_id=LUTIK, kind=client.kind, name="Lutik", source="maven-crm")
    told = story.when(anew, AS_IMPORT)
    told.then(on(LUTIK, ClientRegistered(kind=client.kind, name="Lutik", source="maven-crm")))


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ({"name": NameBefore(at=THEN, name="Lutik")}, ClientRenamed(from_name="Romashka", to_name="Lutik")),
        (
            {"traits": (TraitBefore(at=THEN, field=ProfileField.SECTOR, source="x"),)},
            ProfileCorrected(field=ProfileField.SECTOR, from_value="retail", source="x"),
        ),
        (
            {"tax_id": TaxIdBefore(at=THEN, tax_id="12", is_wrong=True, source="x", confidence=Confidence.DOUBTFUL)},
            TaxIdCorrected(
                from_tax_id=INN, to_tax_id="12", is_tax_id_wrong=True, source="x", confidence=Confidence.DOUBTFUL
            ),
        ),
        (
            {"points": (PointAdded(at=THEN, kind=PHONE.kind, key=PHONE.key),)},
            ContactPointRemoved(point=PHONE, reason=WHY),
        ),
        (
            {"lifecycle": LifecycleBefore(at=THEN, state=Lifecycle.PROSPECT)},
            LifecycleAdvanced(from_state=Lifecycle.CUSTOMER, to_state=Lifecycle.PROSPECT, reason=WHY),
        ),
        ({"owner": OwnerBefore(at=THEN)}, ClientReleased(from_owner_id=ANNA, cause=OwnershipCause.REVERT, reason=WHY)),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_what_was_known_before_counts_again_and_happened_then(before: dict[str, object], back: object) -> None:
    advanced = fact(LifecycleAdvanced, to_state=Lifecycle.CUSTOMER)
    client = on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed), advanced)
    ask = RevertClientUpdate.model_validate({"import_id": FIRST_IMPORT, "client_id": ROMASHKA, "reason": WHY, **before})
    story = given(client)
    story.when(ask, AS_IMPORT).then(on(ROMASHKA, back))  # type: ignore[arg-type]  # a fact, each of its kind
    again = given(client, on(ROMASHKA, back))  # type: ignore[arg-type]  # the same
    again.when(ask, AS_IMPORT).then_nothing()


def test_a_revert_is_begun_and_accounted_for_once() -> None:
    started = on(FIRST_IMPORT, fact(ImportStarted))
    begun, source = on(FIRST_IMPORT, fact(ImportRevertBegun)), on(source_named("maven-crm"), fact(SourceReverted))
    given(started).when(command(RevertImport), AS_IMPORT).then(begun, source)
    given(started, begun, source).when(command(RevertImport, reason="again"), AS_IMPORT).then_nothing()
    ended = on(FIRST_IMPORT, fact(ImportReverted))
    given(started, begun).when(command(FinishRevert), AS_IMPORT).then(ended)
    given(started, begun, ended).when(command(FinishRevert), AS_IMPORT).then_nothing()
    more = command(FinishRevert, gone=8001, kept=98)
    given(started, begun, ended).when(more, AS_IMPORT).then(on(FIRST_IMPORT, fact(ImportReverted, gone=8001, kept=98)))
