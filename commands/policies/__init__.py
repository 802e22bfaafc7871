"""What follows without anybody asking: from a fact (a policy), or from a moment that has come (a timer).

The one list of each; a worker runs whatever stands here.
"""

from commands.policies.activity_reminder import activity_reminder
from commands.policies.base import Policy, Timer
from commands.policies.ownership_reassignment import ownership_reassignment

POLICIES: tuple[Policy, ...] = (ownership_reassignment,)
TIMERS: tuple[Timer, ...] = (activity_reminder,)
