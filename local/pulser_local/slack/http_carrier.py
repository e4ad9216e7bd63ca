"""The other transport: signed HTTP requests to the app's request URLs, while Socket Mode is switched off."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import aiohttp

from pulser_local.slack.clock import Clock
from pulser_local.slack.socket_mode.envelope import Delivered, Envelope
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.workspace import Json

_FORM: Final = "application/x-www-form-urlencoded"
_RETRY_REASONS: Final = {"timeout": "http_timeout"}
_VERIFY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class RequestUrls:
    """Where the app takes each kind of request; "" where it takes none."""

    interactions: str = ""
    commands: str = ""
    events: str = ""

    def of(self, kind: str) -> str:
        """The URL for a type of envelope."""
        return {"interactive": self.interactions, "slash_commands": self.commands, "events_api": self.events}[kind]


class UrlNotVerified(Exception):
    """The events URL did not answer Slack's challenge."""


class HttpCarrier:
    """Sends what people do as HTTP requests. `signing_secret` may be changed: that is how it is rotated."""

    def __init__(self, signing_secret: str, settings: SocketSettings, clock: Clock) -> None:
        self.signing_secret = signing_secret
        self.urls = RequestUrls()
        self._settings = settings
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[Delivered]] = set()

    def deliver(self, envelope: Envelope) -> asyncio.Future[Delivered]:
        """Send one request; 200 within 3 s is an ack, and its body the payload of it."""
        task = asyncio.get_running_loop().create_task(self._deliver(envelope))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def verify(self, url: str) -> None:
        """Slack's first request to an events URL. UrlNotVerified unless the challenge comes back."""
        challenge = secrets.token_urlsafe(24)
        body = json.dumps({"token": "", "challenge": challenge, "type": "url_verification"}).encode()
        timeout = aiohttp.ClientTimeout(total=_VERIFY_SECONDS)
        headers = self.signed("application/json", body)
        try:
            async with self._client().post(url, data=body, headers=headers, timeout=timeout) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UrlNotVerified(f"{url} does not answer") from error
        if answer.status != 200 or challenge not in text:
            raise UrlNotVerified(f"{url} answered {answer.status} without the challenge")

    def signed(self, content_type: str, body: bytes) -> dict[str, str]:
        """The headers of a request of Slack with this body."""
        stamp = str(int(self._clock.now()))
        base = b":".join((b"v0", stamp.encode(), body))
        digest = hmac.new(self.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }

    async def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _deliver(self, envelope: Envelope) -> Delivered:
        url = self.urls.of(envelope.type)
        if not url:
            return Delivered(envelope.envelope_id, "error", error="no_request_url", via="http")
        content_type, body = _encoded(envelope)
        headers = self.signed(content_type, body) | _retry_headers(envelope)
        timeout = aiohttp.ClientTimeout(total=self._settings.ack_seconds)
        sent_at = self._clock.monotonic()
        try:
            async with self._client().post(url, data=body, headers=headers, timeout=timeout) as answer:
                text = await answer.text(errors="replace")
        except TimeoutError:
            return Delivered(envelope.envelope_id, "timeout", error="operation_timeout", via="http")
        except (aiohttp.ClientError, asyncio.CancelledError):  # the latter: the simulator stops
            return Delivered(envelope.envelope_id, "error", error="dispatch_failed", via="http")
        no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
        if answer.status != 200:
            error = "http_client_error" if answer.status < 500 else "http_service_error"
            return Delivered(envelope.envelope_id, "error", error=error, via="http", no_retry=no_retry)
        after = self._clock.monotonic() - sent_at
        return Delivered(envelope.envelope_id, "acked", after, _payload(envelope, text), via="http")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._session


def _encoded(envelope: Envelope) -> tuple[str, bytes]:
    if envelope.type == "interactive":
        return _FORM, urlencode({"payload": json.dumps(envelope.payload)}).encode()
    if envelope.type == "slash_commands":
        return _FORM, urlencode(envelope.payload).encode()
    return "application/json", json.dumps(envelope.payload).encode()


def _retry_headers(envelope: Envelope) -> dict[str, str]:
    if not envelope.retry_attempt:
        return {}
    reason = envelope.retry_reason or ""
    return {
        "X-Slack-Retry-Num": str(envelope.retry_attempt),
        "X-Slack-Retry-Reason": _RETRY_REASONS.get(reason, "http_error"),
    }


def _payload(envelope: Envelope, text: str) -> Json | None:
    if not text.strip() or not envelope.accepts_response_payload:
        return None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return body or None
    return {"text": text} if envelope.type == "slash_commands" else None
