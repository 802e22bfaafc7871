"""What is asked about the setting of an activity: how long it takes, where it is, and who else takes part."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from aggregates.activity_setting import Setting
from aggregates.staff import StaffMember
from commands.approach import led_activity
from commands.base import Command, Context, Outcome, handles, wrong_field
from commands.handover import EDITING
from commands.named_client import named_client
from events.examples import BORIS, MEETING, example
from events.ids import ActivityId, ClientId, StaffId
from events.values import MOST_PARTICIPANTS, EditedKind, Minutes, ShortText


class ParticipantsGiven(Command):
    """A command that says who takes part besides whoever does it and the client: colleagues, and other clients."""

    participant_staff_ids: Annotated[tuple[StaffId, ...], Field(max_length=MOST_PARTICIPANTS)] = ()
    participant_client_ids: Annotated[tuple[ClientId, ...], Field(max_length=MOST_PARTICIPANTS)] = ()

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.participant_staff_ids) + len(self.participant_client_ids) > MOST_PARTICIPANTS:
            told = "fifty take part at most"
            raise wrong_field("participant_client_ids", "too_long", told, max_length=MOST_PARTICIPANTS)
        return self


class SettingGiven(ParticipantsGiven):
    """A command that tells the setting of an activity, as far as it is known."""

    duration_minutes: Minutes | None = None
    place: ShortText | None = None


@example(activity_id=MEETING, duration_minutes=90, place="Lenina 10", participant_staff_ids=(BORIS,))
class CorrectActivity(ParticipantsGiven):
    """Say how long an activity takes, where, and with whom, as all of it should read; what is null is not known."""

    ROLES, EDITS = EDITING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    duration_minutes: Minutes | None
    place: ShortText | None


@handles(CorrectActivity)
def correct_activity(command: CorrectActivity, context: Context) -> Outcome:
    activity = led_activity(context, command.activity_id)
    activity.correct(setting_given(context, command))
    return context.save(activity)


def setting_given(
    context: Context,
    command: SettingGiven | CorrectActivity,
    planned: Setting = Setting(),  # noqa: B008 - unchangeable
) -> Setting:
    """Return what a command tells of the setting; what it does not tell is as planned.

    Raises NotFoundError for a participant of whom nothing is recorded.
    """
    for staff_id in command.participant_staff_ids:
        context.load(StaffMember, staff_id)
    for client_id in command.participant_client_ids:
        named_client(context, client_id)
    return Setting(
        command.duration_minutes or planned.duration_minutes,
        command.place or planned.place,
        tuple(dict.fromkeys(command.participant_staff_ids)) or planned.participant_staff_ids,
        tuple(dict.fromkeys(command.participant_client_ids)) or planned.participant_client_ids,
    )
