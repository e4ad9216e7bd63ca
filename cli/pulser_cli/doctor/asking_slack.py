"""Gathers facts from Slack. What cannot be had is told with its reason, never raised."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from notify_dispatch.render.message import METADATA_TYPE
from pulser.errors import PulserError, SecretMissing, SlackError
from pulser.slack import SlackApi
from pulser_cli.doctor.facts import Channel, Channels, Identity, Post, RoutedChannel, Unasked, UserGroup
from pulser_cli.doctor.slack_checks import NO_VAULT
from pulser_cli.reconciling_slack import Patience, Reader, Unreadable

HALF_A_SECOND = 0.5  # what a date in whole seconds lacks on average
_CHANNELS = TypeAdapter(tuple[Channel, ...])
_CHANNEL = TypeAdapter(Channel)
_GROUPS = TypeAdapter(tuple[UserGroup, ...])
_ODD = Unasked("unreadable_answer: Slack's ok says something else than its documentation")


@dataclass(frozen=True, slots=True)
class SlackFacts:
    """Asks one Slack; waits where Slack asks for it, as long as `patience` has."""

    slack: SlackApi
    patience: Patience

    async def identity(self) -> Identity | Unasked:
        """Whose the bot token is."""
        began = time.time()
        try:
            answer, headers = await self.slack.call_with_headers("auth.test")
        except PulserError as error:
            return _unasked(error)
        between = (began + time.time()) / 2
        return Identity(
            team=str(answer.get("team")),
            user=str(answer.get("user")),
            app_id=answer.get("app_id"),
            scopes=_scopes(headers),
            ahead=_ahead(headers, between),
        )

    async def channels(self, routes: Sequence[RoutedChannel]) -> Channels | Unasked:
        """The channels that the app sees, and those that routes name by ID."""
        try:
            found, whole = await Reader(self.slack, self.patience).channels()
            seen = _CHANNELS.validate_python(found)
        except Unreadable as error:
            return Unasked(error.reason)
        except PulserError as error:
            return _unasked(error)
        except ValidationError:
            return _ODD
        known = {it.id for it in seen}
        by_id = [it.channel for it in routes if not it.channel.startswith("#") and it.channel not in known]
        return Channels(seen, not whole, {one: await self._channel(one) for one in dict.fromkeys(by_id)})

    async def groups(self) -> tuple[UserGroup, ...] | Unasked:
        """The user groups, disabled ones too."""
        answer = await self._call("usergroups.list", include_disabled=True)
        if isinstance(answer, Unasked):
            return answer
        try:
            return _GROUPS.validate_python(answer.get("usergroups"))
        except ValidationError:
            return _ODD

    async def delivery_shown(self, post: Post) -> str | Unasked | None:
        """The delivery that a message's metadata name; None where there is no message, or it names none."""
        ts = {"oldest": post.slack_ts, "latest": post.slack_ts, "inclusive": True, "limit": 1}
        channel = {"channel": post.slack_channel_id, "include_all_metadata": True}
        answer = await self._call("conversations.history", **channel, **ts)
        return answer if isinstance(answer, Unasked) else _delivery(answer)

    async def _channel(self, channel: str) -> Channel | Unasked:
        answer = await self._call("conversations.info", channel=channel)
        if isinstance(answer, Unasked):
            return answer
        try:
            return _CHANNEL.validate_python(answer.get("channel"))
        except ValidationError:
            return _ODD

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any] | Unasked:  # noqa: ANN401  JSON
        async def once() -> dict[str, Any]:
            return await self.slack.call(method, **arguments)

        try:
            answer: dict[str, Any] = await self.patience.through(once, method)
        except PulserError as error:
            return _unasked(error)
        return answer


def _unasked(error: PulserError) -> Unasked:
    match error:
        case SlackError():
            return Unasked(f"{error.reason}: {error}" if error.reason else str(error))
        case SecretMissing():
            return Unasked(f"missing_secret: {error}")
    return Unasked(f"{NO_VAULT}: {error}")


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    said = headers.get("X-OAuth-Scopes")
    return None if said is None else frozenset(it.strip() for it in said.split(",") if it.strip())


def _ahead(headers: Mapping[str, str], now: float) -> float | None:
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp() + HALF_A_SECOND - now
    except (KeyError, ValueError, OverflowError):
        return None


def _delivery(answer: Mapping[str, Any]) -> str | None:
    match answer:
        case {
            "messages": [
                {"metadata": {"event_type": event_type, "event_payload": {"delivery_id": str(delivery)}}},
                *_,
            ]
        } if event_type == METADATA_TYPE:
            return delivery
    return None
