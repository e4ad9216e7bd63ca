"""How the console's JSON routes answer."""

from __future__ import annotations

from aiohttp import web


def failure(status: int, error: str, message: str) -> web.Response:
    """A JSON error: `error` is a word for programs, `message` a sentence for people."""
    return web.json_response({"error": error, "message": message}, status=status)
