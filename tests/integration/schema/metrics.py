"""What the tests of metrics_v1 share: one number by its name and labels."""

from __future__ import annotations

from tests.integration.schema.helpers import Session

Labels = tuple[tuple[str, str], ...]


async def metrics(db: Session, name: str) -> dict[Labels, float]:
    """The numbers of one metric by their labels, sorted."""
    found: dict[Labels, float] = {}
    for row in await db.call("metrics_v1"):
        if row["name"] == name:
            labels = tuple(sorted(row["labels"].items()))
            assert labels not in found, "one number twice would make Prometheus refuse all"
            found[labels] = row["value"]
    return found


async def metric(db: Session, name: str, **labels: str) -> float | None:
    """One number, None where there is none."""
    return (await metrics(db, name)).get(tuple(sorted(labels.items())))


async def some(db: Session, name: str) -> dict[Labels, float]:
    """Those of a metric that are not 0."""
    return {labels: value for labels, value in (await metrics(db, name)).items() if value}
