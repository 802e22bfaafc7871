"""When a client was told how their data are kept confidential: by which text, and in which way."""

from aggregates.client_state import AT_ONCE, ClientState
from events.client import DataNoticeGiven
from events.values import Channel


class WithDataNotices(ClientState):
    """A client who is told what is done for the confidentiality of their data."""

    def give_data_notice(self, text_version: str, channel: Channel) -> None:
        """Record that the client was told; the same text in the same way at the same time records nothing."""
        assert self.occasion is not None, "an aggregate decides only on an occasion"  # noqa: S101
        moment = self.occasion.occurred_at
        known = (at for version, way, at, _ in self.data_notices if (version, way) == (text_version, channel))
        if any(abs(moment - at) <= AT_ONCE for at in known):
            return
        self.trigger_event(DataNoticeGiven, text_version=text_version, channel=channel)
