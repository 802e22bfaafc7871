"""The ids that facts and commands carry: each says of which kind of stream it is the name.

What follows from it is written nowhere else: whose history a fact stands in, who is a client and who is staff in a
client's timeline, what is loaded before a command is decided, which columns of the analysts' tables are ids.
"""

from typing import Annotated
from uuid import UUID

from events.marks import Names

ClientId = Annotated[UUID, Names("client", is_party=True)]
"""A client, whose history the fact stands in."""

StaffId = Annotated[UUID, Names("staff")]
"""A staff member; never a client, and never a party."""

ActingId = Annotated[UUID, Names("staff", acts=True)]
"""The staff member who did it, or leads what was done; the timeline names them."""

OwnerId = Annotated[UUID, Names("staff", is_party=True)]
"""The staff member who owns, or owned, the client. The fact is theirs too: by it a departed one's clients are found."""

ActivityId = Annotated[UUID, Names("activity")]
DealId = Annotated[UUID, Names("deal")]
PipelineId = Annotated[UUID, Names("pipeline")]
ProductId = Annotated[UUID, Names("product")]
ImportId = Annotated[UUID, Names("import")]
