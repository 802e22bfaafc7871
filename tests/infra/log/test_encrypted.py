"""What is encrypted stays at the server where nobody opens it, and what is left of a body is JSON still."""

from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from pydantic_core import from_json

from infra.log.append import append
from infra.log.encrypted import completed
from infra.log.log_reader import LogReader
from infra.log.mapper import Mapper
from infra.projector.folding import reader_of
from projections.timers.timers_due import timers_due
from tests.database import Database
from tests.infra.log.decided import decided, fact

BODIES = {
    "{}": {},
    '{"a":1}': {"a": 1},
    '{"sealed":"AbC+/w=="}': {},
    '{"a":1,"sealed":"AbC+/w=="}': {"a": 1},
    '{"to":{"amount":"1"},"sealed":"AbC+/w=="}': {"to": {"amount": "1"}},
    '{"to":{"amount":"1"}}': {"to": {"amount": "1"}},
    # Somebody wrote down what looks like it: inside a text its quotes are escaped.
    r'{"a":"x,\"sealed\":\"y\"","sealed":"AbC+/w=="}': {"a": 'x,"sealed":"y"'},
}


def test_the_open_part_is_read_of_this_version_and_others_whole(database: Database) -> None:
    stream = uuid4()
    facts = [fact(stream, version, body) for version, body in enumerate(BODIES, start=1)]
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        (outcome,) = append(connection, [replace(decided(stream, count=len(facts)), facts=facts)])
        assert outcome.status == "stored"
    with psycopg.connect(database.projector_url, autocommit=True) as connection:
        open_parts = LogReader(["thing.happened"], closed={"thing.happened": 1}).between(connection, 0, len(facts))
        whole = LogReader(["thing.happened"], closed={"thing.happened": 2}).between(connection, 0, len(facts))
    assert [each.body for each in whole] == list(BODIES)
    assert not any("AbC" in each.body for each in open_parts)
    for each, expected in zip(open_parts, BODIES.values(), strict=True):
        read = from_json(completed(each.body))
        read.pop("", None)
        assert read == expected


def test_only_a_decoder_that_reads_parts_is_given_parts(database: Database) -> None:
    class Reading:
        reading = Mapper.reading

        def __call__(self, _: object) -> object: ...

    with psycopg.connect(database.projector_url) as connection:
        for decode, is_cut in ((Reading(), True), (lambda _: None, False)):
            text = reader_of(timers_due, decode)._select.as_string(connection)
            assert ("split_part" in text) is is_cut
            assert "activity.reminder_fell" not in text


@pytest.mark.parametrize("body", ["{}", '{"a":{"b":1}}'])
def test_what_was_not_cut_stays_as_it_is(body: str) -> None:
    assert completed(body) == body
