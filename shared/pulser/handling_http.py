"""What comes to a handler over HTTP: bodies within bounds, and Slack's own requests understood.

Nothing here trusts a request: whether Slack signed it is asked before it is parsed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from pulser.database import Database, JsonValue
from pulser.envelope import Envelope

LONGEST_BODY = 1_000_000  # bytes
BODY_SECONDS = 5.0
_MOST_FIELDS = 100
_LONGEST_CHALLENGE = 1000


class UnfitBody(Exception):
    """A body that is not read to its end. `status` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Challenge:
    """Slack asks whether the URL is ours; it wants the text back."""

    text: str


async def read_body(request: Request) -> bytes:
    """The raw bytes. Raises UnfitBody when they are too many, or come too slowly."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > LONGEST_BODY:
        raise UnfitBody(413, f"a body has at most {LONGEST_BODY} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise UnfitBody(413, f"a body has at most {LONGEST_BODY} bytes")
    except TimeoutError:
        raise UnfitBody(408, f"the body did not come within {BODY_SECONDS:.0f} s") from None
    return bytes(body)


def is_slacks(headers: Mapping[str, str]) -> bool:
    """Whether a request claims to be Slack's own."""
    return "x-slack-signature" in headers or "x-slack-request-timestamp" in headers


def is_ssl_check(request: Request, body: bytes) -> bool:
    """Whether somebody only looks whether the certificate is good. Slack does not sign it, and nothing is done."""
    return request.query_params.get("ssl_check") == "1" or (
        "json" not in request.headers.get("content-type", "") and _form(body).get("ssl_check") == "1"
    )


def understand(headers: Mapping[str, str], body: bytes, envelope_id: str) -> Envelope | Challenge:
    """What a request that Slack signed says. What cannot be read is an envelope that is refused."""
    if "json" not in headers.get("content-type", ""):
        form = _form(body)
        if "payload" in form:
            return Envelope.from_interaction(_json(form["payload"]), envelope_id)
        return Envelope.from_command_form(form, envelope_id)
    said = _json(body)
    if isinstance(said, Mapping) and said.get("type") == "url_verification":
        return Challenge(str(said.get("challenge", ""))[:_LONGEST_CHALLENGE])
    retry = headers.get("x-slack-retry-num", "")
    return Envelope.from_event(
        said,
        envelope_id,
        retry_attempt=int(retry) if retry.isascii() and retry.isdecimal() and len(retry) < 5 else None,
        retry_reason=headers.get("x-slack-retry-reason"),
    )


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"))
    except ValueError:  # no UTF-8, or too many fields
        return {}


def _json(text: str | bytes) -> object:
    """The JSON value, or what could be read of it as a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text if isinstance(text, str) else text.decode(errors="replace")


@dataclass(slots=True)
class Recorder:
    """Writes envelopes that came over HTTP into the ledger, with times of the database's clock.

    Whether a click is too old is for the database to say; a clock of ours that is wrong must not decide it.
    """

    ledger: Database
    worker: str
    wall_clock: Callable[[], float] = time.time
    _ahead: float | None = None  # seconds that the database's clock is ahead of ours

    async def record(self, envelope: Envelope, waited: float) -> dict[str, Any]:
        """The ledger's word on it; it came `waited` seconds ago. Raises PulserError when it is not recorded.

        {"team_id", "envelope_id", "state", "ack", "settled"}; state "replayed" where the very same request is known.
        """
        received_at = self.wall_clock() - waited
        if self._ahead is None:
            await self._call([])
        received_at += self._ahead or 0.0
        told = await self._call([envelope.to_record(transport="http", received_at=received_at)])
        recorded: dict[str, Any] = told["recorded"][0]
        if recorded["same_id"]:
            # What Slack sends again has another signature, so another id: this very request was here before.
            recorded["state"] = "replayed"
        return recorded

    async def _call(self, envelopes: list[dict[str, Any]]) -> JsonValue:
        began = self.wall_clock()
        told = await self.ledger.call("record_envelopes_v1", {"envelopes": envelopes, "worker": self.worker})
        self._ahead = float(told["now"]) - (began + self.wall_clock()) / 2
        return told
