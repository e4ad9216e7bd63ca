"""read_secret_v1 and store_secret_v1: Vault, but for pulser's own names only."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

NAMES = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "slack_signing_secret_previous",
    "slack_client_secret",
    "slack_refresh_token",
    "pulser_functions_url",
    "pulser_function_key",
    "pulser_button_key",
    "pulser_hook_github",
    "pulser_hook_web_2",
)
# Nearly the name of a hook's secret.
NO_HOOKS = (
    "pulser_hook_",
    "pulser_hook_GitHub",
    "pulser_hook_a-b",
    "pulser_hook_a\n",
    "my_pulser_hook_a",
    "pulser_hook",
)


@pytest.mark.parametrize("name", NAMES)
async def test_a_secret_of_the_contract_can_be_stored_and_read(db: Session, name: str) -> None:
    """What was stored comes back; the first time it is new."""
    assert await db.call("store_secret_v1", name=name, value="sentinel")
    assert await db.call("read_secret_v1", name=name) == "sentinel"


async def test_a_changed_secret_is_read_at_once(db: Session) -> None:
    """No copy is kept anywhere."""
    await db.call("store_secret_v1", name="slack_bot_token", value="old")
    assert not await db.call("store_secret_v1", name="slack_bot_token", value="new")
    assert await db.call("read_secret_v1", name="slack_bot_token") == "new"


async def test_a_secret_that_is_not_there_is_null(db: Session) -> None:
    """Not an error: the caller says what is missing."""
    assert await db.call("read_secret_v1", name="slack_bot_token") is None


@pytest.mark.parametrize("name", ["stripe_key", "SLACK_BOT_TOKEN", "slack_bot_token ", "", None, *NO_HOOKS])
async def test_a_foreign_secret_cannot_be_read(db: Session, name: str | None) -> None:
    """Vault holds the secrets of the whole project."""
    await db.run("select vault.create_secret('sentinel-foreign', $1)", name)
    assert await db.call("read_secret_v1", name=name) is None


@pytest.mark.parametrize("name", ["stripe_key", "", None, *NO_HOOKS])
async def test_a_foreign_secret_cannot_be_stored(db: Session, name: str | None) -> None:
    """Nor can another name be overwritten through here."""
    with pytest.raises(asyncpg.InvalidParameterValueError, match="is not a secret of pulser"):
        await db.call("store_secret_v1", name=name, value="sentinel")


async def test_a_refusal_does_not_repeat_the_value(db: Session) -> None:
    """An error text goes into logs."""
    with pytest.raises(asyncpg.InvalidParameterValueError) as refused:
        await db.call("store_secret_v1", name="stripe_key", value="sentinel-value")
    assert "sentinel-value" not in repr(refused.value.as_dict())
