from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REPOSITORY = "https://github.example/acme/shop"
COMMIT = "9f3c2ab41d77e0c5b6a8d1f2e3c4b5a697887766"


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event as a platform would write it, and the channels where the project's own routes bring it."""

    event_type: str
    channels: tuple[str, ...]
    actor: str
    target: str
    payload: Mapping[str, Any]
    status: str = "ok"
    error_detail: str | None = None


def _payload(service: str, title: str, /, environment: str = "production", **more: str | float) -> dict[str, Any]:
    return {"service": service, "environment": environment, "title": title, **more}


DEMO_EVENTS = (
    DemoEvent(
        "ci.passed",
        ("ops-ci",),
        "ci",
        "shop-api",
        _payload(
            "shop-api",
            "All 214 checks passed",
            "ci",
            branch="main",
            commit=COMMIT,
            run_id="8812",
            duration_s=187.4,
            url=f"{REPOSITORY}/runs/8812",
        ),
    ),
    DemoEvent(
        "ci.failed",
        ("ops-ci",),
        "ci",
        "shop-web",
        _payload(
            "shop-web",
            "2 of 96 checks failed",
            "ci",
            severity="error",
            branch="checkout-redesign",
            commit=COMMIT,
            run_id="8813",
            duration_s=92,
            summary="test_checkout_total, test_coupon_expired",
            url=f"{REPOSITORY}/runs/8813",
        ),
        status="error",
        error_detail="2 failed, 94 passed",
    ),
    DemoEvent(
        "deploy.started",
        ("ops-deploy",),
        "maria",
        "search",
        _payload("search", "Deploying v0.31.0", version="v0.31.0", commit=COMMIT, run_id="d-300"),
    ),
    DemoEvent(
        "deploy.completed",
        ("ops-deploy",),
        "maria",
        "shop-api",
        _payload("shop-api", "v2.14.0 is live", version="v2.14.0", commit=COMMIT, run_id="d-301", duration_s=141),
    ),
    DemoEvent(
        "deploy.failed",
        ("ops-alerts", "ops-deploy"),
        "jonas",
        "billing",
        _payload(
            "billing",
            "v1.9.2 did not become healthy",
            severity="error",
            version="v1.9.2",
            run_id="d-302",
            summary="Readiness probe failed 5 times; the previous version serves on.",
            duration_s=305,
        ),
        status="error",
        error_detail="readiness probe failed",
    ),
    DemoEvent(
        "error_rate.exceeded",
        ("ops-alerts",),
        "monitor",
        "shop-api",
        _payload(
            "shop-api",
            "Error rate above threshold",
            severity="critical",
            error_rate=0.071,
            threshold=0.02,
            window="5m",
            fingerprint="shop-api:5xx",
            url="https://grafana.example/d/shop-api",
        ),
        status="error",
    ),
    DemoEvent(
        "task.completed",
        ("ops-tasks",),
        "scheduler",
        "nightly-report",
        _payload("reports", "Nightly report written", run_id="t-4471", duration_s=63.2, summary="1,204 rows"),
    ),
    DemoEvent(
        "task.failed",
        ("ops-tasks",),
        "scheduler",
        "invoice-export",
        _payload(
            "billing",
            "Invoice export failed",
            severity="error",
            run_id="t-4472",
            duration_s=12,
            summary="SFTP server refused the key.",
        ),
        status="error",
        error_detail="permission denied (publickey)",
    ),
    DemoEvent(
        "trigger.acknowledged",
        ("ops-tasks",),
        "maria",
        "backfill-orders",
        _payload("orders", "Manual trigger taken: backfill of orders", run_id="t-4473"),
    ),
)
"""One event of each type that a platform writes (design, section 4). Pulser's own come of what people do."""
