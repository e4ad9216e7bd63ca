"""Private answers: where they may go, and what each way of failing means."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from pulser.errors import (
    DatabaseUnavailable,
    PulserError,
    SecretMissing,
    SlackError,
    SlackHeld,
    SlackInDoubt,
    SlackRefused,
    SlackTokenRefused,
)
from pulser.replies import Replies, is_of_slack, told_of
from pulser.settlement import Reply
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.contract.fake_slack import Answer, Odd, answering, cut_short, fixed
from tests.unit.shared.fake_database import FakeDatabase

OK = fixed(b"ok", "text/plain")
API = "https://slack.com/api/"


@asynccontextmanager
async def replies_to(answer: Answer, *, patience: float = 5.0) -> AsyncIterator[tuple[Replies, Odd]]:
    """Replies whose Slack gives this answer to everything."""
    async with answering(answer) as odd:
        slack = SlackApi(Vault(FakeDatabase({"slack_bot_token": "xoxb-sentinel"})), odd.url, timeout=patience)
        replies = Replies(slack, timeout=patience)
        try:
            yield replies, odd
        finally:
            await replies.close()
            await slack.close()


def by_url(odd: Odd, **more: Any) -> Reply:  # noqa: ANN401  parts of a reply
    """A reply by a response_url of the same host."""
    return Reply({"text": "note"}, url=odd.url.replace("/api/", "/actions/secret-path"), **more)


@asynccontextmanager
async def remembering(answer: Answer = OK) -> AsyncIterator[tuple[Replies, Odd, list[Any]]]:
    """The same, with the bodies that were sent."""
    bodies: list[Any] = []

    async def remember(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        return await answer(request)

    async with replies_to(remember) as (replies, odd):
        yield replies, odd, bodies


async def refusal(replies: Replies, reply: Reply) -> SlackError:
    """The error of a reply that must fail."""
    with pytest.raises(SlackError) as caught:
        await replies.send(reply)
    return caught.value


async def test_a_reply_by_url_is_private_and_replaces_nothing() -> None:
    """The card stays as it is, whoever reads the note."""
    async with remembering() as (replies, odd, bodies):
        await replies.send(by_url(odd))
    assert bodies == [{"response_type": "ephemeral", "replace_original": False, "text": "note"}]


async def test_a_reply_in_a_thread_stays_in_it() -> None:
    """Slack wants the thread named."""
    async with remembering() as (replies, odd, bodies):
        await replies.send(by_url(odd, thread_ts="1.1"))
    assert bodies[0]["thread_ts"] == "1.1"


async def test_an_ephemeral_reply_is_posted_to_its_reader() -> None:
    """Where there is no URL."""
    async with remembering(fixed(b'{"ok": true}', "application/json")) as (replies, odd, bodies):
        await replies.send(Reply({"text": "note", "blocks": []}, channel="C1", user="U1"))
        assert odd.requests[0].path == "/api/chat.postEphemeral"
    assert bodies == [{"channel": "C1", "user": "U1", "text": "note", "blocks": []}]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"used_url"),
        (404, b'{"ok":false,"error":"used_url"}'),
        (200, b'{"ok":false,"error":"expired_url"}'),
        (410, b""),
    ],
)
async def test_a_url_that_slack_refuses_gives_way_to_a_message(status: int, body: bytes) -> None:
    """A response_url is good five times and for thirty minutes; the note is given all the same."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("chat.postEphemeral"):
            return web.json_response({"ok": True})
        return web.Response(status=status, body=body)

    async with replies_to(answer) as (replies, odd):
        await replies.send(by_url(odd, channel="C1", user="U1"))
        assert [it.path for it in odd.requests] == ["/actions/secret-path", "/api/chat.postEphemeral"]


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (fixed(b"", "text/plain", status=404), SlackRefused, "http_404"),
        (fixed(b"", "text/plain", status=302, headers={"Location": "http://127.0.0.1:9/"}), SlackRefused, "http_302"),
        (fixed(b'{"ok":false,"error":"used_url"}', "application/json"), SlackRefused, "used_url"),
        (fixed(b"", "text/plain", status=429, headers={"Retry-After": "7"}), SlackHeld, "ratelimited"),
        (fixed(b"", "text/plain", status=503), SlackHeld, "http_503"),
        (fixed(b"<html>", "text/html", status=502), SlackInDoubt, "http_502"),
        (fixed(b'{"ok":false}', "application/json"), SlackRefused, "unknown_error"),
        (cut_short("text/plain"), SlackInDoubt, "connection_lost"),
    ],
    ids=["gone", "redirect", "used", "rate limit", "outage", "proxy", "no reason", "cut short"],
)
async def test_each_failure_of_a_url_has_its_meaning(answer: Answer, error: type[SlackError], reason: str) -> None:
    """Whether to send it again is told by the kind of error; nothing follows a redirect."""
    async with replies_to(answer) as (replies, odd):
        caught = await refusal(replies, by_url(odd))
        assert (type(caught), caught.reason) == (error, reason)
        assert len(odd.requests) == 1


