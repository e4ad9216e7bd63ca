"""How orders to /sim/* are read, and how a refused one is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

Body = TypeVar("Body", bound=BaseModel)
Owner = TypeVar("Owner")
Handler = Callable[[Owner, web.Request], Awaitable[web.Response]]


class Order(BaseModel):
    """The body of an order: nothing in it that is not known."""

    model_config = ConfigDict(extra="forbid")


class ControlError(Exception):
    """A refused order: HTTP status and what is wrong with it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def answers_errors(handler: Handler[Owner]) -> Handler[Owner]:
    """Answer a ControlError as JSON."""

    @wraps(handler)
    async def answer(owner: Owner, request: web.Request) -> web.Response:
        try:
            return await handler(owner, request)
        except ControlError as error:
            return web.json_response({"ok": False, "error": error.detail}, status=error.status)

    return answer


async def read_order(request: web.Request, model: type[Body]) -> Body:
    """The body of an order. ControlError when it is not JSON, or not what the model says."""
    # A page of another origin can send a form here unasked, but JSON only with our consent.
    if request.content_type != "application/json":
        raise ControlError(415, "send JSON, with the content type application/json")
    try:
        return model.model_validate(json.loads(await request.read()))
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()]
        raise ControlError(400, "; ".join(problems)) from None
    except ValueError:
        raise ControlError(400, "the body is not JSON") from None
