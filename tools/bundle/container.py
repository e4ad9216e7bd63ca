"""The texts by which a bundle is started, and packed into a container."""

from __future__ import annotations

PYTHON = "3.11"  # the version that all tests run with

DOCKERFILE = """\
# {name}, from a folder that `make bundle` made. PORT says where it listens (8080).
FROM python:{python}-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# One worker and no threads: all waiting is done by one event loop. A second worker would be a second pool of database
# connections and a second relay or dispatcher within the same 256 MB; who needs more starts more containers.
ENV WORKERS=1
# gunicorn puts its control socket there; the user has no home.
ENV XDG_RUNTIME_DIR=/tmp

WORKDIR /app
COPY requirements.txt ./
COPY wheels/ wheels/
# Wheels only: nothing is compiled, so no build tool is missed.
RUN pip install --only-binary :all: -r requirements.txt
COPY main.py ./
COPY {package}/ {package}/
RUN python -m compileall -q main.py {package}

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin pulser
USER 10001

CMD [{command}]
"""

DOCKERIGNORE = """\
*
!requirements.txt
!wheels
!main.py
!{package}
**/__pycache__
"""

README = """
## This bundle

`make bundle FN={name}` made this folder. It has all that {name} needs and is deployed alone; nothing in it is edited.

    gcloud run deploy {name} --source . --no-cpu-throttling    # Cloud Run builds the Dockerfile
    docker build -t {name} .                                   # any host of containers; the Procfile for others

    python{python} -m venv .venv && .venv/bin/pip install --only-binary :all: -r requirements.txt
    .venv/bin/{command}

PORT (8080) and HOST (all addresses) say where it listens. The rest is in the repository's docs/deploy.md.
"""


def start_command(package: str) -> list[str]:
    """What starts the function; PORT and HOST in the environment say where."""
    return ["functions-framework", "--source", "main.py", "--target", package]


def texts_for(name: str, package: str) -> dict[str, str]:
    """Each file that is written for a function, by its name in the bundle."""
    command = start_command(package)
    quoted = ", ".join(f'"{word}"' for word in command)
    return {
        "Dockerfile": DOCKERFILE.format(name=name, package=package, python=PYTHON, command=quoted),
        ".dockerignore": DOCKERIGNORE.format(package=package),
        "Procfile": f"web: {' '.join(command)}\n",
    }


def readme_for(name: str, package: str) -> str:
    """What stands below the function's own README."""
    return README.format(name=name, python=PYTHON, command=" ".join(start_command(package)))
