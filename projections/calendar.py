"""Which day a moment belongs to: the company's own midnight decides, not Greenwich's."""

import os
from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo(os.environ.get("LETOPIS_ZONE", "Europe/Moscow"))
"""The company's time zone, read once: a process that changed it midway would count one day two ways."""


def day_of(moment: datetime) -> date:
    """Return the date of the moment in the company's zone."""
    return moment.astimezone(ZONE).date()
