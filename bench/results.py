"""Where the raw figures stand, a file for each part: build/bench/<part>.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.machine import machine

FOLDER = Path("build/bench")


def write(part: str, figures: dict[str, Any], *, postgres: str | None = None, quick: bool = False) -> None:
    """Keep what a part has measured, with its machine; the last run counts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = {"part": part, "quick": quick, "machine": machine(postgres), "figures": figures}
    (FOLDER / f"{part}.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read(part: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """What a part has measured; None where it has not run."""
    file = folder / f"{part}.json"
    content: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
    return content
