"""The deal: where on its pipeline it stands, what it is worth, and how it ended."""

from enum import StrEnum
from uuid import UUID

from aggregates.base import RuleBrokenError, applies
from aggregates.deal_forecast import Forecast
from aggregates.leaders import Leaders, led_from
from aggregates.note import WithNotes
from aggregates.pipeline import Pipeline
from events.deal import (
    DealClientNamed,
    DealEntryReverted,
    DealHandedOver,
    DealLost,
    DealMoved,
    DealNoted,
    DealNoteEdited,
    DealNoteWithdrawn,
    DealOpened,
    DealReopened,
    DealRetitled,
    DealRevalued,
    DealWon,
)
from events.values import LossReason, Money
from infra.amounts import canonical


class DealStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class DealIsClosedError(RuleBrokenError):
    """The deal has ended, and only reopening it lets it go on; facts: deal_id, status."""

    code = "deal-is-closed"


class AmountNeededError(RuleBrokenError):
    """A deal is won for an amount; facts: deal_id."""

    code = "amount-needed"


class DealHasClientError(RuleBrokenError):
    """The deal is with another client already; facts: deal_id, client_id."""

    code = "deal-has-client"


class WrongPipelineError(RuleBrokenError):
    """The stage belongs to another pipeline than the deal's; facts: deal_id, pipeline_id."""

    code = "wrong-pipeline"


def _as_written(money: Money | None) -> Money | None:
    """Return the same money in the one form in which new facts hold it."""
    if money is None:
        return None
    return Money.of({"amount": canonical(money.amount, money.currency), "currency": money.currency})


