"""What happens to an API key: what a program comes in with. A fact has the digest of a secret, never the secret."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import DAY, DIGEST, LATER, NEXT_DIGEST, QUARTER, SHOP_KEY, example
from events.marks import PERSONAL
from events.values import Code, Digest, Moment, OpenShortText, Text


@example(
    on=SHOP_KEY,
    name="Web shop",
    commands=("register-client", "record-activity"),
    questions=("list_products",),
    secret_sha256=DIGEST,
    expires_at=DAY + QUARTER,
)
class ApiKeyIssued(Event):
    """A program with the secret of this digest is let in until a moment, to ask for what is named here alone."""

    TOPIC: ClassVar[str] = "api_key.issued"

    name: OpenShortText
    commands: tuple[Code, ...]
    questions: tuple[Code, ...]
    secret_sha256: Digest
    expires_at: Moment


@example(on=SHOP_KEY, secret_sha256=NEXT_DIGEST, expires_at=LATER + QUARTER, old_good_until=LATER)
class ApiKeyRotated(Event):
    """The key has another secret; those before it are good until a moment, or until they expire if that is earlier."""

    TOPIC: ClassVar[str] = "api_key.rotated"

    secret_sha256: Digest
    expires_at: Moment
    old_good_until: Moment


@example(on=SHOP_KEY, reason="it was in a screenshot")
class ApiKeyRevoked(Event):
    """No secret of the key is good any more."""

    TOPIC: ClassVar[str] = "api_key.revoked"

    reason: Annotated[Text, PERSONAL]
