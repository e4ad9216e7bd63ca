"""A handler's HTTP side: the relay's calls, the sweep's ring, Slack's own signed requests, and its health."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import PulserError
from pulser.handling_http import Challenge, Recorder, UnfitBody, is_slacks, is_ssl_check, read_body, understand
from pulser.handling_late import ANSWER_WITHIN, Late, is_lost
from pulser.handling_work import NOBODY_WAITS, Done, Drainer, Handle, Work
from pulser.http import KeyCheck, answer_error, answer_health, of_database
from pulser.replies import Replies
from pulser.signature import SlackSignature
from pulser.slack import SlackApi
from pulser.vault import Vault

LONGEST_WAIT = 30.0  # seconds that a caller may ask for; Slack's deadline is the relay's to keep
MOST_AT_ONCE = 200  # envelopes in one request
_GRACE = 0.05  # seconds: an answer that was ready in time is still taken

Checks = Callable[[], Awaitable[dict[str, dict[str, Any]]]]

log = structlog.get_logger()


class HandlerService:
    """Everything one process of a handler needs, made at its first request: the process was forked before."""

    def __init__(  # noqa: PLR0913, PLR0917  each is a part that tests replace
        self,
        function: str,
        ledger: Database,
        vault: Vault,
        slack: SlackApi,
        handle: Handle,
        checks: Checks,
        *,
        drain_seconds: float = 50.0,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        worker = f"{function}@{socket.gethostname()}:{os.getpid()}"
        self.function = function
        self._ledger = ledger
        self._slack = slack
        self._checks = checks
        self._keys = KeyCheck(vault)
        self._signature = SlackSignature(vault, wall_clock=wall_clock)
        self._recorder = Recorder(ledger, worker, wall_clock)
        self._replies = Replies(slack)
        self._work = Work(function, ledger, self._replies, handle, worker, drain_seconds)
        self._late = Late(ledger, self._work)
        self._drainer = Drainer(self._work)

    async def answer(self, request: Request) -> Response:
        """Any request's answer. JSON, but to Slack, which gets the ack or nothing."""
        if request.method == "POST":
            return await self._answer_post(request, time.monotonic())
        if request.method == "GET" and request.query_params.get("action") == "health":
            return answer_health(self.function, await self._checks())
        if request.method == "GET" and is_ssl_check(request, b""):
            return Response()
        return answer_error(405, "method_not_allowed", "POST brings an envelope; GET ?action=health tells how I am")

    async def close(self) -> None:
        """Let what was begun end, and give connections back."""
        await self._work.finish()
        await self._replies.close()
        await self._slack.close()
        await self._ledger.close()

    async def _answer_post(self, request: Request, came_at: float) -> Response:
        try:
            body = await read_body(request)
        except UnfitBody as error:
            return answer_error(error.status, "unfit_body", str(error))
        if is_slacks(request.headers):
            return await self._answer_slack(request, body, came_at)
        if is_ssl_check(request, body):
            return Response()
        return await self._keys.refusal(request) or await self._answer_caller(request, body, came_at)

    async def _answer_caller(self, request: Request, body: bytes, came_at: float) -> Response:
        """One envelope, several (MOST_AT_ONCE) that nobody waits for, or {"drain": true}: so is an empty body.

        {"team_id", "envelope_id", "answer_within_s"}, or {"envelopes": [{"team_id", "envelope_id"}]}.
        """
        asked = _read(body)
        if asked.get("drain") is True or not body:
            drained = self._drainer.wake()
            if not request.query_params.get("wait"):
                return JSONResponse({"ok": True, "accepted": True}, status_code=202)
            # The work is not the request's: one that is given up must not cut it short.
            await asyncio.shield(drained)
            return JSONResponse({"ok": True})
        several = _several(asked.get("envelopes"))
        for team_id, envelope_id in several:
            self._work.start(self._run(team_id, envelope_id, NOBODY_WAITS))
        if several:
            return JSONResponse({"ok": True, "state": "working"}, status_code=202)
        key = _named(asked)
        if key is None:
            return answer_error(400, "unknown_request", 'send {"team_id", "envelope_id", "answer_within_s"}')
        return _of(await self._wait(*key, _answer_by(asked.get("answer_within_s"), came_at)))

    async def _wait(self, team_id: str, envelope_id: str, answer_by: float) -> Done | PulserError | None:
        """How it ended; None when the time is up: it goes on and answers by itself."""
        task = self._work.start(self._run(team_id, envelope_id, answer_by))
        left = answer_by - time.monotonic()
        done, _ = await asyncio.wait({task}, timeout=left + _GRACE if left > 0 else 0)
        return task.result() if done else None

    async def _run(self, team_id: str, envelope_id: str, answer_by: float) -> Done | PulserError:
        """As Work.run; an error is a value, since perhaps nobody waits for it any more."""
        try:
            return await self._work.run(team_id, envelope_id, answer_by)
        except PulserError as error:
            log.warning("envelope_not_claimed", envelope_id=envelope_id, error=str(error))
            return error
        except Exception:  # the boundary of a request: Slack and the relay never get a 500 for it
            log.exception("envelope_not_claimed", envelope_id=envelope_id)
            return Done("failed")

    async def _answer_slack(self, request: Request, body: bytes, came_at: float) -> Response:
        """Slack's own request: verified, recorded, carried out. A forgery of any kind is a 401."""
        try:
            verdict = await self._signature.check(request.headers, body)
        except PulserError as error:
            log.warning("signature_cannot_be_checked", error=str(error))
            return answer_error(503, "unavailable", "the signature cannot be checked now")
        if not verdict.genuine:
            log.warning("forged_request", reason=verdict.reason)
            return _forged()
        said = understand(request.headers, body, f"http-{verdict.request_id}")
        if isinstance(said, Challenge):
            return PlainTextResponse(said.text)
        return await self._take(said, came_at)

    async def _take(self, envelope: Envelope, came_at: float) -> Response:
        """Record an envelope, then carry it out; Slack waits only where the answer belongs into its response."""
        try:
            recorded = await self._recorder.record(envelope, time.monotonic() - came_at)
        except PulserError as error:
            # Not recorded, so not acknowledged (invariant 1): Slack sends events again, and tells people of the rest.
            log.warning("envelope_not_recorded", error=str(error))
            if is_lost(envelope, time.monotonic() - came_at, error):
                self._work.start(self._late.expire(envelope))
            return answer_error(503, "unavailable", of_database(error))
        if recorded["state"] == "replayed":
            log.warning("replayed_request", envelope_id=envelope.envelope_id)
            return _forged()
        if recorded["state"] == "expired" and envelope.handler == self.function:
            # It came too late to be run; the ledger has a note for who did it.
            self._work.start(self._work.reply({name: recorded[name] for name in ("team_id", "envelope_id")}))
        if recorded["state"] != "new":
            return _ack(recorded.get("ack"))
        if is_lost(envelope, time.monotonic() - came_at):
            await self._late.expire(envelope)
            return Response()
        if envelope.handler != self.function:
            log.error("request_url_of_another_function", handler=envelope.handler)  # its sweep carries it out
            return Response()
        answer_by = came_at + ANSWER_WITHIN if envelope.wants_answer else NOBODY_WAITS
        done = await self._wait(recorded["team_id"], recorded["envelope_id"], answer_by)
        return _ack(done.ack if isinstance(done, Done) else None)


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, Mapping) else {}


