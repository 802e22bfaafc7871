"""Who takes part in an activity besides whoever does it and the client: colleagues and other clients."""

from uuid import UUID

from read_api import views
from read_api.reading.answer import Answer, json_of
from read_api.reading.joined import answers, either, whoever
from read_api.reading.seen import sees

# As the index activities_by_participant has it.
PARTICIPANT = """a.participant_staff_ids || a.participant_client_ids <> '{}'
        AND a.participant_staff_ids || a.participant_client_ids """ + either(
    "@> ARRAY[%(participant)s]::uuid[]", f"&& {whoever('%(participant)s')}"
)


class Participant(Answer):
    """Who takes part besides whoever does it and the client: a colleague or another client."""

    staff_id: UUID | None
    client_id: UUID | None
    name: str | None


PARTICIPANTS = f"""CASE WHEN {{row}}.participant_staff_ids || {{row}}.participant_client_ids = '{{}}' THEN '[]'::json
    ELSE (
        SELECT json_agg({json_of(Participant, "o")} ORDER BY o.place)
        FROM (
            SELECT p.place, p.id AS staff_id, NULL::uuid AS client_id, ps.name
            FROM unnest({{row}}.participant_staff_ids) WITH ORDINALITY AS p (id, place)
            LEFT JOIN {views.STAFF_DIRECTORY} AS ps ON ps.staff_id = p.id
            UNION ALL
            SELECT p.place + cardinality({{row}}.participant_staff_ids), NULL, {answers("p.id")}, pc.name
            FROM unnest({{row}}.participant_client_ids) WITH ORDINALITY AS p (id, place)
            LEFT JOIN {views.CLIENT_CARD} AS pc ON pc.client_id = {answers("p.id")} AND {sees("client", "pc")}
        ) AS o
    )
    END"""  # noqa: S608 - put together from constants
