"""What is asked when two cards turn out to be one client's, and when they do not after all."""

from typing import Self

from pydantic import model_validator

from aggregates.client import Client
from aggregates.client_merge import ClientsAreRelatedError, MergingOwnersNeedsRightError
from aggregates.staff import StaffMember
from commands.affiliation import belongs_to
from commands.base import Command, Context, Outcome, handles, wrong_field
from commands.contact_point import DuplicateAllowing
from commands.named_client import above, named_client, organisation_ids, who_answers
from commands.ownership import first_selling
from commands.roles import HEADING, PERSONAL
from events.client_merge import MergeSide, Taken
from events.examples import LUTIK, ROMASHKA, example
from events.ids import ClientId
from events.values import EditedKind, Text


@example(survivor_id=ROMASHKA, merged_id=LUTIK, reason="one shop, entered twice")
class MergeClients(Command):
    """Say that two clients are one: `merged_id` is told with `survivor_id` from now on, which answers for it.

    Nothing is rewritten, and it can be taken apart at any time. Where both have an owner, or a tax number, `owner_of`
    and `tax_id_of` say whose counts; clients of two owners are made one by a head or an admin.
    """

    ROLES, EDITS = PERSONAL | HEADING, EditedKind.CLIENTS

    survivor_id: ClientId
    merged_id: ClientId
    reason: Text
    name_of: MergeSide | None = None
    tax_id_of: MergeSide | None = None
    owner_of: MergeSide | None = None

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.survivor_id == self.merged_id:
            raise wrong_field("merged_id", "merged_with_itself", "a client cannot be merged with itself")
        return self

    @property
    def chosen(self) -> dict[Taken, bool]:
        """What was chosen: true where what the merged client had counts."""
        sides = {Taken.NAME: self.name_of, Taken.TAX_ID: self.tax_id_of, Taken.OWNER: self.owner_of}
        return {taken: side is MergeSide.MERGED for taken, side in sides.items() if side is not None}


@example(survivor_id=ROMASHKA, merged_id=LUTIK, reason="two shops after all")
class UnmergeClients(DuplicateAllowing):
    """Say that a client is one by itself after all; who had joined it before goes with it.

    What was done since stays with the client it names. A phone, e-mail or tax number that a third client got meanwhile
    is refused, unless that is allowed as a duplicate.
    """

    ROLES, EDITS = PERSONAL | HEADING, EditedKind.CLIENTS

    survivor_id: ClientId
    merged_id: ClientId
    reason: Text


@handles(MergeClients)
def merge_clients(command: MergeClients, context: Context) -> Outcome:
    """Merge; who has joined already, directly or not, records nothing."""
    survivor = context.load(Client, command.survivor_id)
    merged = named_client(context, command.merged_id)
    if merged.survivor_id == survivor.id:
        return context.save(survivor)
    merged.check_accepts()
    survivor.check_present()
    merged.check_present()
    survivor.check_may_join(merged)
    _check_unrelated(context, survivor, merged)
    taken = survivor.taken_from(merged, command.chosen)
    if Taken.OWNER in survivor.conflicts_with(merged) and context.actor.role not in HEADING:
        raise MergingOwnersNeedsRightError(client_id=survivor.id, role=context.actor.role)
    parts = [named_client(context, each) for each in merged.parts]
    survivor.absorb(merged, parts, taken, reason=command.reason)
    return context.save(survivor, merged, *parts)


def _check_unrelated(context: Context, survivor: Client, merged: Client) -> None:
    """Raise ClientsAreRelatedError where one is below the other, or acts for it: they are two by what is known."""
    for one, other in ((survivor, merged), (merged, survivor)):
        if belongs_to(context, one, other.id) or other.id in {
            who_answers(context.find, named_client(context, each)).id for each in organisation_ids(one)
        }:
            raise ClientsAreRelatedError(client_id=merged.id, survivor_id=survivor.id)


@handles(UnmergeClients)
def unmerge_clients(command: UnmergeClients, context: Context) -> Outcome:
    """Take apart, unless it is done already.

    Everybody in between hears of it, and an owner who left meanwhile is followed by another one.
    """
    command.check_right(context)
    survivor = context.load(Client, command.survivor_id)
    merged = named_client(context, command.merged_id)
    if merged.survivor_id is None:
        return context.save(survivor)
    if merged.survivor_id != survivor.id:
        merged.check_accepts()
    leaving = survivor.with_what_joined(merged.id)
    others = [named_client(context, each) for each in leaving if each != merged.id]
    before = list(above(context, merged))
    for each in before:
        each.let_go(leaving, reason=command.reason)
    for each in (merged, *others):
        remains_in = None if each is merged else merged.id
        each.leave(survivor.id, remains_in, reason=command.reason, duplicate_reason=command.duplicate_reason)
    for each in (survivor, merged):
        _pass_on(context, each)
    saved = dict.fromkeys((survivor, merged, *others, *before))
    return context.save(*saved)


def _pass_on(context: Context, client: Client) -> None:
    """Let a client whose owner left while they were merged go where it would have gone then."""
    owner = None if client.owner_id is None else context.find(StaffMember, client.owner_id)
    if owner is not None and not owner.sells:
        client.pass_on(owner, first_selling(context, owner.successor_id, owner.head_id))
