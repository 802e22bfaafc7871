"""What happens to a deal, from the first offer to its end."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from events.base import Event
from events.entry import EntryReverted
from events.examples import (
    ANNA,
    BORIS,
    DISCOUNTED,
    FIRST_IMPORT,
    GTX,
    PRICE,
    REMARK,
    ROAD,
    ROMASHKA,
    SALE,
    STRAY_SALE,
    example,
)
from events.ids import ActingId, ClientId, PipelineId, StaffId
from events.marks import PERSONAL
from events.note import Noted, NoteEdited, NoteWithdrawn
from events.values import Code, Day, LossReason, Money, OpenShortText, ShortText, Text


class ForecastCategory(StrEnum):
    """How surely a seller counts on a deal, whatever its stage says; the order of the members is that of certainty."""

    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"


@example(on=SALE, client_id=ROMASHKA, seller_id=ANNA, pipeline_id=ROAD, stage="offer", product_code=GTX, amount=PRICE)
class DealOpened(Event):
    """A possible sale began."""

    TOPIC: ClassVar[str] = "deal.opened"

    client_id: ClientId | None = None
    seller_id: ActingId
    pipeline_id: PipelineId
    stage: Code
    title: Annotated[ShortText | None, PERSONAL] = None
    product_code: Code | None = None
    amount: Money | None = None
    external_id: OpenShortText | None = None
    date_unknown: bool = False


@example(on=SALE, client_id=ROMASHKA)
class DealClientNamed(Event):
    """It became known which client the deal is with."""

    TOPIC: ClassVar[str] = "deal.client_named"

    client_id: ClientId


@example(on=SALE, from_stage="offer", to_stage="contract")
class DealMoved(Event):
    """An open deal changed stage."""

    TOPIC: ClassVar[str] = "deal.moved"

    from_stage: Code
    to_stage: Code
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=SALE, from_amount=PRICE, to_amount=DISCOUNTED, reason="a regular client")
class DealRevalued(Event):
    """An open deal is worth another amount."""

    TOPIC: ClassVar[str] = "deal.revalued"

    from_amount: Money | None = None
    to_amount: Money | None = None
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=SALE, from_title=None, to_title="Scales for the new shop")
class DealRetitled(Event):
    """A deal is called otherwise, or nothing any more."""

    TOPIC: ClassVar[str] = "deal.retitled"

    from_title: Annotated[ShortText | None, PERSONAL] = None
    to_title: Annotated[ShortText | None, PERSONAL] = None


@example(on=SALE, from_day=date(2026, 3, 31), to_day=date(2026, 4, 30), reason="their budget comes in April")
class DealClosingExpected(Event):
    """An open deal is expected to end on another day, or nobody knows any more when."""

    TOPIC: ClassVar[str] = "deal.closing_expected"

    from_day: Day | None = None
    to_day: Day | None = None
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=SALE, from_category=ForecastCategory.PIPELINE, to_category=ForecastCategory.COMMIT)
class DealCategorised(Event):
    """An open deal is counted on more surely than before, or less."""

    TOPIC: ClassVar[str] = "deal.categorised"

    from_category: ForecastCategory
    to_category: ForecastCategory


@example(on=SALE, from_seller_id=ANNA, to_seller_id=BORIS, reason="vacation")
class DealHandedOver(Event):
    """Another seller leads the deal now."""

    TOPIC: ClassVar[str] = "deal.handed_over"

    from_seller_id: StaffId
    to_seller_id: StaffId
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=SALE, from_stage="contract", amount=DISCOUNTED, seller_id=ANNA, product_code=GTX)
class DealWon(Event):
    """The client bought; amount and seller are what is credited."""

    TOPIC: ClassVar[str] = "deal.won"

    from_stage: Code
    amount: Money
    seller_id: ActingId
    product_code: Code | None = None


@example(on=SALE, from_stage="offer", reason="too dear", reason_code=LossReason.PRICE, seller_id=ANNA)
class DealLost(Event):
    """The client did not buy: reports count by `reason_code`, and `reason` is what was said of it."""

    TOPIC: ClassVar[str] = "deal.lost"

    from_stage: Code
    reason: Annotated[Text | None, PERSONAL] = None
    reason_code: LossReason | None = None
    seller_id: ActingId


@example(on=SALE, to_stage="offer", reason="they called back")
class DealReopened(Event):
    """A deal that had ended is open again."""

    TOPIC: ClassVar[str] = "deal.reopened"

    to_stage: Code
    reason: Annotated[Text, PERSONAL]


@example(on=SALE, note_id=REMARK, text="Wants it before the summer")
class DealNoted(Noted):
    """Somebody added a note to a deal."""

    TOPIC: ClassVar[str] = "deal.noted"


@example(on=SALE, note_id=REMARK, from_text="Wants it before the summer", to_text="Wants it in May")
class DealNoteEdited(NoteEdited):
    """A note to a deal was put into other words."""

    TOPIC: ClassVar[str] = "deal.note_edited"


@example(on=SALE, note_id=REMARK, reason="it was another deal")
class DealNoteWithdrawn(NoteWithdrawn):
    """A note to a deal does not stand any more."""

    TOPIC: ClassVar[str] = "deal.note_withdrawn"


@example(on=STRAY_SALE, import_id=FIRST_IMPORT, reason="the wrong file")
class DealEntryReverted(EntryReverted):
    """The import that entered the deal was reverted."""

    TOPIC: ClassVar[str] = "deal.entry_reverted"
