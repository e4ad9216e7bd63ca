"""The payloads of interactions and events, as Slack builds them. Pure."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from pulser_local.slack.people import User
from pulser_local.slack.workspace import Channel, Json, Message, Team


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose payloads they are: the team and app that stand in them, and the old verification token."""

    team: Team
    team_id: str
    app_id: str
    token: str

    def common(self) -> Json:
        """What every interaction carries."""
        return {
            "team": {"id": self.team_id, "domain": "simulator"},
            "api_app_id": self.app_id,
            "token": self.token,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def user(self, user: User) -> Json:
        """Who did it."""
        return {"id": user.id, "username": user.name, "name": user.name, "team_id": self.team_id}


@dataclass(frozen=True, slots=True)
class Reply:
    """How the app may answer: once by the trigger, some times by the URL ("" where there is none)."""

    trigger_id: str
    response_url: str = ""


@dataclass(frozen=True, slots=True)
class Click:
    """What was pressed, and how the app may answer."""

    action: Json
    reply: Reply


def message_click(origin: Origin, user: User, channel: Channel, message: Json, click: Click) -> Json:
    """block_actions of a message; `message` is the snapshot that the user saw."""
    is_ephemeral = bool(message.get("is_ephemeral"))
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": is_ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    return {
        "type": "block_actions",
        **origin.common(),
        "user": origin.user(user),
        "container": container,
        "trigger_id": click.reply.trigger_id,
        "channel": {"id": channel.id, "name": channel.name},
        **({} if is_ephemeral else {"message": message}),
        "state": {"values": {}},
        "response_url": click.reply.response_url,
        "actions": [click.action],
    }


def view_click(origin: Origin, user: User, view: Json, click: Click) -> Json:
    """block_actions of a modal or a Home tab."""
    return {
        "type": "block_actions",
        **origin.common(),
        "user": origin.user(user),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": click.reply.trigger_id,
        "view": view,
        "actions": [click.action],
    }


def block_suggestion(origin: Origin, user: User, view: Json, typed: tuple[str, str, str]) -> Json:
    """What was typed in a menu of a modal: block_id, action_id and the text."""
    block_id, action_id, value = typed
    return {
        "type": "block_suggestion",
        **origin.common(),
        "user": origin.user(user),
        "container": {"type": "view", "view_id": view["id"]},
        "block_id": block_id,
        "action_id": action_id,
        "value": value,
        "view": view,
    }


def view_submission(origin: Origin, user: User, view: Json, reply: Reply) -> Json:
    """A modal was submitted; its state holds what was filled in."""
    return {
        "type": "view_submission",
        **origin.common(),
        "user": origin.user(user),
        "trigger_id": reply.trigger_id,
        "view": view,
        "response_urls": [],
    }


def view_closed(origin: Origin, user: User, view: Json, *, is_cleared: bool) -> Json:
    """A modal was closed by its user."""
    return {
        "type": "view_closed",
        **origin.common(),
        "user": origin.user(user),
        "view": view,
        "is_cleared": is_cleared,
    }


def slash_command(origin: Origin, user: User, channel: Channel, command: tuple[str, str], reply: Reply) -> Json:
    """A slash command: its name with the slash, and the text behind it."""
    return {
        "token": origin.token,
        "team_id": origin.team_id,
        "team_domain": "simulator",
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command[0],
        "text": command[1],
        "api_app_id": origin.app_id,
        "is_enterprise_install": "false",
        "response_url": reply.response_url,
        "trigger_id": reply.trigger_id,
    }


def event_callback(origin: Origin, event: Json, *, at: float) -> Json:
    """The wrapper of an event."""
    authorization = {
        "enterprise_id": None,
        "team_id": origin.team_id,
        "user_id": origin.team.app.user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": origin.token,
        "team_id": origin.team_id,
        "api_app_id": origin.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(at),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_hex(8)}",
    }


def app_mention(message: Message) -> Json:
    """The event of a message that mentions the app."""
    event: Json = {
        "type": "app_mention",
        "user": message.author.user_id,
        "text": message.text,
        "ts": message.ts,
        "team": message.team_id,
        "channel": message.channel_id,
        "event_ts": message.ts,
    }
    return event | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def message_metadata_posted(message: Message, metadata: Json) -> Json:
    """The event of a message with metadata, to an app that has subscribed to its event type."""
    return {
        "type": "message_metadata_posted",
        "app_id": message.author.app_id,
        "bot_id": message.author.bot_id,
        "user_id": message.author.user_id,
        "team_id": message.team_id,
        "channel_id": message.channel_id,
        "metadata": metadata,
        "message_ts": message.ts,
        "event_ts": message.ts,
    }


def app_home_opened(user: User, view: Json | None, *, at: float) -> Json:
    """The event of a user who opens the app's Home tab."""
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": f"D{user.id[1:]}", "tab": "home"}
    event["event_ts"] = f"{at:.6f}"
    return event | ({"view": view} if view else {})


def app_rate_limited(origin: Origin, *, at: float) -> Json:
    """More than 30,000 events in an hour: a payload without an event in it."""
    return {
        "token": origin.token,
        "type": "app_rate_limited",
        "team_id": origin.team_id,
        "minute_rate_limited": int(at) // 60 * 60,
        "api_app_id": origin.app_id,
    }
