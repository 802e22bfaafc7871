"""What the doctor looks at of the database's roles: each has the rights that it needs, and none besides."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import psycopg

from app.database import ROLES
from app.doctor.database import has_key, urls_for
from app.doctor.patient import FailedError, Patient

# How everything stands: who folds looks at it, and so does who answers.
_STANDING = {
    "TABLE read.log_head": "SELECT",
    "TABLE read.shown": "SELECT",
    "TABLE read.parked": "SELECT",
    "TABLE read.parked_count": "SELECT",
    "TABLE read.skipped": "SELECT",
    "TABLE read.projection_status": "SELECT",
    "TABLE read.generation_status": "SELECT",
    "TABLE read.build_status": "SELECT",
    "TABLE read.rebuild_status": "SELECT",
    "TABLE read.policy_status": "SELECT",
    "TABLE read.clock_status": "SELECT",
    "TABLE read.operation": "SELECT",
    "TABLE read.import_upload": "SELECT",
    "TABLE read.duplicate_run": "SELECT",
    "TABLE read.duplicate_pair": "SELECT",
}

# By role, what it may do with what; for views of read models and the schemas they are kept in see Right.is_needed.
NEEDED: Mapping[str, Mapping[str, str]] = {
    "writer": {
        "SCHEMA letopis": "USAGE",
        "SCHEMA read": "USAGE",
        "TABLE letopis.event": "SELECT",
        "TABLE letopis.event_party": "SELECT",
        "TABLE letopis.subject_key": "SELECT",
        "TABLE letopis.receipt": "SELECT",
        "TABLE letopis.claim": "SELECT",
        "TABLE letopis.refusal": "SELECT INSERT",
        "TABLE letopis.access": "SELECT INSERT DELETE",
        "TABLE letopis.api_key_use": "SELECT INSERT UPDATE",
        "TABLE letopis.checkpoint": "SELECT INSERT UPDATE",
        "TABLE letopis.snapshot": "SELECT INSERT DELETE",
        "TABLE letopis.kept_secret": "SELECT INSERT UPDATE DELETE",
        "TABLE letopis.timer_answer": "SELECT INSERT UPDATE DELETE",
        "TABLE letopis.unanswered": "SELECT INSERT UPDATE DELETE",
        "TABLE read.policy_status": "SELECT",
        "TABLE read.clock_status": "SELECT",
        "FUNCTION letopis.append": "EXECUTE",
        "FUNCTION letopis.clock": "EXECUTE",
        "DATABASE": "CONNECT",
    },
    "projector": {
        "SCHEMA letopis": "USAGE",
        "SCHEMA read": "USAGE CREATE",
        "TABLE letopis.event": "SELECT",
        "TABLE letopis.event_party": "SELECT",
        "TABLE letopis.subject_key": "SELECT",
        "TABLE letopis.accepted_clock": "SELECT",
        "TABLE letopis.projection": "SELECT INSERT UPDATE",
        "TABLE letopis.rebuild": "SELECT INSERT UPDATE",
        "TABLE letopis.parked": "SELECT INSERT UPDATE DELETE",
        "TABLE letopis.skipped": "SELECT INSERT",
        "TABLE letopis.stream_ticket": "SELECT INSERT DELETE",
        "TABLE letopis.operation": "SELECT INSERT UPDATE",
        "TABLE letopis.import_upload": "SELECT INSERT UPDATE",
        "TABLE letopis.duplicate_run": "SELECT INSERT DELETE",
        "TABLE letopis.duplicate_pair": "SELECT INSERT DELETE",
        "TABLE letopis.duplicate_frequency": "SELECT INSERT DELETE",
        **_STANDING,
        "FUNCTION letopis.make_generation": "EXECUTE",
        "FUNCTION letopis.drop_generation": "EXECUTE",
        "FUNCTION letopis.publish_view": "EXECUTE",
        "FUNCTION letopis.clock": "EXECUTE",
        # A rebuild deals the log out into tables of its session, and the past is shown through views of it.
        "DATABASE": "CONNECT TEMPORARY",
    },
    "reader": {
        "SCHEMA read": "USAGE",
        **_STANDING,
        "TABLE read.refusal": "SELECT",
        "TABLE read.access": "SELECT",
        "TABLE read.api_key_use": "SELECT",
        "TABLE read.timer_answer": "SELECT",
        "FUNCTION letopis.clock": "EXECUTE",
        "DATABASE": "CONNECT",
    },
}

# PostgreSQL gives everybody these; they open nothing of ours.
_HARMLESS = frozenset({("DATABASE", "TEMPORARY"), ("SCHEMA public", "USAGE")})

_HELD = """
WITH
role AS (SELECT * FROM unnest(%(endings)s::text[], %(names)s::text[]) AS r (ending, name)),
place AS (
    SELECT n.oid, n.nspname, n.nspname NOT IN ('letopis', 'read', 'public') AS is_build
    FROM pg_namespace AS n
    WHERE n.nspname IN ('letopis', 'read', 'public')
        OR EXISTS (SELECT FROM letopis.projection AS p WHERE n.nspname = p.name || '_g' || p.generation)
)
SELECT r.ending, 'TABLE ' || format('%%I.%%I', s.nspname, c.relname), p.privilege,
    has_table_privilege(r.name, c.oid, p.privilege) AS has_all,
    has_table_privilege(r.name, c.oid, p.privilege)
        OR (p.is_of_columns AND has_any_column_privilege(r.name, c.oid, p.privilege)) AS has_any,
    has_table_privilege('public', c.oid, p.privilege) AS is_everybody_s,
    s.nspname = 'read' AND c.relowner = builder.oid AS is_made
