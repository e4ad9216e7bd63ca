from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from pulser.database import Database
from pulser_local.canary import apply_canary, simulated
from pulser_local.deploy_hook import SECRET_NAME
from pulser_local.errors import LocalError
from pulser_local.migrations import migrate
from pulser_local.routes import apply_first_routes
from pulser_local.secrets import SlackSecrets, check_foreign_vault, check_slack_token, read_vault, store_vault
from pulser_local.services import apply_first_services
from pulser_local.standins import StandIns, install_standins
from pulser_local.steps import Steps
from pulser_local.urls import place

CONNECT_LIMIT = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSetup:
    """Makes a database ready for a run: stand-ins, migrations, Vault, routes; each a step.

    `own`: it is our embedded one. `given`: the Slack secrets of pulser dev's environment.
    `simulated`: Slack is our simulator, whose secrets are `slack` (the given ones where there are any).
    """

    url: str = field(repr=False)
    own: bool
    given: SlackSecrets
    slack: SlackSecrets
    simulated: bool
    functions_url: str
    function_key: str = field(repr=False)
    routes: Sequence[Mapping[str, Any]]
    services: Sequence[Mapping[str, Any]]
    canary: Mapping[str, Any] | None
    reminders: Mapping[str, Any] | None
    hook_secret: str = field(repr=False)
    steps: Steps

    async def check(self) -> None:
        """Refuse (LocalError) a database or a Slack that this run must not touch. Writes nothing."""
        held: Mapping[str, str] = {}
        if not self.own:
            with self.steps.step("Database"):
                async with connected(self.url) as connection:
                    held = await read_vault(connection, ("slack_bot_token", "pulser_functions_url"))
                check_foreign_vault(held, given=self.given, simulated=self.simulated)
        if not self.simulated:
            check_slack_token(held, self.given)

    async def prepare(self, database: Database) -> StandIns:
        """Bring the database to the state of this checkout. Raises LocalError when it cannot be."""
        with self.steps.step("Stand-ins") as step:
            standins = await install_standins(self.url)
            step.detail = ", ".join(_named(standins)) or "none needed"
        with self.steps.step("Migrations") as step:
            applied = await migrate(self.url)
            step.detail = f"{len(applied)} applied" if applied else "up to date"
        with self.steps.step("Vault") as step:
            async with connected(self.url) as connection:
                secrets = self._secrets()
                await store_vault(connection, secrets)
            step.detail = f"{len(secrets)} secrets"
        with self.steps.step("Routes") as step:
            step.detail = await apply_first_routes(database, self.routes, own=self.own)
        with self.steps.step("Services") as step:
            step.detail = await apply_first_services(database, self.services, own=self.own)
            if self.own and self.reminders is not None:
                await database.call("apply_reminder_times_v1", {"times": dict(self.reminders)})
        if self.own:
            await apply_canary(database, simulated(self.canary) if self.simulated else self.canary)
        return standins

    def _secrets(self) -> dict[str, str]:
        return {
            **self.slack.vault(),
            "pulser_functions_url": self.functions_url,
            "pulser_function_key": self.function_key,
            **({SECRET_NAME: self.hook_secret} if self.simulated else {}),
        }


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for a moment; what the database says against us becomes a LocalError."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_LIMIT)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise LocalError(f"Cannot connect to the database at {place(url)}: {error or type(error).__name__}") from error
    try:
        yield connection
    except asyncpg.PostgresError as error:
        raise LocalError(f"The database at {place(url)} refuses: {error}") from error
    finally:
        await connection.close(timeout=CONNECT_LIMIT)


def _named(standins: StandIns) -> list[str]:
    names = {"pg_net": standins.net, "pg_cron": standins.cron, "Vault": standins.vault}
    return [name for name, installed in names.items() if installed]
