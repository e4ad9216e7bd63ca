"""The methods of the Web API that the simulator has, by Slack's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pulser_local.slack.invocation import Invocation
from pulser_local.slack.methods import apps, auth, chat, conversations, users, views
from pulser_local.slack.workspace import Json


@dataclass(frozen=True, slots=True)
class Method:
    """What answers a method, the scopes every call of it needs, and with which kind of token it is called."""

    answer: Callable[[Invocation], Json]
    scopes: tuple[str, ...] = ()
    caller: Literal["bot", "app"] = "bot"


METHODS: Final[Mapping[str, Method]] = {
    "apps.connections.open": Method(apps.open_connection, ("connections:write",), caller="app"),
    "auth.test": Method(auth.test),
    "chat.postMessage": Method(chat.post_message, ("chat:write",)),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",)),
    "chat.update": Method(chat.update, ("chat:write",)),
    "chat.delete": Method(chat.delete, ("chat:write",)),
    "chat.getPermalink": Method(chat.get_permalink),
    "conversations.history": Method(conversations.history),
    "conversations.replies": Method(conversations.replies),
    "conversations.list": Method(conversations.list_channels),
    "conversations.info": Method(conversations.info),
    "usergroups.list": Method(users.list_groups, ("usergroups:read",)),
    "usergroups.users.list": Method(users.list_group_users, ("usergroups:read",)),
    "users.info": Method(users.info, ("users:read",)),
    "users.list": Method(users.list_users, ("users:read",)),
    "views.open": Method(views.open_view),
    "views.publish": Method(views.publish),
    "views.push": Method(views.push),
    "views.update": Method(views.update),
}
