"""Why what was typed is no phone, e-mail or tax number; the words are in identity.toml, by what it is instead."""

from aggregates.base import WrongValueError


class WrongPhoneError(WrongValueError):
    """This is no phone number; facts: kind (what it is instead, one of NO_PHONE, or None)."""

    code = "wrong-phone"
    field = "phone"


class WrongEmailError(WrongValueError):
    """This is no e-mail address; facts: kind (what it is instead, one of NO_EMAIL, or None)."""

    code = "wrong-email"
    field = "email"


class WrongTaxIdError(WrongValueError):
    """This is no tax number of such a client; facts: digits (how many it must have)."""

    code = "wrong-tax-id"
    field = "tax_id"


NO_PHONE = ("date", "local", "placeholder", "several", "tax-id")
NO_EMAIL = ("mixed", "several")
