"""command-handler, step by step: what was typed → the answer → its audit. Other events are only audited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from command_handler import answer, help, status  # noqa: A004  the module is named for the command
from command_handler.answer import Answer, Json
from command_handler.command import TYPED, Command, folded, is_command, nearest, read_command, text_of
from command_handler.deploy import DeployCommand
from command_handler.health import HealthCommand
from command_handler.silence import SilenceCommand
from command_handler.why import WhyCommand
from pulser.blocks import clean, fit, one_line
from pulser.canary import came_back
from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import DatabaseBehind, DatabaseRefused, PulserError
from pulser.logs import redacted
from pulser.settlement import AuditEvent, Reply, Settlement
from pulser.slack import SlackApi
from pulser.vault import Vault

LINKS_LIMIT = 0.6  # seconds for the addresses of running deploys: without them the channel is named
_MOST_LINKS = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CommandHandler:
    """Decides about an envelope. Its only effect outside the settlement is the form that it opens."""

    def __init__(
        self, ledger: Database, vault: Vault, slack: SlackApi, *, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._ledger = ledger
        self._slack = slack
        self._now = now
        self._deploy = DeployCommand(ledger, slack)
        self._health = HealthCommand(ledger, vault, slack)
        self._why = WhyCommand(ledger)
        self._silence = SilenceCommand(ledger, vault)

    async def __call__(self, envelope: Envelope, _answer_by: float) -> Settlement:
        """The settlement of a command or an event. Raises DatabaseUnavailable while it is away, to be tried again."""
        if not is_command(envelope):
            return Settlement([_event(envelope)], canary=came_back(envelope.payload))
        command = read_command(text_of(envelope))
        try:
            said = await self._answer(command, envelope)
        except DatabaseBehind as error:
            # Nobody waits at his keyboard for the migrations.
            text = (
                "That did not work: pulser's database is behind this version of pulser. Try again once it is upgraded."
            )
            said = answer.note(text, "failed", f"the database is behind: {error.code}")
        except DatabaseRefused as error:
            # The same call would fail again: better said now than after eight tries.
            text = "That did not work: the database refused it. Whoever looks after pulser finds more in its log."
            said = answer.note(text, "failed", f"the database refused it: {error.code}")
        return _settlement(envelope, command, said)

    async def close(self) -> None:
        """Give the connections to the functions back."""
        await self._health.close()

    async def _answer(self, command: Command, envelope: Envelope) -> Answer:
        typed = _name_of(envelope)
        match command.word:
            case "status":
                return await self._status(command, typed)
            case "silence":
                return await self._silence.answer(command, envelope, typed, self._now())
            case "deploy":
                return await self._deploy.answer(command, envelope, typed)
            case "health":
                return await self._health.answer(self._now())
            case "why":
                return await self._why.answer(command, envelope.user_id or "", typed)
            case _:
                return await self._help(command, typed)

    async def _help(self, command: Command, typed: str) -> Answer:
        if command.word is None:
            return help.not_understood(typed, command)
        return await self._silence.told_with(help.help_text(typed), self._now())

    async def _status(self, command: Command, typed: str) -> Answer:
        rows, policies = await asyncio.gather(
            self._ledger.call("service_status_v1"), self._ledger.call("list_services_v1")
        )
        if not command.arguments:
            told = status.overview(rows, self._now(), await self._links(rows), typed)
            return await self._silence.told_with(told, self._now())
        known = list(dict.fromkeys(str(it["service"]) for it in (*rows, *policies)))
        meant = _meant(command, known)
        if meant is None:
            return status.unknown_service(command.argument(0), nearest(command.argument(0), known), typed, "status")
        own = [row for row in rows if row["service"] == meant]
        policy = next((it for it in policies if it["service"] == meant), None)
        told = status.of_service(own, policy, self._now(), await self._links(own), typed)
        return await self._silence.told_with(told, self._now(), meant)

    async def _links(self, rows: Sequence[Json]) -> dict[str, str]:
        """Where the messages of the running deploys are, by their ts; of some, or none, when Slack is slow."""
        deploys = [deploy for row in rows if (deploy := row.get("running_deploy")) and deploy.get("ts")]
        tasks = [asyncio.create_task(self._link(it["channel"], it["ts"])) for it in deploys[:_MOST_LINKS]]
        if not tasks:
            return {}
        done, late = await asyncio.wait(tasks, timeout=LINKS_LIMIT)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return dict(link for task in done if (link := task.result()))

    async def _link(self, channel: str, ts: str) -> tuple[str, str] | None:
        try:
            found = await self._slack.call("chat.getPermalink", channel=channel, message_ts=ts)
        except PulserError:
            return None
        return ts, str(found.get("permalink") or "")


def _name_of(envelope: Envelope) -> str:
    """How the command is called in this workspace."""
    name = envelope.payload.get("command")
    return name if isinstance(name, str) and name.startswith("/") and name[1:].replace("-", "").isalnum() else "/pulser"


def _meant(command: Command, known: Sequence[str]) -> str | None:
    """The service that is meant: events may name one of several words."""
    names = {folded(name): name for name in known}
    return names.get(folded(command.argument(0))) or names.get(folded(" ".join(command.arguments)))


def _settlement(envelope: Envelope, command: Command, said: Answer) -> Settlement:
    payload = {
        "command": _name_of(envelope) if envelope.type == "slash_commands" else "mention",
        "word": command.word,
        "text": _told(command.typed),
        "outcome": said.outcome,
        **{key: _told(value) for key, value in said.facts.items()},
    }
    failed = said.outcome == "failed"
    if failed:
        # Who typed it has the answer, privately. As an error it would be posted where everybody reads it.
        payload["severity"] = "warning"
    event = AuditEvent("slack.command", command.word, payload, "error" if failed else "ok", said.error)
    body = said.body()
    if envelope.type == "slash_commands":
        return Settlement([event], ack=body, silence=said.silence, error=said.error)
    reply = Reply.of_body(envelope, body) if body else None
    return Settlement([event], reply=reply, silence=said.silence, error=said.error)


def _event(envelope: Envelope) -> AuditEvent:
    """An event that nobody waits for, and Slack's word that it held events back."""
    inner = envelope.payload.get("event")
    kind = _told(inner.get("type") if isinstance(inner, Mapping) else envelope.payload.get("type"))
    if envelope.payload.get("type") == "app_rate_limited":
        payload: dict[str, Any] = {"event": "app_rate_limited", "severity": "warning", "outcome": "events_lost"}
        detail = "Slack holds events back: more than 30,000 in an hour"
        return AuditEvent("slack.event", "app_rate_limited", payload, "error", detail)
    canary = came_back(envelope.payload)
    if canary is not None:
        return AuditEvent("slack.event", "canary", {"event": kind, "outcome": "heard", "canary_id": canary})
    return AuditEvent("slack.event", kind, {"event": kind, "outcome": "ignored"})


def _told(value: object) -> str:
    """Words of somebody else for the audit: on one line, not many, and no token that was pasted by mistake."""
    return fit(str(redacted(one_line(clean(value)))), TYPED) if isinstance(value, str) else "unknown"
