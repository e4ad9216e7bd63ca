"""/functions/v1/<name>[/…]: passes requests on to the functions, wherever they run at the moment."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping

import aiohttp
import yarl
from aiohttp import web
from multidict import CIMultiDict

from pulser_local.gateway import refusals

METHODS = frozenset({"POST", "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"})
IDLE_LIMIT_S = 150.0  # Supabase gives up on a function that says nothing for so long
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "proxy-connection"}
)

log = logging.getLogger(__name__)


class FunctionsProxy:
    """A reverse proxy; `functions` maps a name to a base URL, is read at each request, and may change.

    Whether a key is good is the function's own question, as with `verify_jwt = false` on Supabase.
    """

    def __init__(self, functions: Mapping[str, str], session: aiohttp.ClientSession) -> None:
        self._functions = functions
        self._session = session

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on, and the answer back as it comes. Raises Refusal when there is none."""
        base = self._functions.get(request.match_info["name"])
        if base is None:
            raise refusals.no_such_function()
        if request.method not in METHODS:
            raise refusals.Refusal(405, {"code": "METHOD_NOT_ALLOWED", "message": "Method not allowed"})
        body = await request.read()
        try:
            async with self._session.request(
                request.method,
                _target(base, request),
                headers=_passed_on(request.headers, without={"host", "content-length"}),
                data=io.BytesIO(body) if body else None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_read=IDLE_LIMIT_S),
            ) as answer:
                return await _pass_back(request, answer)
        except aiohttp.ClientConnectorError as error:
            raise refusals.function_does_not_listen() from error
        except TimeoutError as error:
            raise refusals.function_silent() from error
        except aiohttp.ClientError as error:
            raise refusals.function_broke_off() from error


def _target(base: str, request: web.Request) -> yarl.URL:
    # A function sees /<name>/…, on Supabase as here; the rest stays encoded as the caller sent it.
    path = request.raw_path.partition("?")[0].removeprefix("/functions/v1")
    query = request.raw_path.partition("?")[2]
    return yarl.URL(f"{base.rstrip('/')}{path}" + (f"?{query}" if query else ""), encoded=True)


def _passed_on(headers: Mapping[str, str], *, without: set[str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    left_out = HOP_BY_HOP | named | without
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in left_out)


async def _pass_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=_passed_on(answer.headers, without=set())
    )
    await response.prepare(request)
    try:
        async for part in answer.content.iter_any():
            await response.write(part)
        await response.write_eof()
    except (aiohttp.ClientError, TimeoutError) as error:
        # The status is sent already: only a cut connection still tells the caller that something is missing.
        log.debug("%s broke off its answer: %s", request.path, error)
        if request.transport is not None:
            request.transport.abort()
    return response
