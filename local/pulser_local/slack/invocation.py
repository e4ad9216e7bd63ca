"""What a method of the Web API is given: the call, and the workspace it acts on."""

from __future__ import annotations

from dataclasses import dataclass

from pulser_local.slack.arguments import Arguments
from pulser_local.slack.errors import SlackError
from pulser_local.slack.interactions.interactivity import Interactivity
from pulser_local.slack.rates import Rates
from pulser_local.slack.socket_mode.tickets import Tickets
from pulser_local.slack.tokens import Tokens
from pulser_local.slack.workspace import Channel, Workspace


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of one method.

    `public_url` is where permalinks lead, `called_url` the address the client called; no slash at the end of either.
    """

    arguments: Arguments
    workspace: Workspace
    rates: Rates
    tokens: Tokens
    public_url: str
    called_url: str
    interactivity: Interactivity
    tickets: Tickets

    def channel_by_id(self) -> Channel:
        """The channel of the call, by ID only; what the app cannot see does not exist for it."""
        (channel_id,) = self.arguments.required("channel")
        return self._visible(self.workspace.channels.get(channel_id))

    def channel_by_name_or_id(self) -> Channel:
        """The channel of the call, as chat.postMessage takes it."""
        (name_or_id,) = self.arguments.required("channel")
        return self._visible(self.workspace.find(name_or_id))

    def _visible(self, channel: Channel | None) -> Channel:
        if channel is None or (channel.is_private and not channel.is_member):
            raise SlackError("channel_not_found")
        return channel
