"""ensure_button_key_v1: the key that signs buttons is made once, by the database itself."""

from __future__ import annotations

import asyncio
import re

from tests.integration.schema.helpers import Session, is_waiting, until


async def test_the_migrations_make_a_key(own: Session) -> None:
    """256 bits, without anybody doing anything."""
    assert re.fullmatch(r"[0-9a-f]{64}", await own.call("read_secret_v1", name="pulser_button_key"))


async def test_a_key_that_is_missing_is_made(db: Session) -> None:
    """And each is another one."""
    keys = []
    for _ in range(2):
        await db.run("delete from vault.secrets")
        assert await db.call("ensure_button_key_v1")
        keys.append(await db.call("read_secret_v1", name="pulser_button_key"))
    assert len(set(keys)) == 2


async def test_a_key_that_is_there_stays(db: Session) -> None:
    """Buttons that stand in Slack keep working when migrations are applied again."""
    await db.call("ensure_button_key_v1")
    key = await db.call("read_secret_v1", name="pulser_button_key")
    assert not await db.call("ensure_button_key_v1")
    assert await db.call("read_secret_v1", name="pulser_button_key") == key


async def test_two_at_once_make_one_key(db: Session, other: Session) -> None:
    """The second waits, and finds it."""
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        assert await db.call("ensure_button_key_v1")
        late = tasks.create_task(other.call("ensure_button_key_v1"))
        await until(lambda: is_waiting(db, other))
    assert late.result() is False
    assert await db.value("select count(*) from vault.secrets where name = 'pulser_button_key'") == 1
