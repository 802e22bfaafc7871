"""Why two clients cannot be made one, or one cannot be taken apart again."""

from aggregates.base import RuleBrokenError, WrongValueError


class ClientIsMergedError(RuleBrokenError):
    """The client turned out to be another one, who answers for it; facts: client_id, survivor_id."""

    code = "client-is-merged"


class ClientsAreOfTwoKindsError(RuleBrokenError):
    """One is a person and the other one an organisation; facts: client_id, survivor_id."""

    code = "clients-are-of-two-kinds"


class ClientsAreRelatedError(RuleBrokenError):
    """One belongs to the other, or acts for it, so they are two; facts: client_id, survivor_id."""

    code = "clients-are-related"


class MergeNeedsChoiceError(WrongValueError):
    """Both have an owner, or a tax number, and one is to be chosen; facts: missing (the fields of the choices)."""

    code = "merge-needs-choice"


class MergingOwnersNeedsRightError(RuleBrokenError):
    """Clients of two owners are made one by a head or an admin; facts: role, client_id."""

    code = "merging-owners-needs-right"
    is_on_record = True


class TooManyPartsError(RuleBrokenError):
    """So many have joined one client that no more are taken; facts: client_id, most."""

    code = "too-many-parts"


class IsOfAPartError(RuleBrokenError):
    """It was brought by a client that joined this one, and is corrected when they are taken apart; facts: client_id,
    part_id."""

    code = "is-of-a-part"
