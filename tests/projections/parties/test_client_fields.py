"""What stands in a field of a client has a row, with what it is compared by."""

from decimal import Decimal

from events.client_field import ClientFieldCleared, ClientFieldSet
from events.custom_field import CustomFieldType
from events.examples import FIELDS_OF_ROMASHKA
from projections.parties.client_fields import ClientFieldRow, client_fields
from tests.examples import ROMASHKA, fact
from tests.story import given, moment, on

BUDGET = fact(ClientFieldSet, code="budget", type=CustomFieldType.NUMBER, value="-1200.5")
CITY = fact(ClientFieldSet, code="city", type=CustomFieldType.TEXT, value="Нижний Новгород")
AT_FIRST = on(FIELDS_OF_ROMASHKA, fact(ClientFieldSet), BUDGET, CITY)
ROWS = (
    ClientFieldRow(ROMASHKA, "temperature", "choice", "hot", "hot", None, moment(1)),
    ClientFieldRow(ROMASHKA, "budget", "number", "-1200.5", "-1200.5", Decimal("-1200.5"), moment(2)),
    ClientFieldRow(ROMASHKA, "city", "text", "Нижний Новгород", "нижний новгород", None, moment(3)),
)


def test_a_value_stands_as_it_is_told_and_as_it_is_compared() -> None:
    given(AT_FIRST).shows(client_fields, *ROWS)


def test_it_is_replaced_and_cleared_and_its_neighbours_stay() -> None:
    cold = fact(ClientFieldSet, value="cold")
    changed = ROWS[0]._replace(value="cold", compared="cold", set_at=moment(4))
    given(AT_FIRST, on(FIELDS_OF_ROMASHKA, cold)).shows(client_fields, changed, *ROWS[1:])
    given(AT_FIRST, on(FIELDS_OF_ROMASHKA, fact(ClientFieldCleared))).shows(client_fields, *ROWS[1:])
