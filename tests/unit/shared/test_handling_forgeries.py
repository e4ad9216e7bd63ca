"""A handler's door: forgeries, and what is neither an envelope nor Slack's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pulser.handling import HandlerService
from pulser.handling_http import LONGEST_BODY
from pulser.http import answer
from pulser.settings import Settings
from tests.unit.shared.handling_door import (
    FORM,
    NOW,
    Door,
    command,
    signed,
)


class TestForgeries:
    """Each is a 401, never a 500, and has no effect (`slack-platform.md` 4, row 39)."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"x-slack-request-timestamp": "abc"},
            {"x-slack-request-timestamp": str(int(NOW) - 301)},
            {"x-slack-request-timestamp": str(int(NOW) + 301)},
            {"x-slack-signature": "v0=" + "0" * 64},
            {"x-slack-signature": ""},
            {"x-slack-signature": b"v0=\xe9".decode("latin-1")},
        ],
        ids=str,
    )
    async def test_forged_headers(self, door: Door, headers: dict[str, str]) -> None:
        """Another time or another signature."""
        body = command()
        told = await door.http.post(
            "/",
            content=body,
            headers=[(name.encode(), it.encode("latin-1")) for name, it in (signed(body) | headers).items()],
        )
        assert (told.status_code, door.handled, door.ledger.rows) == (401, [], {})

    @pytest.mark.parametrize("missing", ["x-slack-signature", "x-slack-request-timestamp"])
    async def test_half_a_signature(self, door: Door, missing: str) -> None:
        """One of the two headers alone."""
        body = command()
        headers = {name: it for name, it in signed(body).items() if name != missing}
        assert (await door.http.post("/", content=body, headers=headers)).status_code == 401

    @pytest.mark.parametrize(
        "body", [b"\xff\xfe", b"ssl_check=1", b'{"type": "url_verification", "challenge": "x"}', b""]
    )
    async def test_another_body(self, door: Door, body: bytes) -> None:
        """The signature of another request, whatever the body asks for."""
        headers = {"content-type": FORM, **signed(command())}
        assert (await door.http.post("/", content=body, headers=headers)).status_code == 401

    async def test_a_wrong_secret(self, door: Door) -> None:
        """Signed, but not by Slack."""
        body = command()
        told = await door.http.post("/", content=body, headers=signed(body, "another"))
        assert told.status_code == 401

    async def test_slacks_form_without_a_signature(self, door: Door) -> None:
        """It is a request without a key."""
        assert (await door.http.post("/", content=command(), headers={"content-type": FORM})).status_code == 401

    async def test_a_signature_that_cannot_be_checked_is_503(self, door: Door) -> None:
        """Slack's own request must not be told that it is forged; the database's words stay inside."""
        door.ledger.away("read_secret_v1", 9)
        told = await door.slack(command())
        assert (told.status_code, "away" in told.text) == (503, False)


class TestTheRest:
    """Health, methods and bodies."""

    async def test_health(self, door: Door) -> None:
        """Without a key."""
        told = await door.http.get("/", params={"action": "health"})
        assert (told.status_code, told.json()["function"]) == (200, "command-handler")

    async def test_other_methods_are_405(self, door: Door) -> None:
        """With what can be done."""
        assert [(await door.http.get("/")).status_code, (await door.http.put("/")).status_code] == [405, 405]

    async def test_a_body_that_is_too_long_is_413(self, door: Door) -> None:
        """Whether or not it says how long it is."""

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(LONGEST_BODY // 100_000 + 1):
                yield b"x" * 100_000

        told = [
            await door.http.post("/", content=b"x" * (LONGEST_BODY + 1)),
            await door.http.post("/", content=chunks()),
            await door.http.post("/", content=b"x", headers={"content-length": "9" * 30}),
        ]
        assert [it.status_code for it in told] == [413, 413, 413]

    async def test_a_body_that_does_not_come_is_408(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody holds a request open by sending it slowly."""
        monkeypatch.setattr("pulser.handling_http.BODY_SECONDS", 0.05)

        async def trickle() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.Event().wait()

        assert (await door.http.post("/", content=trickle())).status_code == 408

    async def test_without_an_environment_it_says_so(self) -> None:
        """503, and the variables stand in the log only."""

        def broken() -> HandlerService:
            Settings(supabase_url=None, supabase_db_url=None)
            raise AssertionError

        async def endpoint(request: Request) -> Response:
            return await answer(broken, request)

        app = Starlette(routes=[Route("/", endpoint, methods=["GET"])])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://function") as http:
            assert (await http.get("/")).status_code == 503
