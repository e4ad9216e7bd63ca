"""Slack's signature on an HTTP request: over the raw bytes, with the current or the previous secret."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulser.errors import SecretMissing
from pulser.vault import REMEMBERED_FOR, Vault

WINDOW = 300.0  # seconds that a request's time may differ from ours, both ways
CURRENT, PREVIOUS = "slack_signing_secret", "slack_signing_secret_previous"
_REREAD_EVERY = 5.0  # seconds between two looks into Vault because of wrong signatures
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)  # one spelling only: a replay must look the same


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is for the log. `request_id` is the same for a request and its replay, and tells nothing of it."""

    genuine: bool
    reason: str
    request_id: str | None = None


class SlackSignature:
    """Tells Slack's requests from forgeries. A secret that was changed in Vault works at once."""

    def __init__(
        self, vault: Vault, *, wall_clock: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._vault = vault
        self._wall_clock = wall_clock
        self._clock = clock
        self._reread_after = 0.0
        self._no_previous_until = 0.0

    async def check(self, headers: Mapping[str, str], body: bytes) -> Verdict:
        """Whether Slack signed this. Headers by small names. Hostile input is a verdict, never an error.

        Raises DatabaseUnavailable when Vault cannot be asked; what is no signature at all is refused without Vault.
        """
        timestamp, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(given):
            return Verdict(genuine=False, reason="no signature")
        if abs(self._wall_clock() - int(timestamp)) > WINDOW:
            return Verdict(genuine=False, reason="its time is not now")
        signed = b"v0:%b:%b" % (timestamp.encode(), body)
        if not await self._matches(signed, given):
            return Verdict(genuine=False, reason="the signature is wrong")
        return Verdict(genuine=True, reason="signed", request_id=hashlib.sha256(given.encode()).hexdigest())

    async def _matches(self, signed: bytes, given: str) -> bool:
        if _any(await self._secrets(anew=False), signed, given):
            return True
        if self._clock() < self._reread_after:
            return False
        self._reread_after = self._clock() + _REREAD_EVERY
        return _any(await self._secrets(anew=True), signed, given)

    async def _secrets(self, *, anew: bool) -> list[str]:
        """Those that are there: without one, everything is a forgery."""
        secrets = []
        with contextlib.suppress(SecretMissing):
            secrets.append((await self._vault.read(CURRENT, anew=anew)).get_secret_value())
        if anew or self._clock() >= self._no_previous_until:
            try:
                secrets.append((await self._vault.read(PREVIOUS, anew=anew)).get_secret_value())
                self._no_previous_until = 0.0
            except SecretMissing:
                self._no_previous_until = self._clock() + REMEMBERED_FOR
        return secrets


def _any(secrets: list[str], signed: bytes, given: str) -> bool:
    """Compared in constant time, with all secrets each time."""
    right = [hmac.compare_digest(_signature(secret, signed), given) for secret in secrets]
    return any(right)


def _signature(secret: str, signed: bytes) -> str:
    return f"v0={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
