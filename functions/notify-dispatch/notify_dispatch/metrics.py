"""The metrics over HTTP: asks the ledger once, keeps nothing."""

from __future__ import annotations

import asyncio

import structlog
from starlette.responses import Response

from notify_dispatch.exposition import CONTENT_TYPE, Sample, expose
from pulser.database import Database
from pulser.errors import PulserError
from pulser.http import VERSION, answer_error, of_database

# Prometheus gives up after ten seconds by default.
METRICS_TIMEOUT = 8.0

log = structlog.get_logger()


async def answer_metrics(ledger: Database) -> Response:
    """200 with the metrics of the whole ledger, 503 while it does not answer."""
    try:
        async with asyncio.timeout(METRICS_TIMEOUT):
            rows = await ledger.call("metrics_v1")
    except (PulserError, TimeoutError) as error:
        log.warning("metrics_cannot_be_read", error=str(error))
        return answer_error(503, "unavailable", of_database(error))
    samples = [Sample(row["name"], row["labels"], float(row["value"])) for row in rows]
    samples.append(Sample("pulser_build_info", {"version": VERSION}, 1.0))
    return Response(expose(samples), media_type=CONTENT_TYPE)
