"""The steps of an installation. Each looks first, does what is missing, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Literal

from pulser.database import Database
from pulser_cli import routes_diff, services_diff
from pulser_cli.manifest_content import remaining
from pulser_cli.output import CHANGE_SIGNS
from pulser_cli.reminders_file import changes_of, reminders_json
from pulser_cli.routes import routes_json
from pulser_cli.routes_file import RoutesFile
from pulser_cli.services import held_services
from pulser_cli.setup.asker import Asker
from pulser_cli.setup.server import VaultOfOwner, apply_migrations, check_server, missing_migrations
from pulser_cli.setup.values import ADDRESS, KEY, Wanted, wanted_secrets
from pulser_local.urls import place

State = Literal["done", "unchanged", "left out", "missing"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step. `missing`: pulser cannot work without it yet."""

    step: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Installs into the database at `url`, as its owner; `ledger` calls pulser's functions there."""

    url: str
    ledger: Database
    file: RoutesFile
    asker: Asker
    functions_url: str | None
    new_key: bool
    report: Callable[[Outcome], None]

    async def run(self) -> None:
        """All steps, in order. What was done stays done when a later one raises (LocalError, PulserError)."""
        self.report(Outcome("database", "unchanged", await check_server(self.url)))
        await self._migrations()
        await self._routes()
        await self._services()
        await self._reminders()
        await self._secrets()

    async def _migrations(self) -> None:
        missing = await missing_migrations(self.url)
        if not missing:
            return self.report(Outcome("migrations", "unchanged", "all are applied"))
        question = f"Apply {_many(len(missing), 'migration')} to {place(self.url)}?"
        if not self.asker.agrees(question):
            raise Declined(question)
        self.report(Outcome("migrations", "done", f"{await apply_migrations(self.url)} applied"))
        return None

    async def _routes(self) -> None:
        wanted = routes_json(self.file.positioned())
        changes = routes_diff.changes_between(await self.ledger.call("routes_v1"), wanted)
        if self._is_to_change("routes", [f"{CHANGE_SIGNS[it.kind][0]} {it.in_words()}" for it in changes], len(wanted)):
            await self.ledger.call("apply_routes_v1", {"routes": wanted})

    async def _services(self) -> None:
        wanted = [it.to_json() for it in self.file.services]
        held = await held_services(self.ledger)
        if held and not wanted:
            # As `pulser services apply`: a file that nobody has filled in must not end what people deploy with.
            detail = f"the file has none, the database keeps its {len(held)}"
            return self.report(Outcome("services", "left out", detail))
        changes = services_diff.changes_between(held, wanted)
        if self._is_to_change(
            "services", [f"{CHANGE_SIGNS[it.kind][0]} {it.in_words()}" for it in changes], len(wanted)
        ):
            await self.ledger.call("apply_services_v1", {"services": wanted})
        return None

    async def _reminders(self) -> None:
        wanted = reminders_json(self.file.reminders)
        changes = changes_of(await self.ledger.call("reminder_times_v1"), wanted)
        if self._is_to_change(
            "reminders", [f"{CHANGE_SIGNS[it.kind][0]} {it.in_words()}" for it in changes], len(wanted)
        ):
            await self.ledger.call("apply_reminder_times_v1", {"times": wanted})

    def _is_to_change(self, step: str, changes: list[str], count: int) -> bool:
        """Whether the database is to be made as the file, which its owner sees first."""
        if not changes:
            self.report(Outcome(step, "unchanged", f"{count} as in the file"))
            return False
        for change in changes:
            self.asker.tell(f"  {change}")
        if not self.asker.agrees(f"Change the {step} so?"):
            self.report(Outcome(step, "left out", f"{_many(len(changes), 'change')} to the file's not made"))
            return False
        self.report(Outcome(step, "done", f"{_many(len(changes), 'change')}, {count} in all"))
        return True

    async def _secrets(self) -> None:
        vault = VaultOfOwner(self.url)
        wanted = wanted_secrets(self.file, str(await self.ledger.call("transport_v1")))
        held = await vault.held([*(it.name for it in wanted), KEY])
        self._tell_where_from(wanted, held)
        for it in wanted:
            await self._secret(vault, it, held.get(it.name))
        if KEY in held and not self.new_key:
            return self.report(Outcome(KEY, "unchanged", "is there"))
        await vault.store(KEY, token_hex(32))
        self.report(Outcome(KEY, "done", "made; no person needs to know it"))
        return None

    async def _secret(self, vault: VaultOfOwner, wanted: Wanted, held: str | None) -> None:
        value = self.functions_url if wanted.name == ADDRESS and self.functions_url else None
        value = value or self.asker.value(wanted, held=held)
        if value is None and held is None:
            spare = "only the other transport needs it"
            state: State = "left out" if wanted.is_spare else "missing"
            return self.report(Outcome(wanted.name, state, spare if wanted.is_spare else wanted.where))
        if value is None or value == held:
            return self.report(Outcome(wanted.name, "unchanged", "is there"))
        await vault.store(wanted.name, value)
        return self.report(Outcome(wanted.name, "done", "replaced" if held else "stored"))

    def _tell_where_from(self, wanted: list[Wanted], held: Mapping[str, Any]) -> None:
        """How the Slack app is made, to whom has not made it."""
        if all(it.name in held or it.is_spare for it in wanted if it.name.startswith("slack_")):
            return
        over_http = next(it.name for it in wanted if it.is_spare) == "slack_app_token"
        self.asker.tell("The secrets come from your Slack app. `pulser manifest` prints its manifest, to be pasted:")
        for number, step in enumerate(remaining(self.file.scopes, name="pulser", over_http=over_http), start=1):
            self.asker.tell(f"  {number}. {step}")


class Declined(Exception):
    """The person does not want what the rest needs."""


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
