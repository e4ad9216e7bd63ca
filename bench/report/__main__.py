"""python -m bench.report: writes the tables and pictures of docs/performance.md from build/bench/*.json."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.report import tables
from bench.report.charts import draw
from bench.results import FOLDER, read

DOCUMENT = Path("docs/performance.md")
IMAGES = Path("docs/images")
PARTS = ("envelopes", "events", "starts", "acks", "growth")


def report(into: Path | None = None, raw: Path = FOLDER) -> Path:
    """Write it where people read it, or into another folder; the document. Parts that are missing stay as they are."""
    contents = {part: found for part in PARTS if (found := read(part, raw)) is not None}
    document = DOCUMENT
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        document = into / DOCUMENT.name
        shutil.copyfile(DOCUMENT, document)
    document.write_text(filled(document.read_text(), sections(contents)))
    draw(contents, IMAGES if into is None else into)
    return document


def sections(contents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The text between the marks, by the name of the mark."""
    made: dict[str, str] = {f"machine {part}": tables.machine(it) for part, it in contents.items()}
    figures = {part: it["figures"] for part, it in contents.items()}
    if "envelopes" in figures:
        peers = figures["envelopes"]["peers"]
        head = ["what", "pulser", "best peer", "ratio"]
        made["envelope ratios"] = tables.table(head, tables.envelope_ratios(peers))
        made |= {"envelopes": tables.envelopes(peers), "troubles": tables.troubles(peers)}
    if "events" in figures:
        head = ["what", "pulser", "empty function", "ratio"]
        made["event ratios"] = tables.table(head, tables.event_ratios(figures["events"]))
        made |= {"events": tables.events(figures["events"]), "burst": tables.burst(figures["events"])}
    for part in ("starts", "acks", "growth"):
        if part in figures:
            made[part] = getattr(tables, part)(figures[part])
    return made


def filled(text: str, made: Mapping[str, str]) -> str:
    """The document with each part between `<!-- name -->` and `<!-- end -->` put anew."""

    def put(found: re.Match[str]) -> str:
        name, old = found[1], found[2]
        return f"<!-- {name} -->\n{made[name]}\n<!-- end -->" if name in made else f"<!-- {name} -->{old}<!-- end -->"

    return re.sub(r"<!-- ([a-z ]+) -->(.*?)<!-- end -->", put, text, flags=re.DOTALL)


if __name__ == "__main__":
    report()
