"""What a worker without a caller says in the log of what was refused."""

import pytest
from structlog.testing import capture_logs

from aggregates.base import NotFoundError
from commands.errors import KeyReusedError
from commands.policies.leased import tell_refused


@pytest.mark.parametrize(
    ("answer", "level", "code"),
    [
        (NotFoundError(kind="client", id="x"), "warning", "not-found"),
        (KeyReusedError(command_id="x"), "warning", "idempotency-key-reused"),
        (ZeroDivisionError(), "error", "ZeroDivisionError"),
    ],
)
def test_what_a_rule_refuses_is_no_bug(answer: Exception, level: str, code: str) -> None:
    with capture_logs() as told:
        assert tell_refused("policy_refused", answer, policy="x") == code
    assert told == [{"event": "policy_refused", "log_level": level, "code": code, "policy": "x"}]
