"""A log line is JSON for programs, in the order things happened, written before anything else goes on."""

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime

from app.demo.place import ROOT

TOLD = """
import os, signal
import structlog
from app.logs import configure_logs
configure_logs()
log = structlog.get_logger().bind()
for number in range(500):
    log.info("request", number=number)
"""


def lines_of(program: str) -> list[dict[str, object]]:
    """What a process that ended by itself or was killed has written to standard error through a pipe."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False, timeout=60)
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_no_line_is_lost_and_their_order_is_kept_though_the_process_is_killed() -> None:
    lines = lines_of(TOLD + "os.kill(os.getpid(), signal.SIGKILL)\n")
    assert [line["number"] for line in lines] == list(range(500))


def test_a_line_says_what_how_grave_and_when() -> None:
    (line,) = lines_of(
        "import structlog; from app.logs import configure_logs; configure_logs()\n"
        "structlog.get_logger().warning('projection_broken', projection='карточка', outcome='log replaced')\n"
    )
    moment = datetime.fromisoformat(str(line.pop("timestamp")))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert line == {
        "event": "projection_broken",
        "level": "warning",
        "projection": "карточка",
        "outcome": "log replaced",
    }


def test_no_value_is_too_odd_for_a_line() -> None:
    lines = lines_of(
        "import structlog; from app.logs import configure_logs; configure_logs()\n"
        "log = structlog.get_logger()\n"
        "log.info('odd', value=object, half='\\ud83d')\n"
        "log.info('odd', value=float('nan'))\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: log.error('odd', exc_info=True)\n"
    )
    assert [line["event"] for line in lines] == ["odd"] * 3
    assert "ZeroDivisionError" in str(lines[2]["exception"])


BUGS = {
    "analytics-follow": "following the log raised what nobody expected",
    "analytics-sql": "the process that answers a question in SQL raised what nobody expected",
    "batch_failed": "a handler or the executor raised what nobody expected",
    "bug": "an answer is a 500",
    "operation_failed": "a job of an operator raised what nobody expected",
    "operations": "looking for jobs of operators raised what nobody expected",
    "policy_failed": "a policy raised what nobody expected",
    "process_died": "a process of ours ended by itself",
    "projection_build": "a build raised what nobody expected",
    "projector_session": "following the log raised what nobody expected",
    "projection_watch": "the builder raised what nobody expected",
    "rows_lost": "the database refused what we made ourselves",
}


def told_as_errors() -> set[str]:
    """Return the events that the product tells at level error, wherever it does."""
    found = set()
    for folder in ("app", "commands", "infra", "read_api", "replay"):
        for file in (ROOT / folder).rglob("*.py"):
            calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
            for call in calls:
                if isinstance(call.func, ast.Attribute) and call.func.attr in {"error", "exception", "critical"}:
                    found |= {
                        one.value
                        for one in call.args[:1]
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    }
    return found


def test_a_line_at_level_error_is_a_bug_always() -> None:
    assert told_as_errors() <= BUGS.keys()
    assert "bug" in told_as_errors()