@pytest.mark.parametrize("body", [b"ok", b"", b"<html>", b"[[[", b"\xff\xfe", b"[" * 9000, b'{"ok":true}', b"null"])
async def test_any_body_of_a_200_is_a_yes(body: bytes) -> None:
    """Slack says "ok"; what else a 200 says is no refusal."""
    async with replies_to(fixed(body, "text/plain")) as (replies, odd):
        await replies.send(by_url(odd))


async def test_a_slow_slack_is_in_doubt() -> None:
    """It may have shown the note."""
    never = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    async with replies_to(hang, patience=0.1) as (replies, odd):
        assert isinstance(await refusal(replies, by_url(odd)), SlackInDoubt)


async def test_a_slack_that_breaks_the_connection_is_in_doubt() -> None:
    """It read the request before it did."""

    async def abort(request: web.Request) -> web.StreamResponse:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with replies_to(abort) as (replies, odd):
        assert isinstance(await refusal(replies, by_url(odd)), SlackInDoubt)


async def test_a_slack_that_is_not_there_got_nothing() -> None:
    """So it can be sent again without a thought, and the error does not tell the URL."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/"
        slack = SlackApi(Vault(FakeDatabase()), url)
        replies = Replies(slack)
        caught = await refusal(replies, Reply({"text": "x"}, url=url.replace("/api/", "/actions/secret-path")))
        await replies.close()
    assert isinstance(caught, SlackHeld)
    assert "secret-path" not in str(caught)


async def test_without_a_token_an_ephemeral_reply_waits() -> None:
    """Vault's word for it passes on."""
    replies = Replies(SlackApi(Vault(FakeDatabase())))
    with pytest.raises(SecretMissing):
        await replies.send(Reply({"text": "x"}, channel="C1", user="U1"))
    await replies.close()


async def test_a_reply_to_nobody_is_refused() -> None:
    """A row of the ledger that says so is not tried for ever."""
    replies = Replies(SlackApi(Vault(FakeDatabase())))
    assert (await refusal(replies, Reply({"text": "x"}))).reason == "no_way_to_the_user"
    await replies.close()


async def test_nothing_is_sent_to_a_foreign_url() -> None:
    """Whoever can write an envelope cannot make us call what he likes."""
    async with answering(OK) as foreign, replies_to(OK) as (replies, _):
        caught = await refusal(replies, Reply({"text": "x"}, url=foreign.url))
        assert (caught.reason, foreign.requests) == ("foreign_response_url", [])


