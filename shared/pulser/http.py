"""The door of a function: who may come in, and how it answers. JSON always, no stack trace ever."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pulser import logs
from pulser.errors import DatabaseBehind, PulserError, SecretMissing
from pulser.vault import Vault

VERSION = "0.1.0"  # of the newest release; docs/upgrade.md says how one is made
BEHIND = "the database is behind this version: apply the migrations first"
_REREAD_EVERY = 5.0  # seconds between two looks into Vault because of wrong keys

log = structlog.get_logger()


class KeyCheck:
    """Compares a request's key with pulser_function_key. A key that was changed in Vault works at once."""

    def __init__(self, vault: Vault, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._vault = vault
        self._clock = clock
        self._reread_after = 0.0

    async def admits(self, request: Request) -> bool:
        """Whether the request carries the key, as `apikey` or as a bearer token, compared in constant time.

        Raises SecretMissing when there is no key in Vault, DatabaseUnavailable when Vault cannot be asked.
        """
        given = request.headers.get("apikey") or _bearer(request.headers.get("authorization", ""))
        if not given:
            return False
        if await self._matches(given, anew=False):
            return True
        if self._clock() < self._reread_after:
            return False
        self._reread_after = self._clock() + _REREAD_EVERY
        return await self._matches(given, anew=True)

    async def refusal(self, request: Request) -> JSONResponse | None:
        """The answer to who shows no key, or a wrong one, or one that cannot be checked; None to who is let in."""
        try:
            admitted = await self.admits(request)
        except PulserError as error:
            # What the database says for itself is for the log: whoever asks has not shown a key.
            log.warning("key_cannot_be_checked", error=str(error))
            why = str(error) if isinstance(error, SecretMissing) else of_database(error)
            return answer_error(503, "unavailable", f"the key cannot be checked: {why}")
        if not admitted:
            return answer_error(401, "unauthorized", "the header apikey must hold pulser_function_key")
        return None

    async def _matches(self, given: str, *, anew: bool) -> bool:
        key = await self._vault.read("pulser_function_key", anew=anew)
        return hmac.compare_digest(given.encode(), key.get_secret_value().encode())


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


class Answering(Protocol):
    """What a function is once its environment is complete."""

    async def answer(self, request: Request) -> Response:
        """The answer to any request."""


async def answer(service: Callable[[], Answering], request: Request) -> Response:
    """The answer to any request; 503 while the environment is not complete, 500 for a failure that nobody foresaw."""
    try:
        serving = service()
    except ValidationError as error:
        logs.configure()
        # The text names the variables; it quotes no value (Settings hides its input).
        log.error("environment_is_not_complete", error=str(error))  # noqa: TRY400  a traceback would say no more
        return answer_error(503, "misconfigured", "the environment is not complete; the log says what is missing")
    try:
        return await serving.answer(request)
    except Exception:  # the boundary of a request: the framework would answer with plain text
        log.exception("request_failed")
        return answer_error(500, "failed", "the request failed; the log says why")


def answer_error(status: int, code: str, message: str) -> JSONResponse:
    """An error that says what is wrong and nothing else."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"ok": False, "error": code, "message": message}, status_code=status, headers=headers)


def of_database(error: Exception) -> str:
    """What is wrong with the database, in words that anybody may read: its own are for the log."""
    if isinstance(error, DatabaseBehind):
        return BEHIND
    return "the database does not answer"


def answer_health(function: str, checks: Mapping[str, Mapping[str, Any]]) -> JSONResponse:
    """The health of a function: 503 when one of its checks has `"ok": false` (design, section 4)."""
    ok = all(check["ok"] for check in checks.values())
    body = {"ok": ok, "function": function, "version": VERSION, "checks": checks}
    return JSONResponse(body, status_code=200 if ok else 503)
