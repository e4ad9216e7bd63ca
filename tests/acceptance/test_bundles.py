"""Each bundle is installed from its own folder and served with nothing of the repository beside it."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pulser.http import VERSION
from tests.acceptance.bundles import Bundle, installed
from tests.fixtures.postgres import Call
from tests.repository.tree import FUNCTION_FOLDERS, ROOT

# One of the tests has to wait for pip.
pytestmark = pytest.mark.timeout(480)

NAMES = [it.name for it in FUNCTION_FOLDERS]
OF_PIP = {"pip", "setuptools"}  # what a new environment has
# The supabase client, and what it brings: a function with SUPABASE_DB_URL has no use for it.
DATA_API = {"supabase", "supabase_auth", "supabase_functions", "postgrest", "realtime", "storage3"}
INSTALLED = """
import importlib.metadata, json
print(json.dumps([f"{it.name}=={it.version}" for it in importlib.metadata.distributions()]))
"""
STARTED = """
import sys
before = set(sys.modules)
import main
# What has no spec is no file: a name that Cython holds for itself.
found = {name for name, module in sys.modules.items() if name not in before and getattr(module, "__spec__", None)}
import importlib.metadata, json
tops = {name.partition(".")[0] for name in found} - sys.stdlib_module_names
# The standard library's, too, under the platform's name.
tops = {name for name in tops if not name.startswith("_sysconfigdata_")}
packages = importlib.metadata.packages_distributions()
print(json.dumps({it: packages.get(it, []) for it in tops}))
"""
PATHS = "import json, sys; print(json.dumps(sys.path))"


@pytest.fixture
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Bundle:
    """The bundle of the function that the test names."""
    own = tmp_path_factory.getbasetemp()
    return installed(request.param, own if worker_id == "master" else own.parent)


each = pytest.mark.parametrize("bundle", NAMES, indirect=True)
one = pytest.mark.parametrize("bundle", ["notify-dispatch"], indirect=True)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens and nobody can, as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@cache
def modules_at_start(bundle: Bundle) -> dict[str, list[str]]:
    """What importing main.py alone imports, each module of others with the packages that bring it."""
    found: dict[str, list[str]] = json.loads(bundle.python("-c", STARTED))
    return found


async def health(bundle: Bundle, settings: dict[str, str], runtime: Path) -> tuple[int, Any]:
    """Status and body of ?action=health, from the Procfile's command."""
    async with bundle.serving(settings, runtime) as (_, url), httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.get(f"{url}/", params={"action": "health"})
    return answer.status_code, answer.json()


@each
def test_nothing_of_the_repository_is_beside_it(bundle: Bundle) -> None:
    """No folder of the repository is on the path of its Python."""
    paths = [(bundle.folder / it).resolve() for it in json.loads(bundle.python("-c", PATHS))]
    assert paths
    assert [it for it in paths if it.is_relative_to(ROOT)] == []


@each
def test_what_is_installed_is_what_is_pinned(bundle: Bundle) -> None:
    """pip had to look for nothing that requirements.txt does not name; so nothing changes between two builds."""
    *pins, _ = bundle.pins
    wanted = [it for it in map(Requirement, pins) if it.marker is None or it.marker.evaluate()]
    found = [Requirement(it) for it in json.loads(bundle.python("-c", INSTALLED))]
    assert sorted((canonicalize_name(it.name), str(it.specifier)) for it in found if it.name not in OF_PIP) == sorted(
        [*((canonicalize_name(it.name), str(it.specifier)) for it in wanted), ("pulser", f"=={VERSION}")]
    )


@each
def test_the_pins_fit_each_other(bundle: Bundle) -> None:
    """No package misses what it requires, or has another version of it."""
    assert bundle.python("-m", "pip", "check") == "No broken requirements found.\n"


