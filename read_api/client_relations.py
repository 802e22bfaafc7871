"""Whom the client of a card is tied to: who acts for whom, what belongs to whom, and who turned out to be whom."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from read_api import views
from read_api.lists import AffiliationRole
from read_api.reading.answer import Answer, Sql, json_of, list_of
from read_api.reading.joined import answering, answers, either, everybody, is_client, stands
from read_api.reading.seen import sees, text


class Contact(Answer):
    """A person acting for an organisation, or the organisation a person acts for."""

    client_id: UUID
    name: Annotated[str | None, Sql("n.name")]
    role: AffiliationRole | None
    is_active: bool
    since: datetime | None
    ended_at: datetime | None


class Subsidiary(Answer):
    """An organisation that belongs to the client."""

    client_id: UUID
    name: str | None


PARENT_NAME = Sql(
    f"""(
            SELECT u.name FROM {views.CLIENT_CARD} AS u
            WHERE u.client_id = {answers("c.parent_id")} AND {sees("organisation", "u")}
        )"""  # noqa: S608 - put together from constants
)


def _contacts(whose: str, other: str, named: str) -> Sql:
    source = f"""{views.CONTACT_PERSONS} AS a
            LEFT JOIN {views.CLIENT_CARD} AS n ON n.client_id = {answers(f"a.{other}")} AND {named}
            WHERE {is_client(f"a.{whose}", "c.client_id")} AND {_is_told_once(whose, other)}"""
    return Sql(list_of(json_of(Contact, "a", client_id=answers(f"a.{other}")), source, order=f"a.since, a.{other}"))


def _is_told_once(whose: str, other: str) -> str:
    """Return the condition that of two who turned out to be one what is told first and still so is told alone."""
    other_s = f"{answering(f'twin.{other}')} = {answering(f'a.{other}')}"
    before = "(NOT {0}.is_active, {0}.since, {0}.organisation_id, {0}.person_id)"
    return either(
        "true",
        f"""NOT EXISTS (
                SELECT FROM {views.CONTACT_PERSONS} AS twin
                WHERE twin.{whose} = ANY({everybody("c.client_id")}) AND {other_s}
                    AND {before.format("twin")} < {before.format("a")}
            )""",
    )


# Who acts for an organisation is part of what is known of it, with their name; whom a person acts for is not.
CONTACT_PERSONS_TOLD = _contacts("organisation_id", "person_id", named="true")
ORGANISATIONS = _contacts("person_id", "organisation_id", named=sees("organisation", "n"))
SUBSIDIARIES = Sql(
    list_of(
        json_of(Subsidiary, "n"),
        f"""{views.CLIENT_CARD} AS n
            WHERE {is_client("n.parent_id", "c.client_id")} AND {stands("n")} AND {sees("organisation", "n")}""",
        order="n.name_sort, n.client_id",
    )
)


_TAKES = Sql("""coalesce((
            SELECT p.value -> 'takes'
            FROM jsonb_array_elements(c.joined -> 'parts') AS p
            WHERE p.value ->> 'client_id' = {row}.client_id::text
        ), '[]')""")


class MergedClient(Answer):
    """A client that turned out to be the one of the card; `merged_into`: whom it joined, this one or one like it.

    `takes`: of what there is one on a card, what counts is this client's.
    """

    client_id: UUID
    name: Annotated[str | None, Sql("n.name")]
    merged_into: UUID
    merged_at: datetime | None
    merged_by: str | None
    staff_name: Annotated[str | None, Sql("s.name")]
    reason: Annotated[str | None, Sql(text("{column}"))]
    takes: Annotated[list[Literal["name", "tax_id", "owner"]], _TAKES]


MERGED = Sql(
    either(
        "'[]'::json",
        list_of(
            json_of(MergedClient, "joined"),
            f"""{views.CANONICAL_MAP} AS joined
            LEFT JOIN {views.CLIENT_CARD} AS n ON n.client_id = joined.client_id
            LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = joined.staff_id
            WHERE joined.survivor_id = c.client_id""",
            order="joined.merged_at, joined.client_id",
        ),
    )
)
