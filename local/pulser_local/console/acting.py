"""`POST /console/…`: what a person does on the page, handed to the simulated workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from pulser_local.console.answers import BodyRefused, failure, read_body
from pulser_local.console.hands import Deed, Hands, Press, Unusable
from pulser_local.console.people import People

Json = dict[str, Any]
Handler = Callable[[web.Request, Hands, People], Awaitable[web.Response]]
MAX_TEXT = 12_000  # characters of a message


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_id: str


class PressBody(_Body):
    """The body of POST /console/press."""

    channel_id: str
    ts: str
    action_id: str
    value: str | None = None


class SayBody(_Body):
    """The body of POST /console/say: a message, or a slash command when it begins with a slash."""

    channel_id: str
    text: str = Field(min_length=1, max_length=MAX_TEXT)


class ViewBody(_Body):
    """The body of POST /console/views/close."""

    view_id: str


class SubmitBody(ViewBody):
    """The body of POST /console/views/submit; `values` is block_id → action_id → Slack's state of the element."""

    values: dict[str, dict[str, Json]]


class DismissBody(_Body):
    """The body of POST /console/dismiss."""

    channel_id: str
    ts: str


class ActingRoutes:
    """The deeds. Each answers `{outcome, …, private}`: what became of it and what the person sees now."""

    def __init__(self, people: People | None) -> None:
        self._people = people
        self._under_way: set[asyncio.Future[web.Response]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The routes; without hands they answer 503."""
        handlers: dict[str, Handler] = {
            "/console/press": _press,
            "/console/say": _say,
            "/console/views/submit": _submit,
            "/console/views/close": _close,
            "/console/dismiss": _dismiss,
        }
        return [web.post(path, self._guarded(handler)) for path, handler in handlers.items()]

    async def close(self, _app: web.Application) -> None:
        """Nobody waits any more for what is still on its way."""
        for deed in self._under_way:
            deed.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            # What was begun is done: in Slack too a click counts when its page is left before the answer.
            deed = asyncio.ensure_future(self._do(handler, request))
            self._under_way.add(deed)
            deed.add_done_callback(self._ended)
            return await asyncio.shield(deed)

        return answer

    def _ended(self, deed: asyncio.Future[web.Response]) -> None:
        self._under_way.discard(deed)
        if not deed.cancelled():
            deed.exception()  # has been seen: whoever waited got it, and nobody waits for a page that was left

    async def _do(self, handler: Handler, request: web.Request) -> web.Response:
        if self._people is None:
            return failure(503, "cannot_act", "This console cannot act in the workspace.")
        try:
            return await handler(request, self._people.hands, self._people)
        except BodyRefused as refused:
            return refused.answer
        except Unusable as error:
            return failure(409, "unusable", str(error))


async def _press(request: web.Request, hands: Hands, people: People) -> web.Response:
    body = await read_body(request, PressBody)
    deed = await hands.press(Press(body.channel_id, body.ts, body.action_id, body.value), body.user_id)
    return _done(people, body.user_id, deed)


async def _say(request: web.Request, hands: Hands, people: People) -> web.Response:
    body = await read_body(request, SayBody)
    if body.text.startswith("/"):
        return _done(people, body.user_id, await hands.command(body.text, body.channel_id, body.user_id))
    await hands.say(body.text, body.channel_id, body.user_id)
    return _done(people, body.user_id, Deed("acked"))


async def _submit(request: web.Request, hands: Hands, people: People) -> web.Response:
    body = await read_body(request, SubmitBody)
    return _done(people, body.user_id, await hands.submit(body.view_id, body.values, body.user_id))


async def _close(request: web.Request, hands: Hands, people: People) -> web.Response:
    body = await read_body(request, ViewBody)
    await hands.close(body.view_id, body.user_id)
    return _done(people, body.user_id, Deed("acked"))


async def _dismiss(request: web.Request, hands: Hands, people: People) -> web.Response:
    body = await read_body(request, DismissBody)
    hands.dismiss(body.channel_id, body.ts, body.user_id)
    return _done(people, body.user_id, Deed("acked"))


def _done(people: People, user_id: str, deed: Deed) -> web.Response:
    line = people.hands.line().to_json()
    return web.json_response({**deed.to_json(), "line": line, "private": people.private(user_id)})
