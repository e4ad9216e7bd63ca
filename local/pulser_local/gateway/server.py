"""The gateway's server: routes, its one client session, start and stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from aiohttp import web

from pulser_local.gateway import refusals
from pulser_local.gateway.api_key import ApiKeys
from pulser_local.gateway.exposure import Exposure
from pulser_local.gateway.functions_proxy import FunctionsProxy
from pulser_local.gateway.rpc import Rpc

BODY_LIMIT = 10 * 1024 * 1024  # bytes
STOP_LIMIT_S = 2.0  # for answers under way

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gateway:
    """Serves a database and functions on 127.0.0.1 as Supabase does under one URL.

    `key` is the service role's; `functions` maps names to base URLs and may change while it serves.
    With an `anon_key`, a caller that has it acts as the role anon; with a `jwt_secret`, tokens signed by it are taken.
    """

    def __init__(
        self, database_url: str, *, key: str, functions: Mapping[str, str], anon_key: str = "", jwt_secret: str = ""
    ) -> None:
        self._rpc = Rpc(database_url, ApiKeys(key, anon_key, jwt_secret), Exposure.of_the_project())
        self._functions = functions
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 means any free one, see `url`. Raises OSError when the port is taken."""
        self._session = aiohttp.ClientSession(
            # A function may have been restarted since the last request: no connection is used twice.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        await self._rpc.open()
        self._runner = web.AppRunner(self._app(self._session), access_log=None, shutdown_timeout=STOP_LIMIT_S)
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", port).start()
        except BaseException:
            await self.stop()
            raise
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and close what is open. Does nothing when it was not started."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        await self._rpc.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _app(self, session: aiohttp.ClientSession) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_answer_refusals])
        proxy = FunctionsProxy(self._functions, session)
        app.router.add_get("/", self._list)
        app.router.add_route("*", "/rest/v1/rpc/{function}", self._rpc.handle)
        app.router.add_route("*", "/functions/v1/{name}", proxy.handle)
        app.router.add_route("*", "/functions/v1/{name}/{tail:.*}", proxy.handle)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "name": "pulser gateway (local stand-in of Supabase)",
                "rest": f"{self.url}/rest/v1/rpc/<function>",
                "functions": [f"{self.url}/functions/v1/{name}" for name in sorted(self._functions)],
            }
        )


@web.middleware
async def _answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except refusals.Refusal as refusal:
        answer = refusal
    except web.HTTPRequestEntityTooLarge:
        answer = refusals.body_too_large(BODY_LIMIT)
    except web.HTTPNotFound:
        answer = refusals.not_served(request.path)
    headers = {"sb-error-code": answer.body["code"]} if request.path.startswith("/functions/v1/") else {}
    return web.json_response(answer.body, status=answer.status, headers=headers)
