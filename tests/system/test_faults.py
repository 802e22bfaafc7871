"""The database fails under a running service: what was acknowledged is stored, and the service recovers by itself."""

import httpx

from app.composition.decoding import decoder_at
from projections.registry import PROJECTIONS
from replay.repair.checkpoint_check import check_checkpoint
from tests.database import MASTER, urls_of
from tests.torture.faults import failing_site, play, stored

# Long enough to be seen by /ready, short enough that a waiting command outlasts it.
SECONDS = 2.0


def test_no_failure_of_the_database_loses_what_was_acknowledged_and_ready_tells_of_each() -> None:
    with failing_site() as (server, running):
        tally, faults = play(server, running, SECONDS)
        in_log = stored(server)
        url = urls_of(server, "letopis").projector_url
        checks = [check_checkpoint(one, url, decoder_at(url, MASTER)) for one in PROJECTIONS]
    assert not tally.surprises
    assert len(tally.receipts) > 200, "too few commands for anything to be shown"
    # Every key was sent until it was acknowledged: so every command is stored, once, and no other one is.
    assert in_log == {answer["command_id"]: 1 for answer in tally.receipts.values()}
    assert [one for one in checks if not one.is_sound] == []
    for fault in faults:
        assert fault.acknowledged > 0, fault
        assert httpx.codes.SERVICE_UNAVAILABLE in fault.ready_said, fault
        assert fault.ready_said[-1] == httpx.codes.OK, fault
        assert set(fault.ready_said) == {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}, fault
