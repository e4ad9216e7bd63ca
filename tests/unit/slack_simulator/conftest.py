from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from pulser_local.slack import SlackSimulator
from tests.unit.slack_simulator.app import Acking, App, acking_of, app_of
from tests.unit.slack_simulator.caller import Caller, Hands


@pytest.fixture
def hands() -> Hands:
    """A clock that stands still until a test moves it."""
    return Hands()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client that gives up after 10 s."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


@pytest.fixture
def call(simulator_unlimited: SlackSimulator, http: aiohttp.ClientSession) -> Caller:
    """A caller of the simulator without rate limits."""
    return Caller(simulator_unlimited, http)


@pytest.fixture
async def timed_call(hands: Hands, http: aiohttp.ClientSession) -> AsyncIterator[Caller]:
    """A caller of a simulator that keeps its rate limits by the clock of the test."""
    simulator = SlackSimulator(clock=hands.clock())
    await simulator.start()
    yield Caller(simulator, http)
    await simulator.stop()


@pytest.fixture
async def app(simulator_unlimited: SlackSimulator) -> AsyncIterator[App]:
    """The app of a simulator without rate limits."""
    async with app_of(simulator_unlimited) as made:
        yield made


@pytest.fixture
async def turned(hands: Hands) -> AsyncIterator[App]:
    """The app of a simulator whose clock stands still until the test turns it."""
    simulator = SlackSimulator(clock=hands.clock(), rate_limit=False)
    await simulator.start()
    async with app_of(simulator) as made:
        yield made
    await simulator.stop()


@pytest.fixture
def turn(turned: App, hands: Hands) -> Callable[[float], None]:
    """Turn the clock so many seconds on; what is due then happens."""

    def forward(seconds: float) -> None:
        hands.at += seconds
        turned.simulator.timers.ring()

    return forward


@pytest.fixture
async def acking(app: App) -> AsyncIterator[Acking]:
    """The app of a simulator without rate limits, acking all that comes."""
    async with acking_of(app) as made:
        yield made


@pytest.fixture
async def turned_acking(turned: App) -> AsyncIterator[Acking]:
    """The app of a simulator whose clock the test turns, acking all that comes."""
    async with acking_of(turned) as made:
        yield made