def _named(asked: object) -> tuple[str, str] | None:
    """Team and envelope, where both are told."""
    match asked:
        case {"team_id": str(team_id), "envelope_id": str(envelope_id)}:
            return team_id, envelope_id
        case _:
            return None


def _several(asked: object) -> list[tuple[str, str]]:
    """All of them, or none where one is not understood, or where they are too many."""
    named = [_named(it) for it in asked] if isinstance(asked, list) and len(asked) <= MOST_AT_ONCE else []
    known = [it for it in named if it is not None]
    return known if len(known) == len(named) else []


def _answer_by(within: object, came_at: float) -> float:
    if isinstance(within, bool) or not isinstance(within, int | float) or not within > 0:
        return NOBODY_WAITS
    return came_at + min(within, LONGEST_WAIT)


def _of(done: Done | PulserError | None) -> Response:
    match done:
        case Done(state="settled" | "failed"):
            late = {} if done.late is None else {"late": done.late.to_json()}
            return JSONResponse({"ok": True, "state": done.state, "ack": done.ack, **late})
        case Done(state="unknown"):
            return answer_error(404, "unknown_envelope", "the ledger knows no such envelope")
        case PulserError():
            return answer_error(503, "unavailable", of_database(done))
        case _:
            return JSONResponse({"ok": True, "state": "working"}, status_code=202)


def _ack(ack: Mapping[str, Any] | None) -> Response:
    return Response() if ack is None else JSONResponse(ack)


def _forged() -> Response:
    return answer_error(401, "unauthorized", "the request is not signed by Slack, or not now")
