"""What a timer says of the log: which facts set it, to which moment, and which facts end it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

Moment = Callable[[Any], datetime | None]
_M = TypeVar("_M", bound=Moment)


def _always(_: Any) -> bool:
    return True


class Setting(NamedTuple):
    """What one kind of fact does to a timer, if the fact `touches` it; `reads` are the fields that are looked at."""

    event_type: type[Any]
    moment: Moment
    touches: Callable[[Any], bool]
    reads: tuple[str, ...]


class DueRule:
    """One timer's rule; its name is stored, and is that of the timer in commands/policies which sends the command.

    `version` changes when the rule means something else: then what is due is folded anew.
    """

    def __init__(self, name: str, version: int = 1) -> None:
        self.name = name
        self.version = version
        self.settings: dict[str, Setting] = {}

    def on(
        self, *event_types: type[Any], reads: tuple[str, ...], touches: Callable[[Any], bool] = _always
    ) -> Callable[[_M], _M]:
        """Register the pure function `event -> due moment` for these facts of a stream; None: nothing is due any more.

        A fact whose command may be asked again sets the timer anew, be it to the same moment.
        """

        def register(moment: _M) -> _M:
            for event_type in event_types:
                assert event_type.TOPIC not in self.settings, f"{self.name}: {event_type.__name__} twice"  # noqa: S101
                self.settings[event_type.TOPIC] = Setting(event_type, moment, touches, reads)
            return moment

        return register
