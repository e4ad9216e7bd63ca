"""What a process and its children take of processor and memory, as Linux tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Taken:
    """Processor time in seconds since it was started; peak and present memory in MB."""

    seconds: float
    peak_mb: float
    mb: float


def family(pid: int) -> list[int]:
    """A process and all that it started, and they."""
    children: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        parent = _stat(int(folder.name))
        if parent is not None:
            children.setdefault(int(parent[1]), []).append(int(folder.name))
    found, ahead = [pid], [pid]
    while ahead:
        new = children.get(ahead.pop(), [])
        found += new
        ahead += new
    return found


def taken(pid: int) -> Taken:
    """By a process and its family. A process that has ended takes nothing."""
    pids = family(pid)
    seconds = sum((_seconds(it) for it in pids), 0.0)
    return Taken(seconds, sum(_status(it, "VmHWM") for it in pids), sum(_proportional(it) for it in pids))


def _seconds(pid: int) -> float:
    """Of user and system, of the children too that have ended."""
    stat = _stat(pid)
    return 0.0 if stat is None else sum(map(int, stat[11:15])) / TICKS


def _stat(pid: int) -> list[str] | None:
    """The fields behind the name, which may hold spaces: state, parent, …"""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _status(pid: int, name: str, file: str = "status") -> float:
    try:
        lines = (PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)


def _proportional(pid: int) -> float:
    """What it shares with others counts in part: a forked worker is not counted twice."""
    return _status(pid, "Pss", "smaps_rollup") or _status(pid, "VmRSS")
