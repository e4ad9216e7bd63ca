from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientError, ClientSession, web

from pulser_local.gateway import Gateway
from pulser_local.ports import free_port
from tests.integration.local.receiver import Receiver, serving

NO_DATABASE = "postgresql://postgres:x@127.0.0.1:1/postgres"


@pytest.fixture
async def functions() -> dict[str, str]:
    """Name → base URL; a test changes it while the gateway serves."""
    return {}


@pytest.fixture
async def gateway(functions: dict[str, str]) -> AsyncIterator[Gateway]:
    served = Gateway(NO_DATABASE, key="k", functions=functions)
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
async def session(gateway: Gateway) -> AsyncIterator[ClientSession]:
    async with ClientSession(gateway.url, auto_decompress=False) as client:
        yield client


async def test_request_is_passed_on_as_it_is(
    session: ClientSession, receiver: Receiver, functions: dict[str, str]
) -> None:
    """Method, path after /functions/v1, query, headers and body reach the function unchanged."""
    functions["echo"] = receiver.url
    headers = {"X-Slack-Signature": "v0=1", "apikey": "any", "Content-Type": "application/x-www-form-urlencoded"}
    body = b"payload=%7B%22a%22%3A1%7D"
    async with session.put("/functions/v1/echo/sub/a%2Fb?x=1&x=%20", data=body, headers=headers) as answer:
        assert answer.status == 200
    (request,) = receiver.received
    assert (request.method, request.path, request.body) == ("PUT", "/echo/sub/a/b", body)
    assert headers.items() <= request.headers.items()
    assert request.headers["Host"] == receiver.url.removeprefix("http://")


async def test_answer_is_passed_back_as_it_is(
    session: ClientSession, receiver: Receiver, functions: dict[str, str]
) -> None:
    """Status, headers and body of the function reach the caller."""
    functions["answer"] = receiver.url
    async with session.get("/functions/v1/answer/418") as answer:
        assert (answer.status, answer.headers["X-Own"]) == (418, "yes")
        assert await answer.json() == {"path": "/answer/418"}


@pytest.mark.parametrize("status", [204, 304])
async def test_answer_without_body(
    session: ClientSession, receiver: Receiver, functions: dict[str, str], status: int
) -> None:
    """A status that has no body comes through."""
    functions["answer"] = receiver.url
    async with session.get(f"/functions/v1/answer/{status}") as answer:
        assert (answer.status, await answer.read()) == (status, b"")


async def test_head_has_no_body(session: ClientSession, receiver: Receiver, functions: dict[str, str]) -> None:
    """HEAD gives the headers of GET."""
    functions["answer"] = receiver.url
    async with session.head("/functions/v1/answer/200") as answer:
        assert (answer.status, answer.headers["X-Own"]) == (200, "yes")


async def test_redirects_are_the_callers_business(
    session: ClientSession, receiver: Receiver, functions: dict[str, str]
) -> None:
    """A redirect of the function is passed back, not followed."""
    functions["answer"] = receiver.url
    async with session.get("/functions/v1/answer/302", allow_redirects=False) as answer:
        assert answer.status == 302


async def test_unknown_function_is_404(session: ClientSession) -> None:
    """A name that is not served is 404 NOT_FOUND."""
    async with session.post("/functions/v1/nowhere") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "NOT_FOUND")


async def test_dead_function_is_503(session: ClientSession, functions: dict[str, str]) -> None:
    """A function that does not listen is 503 BOOT_ERROR, in the body and the header."""
    functions["dead"] = f"http://127.0.0.1:{free_port()}"
    async with session.post("/functions/v1/dead", json={}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (503, "BOOT_ERROR")
        assert answer.headers["sb-error-code"] == "BOOT_ERROR"


async def test_function_that_breaks_off_is_500(
    session: ClientSession, receiver: Receiver, functions: dict[str, str]
) -> None:
    """A function that cuts the connection before it answers is 500 WORKER_ERROR, and is asked once."""
    functions["reset"] = receiver.url
    async with session.post("/functions/v1/reset", json={}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (500, "WORKER_ERROR")
    assert len(receiver.received) == 1


async def test_restarted_function_is_found_again(
    session: ClientSession, receiver: Receiver, functions: dict[str, str]
) -> None:
    """A new address in the mapping counts from the next request on."""
    functions["answer"] = receiver.url
    async with session.post("/functions/v1/answer/200"):
        pass
    async with Receiver() as restarted:
        functions["answer"] = restarted.url
        async with session.post("/functions/v1/answer/200") as answer:
            assert answer.status == 200
        assert len(restarted.received) == 1


async def test_body_limit_is_ten_megabytes(
    session: ClientSession, receiver: Receiver, functions: dict[str, str]
) -> None:
    """Ten megabytes pass, a byte more is 413."""
    functions["answer"] = receiver.url
    size = 10 * 1024 * 1024
    async with session.post("/functions/v1/answer/200", data=io.BytesIO(b"x" * size)) as answer:
        assert answer.status == 200
    async with session.post("/functions/v1/answer/200", data=io.BytesIO(b"x" * (size + 1))) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_answer_streams(session: ClientSession, functions: dict[str, str]) -> None:
    """The first part of an answer arrives while the function still works on the rest."""
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await go_on.wait()
        await response.write(b"second")
        return response

    async with serving(slow) as url:
        functions["slow"] = url
        async with session.get("/functions/v1/slow") as answer:
            assert await answer.content.readany() == b"first"
            go_on.set()
            assert await answer.content.read() == b"second"


async def test_answer_broken_off_in_the_middle_is_seen(session: ClientSession, functions: dict[str, str]) -> None:
    """A caller never takes half an answer for a whole one."""

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(half) as url:
        functions["half"] = url
        with pytest.raises(ClientError):
            async with session.get("/functions/v1/half") as answer:
                await answer.read()


async def test_root_names_what_is_served(session: ClientSession, functions: dict[str, str], gateway: Gateway) -> None:
    """GET / lists the functions with their URLs."""
    functions["notify-dispatch"] = "http://127.0.0.1:1"
    async with session.get("/") as answer:
        assert (await answer.json())["functions"] == [f"{gateway.url}/functions/v1/notify-dispatch"]


async def test_other_paths_are_404(session: ClientSession) -> None:
    """What the stand-in does not serve says so as JSON."""
    async with session.get("/storage/v1/object") as answer:
        assert (answer.status, list(await answer.json())) == (404, ["message"])
