"""Which mailbox was typed: one form for all addresses that reach it."""

import re

from aggregates.identity_errors import WrongEmailError
from events.values import ContactDoubt
from infra.mailboxes import one_mailbox
from infra.typed import cleaned, words_of_two_alphabets

# Nearly every address; its form needs no rules of the standards, which take longer to load than a client to enter.
PLAIN = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,}"
)
LONGEST_PLAIN = 60
"""No part of it is too long for the standards then."""
_IN_BRACKETS = re.compile(r'(?:[^<>@]|"[^"]*")*<([^<>]+)>')
_LABELLED = re.compile(r"(mailto|e-?mail|почта|эл(?:ектронная|\.)? ?почта) ?: ?(.*)", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


def email_key(typed: str) -> str:
    """Return the address that stands for the mailbox, in lower case; raises WrongEmailError when it cannot be one."""
    plain = typed.lower()
    if len(plain) <= LONGEST_PLAIN and PLAIN.fullmatch(plain):
        return one_mailbox(plain)
    return one_mailbox(_by_the_standards(_address_in(cleaned(typed))))


def _address_in(text: str) -> str:
    """Return what stands between the signs that mail programs write around an address."""
    text = text.strip(" ,;")
    if labelled := _LABELLED.fullmatch(text):
        text = labelled[2].partition("?")[0] if labelled[1].lower() == "mailto" else labelled[2]
    if bracketed := _IN_BRACKETS.fullmatch(text):
        text = bracketed[1].strip()
    if _QUOTED.sub("", text).count("@") > 1:
        raise WrongEmailError(ContactDoubt.SEVERAL)
    if words_of_two_alphabets(text):
        raise WrongEmailError(ContactDoubt.MIXED)
    return text


def _by_the_standards(text: str) -> str:
    # Loaded when the first such address is met.
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(text, check_deliverability=False, allow_quoted_local=True, strict=True).normalized
    except (EmailNotValidError, UnicodeError):
        raise WrongEmailError from None
    return address.lower()
