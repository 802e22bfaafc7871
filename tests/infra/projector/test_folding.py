"""What is wrong with a fact, and what is not the fact's fault."""

from uuid import uuid4

import psycopg
import pytest

from infra.log.envelope import AnyEvent
from infra.projector.folding import PoisonEventError, touches
from tests.infra.log.decided import decided
from tests.toy.boxes import boxes


def test_a_fact_that_cannot_be_read_is_named_with_its_position_and_not_its_text() -> None:
    def fail(_: AnyEvent) -> object:
        raise ValueError("Olga, +7 922 325-12-93")

    with pytest.raises(PoisonEventError, match="ValueError at ") as caught:
        list(touches(boxes, decided(uuid4()).facts, fail))
    assert "Olga" not in str(caught.value)


def test_a_database_out_of_reach_makes_no_fact_unreadable() -> None:
    def fail(_: AnyEvent) -> object:
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with pytest.raises(psycopg.OperationalError):
        list(touches(boxes, decided(uuid4()).facts, fail))
