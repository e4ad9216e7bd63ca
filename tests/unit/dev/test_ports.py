from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator

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


def test_a_free_port_is_given_to_nobody_else_who_asks_for_any() -> None:
    """Also seconds later, when the server that it is for has not come to listen on it."""
    port = free_port()
    with socket.socket() as anybody, pytest.raises(OSError, match="in use"):
        anybody.bind(("127.0.0.1", port))  # as the kernel judges a port of its own choice


@pytest.mark.parametrize("chosen", [preferred_port, required_port])
def test_a_named_port_is_kept_for_its_server_too(chosen: Callable[[int], int]) -> None:
    """The neighbours of `--port 0` are ports that the kernel could give to anybody."""
    port = chosen(free_port())
    with socket.socket() as anybody, pytest.raises(OSError, match="in use"):
        anybody.bind(("127.0.0.1", port))


async def test_a_server_that_names_the_port_listens() -> None:
    """As uvicorn, aiohttp and gunicorn do."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port := free_port())
    async with server:
        assert server.sockets[0].getsockname()[1] == port


def test_beyond_the_last_port_is_another() -> None:
    """--port 65535 leaves no port + 1: the neighbours get free ones."""
    assert 0 < preferred_port(65536) < 65536
