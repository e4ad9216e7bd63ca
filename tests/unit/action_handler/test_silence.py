"""The button that confirms a silence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from action_handler.handle import Actions
from action_handler.zones import Zones
from pulser.envelope import Envelope
from pulser.groups import Groups
from pulser.settlement import Settlement
from pulser.silence import ACTION_ID, CONFIRM_WITHIN, AskedSilence, sign_silence
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.unit.action_handler.situations import ALICE, BOB, NOW
from tests.unit.shared.handling_ledger import FakeLedger

KEY = "button-key-sentinel"
ID = "8f3b0c9e-0000-4000-8000-000000000001"
ASKED = AskedSilence(ID, "api", "ci.*", None, NOW + timedelta(hours=2), "rebuild", BOB, NOW - timedelta(minutes=1))


def press(value: str | None, user: str = BOB) -> Envelope:
    payload = {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": user, "username": "bob"}, "channel": {"id": "C1"},
        "container": {"type": "message", "is_ephemeral": True, "message_ts": "1.1", "channel_id": "C1"},
        "actions": [{"action_id": ACTION_ID, "value": value}], "response_url": "https://hooks.slack.com/x",
    }  # fmt: skip
    return Envelope.from_interaction(payload, "e-1")


async def settled(asked: AskedSilence | str | None, found: list[Any] | None = None, user: str = BOB) -> Settlement:
    """The settlement of a press; `found`: what the ledger has of this id."""
    ledger = FakeLedger({"pulser_button_key": KEY})
    ledger.answers = {"list_silences_v1": lambda _: found or []}
    vault = Vault(ledger)
    value = sign_silence(asked, KEY) if isinstance(asked, AskedSilence) else asked
    slack = SlackApi(vault)
    made = await Actions(ledger, vault, Groups(slack), Zones(slack), lambda: NOW)(press(value, user), 0.0)
    assert json.dumps(made.to_json())
    return made


async def test_a_press_begins_what_was_previewed() -> None:
    """With the id that was previewed, who pressed, and an audit event; the preview gives way to the answer."""
    made = await settled(ASKED)
    assert made.silence is not None
    assert made.silence.to_json() == {
        "action": "start", "silence_id": ID, "created_by": {"user": BOB, "name": "bob"}, **ASKED.to_json(),
    }  # fmt: skip
    (event,) = made.events
    assert (event.event_type, event.payload["outcome"], event.payload["silence_id"]) == ("slack.action", "done", ID)
    assert made.reply is not None
    assert made.reply.body["replace_original"] is True
    assert str(made.reply.body["text"]).startswith("🔕 *api* `ci.*` is silenced until 09:33 UTC")


@pytest.mark.parametrize(
    ("asked", "found", "user", "reason"),
    [
        (ASKED, [{"is_live": True, "service": "api", "event_pattern": "ci.*"}], BOB, "already"),
        (ASKED, [{"is_live": False, "ended_by": {"name": "<!here>"}}], BOB, "already"),
        (ASKED, None, ALICE, "another_person"),
        (replace(ASKED, asked_at=NOW - CONFIRM_WITHIN - timedelta(seconds=1)), None, BOB, "expired"),
        (replace(ASKED, ends_at=NOW), None, BOB, "expired"),
        ("x", None, BOB, "unreadable_value"),
        (None, None, BOB, "unreadable_value"),
        (sign_silence(ASKED, "another key"), None, BOB, "forged_value"),
    ],
)
async def test_what_is_not_to_begin_is_refused_and_audited(
    asked: AskedSilence | str | None, found: list[Any] | None, user: str, reason: str
) -> None:
    """Each says why, privately, and nothing changes."""
    made = await settled(asked, found, user)
    assert made.silence is None
    assert (made.events[0].payload["outcome"], made.events[0].payload["reason"]) == ("refused", reason)
    assert made.reply is not None
    assert "<!here>" not in json.dumps(made.reply.to_json())
