"""When a deal is expected to end, and how surely: what was said last."""

from datetime import date

from aggregates.base import Aggregate, WrongValueError, applies
from events.deal import DealCategorised, DealClosingExpected, ForecastCategory


class ClosingMovedError(WrongValueError):
    """A day that was said moves, or is taken back, for a reason; facts: deal_id, day (the one that was said)."""

    code = "closing-moved"
    field = "reason"


class Forecast(Aggregate):
    """A thing of which it is said when it will end, and how surely; both outlive its end."""

    expected_on: date | None
    category: ForecastCategory

    def start(self) -> None:
        super().start()
        self.expected_on = None
        self.category = ForecastCategory.PIPELINE

    def check_open(self) -> None:
        """Raise when it has ended."""
        raise NotImplementedError

    def expect_closing(self, day: date | None, *, reason: str | None = None) -> None:
        """Record on which day the open deal is expected to end; the present one records nothing.

        That it is expected on another day than was said, or on none, has a reason.
        """
        if day == self.expected_on:
            return
        self.check_open()
        if self.expected_on is not None and reason is None:
            raise ClosingMovedError(deal_id=self.id, day=self.expected_on)
        self.trigger_event(DealClosingExpected, from_day=self.expected_on, to_day=day, reason=reason)

    def categorise(self, category: ForecastCategory) -> None:
        """Record how surely the open deal is counted on; the present category records nothing."""
        if category is self.category:
            return
        self.check_open()
        self.trigger_event(DealCategorised, from_category=self.category, to_category=category)

    @applies(DealClosingExpected)
    def _closing_expected(self, event: DealClosingExpected) -> None:
        self.expected_on = event.to_day

    @applies(DealCategorised)
    def _categorised(self, event: DealCategorised) -> None:
        self.category = event.to_category
