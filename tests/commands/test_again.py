"""Whoever asks again under a new key, not knowing whether the first time counted, does no harm."""

from datetime import date
from uuid import UUID

import pytest

from aggregates.activity import ActivityIsClosedError
from aggregates.base import AlreadyExistsError, DomainError, NotFoundError
from aggregates.client_errors import ContactPointIsUnknownError
from aggregates.product import product_id
from aggregates.unit import UnitNameTakenError
from commands.registry import COMMANDS
from events.activity import ActivityHeld, ActivityPlanned
from events.api_key import ApiKeyIssued
from events.base import Event
from events.branch import BranchOpened
from events.client import (
    ClientAffiliated,
    ClientArchived,
    ClientClaimed,
    ClientNoted,
    ClientRegistered,
    ContactPointAdded,
)
from events.client_date import ClientDateNoted
from events.client_field import ClientFieldSet
from events.client_file import ClientFileAdded
from events.client_merge import ClientMergedInto, ClientsMerged
from events.client_pair import ClientsKeptApart
from events.client_permission import ConsentGiven
from events.client_relation import ClientsRelated
from events.client_tag import ClientTagged
from events.custom_field import CustomFieldDefined, CustomFieldRetired, FieldOptionRetired
from events.deal import DealLost, DealOpened
from events.examples import (
    ANNA_AT_PROVIDER,
    DATES_OF_ROMASHKA,
    DAY,
    EAST,
    FIELDS_OF_ROMASHKA,
    FILES_OF_ROMASHKA,
    GTX_LADDER,
    GTX_PLUS,
    HOLDING_REFERRED_ROMASHKA,
    MAY_ROMASHKA,
    NORTH,
    OLGA_AT_PROVIDER,
    PERM,
    PLAN_OF_ANNA,
    RETAIL,
    ROMASHKA_AND_HOLDING,
    SHOP_KEY,
    TAGS_OF_ROMASHKA,
    TEMPERATURE_FIELD,
    VAT_RATE,
)
from events.import_run import ImportStarted
from events.login import LoginBound
from events.pipeline import PipelineDefined, PipelineRetired, StageRetired
from events.plan import PlanAgreed
from events.portal_login import PortalLoginBound
from events.price_book import PriceBookOpened
from events.price_ladder import PriceListed
from events.product import ProductListed
from events.staff import StaffDeparted, StaffHired, StaffSuspended
from events.tax_rate import TaxRateAdopted
from events.team import TeamOpened
from events.values import CallStatus, Channel, ClientKind, Direction, StaffRole
from tests.examples import (
    ANNA,
    BORIS,
    CALL,
    FIRST_IMPORT,
    GTX,
    HOLDING,
    LUTIK,
    MEETING,
    OLGA,
    ROAD,
    ROMASHKA,
    SALE,
    VERA,
    command,
    fact,
)
from tests.story import Told, by, given, on

NAMELESS = {"tax_id": None, "contact_points": ()}
INCOMING = {"channel": Channel.CALL, "direction": Direction.INBOUND, "call_status": CallStatus.TAKEN_TO_WORK}
WORLD: dict[UUID, Event] = {
    ANNA: fact(StaffHired),
    BORIS: fact(StaffHired, name="Boris"),
    VERA: fact(StaffHired, name="Vera", role=StaffRole.HEAD),
    ROMASHKA: fact(ClientRegistered, tax_id=None),
    OLGA: fact(ClientRegistered, kind=ClientKind.PERSON, **NAMELESS),
    HOLDING: fact(ClientRegistered, **NAMELESS),
    LUTIK: fact(ClientRegistered, name="Lutik", **NAMELESS),
    MEETING: fact(ActivityPlanned),
    CALL: fact(ActivityHeld, client_id=None, **INCOMING),
    ROAD: fact(PipelineDefined),
    SALE: fact(DealOpened, client_id=None),
    product_id(GTX): fact(ProductListed),
    product_id(GTX_PLUS): fact(ProductListed, code=GTX_PLUS),
    VAT_RATE: fact(TaxRateAdopted, percent=None),
    RETAIL: fact(PriceBookOpened),
    FIRST_IMPORT: fact(ImportStarted),
    EAST: fact(TeamOpened),
    NORTH: fact(BranchOpened),
    PERM: fact(BranchOpened, name="Perm"),
    SHOP_KEY: fact(ApiKeyIssued),
    TEMPERATURE_FIELD: fact(CustomFieldDefined),
    PLAN_OF_ANNA: fact(PlanAgreed),
}
"""A company in which the example of each command can be carried out, but for what is said below."""

MADE: dict[str, UUID] = {
    "hire-staff": ANNA,
    "import-staff": ANNA,
    "register-client": ROMASHKA,
    "import-client": ROMASHKA,
    "plan-activity": MEETING,
    "record-activity": CALL,
    "import-activity": CALL,
    "define-pipeline": ROAD,
    "open-deal": SALE,
    "import-deal": SALE,
    "open-price-book": RETAIL,
    "list-product": product_id(GTX),
    "import-product": product_id(GTX),
    "start-import": FIRST_IMPORT,
    "open-team": EAST,
    "open-branch": NORTH,
    "issue-api-key": SHOP_KEY,
    "define-custom-field": TEMPERATURE_FIELD,
    "agree-plan": PLAN_OF_ANNA,
}
"""What a command makes: it is not there before, and cannot be made again."""

