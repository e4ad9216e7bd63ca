"""A database as a hosted project has it: extensions in schemas of their own, and an owner who is no superuser."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg

from pulser_local.standins import install_standins

OWNER, PASSWORD = "platform_owner", "sentinel-owner"
HOSTED = f"""
create extension pg_cron with schema pg_catalog;
alter database postgres set search_path = "$user", public, extensions;
create role {OWNER} login password '{PASSWORD}';
grant create on database postgres to {OWNER};
"""
GRANTS = f"""
grant usage on schema net, cron, vault to {OWNER};
grant select on cron.job to {OWNER};
grant select, delete on cron.job_run_details to {OWNER};
grant select, delete on vault.secrets, vault.decrypted_secrets to {OWNER};
grant execute on all functions in schema vault to {OWNER};
"""


async def prepare(url: str) -> None:
    """What a hosted project has before pulser comes. `url`: the superuser's, of the database that pg_cron serves."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(HOSTED)
        installed = await install_standins(url)
        assert not installed.cron, "the real pg_cron is not there"
        await connection.execute(GRANTS)
    finally:
        await connection.close()


def owner_url(url: str) -> str:
    """The same database, as its owner reaches it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{OWNER}:{PASSWORD}@{parts.hostname}:{parts.port}"))
