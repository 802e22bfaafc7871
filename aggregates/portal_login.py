"""A login of the portal: a name by which an identity provider knows a client, and in which role they come in."""

from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from aggregates.client import Client
from events.portal_login import PortalLoginBound, PortalLoginReleased
from events.values import PortalRole


class LoginIsOfPortalError(RuleBrokenError):
    """Whoever signs in under this name comes in for a client already; facts: client_id."""

    code = "login-is-of-portal"


class PortalLogin(Aggregate):
    """One name at one provider as a client's, under the id that it has as such (`events.ids.portal_login_of`)."""

    KIND = "portal_login"

    client_id: UUID | None
    role: PortalRole | None

    def start(self) -> None:
        self.client_id = self.role = None

    @property
    def subject_id(self) -> UUID:
        """The client whose it is, or was last."""
        return self.client_id or self.id

    def check_free(self) -> None:
        """Raise LoginIsOfPortalError while it is a client's."""
        if self.role is not None:
            raise LoginIsOfPortalError(client_id=self.client_id)

    def bind(self, client: Client, role: PortalRole, *, issuer: str, subject: str) -> None:
        """Record for whom who signs in comes in; what is so already records nothing. A partner is an organisation."""
        if (self.client_id, self.role) == (client.id, role):
            return
        self.check_free()
        client.check_present()
        if role is PortalRole.PARTNER:
            client.check_organisation()
        self.trigger_event(PortalLoginBound, client_id=client.id, role=role, issuer=issuer, subject=subject)

    def release(self, reason: str) -> None:
        """Record that it is nobody's any more; what is nobody's already records nothing."""
        if self.role is not None:
            self.trigger_event(PortalLoginReleased, client_id=self.client_id, reason=reason)

    @applies(PortalLoginBound)
    def _bound(self, event: PortalLoginBound) -> None:
        self.client_id, self.role = event.client_id, event.role

    @applies(PortalLoginReleased)
    def _released(self, event: PortalLoginReleased) -> None:
        self.client_id, self.role = event.client_id, None
