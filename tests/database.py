"""A fresh, migrated PostgreSQL database for one test, and how each of Letopis's roles connects to it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from infra.log.crypto import MasterKey
from infra.postgres.embedded import EmbeddedPostgres

MASTER = MasterKey(bytes(range(32)))
"""The master key of every test installation, so that a service started by a test knows the roles' passwords too."""

ROLE_PASSWORDS = {name: MASTER.password_for(name) for name in ("letopis_writer", "letopis_projector", "letopis_reader")}

# A test's commits need not survive a power cut; that a killed server loses none holds without fsync as well,
# because the system keeps what was written. What is measured durable is measured on a server of its own.
TEST_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "1GB",
}


@dataclass(frozen=True)
class Database:
    """One test's database: every URL names the same one."""

    name: str
    owner_url: str
    writer_url: str
    projector_url: str
    reader_url: str


def keep_as_template(cluster: EmbeddedPostgres, name: str) -> None:
    """Let a database be copied, and nobody write to it."""
    keep = sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
    administer(cluster, keep.format(sql.Identifier(name)))


@contextmanager
def copy_of(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """A new database made from the template, dropped afterwards whoever is still connected."""
    name = f"test_{secrets.token_hex(6)}"
    # Copying files beats logging every page of a template that nobody writes to.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}")
    administer(cluster, create.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier("file_copy")))
    try:
        yield urls_of(cluster, name)
    finally:
        administer(cluster, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def urls_of(cluster: EmbeddedPostgres, name: str) -> Database:
    """How each role connects to the named database."""

    def url(role: str) -> str:
        return cluster.url(name, role, ROLE_PASSWORDS[role])

    return Database(
        name=name,
        owner_url=cluster.url(name),
        writer_url=url("letopis_writer"),
        projector_url=url("letopis_projector"),
        reader_url=url("letopis_reader"),
    )


def administer(cluster: EmbeddedPostgres, statement: sql.Composed) -> None:
    """Run one statement about databases, as their owner, outside of any of them."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)
