"""On what the figures were taken: a figure says little without its machine."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CPU_INFO = Path("/proc/cpuinfo")
MEMORY_INFO = Path("/proc/meminfo")


def machine(postgres: str | None = None) -> dict[str, Any]:
    """Processor, memory, kernel, versions, and how busy it was when this was asked."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": named(_text(CPU_INFO), "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": named(_text(MEMORY_INFO), "MemTotal"),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgres": postgres,
        "load": round(os.getloadavg()[0], 2),
    }


def named(lines: str, name: str) -> str | None:
    """The value of the first line "name : value"."""
    for line in lines.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return " ".join(value.split())
    return None


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _commit() -> str | None:
    told = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or None
