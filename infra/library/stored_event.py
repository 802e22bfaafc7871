"""What the eventsourcing library stores, with our envelope around it and as the JSON text our log wants."""

from base64 import b64decode, b64encode
from dataclasses import dataclass

from eventsourcing.persistence import Notification, StoredEvent
from pydantic_core import from_json

from infra.log.envelope import Envelope


@dataclass(frozen=True)
class EnvelopedEvent(StoredEvent):
    """A stored event with everything the log knows about it.

    Given to be recorded, it says when, by whom and by which command; the log itself fills in position and recorded_at.
    """

    envelope: Envelope


@dataclass(frozen=True)
class EnvelopedNotification(Notification):
    """A place in the log and the fact at it, with everything the log knows about it."""

    envelope: Envelope


WRAPPED = '{"base64":"'


def to_body(state: bytes) -> str:
    """Return the JSON text that stands for a state: a JSON object is itself, anything else is wrapped in base64."""
    try:
        text = state.decode()
        if text.startswith("{") and not text.startswith(WRAPPED):
            from_json(text, allow_inf_nan=False)
            return text
    except ValueError:  # no UTF-8, or no JSON
        pass
    return f'{WRAPPED}{b64encode(state).decode()}"}}'


def to_state(body: str) -> bytes:
    """Return the state that a body stands for, byte for byte."""
    return b64decode(body[len(WRAPPED) : -2]) if body.startswith(WRAPPED) else body.encode()