@pytest.mark.parametrize(
    ("url", "api", "allowed"),
    [
        ("https://hooks.slack.com/actions/T/1/x", API, True),
        ("https://hooks.slack.com:443/actions/T/1/x", API, True),
        ("https://slack.com/x", API, True),
        ("http://127.0.0.1:4100/actions/x", "http://127.0.0.1:4100/api/", True),
        ("http://127.0.0.1:4101/actions/x", "http://127.0.0.1:4100/api/", False),
        ("http://hooks.slack.com/x", API, False),
        ("https://hooks.slack.com:8443/x", API, False),
        ("https://hooks.slack.com.evil.example/x", API, False),
        ("https://evilslack.com/x", API, False),
        ("https://slack.com@evil.example/x", API, False),
        ("https://a@hooks.slack.com/x", API, False),
        ("https://evil.example/?hooks.slack.com", API, False),
        ("file:///etc/passwd", API, False),
        ("//hooks.slack.com/x", API, False),
        ("https://[::1/x", API, False),
        ("https://hooks.slack.com:x/", API, False),
        ("", API, False),
    ],
)
def test_only_slack_is_answered(url: str, api: str, allowed: bool) -> None:  # noqa: FBT001
    """Slack's hosts by https, or the host of the Web API itself."""
    assert is_of_slack(url, api) is allowed


LIMITED = fixed(b'{"ok":false,"error":"ratelimited"}', "application/json", status=429, headers={"Retry-After": "7"})


async def test_a_rate_limit_of_ephemeral_messages_is_everybodys() -> None:
    """The ledger is told how long, and that it holds the method."""
    async with replies_to(LIMITED) as (replies, _):
        error = await refusal(replies, Reply({"text": "note"}, channel="C1", user="U1"))
    assert told_of(error) == {
        "error": "Slack answered ratelimited",
        "in_doubt": False,
        "nothing_done": True,
        "reason": "ratelimited",
        "retry_in_s": 7.0,
        "hold_method": "chat.postEphemeral",
    }


async def test_a_rate_limit_of_an_address_is_its_own() -> None:
    """It comes again when Slack said; the method is not held."""
    async with replies_to(LIMITED) as (replies, odd):
        told = told_of(await refusal(replies, by_url(odd, channel="C1", user="U1")))
    assert (told["retry_in_s"], "hold_method" in told) == (7.0, False)


async def test_an_outage_says_no_time() -> None:
    """The ledger has its own."""
    async with replies_to(fixed(b"", "text/plain", status=503)) as (replies, _):
        told = told_of(await refusal(replies, Reply({"text": "note"}, channel="C1", user="U1")))
    assert told == {"error": "Slack answered with HTTP 503", "in_doubt": False, "nothing_done": True}


@pytest.mark.parametrize(
    ("trouble", "did_nothing"),
    [
        (SlackHeld("not_connected", "no way"), True),
        (SlackTokenRefused("invalid_auth", "no"), True),
        (DatabaseUnavailable("Vault is away"), True),
        (SlackInDoubt("timeout", "no answer"), False),
        (SlackRefused("channel_not_found", "no"), False),
        (SecretMissing("slack_bot_token"), False),
    ],
)
def test_the_ledger_is_told_whether_it_may_be_taken_later(trouble: PulserError, *, did_nothing: bool) -> None:
    """What did nothing costs none of the five tries; what will be refused again does."""
    assert told_of(trouble).get("nothing_done", False) is did_nothing


async def test_a_doubt_is_told_as_one() -> None:
    """Slack may have shown it."""
    async with replies_to(cut_short("application/json")) as (replies, _):
        told = told_of(await refusal(replies, Reply({"text": "note"}, channel="C1", user="U1")))
    assert told["in_doubt"] is True


async def test_while_ephemeral_messages_are_held_none_is_sent() -> None:
    """Slack refuses the address; the other way is closed, as the ledger said: it is tried when that is over."""
    async with replies_to(fixed(b"used_url", "text/plain", status=404)) as (replies, odd):
        error = await refusal(replies, by_url(odd, channel="C1", user="U1", ephemeral_held_s=42.5))
        assert [it.path for it in odd.requests] == ["/actions/secret-path"]
    assert (told_of(error)["retry_in_s"], "hold_method" in told_of(error)) == (42.5, False)
