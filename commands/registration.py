"""What is asked about the numbers by which the state knows a client: the tax number, КПП and ОГРН."""

from aggregates.base import WrongValueError
from aggregates.client import Client
from aggregates.client_state import TAX_ID
from commands.approach import check_may_correct
from commands.base import Command, Context, Outcome, handles
from commands.contact_point import BY_HAND
from commands.roles import CORRECTING
from events.examples import INN, KPP, ROMASHKA, example
from events.ids import ClientId
from events.registration import HOME_COUNTRY, Country
from events.values import Confidence, EditedKind, RegistrationNumber, ShortText


@example(client_id=ROMASHKA, tax_id=INN, source="contract")
class CorrectTaxId(Command):
    """Give or correct a client's tax number, of the country it pays taxes in; nothing: it has none.

    A seller or a head gives one that is missing, and corrects what they entered themselves within 24 hours.
    """

    ROLES, EDITS = CORRECTING, EditedKind.PERSONAL

    client_id: ClientId
    tax_id: ShortText | None
    country: Country = HOME_COUNTRY
    source: ShortText = BY_HAND
    confidence: Confidence = Confidence.STATED


@example(client_id=ROMASHKA, number=RegistrationNumber.KPP, value=KPP, source="contract")
class CorrectRegistrationNumber(Command):
    """Give or correct a client's КПП or ОГРН; nothing: it has none. Branches with one ИНН differ by their КПП.

    A seller or a head gives one that is missing, and corrects what they entered themselves within 24 hours.
    """

    ROLES, EDITS = CORRECTING, EditedKind.PERSONAL

    client_id: ClientId
    number: RegistrationNumber
    value: ShortText | None
    source: ShortText = BY_HAND
    confidence: Confidence = Confidence.STATED


@handles(CorrectTaxId)
def correct_tax_id(command: CorrectTaxId, context: Context) -> Outcome:
    """Correct the tax number."""
    client = context.load(Client, command.client_id)
    if client.tax_id is not None:
        check_may_correct(context, client, TAX_ID)
    client.correct_tax_id(command.tax_id, source=command.source, country=command.country, confidence=command.confidence)
    return context.save(client)


@handles(CorrectRegistrationNumber)
def correct_registration_number(command: CorrectRegistrationNumber, context: Context) -> Outcome:
    """Correct the number."""
    client = context.load(Client, command.client_id)
    if getattr(client, command.number) is not None:
        check_may_correct(context, client, command.number)
    try:
        client.correct_registration_number(
            command.number, command.value, source=command.source, confidence=command.confidence
        )
    except WrongValueError as error:
        error.facts["pointer"] = "/value"
        raise
    return context.save(client)
