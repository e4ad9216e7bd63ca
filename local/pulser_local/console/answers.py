"""How the console's JSON routes read and answer."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

Body = TypeVar("Body", bound=BaseModel)


class BodyRefused(Exception):
    """A request whose body is not what the route takes; `answer` says so."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.text)
        self.answer = answer


def failure(status: int, error: str, message: str) -> web.Response:
    """A JSON error: `error` is a word for programs, `message` a sentence for people."""
    return web.json_response({"error": error, "message": message}, status=status)


async def read_body(request: web.Request, model: type[Body]) -> Body:
    """The JSON body of a request. Raises BodyRefused: 415 when it is not JSON by its type, 400 when it does not fit."""
    # A page of another origin cannot send this type without asking first, and is then refused.
    if request.content_type != "application/json":
        raise BodyRefused(failure(415, "not_json", "Send the body as application/json."))
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        fields = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})) or "the body"
        raise BodyRefused(failure(400, "invalid_body", f"Not as this route takes it: {fields}.")) from None
