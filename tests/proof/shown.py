"""What stands in the simulated Slack."""

from __future__ import annotations

from pulser_local.slack import SlackSimulator
from pulser_local.slack.workspace import Message


def messages_of(slack: SlackSimulator, event_id: str) -> list[Message]:
    """The messages of an event, as they stand."""
    return [
        message
        for channel in slack.workspace.channels
        for message in slack.workspace.history(channel)
        if (message.metadata or {}).get("event_payload", {}).get("event_id") == event_id
    ]
