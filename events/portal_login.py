"""What happens to a login of the portal: a name by which an identity provider knows a client or a partner."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import OLGA, OLGA_AT_PROVIDER, OLGAS_SUBJECT, PROVIDER, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import OpenShortText, PortalRole, ShortText, Text


@example(on=OLGA_AT_PROVIDER, client_id=OLGA, role=PortalRole.CLIENT, issuer=PROVIDER, subject=OLGAS_SUBJECT)
class PortalLoginBound(Event):
    """From now on whoever signs in at this provider under this name comes in for this client, as that or a partner."""

    TOPIC: ClassVar[str] = "portal_login.bound"

    client_id: ClientId
    role: PortalRole
    issuer: OpenShortText
    subject: Annotated[ShortText, PERSONAL]


@example(on=OLGA_AT_PROVIDER, client_id=OLGA, reason="asked for it")
class PortalLoginReleased(Event):
    """Whoever signs in under this name comes in for no client any more."""

    TOPIC: ClassVar[str] = "portal_login.released"

    client_id: ClientId
    reason: Annotated[Text, PERSONAL]
