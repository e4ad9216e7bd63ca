"""The methods of the Web API that the simulator has, by Slack's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pulser_local.slack.invocation import Invocation
from pulser_local.slack.methods import auth, chat, conversations
from pulser_local.slack.workspace import Json


@dataclass(frozen=True, slots=True)
class Method:
    """What answers a method, and the scopes every call of it needs."""

    answer: Callable[[Invocation], Json]
    scopes: tuple[str, ...] = ()


METHODS: Final[Mapping[str, Method]] = {
    "auth.test": Method(auth.test),
    "chat.postMessage": Method(chat.post_message, ("chat:write",)),
    "chat.update": Method(chat.update, ("chat:write",)),
    "chat.delete": Method(chat.delete, ("chat:write",)),
    "chat.getPermalink": Method(chat.get_permalink),
    "conversations.history": Method(conversations.history),
    "conversations.replies": Method(conversations.replies),
    "conversations.list": Method(conversations.list_channels),
    "conversations.info": Method(conversations.info),
}
