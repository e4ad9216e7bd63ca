"""The Slack simulator: one workspace behind Slack's Web API."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from aiohttp import web

from pulser_local.slack.calls import CallLog
from pulser_local.slack.clock import Clock
from pulser_local.slack.controls import Controls
from pulser_local.slack.faults import Faults
from pulser_local.slack.rates import Rates
from pulser_local.slack.tokens import Tokens
from pulser_local.slack.web_api import WebApi
from pulser_local.slack.workspace import DEFAULT_CHANNELS, Workspace

_CLOSING_SECONDS = 2.0


class SlackSimulator:
    """A workspace with its API. Mount it in a server of yours, or start its own on 127.0.0.1.

    bot_token: the token clients must send; one is made up when it is empty.
    rate_limit: whether Slack's rate limits hold.
    public_url: where permalinks lead; empty means the address the client called. It may be set later.
    """

    def __init__(
        self,
        *,
        bot_token: str = "",
        channels: Sequence[str] = DEFAULT_CHANNELS,
        rate_limit: bool = True,
        public_url: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.bot_token = bot_token or f"xoxb-simulator-{secrets.token_hex(12)}"
        self.public_url = public_url
        self.workspace = Workspace(channels, now=self.clock.now)
        self.tokens = Tokens(self.bot_token)
        self.rates = Rates(self.clock.monotonic, enabled=rate_limit)
        self.faults = Faults()
        self.calls = CallLog()
        self._runner: web.AppRunner | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The address of the simulator's own server. RuntimeError unless it runs."""
        if self._runner is None:
            raise RuntimeError("the Slack simulator is not started")
        return self._url

    @property
    def api_url(self) -> str:
        """What a client takes instead of https://slack.com/api/."""
        return f"{self.url}/api/"

    def add_routes(self, app: web.Application) -> None:
        """Serve /api/<method> and /sim/* in an application. When it shuts down, held calls are let go."""
        WebApi(self).add_routes(app)
        Controls(self).add_routes(app)
        app.on_shutdown.append(self._let_go)

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 is any free one. OSError when the port is taken."""
        if self._runner is not None:
            raise RuntimeError("the Slack simulator is started already")
        app = web.Application()
        self.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSING_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening; calls that a fault holds are let go first. Harmless when it does not run."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _let_go(self, _app: web.Application) -> None:
        self.faults.clear()
