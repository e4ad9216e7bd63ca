"""The second half of the demo: people act from the simulated Slack, and each deed is timed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.elements import CannotAct
from pulser_local.slack.interactions.story import Interaction

LIMIT = 3.0  # seconds in which Slack wants an ack, and a person an answer
PATIENCE = 15.0  # seconds; a deed has failed long before, but how late it comes is worth knowing
POLL = 0.02  # seconds between two looks into the workspace
ALICE, BOB = "U0ALICE", "U0BOB"
ALERTS, DEPLOYS = "ops-alerts", "ops-deploy"
SERVICE, VERSION, ENVIRONMENT = "api", "v2.15.0", "production"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, what became of it, and when (milliseconds after the click): Slack's ack, and what one sees."""

    who: str
    what: str
    saw: str
    ack_ms: float | None
    seen_ms: float | None
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As `pulser demo --json` prints it."""
        return asdict(self)


class DemoActs:
    """Acknowledges an alert, types the three commands, deploys through modal and approval to the local hook."""

    def __init__(self, simulator: SlackSimulator, *, on_act: Callable[[Act], None] = lambda _act: None) -> None:
        self._simulator = simulator
        self._on_act = on_act
        self.acts: list[Act] = []

    async def run(self) -> list[Act]:
        """All of it in order. What goes wrong is told in the act, and what needs it is left out."""
        await self._press("Alice", ALERTS, "acknowledge", sees="Acknowledged")
        await self._command("Alice", "status", sees=SERVICE)
        await self._command("Alice", "health", sees="socket-relay")
        if await self._deploy():
            await self._press("Alice", DEPLOYS, "approve", sees="somebody else must approve", privately=True)
            await self._press("Bob", DEPLOYS, "approve", sees="Approved")
            await self._watch("the hook", "deploys", DEPLOYS, sees="completed")
        return self.acts

    async def _press(self, who: str, channel: str, button: str, *, sees: str, privately: bool = False) -> None:
        user = ALICE if who == "Alice" else BOB
        clock = _Clock()
        try:
            channel_id, ts = self._message_with(channel, f"pulser_{button}")
            done = await self._simulator.press(channel_id, ts, f"pulser_{button}", user_id=user)
        except (CannotAct, LookupError) as error:
            return self._note(who, f"presses {button}", "", _Times(), problem=str(error))
        seen = await self._until(lambda: sees in (_text(done.ephemerals) if privately else self._shown(channel_id, ts)))
        shown = f"“{sees}”, privately" if privately else f"{sees}, in the message"
        return self._note(who, f"presses {button}", shown, clock.times(done, seen=seen), problem=done.failure)

    async def _command(self, who: str, text: str, *, sees: str) -> None:
        clock = _Clock()
        done = await self._simulator.command("/pulser", text, ALICE, DEPLOYS)
        seen = await self._until(lambda: sees in _text(done.ephemerals))
        self._note(who, f"/pulser {text}", "the answer, privately", clock.times(done, seen=seen), problem=done.failure)

    async def _deploy(self) -> bool:
        clock = _Clock()
        done = await self._simulator.command("/pulser", f"deploy {SERVICE} {VERSION}", ALICE, DEPLOYS)
        opened = await self._until(lambda: bool(self._simulator.modals(ALICE)))
        problem = done.failure or (None if opened else _text(done.ephemerals))
        self._note("Alice", f"/pulser deploy {SERVICE}", "the modal", clock.times(done, seen=opened), problem=problem)
        if not opened:
            return False
        view = self._simulator.modals(ALICE)[-1]
        values = {"environment": ENVIRONMENT, "reason": "The fix for the checkout"}
        clock = _Clock()
        done = await self._simulator.submit_view(view["id"], values, ALICE)
        stands = await self._until(lambda: self._has_message_with(DEPLOYS, "pulser_approve", VERSION))
        errors = (done.ack_payload or {}).get("errors")
        problem = done.failure or (f"the modal says {errors}" if errors else None)
        self._note("Alice", "submits it", f"the request in #{DEPLOYS}", clock.times(done, seen=stands), problem=problem)
        return stands

    async def _watch(self, who: str, what: str, channel: str, *, sees: str) -> None:
        clock = _Clock()
        seen = await self._until(lambda: self._has_text(channel, VERSION, sees))
        self._note(who, what, f"{sees}, in the same message", _Times(None, clock.ms() if seen else None))

    def _note(self, who: str, what: str, saw: str, times: _Times, *, problem: str | None = None) -> None:
        if problem is None and times.seen_ms is None:
            problem = "nothing was seen of it"
        elif problem is None and times.ack_ms is not None and times.ack_ms >= LIMIT * 1000:
            problem = f"Slack waited {times.ack_ms:.0f} ms for its ack"
        act = Act(who, what, saw, times.ack_ms, times.seen_ms, problem)
        self.acts.append(act)
        self._on_act(act)

    async def _until(self, holds: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL)
        return True

    def _message_with(self, channel: str, action_id: str) -> tuple[str, str]:
        """The newest message of the channel that has this button. LookupError when there is none."""
        for found in self._simulator.workspace.channels.values():
            if found.name == channel:
                for message in reversed(self._simulator.workspace.history(found.id)):
                    if f'"{action_id}"' in _text(message.to_json()):
                        return found.id, message.ts
        raise LookupError(f"no message in #{channel} has the button {action_id}")

    def _has_message_with(self, channel: str, action_id: str, text: str) -> bool:
        try:
            return text in self._shown(*self._message_with(channel, action_id))
        except LookupError:
            return False

    def _has_text(self, channel: str, *texts: str) -> bool:
        return any(
            all(text in _text(message.to_json()) for text in texts)
            for found in self._simulator.workspace.channels.values()
            if found.name == channel
            for message in self._simulator.workspace.history(found.id)
        )

    def _shown(self, channel_id: str, ts: str) -> str:
        message = self._simulator.workspace.message(channel_id, ts)
        return _text(message.to_json()) if message else ""


@dataclass(frozen=True, slots=True)
class _Times:
    ack_ms: float | None = None
    seen_ms: float | None = None


class _Clock:
    def __init__(self) -> None:
        self._began = time.monotonic()

    def ms(self) -> float:
        """Milliseconds since it was made."""
        return (time.monotonic() - self._began) * 1000

    def times(self, done: Interaction, *, seen: bool) -> _Times:
        """When Slack had its ack, and, if it was `seen` just now, when that was."""
        return _Times(None if done.acked_after is None else done.acked_after * 1000, self.ms() if seen else None)


def _text(shown: object) -> str:
    return json.dumps(shown, ensure_ascii=False)