HAPPENED: dict[str, tuple[Told, ...]] = {
    "remove-contact-point": (on(ROMASHKA, fact(ContactPointAdded)),),
    "restore-client": (on(ROMASHKA, fact(ClientArchived)),),
    "transfer-client": (on(ROMASHKA, fact(ClientClaimed)),),
    "release-client": (on(ROMASHKA, fact(ClientClaimed)),),
    "reassign-client": (on(ROMASHKA, fact(ClientClaimed)), on(ANNA, fact(StaffDeparted))),
    "reassign-deal": (on(ANNA, fact(StaffDeparted)),),
    "reassign-activity": (on(ANNA, fact(StaffDeparted)),),
    "end-affiliation": (on(OLGA, fact(ClientAffiliated)),),
    "unmerge-clients": (on(ROMASHKA, fact(ClientsMerged)), on(LUTIK, fact(ClientMergedInto))),
    "restore-pipeline": (on(ROAD, fact(PipelineRetired)),),
    "restore-stage": (on(ROAD, fact(StageRetired)),),
    "edit-note": (on(ROMASHKA, fact(ClientNoted), actor=ANNA),),
    "withdraw-note": (on(ROMASHKA, fact(ClientNoted), actor=ANNA),),
    "release-login": (on(ANNA_AT_PROVIDER, fact(LoginBound)),),
    "release-portal-login": (on(OLGA_AT_PROVIDER, fact(PortalLoginBound)),),
    "reconsider-clients": (on(ROMASHKA_AND_HOLDING, fact(ClientsKeptApart)),),
    "retract-permission-entry": (on(MAY_ROMASHKA, fact(ConsentGiven)),),
    "end-relation": (on(HOLDING_REFERRED_ROMASHKA, fact(ClientsRelated)),),
    "drop-client-date": (on(DATES_OF_ROMASHKA, fact(ClientDateNoted)),),
    "remove-client-file": (on(FILES_OF_ROMASHKA, fact(ClientFileAdded)),),
    "clear-client-field": (on(FIELDS_OF_ROMASHKA, fact(ClientFieldSet)),),
    "restore-custom-field": (on(TEMPERATURE_FIELD, fact(CustomFieldRetired)),),
    "restore-field-option": (on(TEMPERATURE_FIELD, fact(FieldOptionRetired)),),
    "untag-client": (on(TAGS_OF_ROMASHKA, fact(ClientTagged)),),
    "revert-client-tags": (on(TAGS_OF_ROMASHKA, fact(ClientTagged)),),
    "move-price-border": (
        on(GTX_LADDER, fact(PriceListed), fact(PriceListed, from_day=date(2027, 1, 1), to_day=None)),
    ),
    "withdraw-price": (on(GTX_LADDER, fact(PriceListed)),),
    "reinstate-staff": (on(ANNA, fact(StaffSuspended)),),
    "reopen-deal": (on(SALE, fact(DealLost)),),
}
"""What has to have happened besides, for a command to have something to do."""

REFUSED: dict[str, tuple[type[DomainError], str]] = {
    # The same plan is agreed once more without a word; of another one a rule tells.
    **dict.fromkeys(MADE.keys() - {"agree-plan"}, (AlreadyExistsError, "it is there under its id")),
    **dict.fromkeys(("open-team", "open-branch"), (UnitNameTakenError, "there is one of this name")),
    "correct-contact-point": (ContactPointIsUnknownError, "what was to be corrected is not on the card any more"),
    **dict.fromkeys(
        ("revert-client-entry", "revert-deal-entry", "revert-activity-entry"),
        (NotFoundError, "it is not there any more"),
    ),
    "hold-activity": (ActivityIsClosedError, "what came of it is told once, and another telling might differ"),
}
"""Commands that a rule refuses the second time, for the reason that it is done."""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_command_under_another_key_records_nothing_more(name: str) -> None:
    world = [on(stream, event) for stream, event in WORLD.items() if stream != MADE.get(name)]
    happened = HAPPENED.get(name, ())
    asked = command(COMMANDS[name])
    story = given(*world, *happened)
    story.context.now = DAY  # a reminder has come by then
    story.when(asked, by("admin", ANNA))
    assert story.refusal is None, f"{name} was refused: say in MADE or HAPPENED what its example needs"
    first = len(story.recorded)
    assert first, f"{name} had nothing to do: say in HAPPENED what its example needs"

    refusal = story.when(asked, by("admin", ANNA)).refusal

    again = story.recorded[first:]
    # What is there under its id cannot be made again, whatever it is.
    made = AlreadyExistsError if isinstance(refusal, AlreadyExistsError) else type(None)
    assert type(refusal) is REFUSED.get(name, (made, ""))[0], f"{refusal!r}, {again}"
    assert not again


def test_every_exception_is_one_of_a_command_there_is() -> None:
    assert not {*MADE, *HAPPENED, *REFUSED} - set(COMMANDS)
