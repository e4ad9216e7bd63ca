"""A session has no clock, does no I/O and throws no dice: its modules import nothing that could."""

from __future__ import annotations

import ast
import importlib

import pytest

MODULES = ["session", "received", "frames", "effects", "heartbeat", "timing", "backoff"]
ALLOWED = {"__future__", "collections.abc", "dataclasses", "json", "math", "re", "typing"}
ALLOWED_OF_OURS = {"pulser.envelope", "pulser.storable", *(f"socket_relay.{it}" for it in MODULES)}


@pytest.mark.parametrize("name", MODULES)
def test_a_pure_module_imports_only_pure_ones(name: str) -> None:
    """What a module of the session may import is a short list."""
    path = importlib.import_module(f"socket_relay.{name}").__file__
    assert path is not None
    with open(path, encoding="utf-8") as file:
        nodes = list(ast.walk(ast.parse(file.read())))
    imported = {it.module for it in nodes if isinstance(it, ast.ImportFrom)}
    imported |= {alias.name for it in nodes if isinstance(it, ast.Import) for alias in it.names}
    assert imported - ALLOWED - ALLOWED_OF_OURS == set()
