"""What happens to a login: a name by which an identity provider knows somebody."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import ANNA, ANNA_AT_PROVIDER, PROVIDER, SUBJECT, example
from events.ids import StaffId
from events.marks import PERSONAL
from events.values import OpenShortText, ShortText, Text


@example(on=ANNA_AT_PROVIDER, staff_id=ANNA, issuer=PROVIDER, subject=SUBJECT)
class LoginBound(Event):
    """From now on whoever signs in at this provider under this name is this staff member here."""

    TOPIC: ClassVar[str] = "login.bound"

    staff_id: StaffId
    issuer: OpenShortText
    subject: Annotated[ShortText, PERSONAL]


@example(on=ANNA_AT_PROVIDER, staff_id=ANNA, reason="entered by mistake")
class LoginReleased(Event):
    """Whoever signs in under this name is nobody here any more."""

    TOPIC: ClassVar[str] = "login.released"

    staff_id: StaffId
    reason: Annotated[Text, PERSONAL]
