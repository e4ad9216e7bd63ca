"""A caller for the simulator's Web API that speaks plain HTTP, and a clock whose hands a test turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from pulser_local.slack import Clock, SlackSimulator

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the simulator."""

    status: int
    headers: dict[str, str]
    body: Json


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls methods with the simulator's token, and its controls without one."""

    simulator: SlackSimulator
    http: aiohttp.ClientSession

    async def __call__(self, method: str, **arguments: object) -> Json:
        """The body of the answer to a JSON call."""
        return (await self.answer(method, **arguments)).body

    async def answer(self, method: str, **arguments: object) -> Answer:
        """The whole answer to a JSON call."""
        return await self.send("POST", f"/api/{method}", json=arguments, headers=self.authorization)

    async def send(
        self,
        verb: str,
        path: str,
        **options: Any,  # noqa: ANN401 - whatever aiohttp takes
    ) -> Answer:
        """Any request; the answer must be JSON."""
        async with self.http.request(verb, self.simulator.url + path, **options) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, await response.json())

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the token."""
        return {"Authorization": f"Bearer {self.simulator.bot_token}"}


@dataclass(slots=True)
class Hands:
    """The hands of a clock."""

    at: float = 1_700_000_000.0

    def read(self) -> float:
        """The time it shows."""
        return self.at

    def clock(self) -> Clock:
        """Both clocks of a simulator, by these hands."""
        return Clock(now=self.read, monotonic=self.read)
