"""The audit with the real pip-audit and a service on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.fixtures.serving import serving
from tests.unit.tools.auditing import HOLE, Audit
from tools.audit.service import CANARY, Service


@contextlib.asynccontextmanager
async def osv(*holed: str) -> AsyncIterator[Service]:
    """A service that answers as OSV does, and knows a hole of these versions."""

    async def query(request: Request) -> JSONResponse:
        question = await request.json()
        name = question["package"]["name"]
        return JSONResponse({"vulns": [_advisory(name)]} if f"{name}=={question['version']}" in holed else {})

    async with serving(Starlette(routes=[Route("/v1/query", query, methods=["POST"])])) as url:
        yield Service("osv", ["--vulnerability-service", "osv", "--osv-url", f"{url}/v1/query"])


def _advisory(name: str) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": HOLE.fix_versions[0]}]}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": HOLE.id, "aliases": HOLE.aliases, "summary": "a hole", "affected": affected}


async def test_a_known_vulnerability_is_refused(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """With the package, all ids and the version that is without it; also of a version for another Python."""
    async with osv(CANARY, "holed==2.0") as service:
        assert await asyncio.to_thread(audit.run, service) == 1
    assert capsys.readouterr().err == "audit: holed 2.0: PYSEC-2026-7, CVE-2026-7777; fixed in 2.5.1\n"


async def test_a_lock_of_which_nothing_is_known_passes(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """It says of how many versions that holds."""
    async with osv(CANARY) as service:
        assert await asyncio.to_thread(audit.run, service) == 0
    assert capsys.readouterr().out == "audit: nothing is known against the lock (3 versions)\n"


async def test_a_service_that_is_away(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """Is told as "not audited", with what the connection said, and not as "nothing is known"."""
    async with osv() as service:
        pass
    assert await asyncio.to_thread(audit.run, service) == 0
    said = capsys.readouterr().out
    assert said.startswith("audit: not audited: osv could not be asked: ")
    assert "nothing is known" not in said


async def test_a_service_that_knows_nothing_is_not_believed(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """A mirror that has an empty answer for all: it would find nothing in any lock."""
    async with osv() as service:
        assert await asyncio.to_thread(audit.run, service) == 0
    assert capsys.readouterr().out == f"audit: not audited: osv does not know that {CANARY} is vulnerable\n"