FROM role AS r
CROSS JOIN pg_class AS c
JOIN place AS s ON s.oid = c.relnamespace AND s.nspname <> 'public'
JOIN pg_roles AS builder ON builder.rolname = %(projector)s
CROSS JOIN (VALUES ('SELECT', true), ('INSERT', true), ('UPDATE', true), ('REFERENCES', true), ('DELETE', false),
    ('TRUNCATE', false), ('TRIGGER', false), ('MAINTAIN', false)) AS p (privilege, is_of_columns)
WHERE c.relkind IN ('r', 'v', 'm', 'p') AND NOT (r.name = builder.rolname AND c.relowner = builder.oid)
UNION ALL
SELECT r.ending, 'FUNCTION ' || format('%%I.%%I', s.nspname, f.proname), 'EXECUTE',
    has_function_privilege(r.name, f.oid, 'EXECUTE'), has_function_privilege(r.name, f.oid, 'EXECUTE'),
    has_function_privilege('public', f.oid, 'EXECUTE'), false
FROM role AS r
CROSS JOIN pg_proc AS f
JOIN place AS s ON s.oid = f.pronamespace AND s.nspname IN ('letopis', 'read')
UNION ALL
SELECT r.ending, 'SCHEMA ' || format('%%I', s.nspname), p.privilege,
    has_schema_privilege(r.name, s.oid, p.privilege), has_schema_privilege(r.name, s.oid, p.privilege),
    has_schema_privilege('public', s.oid, p.privilege), s.is_build
FROM role AS r
CROSS JOIN place AS s
CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p (privilege)
UNION ALL
SELECT r.ending, 'DATABASE', p.privilege,
    has_database_privilege(r.name, current_database(), p.privilege),
    has_database_privilege(r.name, current_database(), p.privilege),
    has_database_privilege('public', current_database(), p.privilege), false
FROM role AS r
CROSS JOIN unnest(ARRAY['CONNECT', 'TEMPORARY', 'CREATE']) AS p (privilege)
"""

_POWERS = """
SELECT 'ALTER ROLE ' || quote_ident(rolname) || ' ' || concat_ws(
    ' ',
    CASE WHEN rolsuper THEN 'NOSUPERUSER' END,
    CASE WHEN rolcreaterole THEN 'NOCREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'NOCREATEDB' END,
    CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END,
    CASE WHEN rolreplication THEN 'NOREPLICATION' END
)
FROM pg_roles
WHERE rolname = ANY(%(names)s) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)
UNION ALL
SELECT 'REVOKE ' || m.roleid::regrole || ' FROM ' || m.member::regrole
FROM pg_auth_members AS m
JOIN pg_roles AS r ON r.oid = m.member
WHERE r.rolname = ANY(%(names)s)
"""


class Right(NamedTuple):
    """What a role may or may not do with one thing.

    `has_any`: with a part of its columns at least. `is_made`: a read model's, made while the service runs.
    """

    ending: str
    thing: str
    privilege: str
    has_all: bool
    has_any: bool
    is_everybody_s: bool
    is_made: bool

    @property
    def is_needed(self) -> bool:
        """Whether the role can do its work only with it."""
        if self.is_made:
            wanted = ("projector", ("USAGE", "CREATE")) if self.thing.startswith("SCHEMA") else ("reader", ("SELECT",))
            return self.ending == wanted[0] and self.privilege in wanted[1]
        return self.privilege in NEEDED[self.ending].get(self.thing, "").split()


def roles(patient: Patient) -> str:
    """The service's roles have the rights they need and no more: the log is changed by the append function alone."""
    patient.require_log()
    names = [patient.role(ending) for ending in ROLES]
    present = {name for (name,) in patient.query("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", names)}
    if missing := sorted(set(names) - present):
        raise FailedError(f"missing: {', '.join(missing)}")
    with patient.session() as connection:
        if mending := sorted(_statements(connection, dict(zip(ROLES, names, strict=True)))):
            raise FailedError("; ".join(mending))
    if has_key(patient):
        urls = urls_for(patient)
        for url in (urls.writer, urls.projector, urls.reader):
            psycopg.connect(url, connect_timeout=5).close()
    return ", ".join(names)


def rights(connection: psycopg.Connection[Any], names: Mapping[str, str]) -> list[Right]:
    """Return what each role may and may not do with everything that is ours; `names` are by what each ends in."""
    given = {"endings": [*names], "names": [*names.values()], "projector": names["projector"]}
    return [Right(*row) for row in connection.execute(_HELD.encode(), given)]


def _statements(connection: psycopg.Connection[Any], names: Mapping[str, str]) -> Iterator[str]:
    """Give the statements by which the owner makes it as it should be."""
    for (statement,) in connection.execute(_POWERS.encode(), {"names": [*names.values()]}):
        yield statement
    ((database,),) = connection.execute("SELECT quote_ident(current_database())")
    for right in rights(connection, names):
        thing = f"DATABASE {database}" if right.thing == "DATABASE" else right.thing
        if right.is_needed and not right.has_all:
            yield f"GRANT {right.privilege} ON {thing} TO {names[right.ending]}"
        elif right.has_any and not right.is_needed and (right.thing, right.privilege) not in _HARMLESS:
            holder = "PUBLIC" if right.is_everybody_s else names[right.ending]
            yield f"REVOKE {right.privilege} ON {thing} FROM {holder}"
