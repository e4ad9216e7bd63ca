"""Private messages: what one person alone sees in a channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from pulser_local.slack.interactions.story import Interaction, Story
from pulser_local.slack.workspace import Content, Json, Team

_KEPT = 1_000  # for each person


class PrivateMessages:
    """Ephemeral messages by user, oldest first. As Slack's, they cannot be read by an API, only replaced."""

    def __init__(self, team: Team, story: Story, now: Callable[[], float]) -> None:
        self._team = team
        self._story = story
        self._now = now
        self._last_ts = 0  # microseconds
        self._messages: dict[str, list[Json]] = defaultdict(list)

    def of(self, user_id: str, channel_id: str | None = None) -> list[Json]:
        """What this person sees, in one channel or in all."""
        return [one for one in self._messages[user_id] if channel_id in {None, one["channel_id"]}]

    def find(self, user_id: str, channel_id: str, ts: str) -> Json | None:
        """One of them."""
        return next((one for one in self.of(user_id, channel_id) if one["ts"] == ts), None)

    def post(
        self,
        channel_id: str,
        user_id: str,
        content: Content,
        *,
        thread_ts: str | None = None,
        interaction: Interaction | None = None,
    ) -> Json:
        """Show a new one."""
        app = self._team.app
        message: Json = {
            "type": "message",
            "is_ephemeral": True,
            "channel_id": channel_id,
            "ts": self._next_ts(),
            "user": app.user_id,
            "bot_id": app.bot_id,
            "app_id": app.app_id,
            "bot_name": app.name,
            "team": self._team.id,
            "to": user_id,
            "interaction_id": interaction.id if interaction else None,
            **_shown(content),
        }
        if thread_ts:
            message["thread_ts"] = thread_ts
        self._messages[user_id] = [*self._messages[user_id], message][-_KEPT:]
        self._show(message, interaction)
        return message

    def replace(self, message: Json, content: Content, interaction: Interaction | None) -> None:
        """Show something else in its place."""
        for name in ("text", "blocks", "attachments"):
            message.pop(name, None)
        message.update(_shown(content))
        self._show(message, interaction)

    def remove(self, message: Json) -> None:
        """Take one away, as the app or its reader does."""
        user_id = message["to"]
        self._messages[user_id] = [one for one in self._messages[user_id] if one is not message]
        self._story.tell("ephemeral_gone", user_id, dict(message), channel_id=message["channel_id"])

    def _next_ts(self) -> str:
        """A name for a message, and its place among the others of its channel."""
        self._last_ts = max(int(self._now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _show(self, message: Json, interaction: Interaction | None) -> None:
        number = interaction.id if interaction else None
        if interaction is not None:
            if message not in interaction.ephemerals:
                interaction.ephemerals.append(message)
            self._story.answer(interaction, "private message", message["ts"])
        data = dict(message)
        self._story.tell("ephemeral", message["to"], data, channel_id=message["channel_id"], interaction_id=number)


def _shown(content: Content) -> Json:
    shown: Json = {"text": content.text}
    if content.blocks:
        shown["blocks"] = content.blocks
    if content.attachments:
        shown["attachments"] = content.attachments
    return shown
