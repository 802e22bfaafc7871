"""Old records keep what is no phone or tax number, marked; people and programs are told to correct it."""

import pytest

from aggregates.base import WrongValueError
from aggregates.client import Client
from commands.base import Command
from commands.client import ImportClient, RegisterClient, RenameClient
from commands.contact_point import OFFICE_PHONE, ContactPointGiven, CorrectContactPoint
from events.client import ClientRegistered, ClientRenamed, ContactPointCorrected
from events.values import Confidence, ContactDoubt, ContactKind, ContactPoint
from tests.examples import PHONE, ROMASHKA, command, fact
from tests.story import by, given, on

AS_IMPORT = by("import", "maven-crm")
NO_PHONE = ContactPointGiven(kind=ContactKind.PHONE, value="0000000")
KEPT = ContactPoint(
    kind=ContactKind.PHONE,
    value="0000000",
    key="0000000",
    confidence=Confidence.DOUBTFUL,
    doubt=ContactDoubt.PLACEHOLDER,
)


def test_old_records_keep_what_is_no_phone_or_tax_number_marked_and_nobody_s() -> None:
    asked = command(
        ImportClient,
        contact_points=(
            NO_PHONE,
            ContactPointGiven(kind=ContactKind.PHONE, value="225-12-93", area_code="342"),
            ContactPointGiven(kind=ContactKind.PHONE, value="8 701 234 56 78", region="KZ"),
        ),
        tax_id="7707083894",
    )
    story = given().when(asked, AS_IMPORT)
    (registered,) = story.recorded
    assert isinstance(registered, ClientRegistered)
    assert registered.contact_points[0] == KEPT
    assert [point.key for point in registered.contact_points[1:]] == ["+73422251293", "+77012345678"]
    assert (registered.tax_id, registered.is_tax_id_wrong) == ("7707083894", True)
    client = story.context.load(Client, ROMASHKA)
    assert {each.key for each in client.identities()} == {"+73422251293", "+77012345678"}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        (command(RegisterClient, contact_points=(OFFICE_PHONE, NO_PHONE)), "/contact_points/1/value"),
        (command(CorrectContactPoint, to_point=NO_PHONE), "/to_point/value"),
    ],
)
def test_whoever_types_it_is_told_the_field_and_what_it_is(asked: Command, pointer: str) -> None:
    story = given() if isinstance(asked, RegisterClient) else given(on(ROMASHKA, fact(ClientRegistered)))
    refusal = story.when(asked).refusal
    assert isinstance(refusal, WrongValueError)
    assert refusal.facts == {"kind": ContactDoubt.PLACEHOLDER, "pointer": pointer}


def test_what_was_kept_is_corrected_by_what_was_typed() -> None:
    kept = fact(ClientRegistered, contact_points=(KEPT,))
    corrected = fact(ContactPointCorrected, from_point=KEPT, to_point=PHONE.model_copy(update={"label": None}))
    asked = command(
        CorrectContactPoint,
        from_point=NO_PHONE,
        to_point=ContactPointGiven(kind=ContactKind.PHONE, value=PHONE.value),
    )
    given(on(ROMASHKA, kept)).when(asked).then(on(ROMASHKA, corrected))


def test_how_sure_a_contact_point_and_a_name_are_is_recorded() -> None:
    sure = ContactPointGiven(kind=PHONE.kind, value=PHONE.value, label=PHONE.label, confidence=Confidence.VERIFIED)
    same = ContactPointGiven(kind=PHONE.kind, value=PHONE.value, label=PHONE.label)
    verified = PHONE.model_copy(update={"confidence": Confidence.VERIFIED})
    story = given(on(ROMASHKA, fact(ClientRegistered)))
    story.when(command(CorrectContactPoint, from_point=same, to_point=sure, source="call"))
    story.then(on(ROMASHKA, fact(ContactPointCorrected, from_point=PHONE, to_point=verified, source="call")))
    renamed = given(on(ROMASHKA, fact(ClientRegistered))).when(
        command(RenameClient, source="contract", confidence=Confidence.VERIFIED)
    )
    renamed.then(on(ROMASHKA, fact(ClientRenamed, source="contract", confidence=Confidence.VERIFIED)))
