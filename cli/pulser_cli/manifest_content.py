"""The manifest of pulser's Slack app: what it is called, what it may do, and where Slack asks."""

from __future__ import annotations

from typing import Any

from pulser.canary import EVENT, METADATA_TYPE, SCOPE
from pulser_cli.routes_file import Scopes

USAGE = "status [service] | deploy <service> [version] | health | why <id or link> | silence <service> for 2h | help"
EVENTS = ["app_mention"]


def with_canary(made: dict[str, Any]) -> dict[str, Any]:
    """The manifest of an app that is told of its own canaries, and of no other message.

    The app's own id is not known before it is made, so any app's canaries are subscribed to: Slack allows `*` for one
    of the two. Ids of canaries that pulser did not send are ignored.
    """
    bot = made["oauth_config"]["scopes"]["bot"]
    events = made["settings"]["event_subscriptions"]
    subscribed = {
        "bot_events": [*events["bot_events"], EVENT],
        "metadata_subscriptions": [{"app_id": "*", "event_type": METADATA_TYPE}],
    }
    return {
        **made,
        "oauth_config": {"scopes": {"bot": [*bot, *({SCOPE} - set(bot))]}},
        "settings": {**made["settings"], "event_subscriptions": {**events, **subscribed}},
    }


def manifest(scopes: Scopes, *, name: str, functions_url: str | None, over_http: bool) -> dict[str, Any]:
    """An app manifest as docs.slack.dev/reference/app-manifest has it.

    `functions_url`: where Slack's own requests go (up to and including /functions/v1); with Socket Mode on, Slack does
    not use them, and they may stand there for the day on which it is switched off.
    """
    commands = {"command": "/pulser", "description": "Ask the platform, and act", "usage_hint": USAGE}
    at_commands = _at(functions_url, "command-handler")
    return {
        "display_information": {"name": name, "description": "What happens on your platform, and what to do about it"},
        "features": {
            "bot_user": {"display_name": name, "always_online": True},
            "slash_commands": [{**commands, "should_escape": False, **_named("url", at_commands)}],
        },
        "oauth_config": {"scopes": {"bot": list(scopes.bot)}},
        "settings": {
            "event_subscriptions": {"bot_events": EVENTS, **_named("request_url", at_commands)},
            "interactivity": {"is_enabled": True, **_named("request_url", _at(functions_url, "action-handler"))},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not over_http,
            "token_rotation_enabled": False,
        },
    }


def remaining(scopes: Scopes, *, name: str, over_http: bool) -> list[str]:
    """What a person does by hand once the app is made, in order."""
    wanted = " and ".join(scopes.app) or "connections:write"
    token = f"Basic Information, App-Level Tokens: generate one with {wanted}; it is the secret slack_app_token."
    return [
        "https://api.slack.com/apps?new_app=1: From a manifest, your workspace, paste, create.",
        "Install App: install it; the Bot User OAuth Token is the secret slack_bot_token.",
        "Basic Information, Signing Secret: it is the secret slack_signing_secret." if over_http else token,
        f"Invite the bot into each channel that a route names: /invite @{name}.",
    ]


def _at(functions_url: str | None, function: str) -> str | None:
    return f"{functions_url.rstrip('/')}/{function}" if functions_url else None


def _named(key: str, value: str | None) -> dict[str, str]:
    return {key: value} if value else {}
