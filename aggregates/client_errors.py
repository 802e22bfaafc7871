"""Why something cannot be done with a client."""

from aggregates.base import RuleBrokenError, WrongValueError


class ClientIsOwnedError(RuleBrokenError):
    """Another manager owns the client; facts: client_id (of the organisation, for its contact person), owner_id,
    owner_name, branch, since. Who the client is, whoever is refused may not know."""

    code = "client-owned"
    is_on_record = True


class ClientHasNoOwnerError(RuleBrokenError):
    """Nobody owns the client, so there is nobody to take it from; facts: client_id."""

    code = "client-has-no-owner"


class OwnershipOutOfOrderError(RuleBrokenError):
    """The owner changed after the moment that is given, so two would have owned the client; facts: client_id, since
    (the last change), occurred_at (what was given)."""

    code = "ownership-out-of-order"


class ClientIsArchivedError(RuleBrokenError):
    """The client's card is in the archive; facts: client_id."""

    code = "client-is-archived"


class ContactPointNeededError(WrongValueError):
    """A client is entered with at least one contact point; no facts."""

    code = "contact-point-needed"
    field = "contact_points"


class ContactPointIsUnknownError(RuleBrokenError):
    """The client has no such contact point; facts: kind."""

    code = "contact-point-is-unknown"


class ContactPointExistsError(RuleBrokenError):
    """The corrected contact point would be one the client has already; facts: kind."""

    code = "contact-point-exists"


class TooManyContactPointsError(RuleBrokenError):
    """The client has as many contact points as one may have; facts: client_id, most."""

    code = "too-many-contact-points"


class LastContactPointError(RuleBrokenError):
    """A client keeps at least one contact point; facts: client_id."""

    code = "last-contact-point"


class NotAPersonError(RuleBrokenError):
    """Only a person can act for an organisation; facts: client_id."""

    code = "not-a-person"


class NotAnOrganisationError(RuleBrokenError):
    """The client named is a person where an organisation belongs; facts: client_id."""

    code = "not-an-organisation"


class ParentIsBelowError(RuleBrokenError):
    """An organisation cannot belong to itself or to one of its own subsidiaries; facts: client_id, parent_id."""

    code = "parent-is-below"


class LifecycleRunsForwardError(RuleBrokenError):
    """The relationship cannot go back to an earlier state, except from lost; facts: from_state, to_state."""

    code = "lifecycle-runs-forward"


class ReasonNeededError(WrongValueError):
    """Losing a client and winning one back need a reason; facts: to_state."""

    code = "reason-needed"
    field = "reason"


class CorrectionNeedsRightError(RuleBrokenError):
    """Somebody else entered the value, or it is too long ago; facts: client_id, hours (so long one may), since (when it
    was entered, if by whoever asks)."""

    code = "correction-needs-right"
    is_on_record = True


class DuplicateNeedsRightError(RuleBrokenError):
    """Only a head, an operator or an admin may enter a duplicate knowingly; facts: role."""

    code = "duplicate-needs-right"
    is_on_record = True


class ClientNotRecognisedError(RuleBrokenError):
    """Old records tell of a client who is not there; facts: external_id."""

    code = "client-not-recognised"


class SeveralClientsRecognisedError(RuleBrokenError):
    """What old records tell of is recognised in more than one client; facts: names, candidates (ids)."""

    code = "several-clients-recognised"


class KindIsOtherError(RuleBrokenError):
    """Old records call a client a person whose card is an organisation's, or the other way round; facts: kind."""

    code = "kind-is-other"


class RelationIsOtherError(RuleBrokenError):
    """Old records say otherwise to whom a client belongs or for whom it acts, which is not updated; facts: kind."""

    code = "relation-is-other"


class NameNeededError(WrongValueError):
    """Nobody is entered without a name; facts: external_id."""

    code = "name-needed"
    field = "name"
