"""Secrets from Vault: remembered for a bounded time, read anew on demand, never shown."""

from __future__ import annotations

import pytest

from pulser.errors import DatabaseUnavailable, SecretMissing
from pulser.vault import REMEMBERED_FOR, Vault
from tests.unit.shared.fake_database import FakeClock, FakeDatabase

NAME = "slack_bot_token"


@pytest.fixture
def database() -> FakeDatabase:
    """A Vault with one token in it."""
    return FakeDatabase({NAME: "xoxb-old"})


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def vault(database: FakeDatabase, clock: FakeClock) -> Vault:
    """What is tested."""
    return Vault(database, clock=clock)


async def test_a_secret_is_read_by_its_name(vault: Vault, database: FakeDatabase) -> None:
    """The value of read_secret_v1 for this name is the secret."""
    assert (await vault.read(NAME)).get_secret_value() == "xoxb-old"
    assert database.reads == [NAME]


async def test_a_secret_is_remembered(vault: Vault, database: FakeDatabase, clock: FakeClock) -> None:
    """Until its time is over a secret is not asked for again."""
    await vault.read(NAME)
    clock.now += REMEMBERED_FOR - 0.001
    await vault.read(NAME)
    assert len(database.reads) == 1


async def test_a_changed_secret_is_used_after_a_while(vault: Vault, database: FakeDatabase, clock: FakeClock) -> None:
    """When its time is over a secret is read again, and a changed one is used."""
    await vault.read(NAME)
    database.secrets[NAME] = "xoxb-new"
    clock.now += REMEMBERED_FOR
    assert (await vault.read(NAME)).get_secret_value() == "xoxb-new"


async def test_a_secret_is_remembered_from_its_last_reading(
    vault: Vault, database: FakeDatabase, clock: FakeClock
) -> None:
    """What is remembered does not live longer because it was used."""
    for _ in range(4):
        await vault.read(NAME)
        clock.now += REMEMBERED_FOR / 2
    assert len(database.reads) == 2


async def test_a_secret_can_be_asked_for_anew(vault: Vault, database: FakeDatabase) -> None:
    """`anew` gives what is in Vault now, whatever is remembered."""
    await vault.read(NAME)
    database.secrets[NAME] = "xoxb-new"
    assert (await vault.read(NAME, anew=True)).get_secret_value() == "xoxb-new"


async def test_what_was_read_anew_is_remembered(vault: Vault, database: FakeDatabase) -> None:
    """After a look into Vault the newer secret is the remembered one."""
    await vault.read(NAME)
    database.secrets[NAME] = "xoxb-new"
    await vault.read(NAME, anew=True)
    assert (await vault.read(NAME)).get_secret_value() == "xoxb-new"
    assert len(database.reads) == 2


async def test_each_name_is_remembered_for_itself(vault: Vault, database: FakeDatabase) -> None:
    """Two secrets do not stand in for each other."""
    database.secrets["pulser_function_key"] = "key"
    await vault.read(NAME)
    assert (await vault.read("pulser_function_key")).get_secret_value() == "key"


@pytest.mark.parametrize("secrets", [{}, {NAME: ""}], ids=["absent", "empty"])
async def test_a_missing_secret_is_named(vault: Vault, database: FakeDatabase, secrets: dict[str, str]) -> None:
    """A secret that is not in Vault, or is empty, is missing by its name."""
    database.secrets = secrets
    with pytest.raises(SecretMissing, match=NAME):
        await vault.read(NAME)


async def test_a_missing_secret_is_found_once_it_is_there(vault: Vault, database: FakeDatabase) -> None:
    """That a secret was missing is not remembered."""
    database.secrets.clear()
    with pytest.raises(SecretMissing):
        await vault.read(NAME)
    database.secrets[NAME] = "xoxb-late"
    assert (await vault.read(NAME)).get_secret_value() == "xoxb-late"


async def test_a_secret_that_was_taken_away_is_forgotten(vault: Vault, database: FakeDatabase) -> None:
    """Once Vault has said that a secret is gone, the remembered one is not used either."""
    await vault.read(NAME)
    database.secrets.clear()
    with pytest.raises(SecretMissing):
        await vault.read(NAME, anew=True)
    with pytest.raises(SecretMissing):
        await vault.read(NAME)


async def test_a_remembered_secret_needs_no_database(vault: Vault, database: FakeDatabase) -> None:
    """While the database is away, what is remembered is still given."""
    await vault.read(NAME)
    database.trouble = DatabaseUnavailable("away")
    assert (await vault.read(NAME)).get_secret_value() == "xoxb-old"


async def test_a_failed_look_forgets_nothing(vault: Vault, database: FakeDatabase) -> None:
    """A look into Vault that failed leaves what is remembered."""
    await vault.read(NAME)
    database.trouble = DatabaseUnavailable("away")
    with pytest.raises(DatabaseUnavailable):
        await vault.read(NAME, anew=True)
    assert (await vault.read(NAME)).get_secret_value() == "xoxb-old"


async def test_a_secret_does_not_show_itself(vault: Vault) -> None:
    """A secret's text and repr are not its value."""
    secret = await vault.read(NAME)
    assert "xoxb" not in f"{secret} {secret!r}"
