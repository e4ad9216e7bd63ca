"""The Slack simulator: one workspace behind Slack's Web API, with the people in it and the app's sockets."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Literal

from aiohttp import web

from pulser_local.slack.acting_controls import ActingControls
from pulser_local.slack.calls import CallLog
from pulser_local.slack.clock import Clock
from pulser_local.slack.controls import Controls
from pulser_local.slack.delivery import Carrier, Retries
from pulser_local.slack.faults import Faults
from pulser_local.slack.http_carrier import HttpCarrier, RequestUrls
from pulser_local.slack.interactions.acting import Acting
from pulser_local.slack.interactions.answer_routes import AnswerRoutes
from pulser_local.slack.interactions.interactivity import Interactivity
from pulser_local.slack.interactions.story import Story
from pulser_local.slack.people import User
from pulser_local.slack.rates import Rates
from pulser_local.slack.socket_controls import SocketControls
from pulser_local.slack.socket_mode.link import Link
from pulser_local.slack.socket_mode.sockets import Sockets
from pulser_local.slack.timers import Timers
from pulser_local.slack.tokens import Tokens
from pulser_local.slack.web_api import WebApi
from pulser_local.slack.workspace import DEFAULT_CHANNELS, Json, Workspace

_CLOSING_SECONDS = 2.0


class SlackSimulator:
    """A workspace with its API. Mount it in a server of yours, or start its own on 127.0.0.1.

    bot_token, app_token, signing_secret: what clients must send or check; made up where empty.
    rate_limit: whether Slack's rate limits hold.
    public_url: where permalinks and response_urls lead; empty means the simulator's own server. It may be set later.

    What people do (`press`, `command`, `submit_view`, `mention` …) is in `acting`, and reachable from here too.
    """

    def __init__(  # noqa: PLR0913 - all are named, and all have a default
        self,
        *,
        bot_token: str = "",
        app_token: str = "",
        signing_secret: str = "",
        channels: Sequence[str] = DEFAULT_CHANNELS,
        rate_limit: bool = True,
        public_url: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.bot_token = bot_token or f"xoxb-simulator-{secrets.token_hex(12)}"
        self.app_token = app_token or f"xapp-simulator-{secrets.token_hex(12)}"
        self.signing_secret = signing_secret or secrets.token_hex(16)
        self.verification_token = secrets.token_hex(12)
        self.public_url = public_url
        self.workspace = Workspace(channels, now=self.clock.now)
        self.tokens = Tokens(self.bot_token, self.app_token)
        self.rates = Rates(self.clock.monotonic, enabled=rate_limit)
        self.faults = Faults()
        self.calls = CallLog()
        self.timers = Timers(self.clock.monotonic)
        self.sockets = Sockets(self.app_id, self.clock, self.timers)
        self.interactivity = Interactivity.of(self.workspace, self.rates, self.clock)
        self.http = HttpCarrier(self.signing_secret, self.sockets.settings, self.clock)
        self.carrier: Carrier = self.sockets
        self.retries = Retries(lambda: self.carrier, self.sockets.settings, self.timers)
        self.acting = Acting(self)
        self._runner: web.AppRunner | None = None
        self._url = ""
        self._bind_deeds()

    @property
    def team_id(self) -> str:
        """The workspace."""
        return self.workspace.team.id

    @property
    def app_id(self) -> str:
        """The app installed in it."""
        return self.workspace.team.app.app_id

    @property
    def bot_user_id(self) -> str:
        """The app's user, whom people mention."""
        return self.workspace.team.app.user_id

    @property
    def users(self) -> dict[str, User]:
        """The people, by name."""
        return {user.name: user for user in self.interactivity.people.users.values()}

    def ephemerals(self, channel_id: str | None, user_id: str) -> list[Json]:
        """The private messages this person sees in a channel (None: in all), oldest first."""
        return self.interactivity.private.of(user_id, channel_id)

    def modals(self, user_id: str) -> list[Json]:
        """The modals this person has open, the visible one last."""
        return self.interactivity.views.modals(user_id)

    @property
    def story(self) -> Story:
        """The interactions and what became of them; `story.subscribe()` tells of every change."""
        return self.interactivity.story

    @property
    def transport(self) -> Literal["socket", "http"]:
        """How the app is reached."""
        return "http" if self.carrier is self.http else "socket"

    async def use_http(self, urls: RequestUrls) -> None:
        """Switch Socket Mode off: from now on requests go to these URLs. UrlNotVerified keeps all as it was."""
        if urls.events:
            await self.http.verify(urls.events)
        self.http.urls = urls
        self.carrier = self.http
        self.sockets.disable()
        self.story.tell("transport", None, {"transport": "http"})

    def use_sockets(self) -> None:
        """Switch Socket Mode on."""
        self.carrier = self.sockets
        self.sockets.enabled = True
        self.story.tell("transport", None, {"transport": "socket"})

    @property
    def url(self) -> str:
        """The address of the simulator's own server. RuntimeError unless it runs."""
        if self._runner is None:
            raise RuntimeError("the Slack simulator is not started")
        return self._url

    @property
    def base_url(self) -> str:
        """Where the app reaches it: public_url, or the own server's address."""
        return self.public_url.rstrip("/") or self.url

    @property
    def api_url(self) -> str:
        """What a client takes instead of https://slack.com/api/."""
        return f"{self.url}/api/"

    def add_routes(self, app: web.Application) -> None:
        """Serve /api/<method>, /link/, response_urls and /sim/*. When the application ends, held calls are let go."""
        WebApi(self).add_routes(app)
        Link(self.sockets).add_routes(app)
        AnswerRoutes(self).add_routes(app)
        SocketControls(self).add_routes(app)
        ActingControls(self).add_routes(app)
        Controls(self).add_routes(app)  # the last: it answers whatever else is asked of /sim/
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
        self.sockets.let_go()
        await self.http.close()
        self.timers.clear()

    def _bind_deeds(self) -> None:
        self.press = self.acting.press
        self.press_seen = self.acting.press_seen
        self.press_in_view = self.acting.press_in_view
        self.command = self.acting.command
        self.submit_view = self.acting.submit_view
        self.close_view = self.acting.close_view
        self.say = self.acting.say
        self.mention = self.acting.mention
        self.open_home = self.acting.open_home
        self.event = self.acting.event
        self.suggest = self.acting.suggest
        self.dismiss = self.acting.dismiss
