"""What the facts have in common by which something that an import entered is not there any more.

Nothing is taken out of the log: what was entered stays in the history, and so does that it was taken back. It happened
when it was entered, so that whoever asks what had happened by a day before finds nothing of it.
"""

from typing import Annotated

from events.base import Event
from events.ids import ImportId
from events.marks import PERSONAL
from events.values import Text


class EntryReverted(Event):
    """An import entered what it should not have: it is as if it had not been entered."""

    import_id: ImportId
    reason: Annotated[Text, PERSONAL]
