"""/actions/… and /commands/…: where the app answers by response_url."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from pulser_local.slack.answering import Asked, answer
from pulser_local.slack.arguments import Arguments, read_arguments
from pulser_local.slack.errors import RateLimitedError, SlackError
from pulser_local.slack.failing import Reply

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator

RESPONSE_URL = "response_url"  # how faults and the log of calls name it


@dataclass(frozen=True, slots=True)
class AnswerRoutes:
    """Takes the answers for one simulator. They need no token: the URL is the permission."""

    simulator: SlackSimulator

    def add_routes(self, app: web.Application) -> None:
        """Serve the URLs."""
        for kind in ("actions", "commands"):
            app.router.add_post(f"/{kind}/{{team}}/{{number}}/{{secret}}", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        try:
            arguments = await read_arguments(request)
        except SlackError as error:
            refusal = Reply(error.to_json(), 400)
            return await answer(self.simulator, request, Asked(RESPONSE_URL, Arguments({})), lambda: refusal)
        asked = Asked(RESPONSE_URL, arguments)
        return await answer(self.simulator, request, asked, lambda: self._show(request.path, arguments))

    def _show(self, path: str, arguments: Arguments) -> Reply:
        try:
            self.simulator.interactivity.urls.answer(path, arguments.values)
        except RateLimitedError as error:
            return Reply(error.to_json(), error.status, {"Retry-After": str(error.retry_after)})
        except SlackError as error:
            return Reply(error.to_json(), 400 if error.status == 200 else error.status)
        return Reply({"ok": True})
