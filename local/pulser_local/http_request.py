"""One HTTP request as pg_net's worker makes it with curl, and its outcome as a row of net._http_response."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import yarl

USER_AGENT = "pg_net/0.20.4"
MAX_REDIRECTS = 30  # curl's default; aiohttp's is 10
CURL_WORDS = {  # the first that fits
    aiohttp.ClientConnectorDNSError: "Couldn't resolve host name",
    aiohttp.NonHttpUrlClientError: "Unsupported protocol",
    aiohttp.TooManyRedirects: "Number of redirects hit maximum amount",
    aiohttp.ClientConnectorError: "Couldn't connect to server",
    aiohttp.ServerDisconnectedError: "Server returned nothing (no headers, no data)",
    aiohttp.ClientPayloadError: "Transferred a partial file",
    aiohttp.ClientOSError: "Failure when receiving data from the peer",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A row of net.http_request_queue; a timeout of 0 or less is none, as in curl."""

    id: int
    method: str
    url: str
    headers: Mapping[str, str] | None
    body: bytes | None
    timeout_milliseconds: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: an answer with any status, or status None and an error message."""

    status_code: int | None = None
    content_type: str | None = None
    headers: str | None = None  # JSON
    content: str | None = None
    timed_out: bool = False
    error_msg: str | None = None


def read_headers(text: str | None) -> dict[str, str] | None:
    """The jsonb of the queue as header lines: what is not text is written as JSON."""
    if text is None:
        return None
    items = json.loads(text).items()
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in items}


async def perform(session: aiohttp.ClientSession, request: Request) -> Outcome:
    """Make the request. Whatever happens becomes an outcome: nothing is raised but a cancellation."""
    started = time.perf_counter()
    try:
        return await _exchange(session, request)
    except TimeoutError:
        total = (time.perf_counter() - started) * 1000
        limit = request.timeout_milliseconds
        return Outcome(timed_out=True, error_msg=f"Timeout of {limit} ms reached. Total time: {total:.3f} ms")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Outcome(error_msg=_in_words_of_curl(error))


async def _exchange(session: aiohttp.ClientSession, request: Request) -> Outcome:
    headers = dict(request.headers or {})
    if request.headers is not None:
        headers.setdefault("User-Agent", USER_AGENT)
    limit = request.timeout_milliseconds
    async with session.request(
        request.method.upper(),
        yarl.URL(request.url, encoded=True),  # as it stands: the SQL side has encoded it
        headers={"Accept": "*/*", **headers},
        data=request.body,
        timeout=aiohttp.ClientTimeout(total=limit / 1000 if limit > 0 else None),
        max_redirects=MAX_REDIRECTS,
    ) as response:
        content = (await response.read()).decode(errors="replace")
        return Outcome(
            status_code=response.status,
            content_type=response.headers.get("Content-Type"),
            headers=json.dumps(dict(response.headers)),
            content=content.replace("\0", ""),  # PostgreSQL's text cannot hold it
        )


def _in_words_of_curl(error: Exception) -> str:
    for kind, words in CURL_WORDS.items():
        if isinstance(error, kind):
            return words
    return f"{type(error).__name__}: {error}"