@pytest.mark.parametrize("bundle", ["socket-relay"], indirect=True)
def test_pip_by_itself_takes_the_same(bundle: Bundle, tmp_path: Path) -> None:
    """From the function's own requirements and the lock, pip comes to the bundle's pins: none is too much."""
    *pins, library = bundle.pins
    lines = (ROOT / "functions" / bundle.name / "requirements.txt").read_text().splitlines()
    own = [library if it == "./shared" else it for it in lines if not it.startswith("#")]
    report = tmp_path / "report.json"
    options = ["--dry-run", "--ignore-installed", "--quiet", "--only-binary", ":all:", "--report", str(report)]
    bundle.python("-m", "pip", "install", *options, "--constraint", str(ROOT / "requirements.txt"), *own)
    chosen = [it["metadata"] for it in json.loads(report.read_text())["install"]]
    wanted = [it for it in map(Requirement, pins) if it.marker is None or it.marker.evaluate()]
    assert {canonicalize_name(it["name"]) for it in chosen} == {
        "pulser",
        *(canonicalize_name(it.name) for it in wanted),
    }


@each
def test_start_up_imports_what_it_requires(bundle: Bundle) -> None:
    """Each module of others comes from a package of its requirements; beside them the function and its library."""
    pinned = {"pulser", *(canonicalize_name(Requirement(it).name) for it in bundle.pins[:-1])}
    modules = modules_at_start(bundle)
    brought = {name for name, packages in modules.items() if pinned & set(map(canonicalize_name, packages))}
    assert {"functions_framework", "pulser"} <= brought
    assert modules.keys() - brought == {"main", bundle.name.replace("-", "_")}


@each
def test_start_up_imports_no_client_that_is_not_used(bundle: Bundle) -> None:
    """Only socket-relay holds websockets, only notify-dispatch calls hooks by httpx; nobody asks the Data API yet."""
    clients = {"websockets", "httpx", *DATA_API}
    used = {"socket-relay": {"websockets"}, "notify-dispatch": {"httpx"}}
    assert modules_at_start(bundle).keys() & clients == used.get(bundle.name, set())


@each
async def test_it_serves_without_a_database(bundle: Bundle, closed_port: int, tmp_path: Path) -> None:
    """The Procfile's command answers on PORT; health is a 503 that says what is missing."""
    url = f"postgresql://postgres:sentinel@127.0.0.1:{closed_port}/postgres"
    status, body = await health(bundle, {"SUPABASE_DB_URL": url}, tmp_path)
    assert status == 503
    assert {name: body[name] for name in ("ok", "function", "version")} == {
        "ok": False,
        "function": bundle.name,
        "version": VERSION,
    }
    assert body["checks"]["database"] == {"ok": False, "message": "the database does not answer"}


@one
async def test_it_serves_with_the_data_api(bundle: Bundle, closed_port: int, tmp_path: Path) -> None:
    """The client that is imported late is there."""
    settings = {"SUPABASE_URL": f"http://127.0.0.1:{closed_port}", "SUPABASE_SERVICE_ROLE_KEY": "sentinel"}
    status, body = await health(bundle, settings, tmp_path)
    assert (status, body["checks"]["database"]["message"]) == (503, "the database does not answer")


@one
async def test_it_says_that_its_environment_is_not_complete(bundle: Bundle, tmp_path: Path) -> None:
    """Without any setting it starts all the same, and answers 503 in JSON."""
    status, body = await health(bundle, {}, tmp_path)
    assert (status, body["ok"], body["error"]) == (503, False, "misconfigured")


@one
async def test_it_is_well_with_a_database(bundle: Bundle, database_url: str, call: Call, tmp_path: Path) -> None:
    """With the migrations and its secrets in Vault, all checks are ok."""
    for name in ("pulser_function_key", "slack_bot_token"):
        await call("store_secret_v1", name=name, value="sentinel")
    status, body = await health(bundle, {"SUPABASE_DB_URL": database_url}, tmp_path)
    assert (status, body["ok"]) == (200, True), body


@one
async def test_sigterm_ends_it(bundle: Bundle, tmp_path: Path) -> None:
    """The signal with which a host stops a container ends the server, cleanly."""
    async with bundle.serving({}, tmp_path) as (child, _):
        child.process.send_signal(signal.SIGTERM)
        assert await child.wait() == 0
