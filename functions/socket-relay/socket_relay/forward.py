"""The way to the handlers: pooled HTTP with the function key. The ledger owns the work, this is its fast path."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
import structlog

from pulser.envelope import Envelope, Handler
from pulser.errors import PulserError
from pulser.vault import Vault
from socket_relay.pace import Pace

KEY = "pulser_function_key"
URL = "pulser_functions_url"
TRIES = 3
# A gateway that has no function behind it just now: what it stands for is as unreachable as a closed port.
_AWAY = frozenset({404, 502, 503, 504})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler said. `working`: it answers by itself. `unreachable`: the ledger's sweep calls it again.

    `late`: the private answer instead of an ack that has gone without its payload, as settle_envelope_v1 takes a reply.
    """

    state: Literal["settled", "working", "unreachable"]
    ack: dict[str, Any] | None = None
    late: dict[str, Any] | None = None


UNREACHABLE = Handled("unreachable")
NOT_UNDERSTOOD = Handled("unreachable")


class Forwarder:
    """Rings handlers. At most `pace.hands` requests to one handler at once, awaited ones apart from the others."""

    def __init__(
        self,
        vault: Vault,
        pace: Pace,
        *,
        functions_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault = vault
        self._pace = pace
        self._functions_url = functions_url
        self._clock = clock
        self._hands: defaultdict[tuple[str, bool], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(pace.hands)
        )
        self._session: aiohttp.ClientSession | None = None

    async def forward(self, envelope: Envelope, answer_within: float) -> Handled:
        """Ring the envelope's handler. `answer_within` seconds its answer is worth waiting for; 0 asks for none.

        Never raises but when it is cancelled.
        """
        if envelope.handler is None:
            return UNREACHABLE
        named = {"team_id": envelope.team_id, "envelope_id": envelope.envelope_id}
        body = {**named, "answer_within_s": round(max(0.0, answer_within), 3)}
        handled = await self._ring(envelope.handler, body, answer_within)
        if handled is NOT_UNDERSTOOD:
            log.error("handler_refused", handler=envelope.handler, status=400)
            handled = UNREACHABLE
        if handled is UNREACHABLE:
            log.warning("handler_unreachable", handler=envelope.handler, envelope_id=envelope.envelope_id)
        return handled

    async def forward_all(self, handler: Handler, envelopes: Sequence[Envelope]) -> None:
        """Ring a handler once for envelopes of it that nobody waits for. Never raises but when it is cancelled."""
        if len(envelopes) == 1:
            await self.forward(envelopes[0], 0.0)
            return
        named = [{"team_id": it.team_id, "envelope_id": it.envelope_id} for it in envelopes]
        handled = await self._ring(handler, {"envelopes": named, "answer_within_s": 0.0}, 0.0)
        if handled is NOT_UNDERSTOOD:  # it is of a version that takes one at a time
            await asyncio.gather(*(self.forward(it, 0.0) for it in envelopes))
        elif handled is UNREACHABLE:
            log.warning("handler_unreachable", handler=handler, envelope_ids=[it.envelope_id for it in envelopes])

    async def _ring(self, handler: Handler, body: dict[str, Any], answer_within: float) -> Handled:
        give_up_at = self._clock() + max(answer_within, self._pace.connect_limit)
        async with self._hands[handler, answer_within > 0]:
            for attempt in range(TRIES):
                handled = await self._post(handler, body, anew=attempt > 0)
                pause = 0.1 * 2**attempt
                if handled is not UNREACHABLE or self._clock() + pause > give_up_at:
                    break
                await asyncio.sleep(pause)
        return handled

    async def close(self) -> None:
        """Close the pool."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, handler: str, body: dict[str, Any], *, anew: bool) -> Handled:
        try:
            key = await self._vault.read(KEY, anew=anew)
            url = self._functions_url or (await self._vault.read(URL)).get_secret_value()
            answer = self._pool().post(
                f"{url.rstrip('/')}/{handler}",
                json=body,
                headers={"apikey": key.get_secret_value()},
                timeout=aiohttp.ClientTimeout(
                    total=body["answer_within_s"] + self._pace.late_answer, sock_connect=self._pace.connect_limit
                ),
            )
            async with answer as response:
                return await _read(handler, response)
        except PulserError as error:
            log.warning("handler_not_rung", handler=handler, error=str(error))
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            # Not the text: it may hold the URL.
            log.info("handler_did_not_answer", handler=handler, error=type(error).__name__)
        return UNREACHABLE

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=20), trust_env=False
            )
        return self._session


async def _read(handler: str, response: aiohttp.ClientResponse) -> Handled:
    if response.status == 202:
        return Handled("working")
    if response.status == 200:
        answer = await response.json(content_type=None)
        said = answer if isinstance(answer, dict) else {}
        return Handled("settled", _object(said.get("ack")), _object(said.get("late")))
    if response.status == 401 or response.status in _AWAY:
        return UNREACHABLE  # 401: the key is read anew and it is tried again
    if response.status == 400:
        return NOT_UNDERSTOOD
    log.error("handler_refused", handler=handler, status=response.status)
    return UNREACHABLE


def _object(value: object) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None
