"""The one server of the console: its page, its JSON, its stream, and the simulator's own routes."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from pulser.database import Database
from pulser_local.console.acting import ActingRoutes
from pulser_local.console.hands import Hands
from pulser_local.console.ledger import LedgerRoutes, LedgerWatch
from pulser_local.console.messages import MessageRoutes
from pulser_local.console.people import People, PeopleWatch
from pulser_local.console.preview import PreviewRoutes
from pulser_local.console.simulator_hands import SimulatorHands
from pulser_local.console.stream import StreamRoute
from pulser_local.console.watch import Watch
from pulser_local.slack import SlackSimulator

STATIC = Path(__file__).parent / "static"
PAGES = (
    "/",
    "/archives/{channel}",
    "/archives/{channel}/{message}",
    "/deliveries",
    "/deliveries/{id}",
    "/envelopes",
    "/envelopes/{team}/{id}",
    "/preview",
)
SHUTDOWN_TIMEOUT = 2.0  # seconds for handlers in flight; streams end at once

# Everything a message carries is shown as text; this is the second line of defence behind that.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Console:
    """Serves the page at `/`, its data under `/console/*` and, with a simulator, Slack's side beside it.

    Without a simulator (a real or foreign Slack) the page shows the ledger only; without a ledger,
    messages only. `hands` act in the workspace; the simulator's own when none are given.
    """

    def __init__(
        self, *, simulator: SlackSimulator | None, ledger: Database | None, hands: Hands | None = None
    ) -> None:
        self._simulator = simulator
        self._ledger = ledger
        self._hands = hands or (SimulatorHands(simulator) if simulator else None)
        self._people = People(self._hands) if self._hands else None
        watches: list[Watch] = [LedgerWatch(ledger)] if ledger else []
        if self._people:
            watches.append(PeopleWatch(self._people))
        self._stream = StreamRoute(simulator.workspace if simulator else None, watches)
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the page, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1 at `port`; 0 picks a free one. Raises OSError when the port is taken."""
        runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_TIMEOUT
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """End the streams, then close the server. Harmless when it never started."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.get(path, _page) for path in PAGES])
        app.router.add_static("/console/static", STATIC)
        app.add_routes(MessageRoutes(self._simulator, self._people).routes(ledger=self._ledger is not None))
        acting = ActingRoutes(self._people)
        app.add_routes(acting.routes())
        app.add_routes(LedgerRoutes(self._ledger, self._hands).routes())
        app.add_routes(PreviewRoutes(self._ledger).routes())
        app.add_routes(self._stream.routes())
        app.on_response_prepare.append(_add_security_headers)
        app.on_shutdown.append(self._stream.close)
        app.on_shutdown.append(acting.close)
        if self._simulator is not None:
            self._simulator.add_routes(app)
        return app


async def _page(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html")


async def _add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Not on Slack's own routes: those answer as Slack does."""
    if not request.path.startswith(("/api/", "/sim/")):
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
