from __future__ import annotations

import asyncpg
import pytest

from pulser_local.database_setup import connected
from pulser_local.errors import LocalError
from pulser_local.secrets import (
    SlackSecrets,
    check_foreign_vault,
    check_slack_token,
    read_vault,
    store_vault,
)

NONE = SlackSecrets()
GIVEN = SlackSecrets(bot_token="xoxb-given")


def test_secrets_come_from_the_environment() -> None:
    """The three variables are read; an empty one counts as not given."""
    secrets = SlackSecrets.from_environment({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": ""})
    assert secrets.vault() == {"slack_bot_token": "xoxb-1"}


def test_secrets_do_not_show_in_a_repr() -> None:
    """A secret is not printed with its holder."""
    assert "xoxb" not in repr(GIVEN)


def test_simulated_secrets_fill_what_is_missing() -> None:
    """A given token stays; the simulator's stand in for the others."""
    vault = GIVEN.completed_by(SlackSecrets.simulated()).vault()
    assert vault["slack_bot_token"] == "xoxb-given"
    assert set(vault) == {"slack_bot_token", "slack_app_token", "slack_signing_secret"}


def test_an_installation_elsewhere_is_refused() -> None:
    """A database whose functions live elsewhere is an installation's, and its place is named without secrets."""
    held = {"pulser_functions_url": "https://user:secret@abc.supabase.co/functions/v1"}
    with pytest.raises(LocalError, match=r"installation of pulser at https://abc\.supabase\.co/functions/v1"):
        check_foreign_vault(held, given=GIVEN, simulated=False)


def test_a_real_token_is_not_replaced_by_the_simulators() -> None:
    """A database with a real token and no given one is refused when Slack is simulated."""
    with pytest.raises(LocalError, match="token of a real Slack"):
        check_foreign_vault({"slack_bot_token": "xoxb-real"}, given=NONE, simulated=True)


@pytest.mark.parametrize(
    ("held", "given", "simulated"),
    [
        ({}, NONE, True),
        ({"slack_bot_token": "xoxb-simulator-1", "pulser_functions_url": "http://127.0.0.1:9/x"}, NONE, True),
        ({"slack_bot_token": "xoxb-real"}, GIVEN, True),
        ({"slack_bot_token": "xoxb-real"}, NONE, False),
    ],
)
def test_a_database_of_our_own_kind_is_taken(held: dict[str, str], given: SlackSecrets, simulated: bool) -> None:  # noqa: FBT001  # a parameter of the case
    """What a local run left behind, or what loses no real token, is no reason to refuse."""
    check_foreign_vault(held, given=given, simulated=simulated)


@pytest.mark.parametrize("held", [{}, {"slack_bot_token": "xoxb-simulator-1"}])
def test_a_slack_without_a_token_is_refused(held: dict[str, str]) -> None:
    """A Slack that is not the simulator needs a token, and the simulator's is none for it."""
    with pytest.raises(LocalError, match="SLACK_BOT_TOKEN"):
        check_slack_token(held, NONE)


@pytest.mark.parametrize("held", [{"slack_bot_token": "xoxb-real"}])
def test_a_token_in_vault_serves(held: dict[str, str]) -> None:
    """A real token that Vault holds already is enough."""
    check_slack_token(held, NONE)


async def test_vault_gives_what_was_stored(connection: asyncpg.Connection) -> None:
    """A stored secret is read back by its name; a second store replaces it."""
    await store_vault(connection, {"slack_bot_token": "xoxb-1"})
    await store_vault(connection, {"slack_bot_token": "xoxb-2"})
    assert await read_vault(connection, ("slack_bot_token", "slack_app_token")) == {"slack_bot_token": "xoxb-2"}


async def test_a_database_without_vault_holds_nothing(plain_database_url: str) -> None:
    """Reading from a database that never saw pulser gives nothing and is no error."""
    async with connected(plain_database_url) as connection:
        assert await read_vault(connection, ("slack_bot_token",)) == {}
