"""A login: a name by which an identity provider knows somebody, and who of the staff that is."""

from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.login import LoginBound, LoginReleased


class LoginIsBoundError(RuleBrokenError):
    """Whoever signs in under this name is another staff member; facts: staff_id (that one)."""

    code = "login-is-bound"


class Login(Aggregate):
    """One name at one provider, under the id that both have (`events.ids.login_of`)."""

    KIND = "login"

    staff_id: UUID | None

    def start(self) -> None:
        self.staff_id = None

    def check_free(self) -> None:
        """Raise LoginIsBoundError while it is a staff member's."""
        if self.staff_id is not None:
            raise LoginIsBoundError(staff_id=self.staff_id)

    def bind(self, staff_id: UUID, *, issuer: str, subject: str) -> None:
        """Record whose it is; what is theirs already records nothing."""
        if self.staff_id == staff_id:
            return
        self.check_free()
        self.trigger_event(LoginBound, staff_id=staff_id, issuer=issuer, subject=subject)

    def release(self, reason: str) -> None:
        """Record that it is nobody's any more; what is nobody's already records nothing."""
        if self.staff_id is not None:
            self.trigger_event(LoginReleased, staff_id=self.staff_id, reason=reason)

    @applies(LoginBound)
    def _bound(self, event: LoginBound) -> None:
        self.staff_id = event.staff_id

    @applies(LoginReleased)
    def _released(self, _: LoginReleased) -> None:
        self.staff_id = None
