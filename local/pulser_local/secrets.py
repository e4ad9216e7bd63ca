from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex

import asyncpg

from pulser_local.errors import LocalError
from pulser_local.urls import address, is_loopback

SIMULATOR_BOT_TOKEN = "xoxb-simulator-"  # noqa: S105  # the beginning by which such a token is known, no secret


@dataclass(frozen=True, slots=True)
class SlackSecrets:
    """The three secrets of a Slack app; None: not given."""

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> SlackSecrets:
        """Those of `pulser dev`'s own environment; an empty variable counts as not given."""
        return cls(
            bot_token=environment.get("SLACK_BOT_TOKEN") or None,
            app_token=environment.get("SLACK_APP_TOKEN") or None,
            signing_secret=environment.get("SLACK_SIGNING_SECRET") or None,
        )

    @classmethod
    def simulated(cls) -> SlackSecrets:
        """New ones for the simulator."""
        return cls(SIMULATOR_BOT_TOKEN + token_hex(12), "xapp-simulator-" + token_hex(12), token_hex(16))

    def completed_by(self, other: SlackSecrets) -> SlackSecrets:
        """These, and of the other what is missing."""
        return SlackSecrets(
            self.bot_token or other.bot_token,
            self.app_token or other.app_token,
            self.signing_secret or other.signing_secret,
        )

    def vault(self) -> dict[str, str]:
        """Vault name → value, of those given."""
        named = {
            "slack_bot_token": self.bot_token,
            "slack_app_token": self.app_token,
            "slack_signing_secret": self.signing_secret,
        }
        return {name: value for name, value in named.items() if value}


async def read_vault(connection: asyncpg.Connection, names: tuple[str, ...]) -> dict[str, str]:
    """The named secrets that Vault holds; empty where there is no Vault yet."""
    if await connection.fetchval("select to_regclass('vault.decrypted_secrets')") is None:
        return {}
    rows = await connection.fetch(
        "select name, decrypted_secret from vault.decrypted_secrets where name = any($1::text[])", list(names)
    )
    return {row["name"]: row["decrypted_secret"] for row in rows}


async def store_vault(connection: asyncpg.Connection, secrets: Mapping[str, str]) -> None:
    """Put secrets into Vault, as bound parameters: a statement log never shows them."""
    for name, value in secrets.items():
        await connection.execute("select ops.store_secret_v1($1, $2)", name, value)


def check_foreign_vault(held: Mapping[str, str], *, given: SlackSecrets, simulated: bool) -> None:
    """Refuse (LocalError) to take over a database that an installation of pulser lives in.

    `held` is what its Vault says now; nothing has been written yet.
    """
    url = held.get("pulser_functions_url")
    if url and not is_loopback(url):
        raise LocalError(
            f"This database belongs to an installation of pulser at {address(url)}.",
            remedy="pulser dev would turn its events to this machine. Give it another database.",
        )
    token = held.get("slack_bot_token", "")
    if simulated and not given.bot_token and token and not token.startswith(SIMULATOR_BOT_TOKEN):
        raise LocalError(
            "This database's Vault holds the token of a real Slack, and the simulator's would replace it.",
            remedy="Give the real one again in SLACK_BOT_TOKEN, or give another database.",
        )


def check_slack_token(held: Mapping[str, str], given: SlackSecrets) -> None:
    """Refuse (LocalError) a Slack that is not the simulator when nobody gave its token."""
    token = held.get("slack_bot_token", "")
    if not given.bot_token and (not token or token.startswith(SIMULATOR_BOT_TOKEN)):
        raise LocalError(
            "--slack-api-url names a Slack, but there is no token for it.",
            remedy="Set SLACK_BOT_TOKEN in the environment of pulser dev.",
        )
