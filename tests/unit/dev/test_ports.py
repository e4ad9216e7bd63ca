from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from pulser_local.errors import LocalError
from pulser_local.ports import free_port, preferred_port, required_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of 127.0.0.1 that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_in_the_error(taken_port: int) -> None:
    """A required port in use is an error that names it."""
    with pytest.raises(LocalError, match=str(taken_port)):
        required_port(taken_port)


def test_a_taken_preferred_port_is_replaced(taken_port: int) -> None:
    """A preferred port in use gives another one."""
    assert preferred_port(taken_port) not in (taken_port, 0)


def test_a_free_preferred_port_is_kept() -> None:
    """A preferred port that is free is taken."""
    port = free_port()
    assert preferred_port(port) == port


def test_beyond_the_last_port_is_another() -> None:
    """--port 65535 leaves no port + 1: the neighbours get free ones."""
    assert 0 < preferred_port(65536) < 65536
