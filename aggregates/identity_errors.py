"""Why what was typed is no phone, e-mail or tax number; the words are in identity.toml, by what it is instead."""

from aggregates.base import WrongValueError
from events.values import ContactDoubt


class WrongPhoneError(WrongValueError):
    """This is no phone number; facts: kind (ContactDoubt: what it is instead)."""

    code = "wrong-phone"
    field = "phone"

    def __init__(self, kind: ContactDoubt = ContactDoubt.UNREADABLE) -> None:
        super().__init__(kind=kind)


class WrongEmailError(WrongValueError):
    """This is no e-mail address; facts: kind (ContactDoubt: what it is instead)."""

    code = "wrong-email"
    field = "email"

    def __init__(self, kind: ContactDoubt = ContactDoubt.UNREADABLE) -> None:
        super().__init__(kind=kind)


class WrongTaxIdError(WrongValueError):
    """This is no tax number of such a client; facts: digits (how many an INN must have), or kind and country."""

    code = "wrong-tax-id"
    field = "tax_id"


class WrongKppError(WrongValueError):
    """This is no КПП, or the client can have none, being a person; no facts."""

    code = "wrong-kpp"
    field = "kpp"


class WrongOgrnError(WrongValueError):
    """This is no ОГРН of such a client; facts: digits (how many it must have)."""

    code = "wrong-ogrn"
    field = "ogrn"
