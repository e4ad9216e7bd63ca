"""The floor of a start: the smallest function that functions-framework serves."""

from __future__ import annotations

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@functions_framework.aio.http
async def hello(_: Request) -> Response:
    """Nothing."""
    return JSONResponse({"ok": True})
