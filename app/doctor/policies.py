"""What the doctor looks at of the policies: whether what follows from a fact by itself does follow."""

from app.doctor.database import has_key, urls_for
from app.doctor.patient import FailedError, Patient, SkippedError
from app.serving.policy_lag import policies_at


def policies(patient: Patient) -> str:
    """Every policy has answered what it could, and moves on while a service runs it."""
    patient.require_log()
    # Only readers see what timers wait for.
    found = policies_at(urls_for(patient).reader if has_key(patient) else patient.owner_url or "")
    if all(one.position is None for one in found):
        raise SkippedError("none has run yet: start the service")
    is_running = bool(
        patient.query("SELECT 1 FROM pg_stat_activity WHERE usename = %s LIMIT 1", patient.role("writer"))
    )
    limit = patient.settings.ready_lag_seconds if is_running else float("inf")
    wrong = [f"{one.title} {told}" for one in found if (told := one.wrong(limit))]
    if wrong:
        raise FailedError("; ".join(wrong))
    lag = max(one.lag_events for one in found)
    return f"{len(found)}, lag {lag}" + ("" if is_running else ", service stopped")
