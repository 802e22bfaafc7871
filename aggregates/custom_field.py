"""A field that the company itself gives its clients: its labels and options change, its type never does."""

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.custom_field import (
    CustomFieldDefined,
    CustomFieldRelabelled,
    CustomFieldRestored,
    CustomFieldRetired,
    CustomFieldType,
    FieldOptionAdded,
    FieldOptionRelabelled,
    FieldOptionRestored,
    FieldOptionRetired,
)
from events.labels import FieldOption, GivenLabels
from infra.typed import cleaned, day_written, number_text

MOST_OPTIONS = 200
"""So many options one field has: all of them are offered in a form."""

TRUTHS = ("true", "false")


class CustomFieldIsUnknownError(RuleBrokenError):
    """Nobody defined such a field; facts: code."""

    code = "custom-field-is-unknown"


class CustomFieldIsRetiredError(RuleBrokenError):
    """The field is not filled in any more; facts: code."""

    code = "custom-field-is-retired"


class NoChoiceError(RuleBrokenError):
    """The field has no options: what stands in it is no choice; facts: code, type."""

    code = "field-is-no-choice"


class FieldOptionExistsError(RuleBrokenError):
    """The field has such an option already; facts: code, option."""

    code = "field-option-exists"


class FieldOptionIsUnknownError(RuleBrokenError):
    """The field has no such option; facts: code, options (those that may be chosen)."""

    code = "field-option-is-unknown"


class FieldOptionIsRetiredError(RuleBrokenError):
    """The option is not chosen any more; facts: code, option, options (those that may be chosen)."""

    code = "field-option-is-retired"


class TooManyFieldOptionsError(RuleBrokenError):
    """The field has as many options as may be; facts: code, most."""

    code = "too-many-field-options"


class WrongFieldValueError(WrongValueError):
    """That cannot stand in a field of this type; facts: code, kind (the type)."""

    code = "wrong-field-value"
    field = "value"


class CustomField(Aggregate):
    """One field, under an id made of its code (`events.ids.custom_field_of`)."""

    KIND = "custom_field"

    code: str
    type: CustomFieldType | None
    labels: GivenLabels | None
    options: dict[str, FieldOption]
    retired: set[str]
    is_retired: bool

    def start(self) -> None:
        self.code = ""
        self.type = None
        self.labels = None
        self.options = {}
        self.retired = set()
        self.is_retired = False

    @property
    def open_options(self) -> tuple[str, ...]:
        """The codes of the options that may be chosen, in order."""
        return tuple(each for each in self.options if each not in self.retired)

    def canonical(self, value: str) -> str:
        """Return a value as it is stored; raises WrongFieldValueError, FieldOptionIsUnknownError."""
        text = cleaned(value)
        match self.type:
            case CustomFieldType.TEXT if text:
                return text
            case CustomFieldType.NUMBER if number := number_text(text):
                return number
            case CustomFieldType.DATE if day_written(text):
                return text
            case CustomFieldType.BOOLEAN if text.casefold() in TRUTHS:
                return text.casefold()
            case CustomFieldType.CHOICE:
                self._check_known(text)
                return text
        raise WrongFieldValueError(code=self.code, kind=self.type)

    def check_takes(self, value: str) -> None:
        """Raise unless the field is filled in today, with a value that may be chosen."""
        if self.is_retired:
            raise CustomFieldIsRetiredError(code=self.code)
        if value in self.retired:
            raise FieldOptionIsRetiredError(code=self.code, option=value, options=self.open_options)

    def _check_known(self, option: str) -> None:
        if option not in self.options:
            raise FieldOptionIsUnknownError(code=self.code, options=self.open_options)

    def define(self, code: str, kind: CustomFieldType, labels: GivenLabels, options: tuple[FieldOption, ...]) -> None:
        """Record a new field; its options have different codes."""
        codes: set[str] = set()
        for option in options:
            if option.code in codes:
                raise FieldOptionExistsError(code=code, option=option.code)
            codes.add(option.code)
        self.trigger_event(CustomFieldDefined, code=code, type=kind, labels=labels, options=options)

    def relabel(self, labels: GivenLabels) -> None:
        """Record other labels; the present ones record nothing."""
        if labels != self.labels:
            self.trigger_event(CustomFieldRelabelled, from_labels=self.labels, to_labels=labels)

    def add_option(self, option: FieldOption) -> None:
        """Record one more option; the same one again records nothing."""
        if self.type is not CustomFieldType.CHOICE:
            raise NoChoiceError(code=self.code, type=self.type)
        if self.options.get(option.code) == option and option.code not in self.retired:
            return
        if option.code in self.options:
            raise FieldOptionExistsError(code=self.code, option=option.code)
        if len(self.options) >= MOST_OPTIONS:
            raise TooManyFieldOptionsError(code=self.code, most=MOST_OPTIONS)
        self.trigger_event(FieldOptionAdded, option=option)

    def relabel_option(self, option: FieldOption) -> None:
        """Record other labels of an option; the present ones record nothing."""
        self._check_known(option.code)
        known = self.options[option.code]
        if known != option:
            self.trigger_event(FieldOptionRelabelled, from_option=known, to_option=option)

    def retire_option(self, option: str) -> None:
        """Record that an option is not chosen any more; a retired one records nothing."""
        self._check_known(option)
        if option not in self.retired:
            self.trigger_event(FieldOptionRetired, option=option)

    def restore_option(self, option: str) -> None:
        """Record that an option may be chosen again; one that may be records nothing."""
        self._check_known(option)
        if option in self.retired:
            self.trigger_event(FieldOptionRestored, option=option)

    def retire(self) -> None:
        """Record that the field is not filled in any more; a retired one records nothing."""
        if not self.is_retired:
            self.trigger_event(CustomFieldRetired)

    def restore(self) -> None:
        """Record that the field may be filled in again; one that may be records nothing."""
        if self.is_retired:
            self.trigger_event(CustomFieldRestored)

    @applies(CustomFieldDefined)
    def _defined(self, event: CustomFieldDefined) -> None:
        self.code, self.type, self.labels = event.code, event.type, event.labels
        self.options = {option.code: option for option in event.options}

    @applies(CustomFieldRelabelled)
    def _relabelled(self, event: CustomFieldRelabelled) -> None:
        self.labels = event.to_labels

    @applies(FieldOptionAdded)
    def _option_added(self, event: FieldOptionAdded) -> None:
        self.options[event.option.code] = event.option

    @applies(FieldOptionRelabelled)
    def _option_relabelled(self, event: FieldOptionRelabelled) -> None:
        self.options[event.to_option.code] = event.to_option

    @applies(FieldOptionRetired)
    def _option_retired(self, event: FieldOptionRetired) -> None:
        self.retired.add(event.option)

    @applies(FieldOptionRestored)
    def _option_restored(self, event: FieldOptionRestored) -> None:
        self.retired.discard(event.option)

    @applies(CustomFieldRetired)
    def _retired(self, _: CustomFieldRetired) -> None:
        self.is_retired = True

    @applies(CustomFieldRestored)
    def _restored(self, _: CustomFieldRestored) -> None:
        self.is_retired = False
