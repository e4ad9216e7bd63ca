"""response_url: five answers in thirty minutes, private unless they say otherwise."""

from __future__ import annotations

import itertools
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from pulser_local.slack import validation
from pulser_local.slack.arguments import Arguments
from pulser_local.slack.contents import new_content, with_ids
from pulser_local.slack.errors import SlackError
from pulser_local.slack.interactions.private import PrivateMessages
from pulser_local.slack.interactions.story import Interaction, Story
from pulser_local.slack.rates import Rates
from pulser_local.slack.workspace import Content, Json, Message, Workspace

USES: Final = 5
SECONDS: Final = 30 * 60.0
_REMEMBERED: Final = 20_000
_EPHEMERAL: Final = "ephemeral"


@dataclass(frozen=True, slots=True)
class Original:
    """The message that was acted in; a private one is seen by one person only."""

    channel_id: str
    ts: str
    is_private: bool


@dataclass(slots=True)
class ResponseUrl:
    """One URL: for which interaction, since when, how often used, and which message it belongs to, if any."""

    path: str
    born: float
    original: Original | None
    interaction: Interaction | None = None
    uses: int = 0


class ResponseUrls:
    """Gives response_urls out and shows what is sent to them."""

    def __init__(
        self,
        workspace: Workspace,
        private: PrivateMessages,
        story: Story,
        rates: Rates,
        monotonic: Callable[[], float],
    ) -> None:
        self._workspace = workspace
        self._private = private
        self._story = story
        self._rates = rates
        self._now = monotonic
        self._numbers = itertools.count(1_000_000)
        self._given: OrderedDict[str, ResponseUrl] = OrderedDict()

    def give(self, kind: Literal["actions", "commands"], original: Original | None = None) -> ResponseUrl:
        """A new one, whose path is below the simulator's address."""
        path = f"/{kind}/{self._workspace.team.id}/{next(self._numbers)}/{secrets.token_urlsafe(18)}"
        given = ResponseUrl(path, self._now(), original)
        self._given[path] = given
        while len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)
        return given

    def answer(self, path: str, body: Json) -> None:
        """Show an answer. SlackError used_url, expired_url, or what is wrong with it; only a good one counts."""
        given = self._given.get(path)
        if given is None or given.interaction is None:
            raise SlackError("invalid_url", status=404)
        if given.uses >= USES:
            raise SlackError("used_url", status=404)
        if self._now() - given.born > SECONDS:
            raise SlackError("expired_url", status=404)
        self.show(given.interaction, body, given.original)
        given.uses += 1

    def show(self, interaction: Interaction, body: Json, original: Original | None = None) -> None:
        """Show a message that answers an interaction, as a response_url or the ack of a command brings it."""
        arguments = Arguments(body)
        if arguments.flag("delete_original"):
            self._delete(interaction, original)
            return
        content = new_content(arguments)
        validation.check_content(content)
        content = with_ids(content)
        if arguments.flag("replace_original") and original is not None:
            self._replace(interaction, original, content)
        elif arguments.text("response_type", _EPHEMERAL) == "in_channel":
            self._post(interaction, content, arguments.text("thread_ts") or None)
        else:
            self._whisper(interaction, content, arguments.text("thread_ts") or None)

    def _whisper(self, interaction: Interaction, content: Content, thread_ts: str | None) -> None:
        channel_id = interaction.channel_id or ""
        self._private.post(channel_id, interaction.user_id, content, thread_ts=thread_ts, interaction=interaction)

    def _post(self, interaction: Interaction, content: Content, thread_ts: str | None) -> None:
        channel_id = interaction.channel_id or ""
        if channel_id not in self._workspace.channels:
            raise SlackError("channel_not_found", status=404)
        self._rates.take_post(channel_id)
        message = self._workspace.post(channel_id, content, thread_ts=thread_ts)
        self._answered(interaction, message)

    def _replace(self, interaction: Interaction, original: Original, content: Content) -> None:
        if original.is_private:
            private = self._private.find(interaction.user_id, original.channel_id, original.ts)
            if private is None:
                raise SlackError("message_not_found", status=404)
            self._private.replace(private, content, interaction)
        elif self._workspace.message(original.channel_id, original.ts) is None:
            raise SlackError("message_not_found", status=404)
        else:
            message = self._workspace.update(original.channel_id, original.ts, content)
            self._answered(interaction, message)

    def _delete(self, interaction: Interaction, original: Original | None) -> None:
        if original is None:
            raise SlackError("message_not_found", status=404)
        if original.is_private:
            private = self._private.find(interaction.user_id, original.channel_id, original.ts)
            if private is not None:
                self._private.remove(private)
        elif self._workspace.message(original.channel_id, original.ts) is not None:
            self._workspace.delete(original.channel_id, original.ts)

    def _answered(self, interaction: Interaction, message: Message) -> None:
        interaction.messages.append({**message.to_json(), "channel_id": message.channel_id})
        self._story.answer(interaction, "message", message.ts)
        self._story.changed(interaction)