class Deal(Forecast, WithNotes):
    """A possible sale, from the first offer to its end."""

    KIND = "deal"
    NOTE_FACTS = (DealNoted, DealNoteEdited, DealNoteWithdrawn)
    ENTRY_REVERTED = DealEntryReverted

    status: DealStatus
    client_id: UUID | None
    seller_id: UUID | None
    leaders: Leaders
    pipeline_id: UUID | None
    stage: str
    amount: Money | None
    product_code: str | None
    title: str | None
    lost_reason: str | None
    lost_reason_code: LossReason | None

    def start(self) -> None:
        super().start()
        self.status = DealStatus.OPEN
        self.client_id = self.seller_id = self.pipeline_id = None
        self.leaders = ()
        self.stage = ""
        self.title = self.amount = self.product_code = self.lost_reason = self.lost_reason_code = None

    @property
    def subject_id(self) -> UUID:
        """The client, once it is known."""
        return self.client_id or self.id

    def check_open(self) -> None:
        """Raise DealIsClosedError when the deal has ended."""
        if self.status is not DealStatus.OPEN:
            raise DealIsClosedError(deal_id=self.id, status=self.status)

    def open(
        self,
        *,
        seller_id: UUID,
        pipeline: Pipeline,
        stage: str | None = None,
        client_id: UUID | None = None,
        title: str | None = None,
        product_code: str | None = None,
        amount: Money | None = None,
        external_id: str | None = None,
        date_unknown: bool = False,
    ) -> None:
        """Record that a possible sale began, at the pipeline's first stage unless another is named."""
        pipeline.check_in_use()
        stage = stage or pipeline.first_stage
        pipeline.check_enterable(stage)
        self.trigger_event(
            DealOpened,
            client_id=client_id,
            seller_id=seller_id,
            pipeline_id=pipeline.id,
            stage=stage,
            title=title,
            product_code=product_code,
            amount=_as_written(amount),
            external_id=external_id,
            date_unknown=date_unknown,
        )

    def check_nameable(self, client_id: UUID) -> None:
        """Raise DealHasClientError when the deal is with another client."""
        if self.client_id is not None and self.client_id != client_id:
            raise DealHasClientError(deal_id=self.id, client_id=self.client_id)

    def name_client(self, client_id: UUID) -> None:
        """Record with which client the deal is; the known one records nothing."""
        if client_id == self.client_id:
            return
        self.check_nameable(client_id)
        self.trigger_event(DealClientNamed, client_id=client_id)

    def move_to(self, stage: str, pipeline: Pipeline, *, reason: str | None = None) -> None:
        """Record that the open deal changed stage; the present stage records nothing."""
        if stage == self.stage:
            return
        self.check_open()
        self._check_stage(stage, pipeline)
        self.trigger_event(DealMoved, from_stage=self.stage, to_stage=stage, reason=reason)

    def _check_stage(self, stage: str, pipeline: Pipeline) -> None:
        if pipeline.id != self.pipeline_id:
            raise WrongPipelineError(deal_id=self.id, pipeline_id=self.pipeline_id)
        pipeline.check_enterable(stage)

    def revalue(self, amount: Money | None, *, reason: str | None = None) -> None:
        """Record that the open deal is worth another amount; the present one records nothing."""
        if amount == self.amount:
            return
        self.check_open()
        worth = {"from_amount": _as_written(self.amount), "to_amount": _as_written(amount)}
        self.trigger_event(DealRevalued, **worth, reason=reason)

    def retitle(self, title: str | None) -> None:
        """Record what the deal is called, also once it has ended; the present title records nothing."""
        if title != self.title:
            self.trigger_event(DealRetitled, from_title=self.title, to_title=title)

    def hand_over(self, to_seller_id: UUID, *, reason: str | None = None) -> None:
        """Record that another seller leads the open deal; the present one records nothing."""
        if to_seller_id == self.seller_id:
            return
        self.check_open()
        self.trigger_event(DealHandedOver, from_seller_id=self.seller_id, to_seller_id=to_seller_id, reason=reason)

    def win(self, amount: Money | None = None, *, seller_id: UUID | None = None) -> None:
        """Record that the client bought, for this amount or the deal's; won for it already records nothing.

        Credited is who leads the deal, unless another is named who led it when it was won.
        """
        if self.status is DealStatus.WON and amount in (None, self.amount):
            return
        self.check_open()
        amount = amount or self.amount
        if amount is None:
            raise AmountNeededError(deal_id=self.id)
        self.trigger_event(
            DealWon,
            from_stage=self.stage,
            amount=_as_written(amount),
            seller_id=seller_id or self.seller_id,
            product_code=self.product_code,
        )

    def lose(self, reason: str | None, reason_code: LossReason | None = None, *, seller_id: UUID | None = None) -> None:
        """Record that the client did not buy, and why; one that was lost for this reason records nothing.

        It is told of who leads the deal, unless another is named who led it when it was lost.
        """
        if self.status is DealStatus.LOST and (reason, reason_code) == (self.lost_reason, self.lost_reason_code):
            return
        self.check_open()
        why = {"reason": reason, "reason_code": reason_code}
        self.trigger_event(DealLost, from_stage=self.stage, **why, seller_id=seller_id or self.seller_id)

    def reopen(self, pipeline: Pipeline, *, stage: str | None = None, reason: str) -> None:
        """Record that the ended deal goes on, where it ended or at another stage; an open one records nothing."""
        if self.status is DealStatus.OPEN:
            return
        to_stage = stage or self.stage
        self._check_stage(to_stage, pipeline)
        self.trigger_event(DealReopened, to_stage=to_stage, reason=reason)

    def _lead(self, event: DealOpened | DealHandedOver | DealWon | DealLost, seller_id: UUID) -> None:
        """Fold whose the deal is from the event's moment on: by its end, whoever is credited with that."""
        self.seller_id = seller_id
        self.leaders = led_from(self.leaders, event.occurred_at, seller_id)

    @applies(DealOpened)
    def _opened(self, event: DealOpened) -> None:
        self._lead(event, event.seller_id)
        self.client_id, self.pipeline_id = event.client_id, event.pipeline_id
        self.stage, self.amount, self.product_code = event.stage, event.amount, event.product_code
        self.title = event.title

    @applies(DealClientNamed)
    def _client_named(self, event: DealClientNamed) -> None:
        self.client_id = event.client_id

    @applies(DealMoved)
    def _moved(self, event: DealMoved) -> None:
        self.stage = event.to_stage

    @applies(DealRevalued)
    def _revalued(self, event: DealRevalued) -> None:
        self.amount = event.to_amount

    @applies(DealRetitled)
    def _retitled(self, event: DealRetitled) -> None:
        self.title = event.to_title

    @applies(DealHandedOver)
    def _handed_over(self, event: DealHandedOver) -> None:
        self._lead(event, event.to_seller_id)

    @applies(DealWon)
    def _won(self, event: DealWon) -> None:
        self._lead(event, event.seller_id)
        self.status, self.amount = DealStatus.WON, event.amount

    @applies(DealLost)
    def _lost(self, event: DealLost) -> None:
        self._lead(event, event.seller_id)
        self.status, self.lost_reason, self.lost_reason_code = DealStatus.LOST, event.reason, event.reason_code

    @applies(DealReopened)
    def _reopened(self, event: DealReopened) -> None:
        self.status, self.stage = DealStatus.OPEN, event.to_stage
        self.lost_reason = self.lost_reason_code = None
