"""What is decided of two clients who look like one: that they are not the same, or that it is open again."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import HOLDING, ROMASHKA, ROMASHKA_AND_HOLDING, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import Text


@example(on=ROMASHKA_AND_HOLDING, client_id=ROMASHKA, other_id=HOLDING, reason="two shops of one owner")
class ClientsKeptApart(Event):
    """Two clients who look like one are not the same: nobody is to suggest it again."""

    TOPIC: ClassVar[str] = "client_pair.kept_apart"

    client_id: ClientId
    other_id: ClientId
    reason: Annotated[Text, PERSONAL]


@example(on=ROMASHKA_AND_HOLDING, client_id=ROMASHKA, other_id=HOLDING, reason="they have one tax number after all")
class ClientsReconsidered(Event):
    """Whether two clients are the same is open again: that they are not had been said in error, or has changed."""

    TOPIC: ClassVar[str] = "client_pair.reconsidered"

    client_id: ClientId
    other_id: ClientId
    reason: Annotated[Text, PERSONAL]
