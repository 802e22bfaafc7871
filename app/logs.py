"""How the service tells what it does: one line per command batch, request and change of state, never personal data."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic_core import PydanticSerializationError, to_json


def configure_logs(*, level: int = logging.INFO) -> None:
    """Write log lines to standard error: for people on a terminal, as JSON elsewhere.

    Each line is written before the call returns: whatever ends the process afterwards, no line that was told is lost.
    """
    is_terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _add_moment,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if is_terminal else _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=(
            structlog.PrintLoggerFactory(sys.stderr) if is_terminal else structlog.BytesLoggerFactory(sys.stderr.buffer)
        ),
        cache_logger_on_first_use=True,
    )


def _add_moment(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    return event


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    """Return the line; structlog's own renderer, by Python's json, takes four times as long."""
    try:
        return to_json(event, fallback=repr)
    except PydanticSerializationError:  # half a character, which UTF-8 cannot say: a line never fails for its words
        return json.dumps(event, default=repr).encode()
