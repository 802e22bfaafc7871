"""Conditions that lists of several nouns are filtered by: whose team somebody is in, and what is planned."""

from read_api import views

OF_MEMBERS = {"team_id": (views.STAFF_DIRECTORY,), "branch_id": (views.STAFF_DIRECTORY,)}
"""Where the conditions of `member_of` look."""

OF_PLANS = {"without_next_step": (views.ACTIVITIES,)}
"""Where the conditions of `next_step` look."""


def member_of(unit: str, column: str) -> str:
    """Return the condition that the staff member of a column is in a team or branch now, by the filter of its name."""
    members = f"SELECT m.staff_id FROM {views.STAFF_DIRECTORY} AS m WHERE m.{unit} = %({unit})s"  # noqa: S608
    return f"{column} IN ({members})"


def next_step(*ties: str) -> dict[str, str]:
    """Return the conditions of the filter `without_next_step`: nothing, or something, is planned that is tied so.

    Each tie is a condition on an activity `n`. Of nothing each tie is asked for by itself: two questions
    for an index, where one with an OR in it would be none.
    """
    planned = f"SELECT FROM {views.ACTIVITIES} AS n WHERE n.state = 'planned'"
    return {
        "without_next_step": " AND ".join(f"NOT EXISTS ({planned} AND {tie})" for tie in ties),
        "not without_next_step": f"EXISTS ({planned} AND ({' OR '.join(ties)}))",
    }
