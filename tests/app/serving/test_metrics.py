"""What a monitoring system hears about the read models."""

from app.serving.doors import gauges_of
from app.serving.metrics import RequestCounts, exposition


def test_what_waits_in_a_read_model_is_a_gauge_of_its_own() -> None:
    view = {"name": "client_card", "generation": 2, "state": "live", "lag_events": 4, "lag_seconds": 1.5, "parked": 3}
    told = exposition(RequestCounts(), gauges_of([view])).splitlines()
    assert "# HELP letopis_parked_keys Keys that wait for a fact not taken in." in told
    assert 'letopis_parked_keys{projection="client_card",generation="2",state="live"} 3' in told
    assert 'letopis_projection_lag_events{projection="client_card",generation="2",state="live"} 4' in told
