"""What compose.yaml, Dockerfile and .env come to: what each service runs, and with which settings.

As much of the formats as our own files use; anything else fails.
"""

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import yaml

from backend.local.system import ROOT

EXAMPLE = ROOT / "config" / ".env.example"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """A container.

    Attributes:
        environment: all that its process finds, but for the image's own system.
        command: what runs in it; empty where that is the image's own.
        health: the command that says whether it is well; empty without one.
        mounts: what of this folder it has where.
        definition: its part of compose.yaml.
    """

    environment: Mapping[str, str]
    command: list[str]
    health: list[str]
    mounts: Mapping[str, Path]
    definition: Mapping[str, Any]


def filled_in(example: str, answers: Mapping[str, str]) -> str:
    """.env.example with these values, in single quotes as it asks for."""
    lines = example.splitlines()
    for name, value in answers.items():
        (at,) = [at for at, line in enumerate(lines) if line.startswith(f"{name}=")]
        assert not set("'\\\n") & set(value)
        lines[at] = f"{name}='{value}'"
    return "\n".join(lines)


def env_file(text: str) -> dict[str, str]:
    """The variables of an .env file, as compose reads it."""
    variables = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, value = line.split("=", 1)
        if value.startswith("'"):
            assert value.endswith("'"), line
            value = value[1:-1]
        variables[name] = value
    return variables


def services(env_text: str) -> dict[str, Service]:
    """All services of compose.yaml with such an .env."""
    variables = env_file(env_text)
    return {name: _service(definition, variables) for name, definition in definitions().items()}


def definitions() -> dict[str, dict[str, Any]]:
    """The services of compose.yaml as they stand there."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def mounts(definition: Mapping[str, Any]) -> dict[str, Path]:
    """What of this folder a service has, by its place there."""
    volumes = [volume.split(":") for volume in definition.get("volumes", [])]
    return {where: ROOT / what for what, where, *_ in volumes if what.startswith("./")}


def subnet() -> str:
    """The network of the services."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return str(compose["networks"]["default"]["ipam"]["config"][0]["subnet"])


def _service(definition: dict[str, Any], variables: Mapping[str, str]) -> Service:
    ours = "build" in definition
    image = _image() if ours else {"ENV": {}, "CMD": [], "HEALTHCHECK": []}
    given = {
        name: _interpolated(str(value), variables)
        for name, value in definition.get("environment", {}).items()
    }
    return Service(
        environment=image["ENV"] | (variables if "env_file" in definition else {}) | given,
        command=definition.get("command", image["CMD"]),
        health=[] if definition.get("healthcheck", {}).get("disable") else image["HEALTHCHECK"],
        mounts=mounts(definition),
        definition=definition,
    )


def _interpolated(text: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, operator, argument = found.groups()
        if variables.get(name):
            return variables[name]
        assert operator != "?", f"{name}: {argument}"
        return argument or ""

    return _VARIABLE.sub(value, text)


def image_runs() -> list[str]:
    """What the Dockerfile's last stage runs."""
    runs: list[str] = _image()["RUN"]
    return runs


def image_files() -> Iterator[PurePath]:
    """The files of ours that the image has in its working folder."""
    for source in _image()["COPY"]:
        for path in sorted((ROOT / source).rglob("*")):
            relative = path.relative_to(ROOT)
            if path.is_file() and not _ignored(relative):
                yield relative


def copy_image(folder: Path) -> None:
    """Make the image's working folder, as the Dockerfile's COPY does."""
    for file in image_files():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)


def _ignored(file: PurePath) -> bool:
    """Whether .dockerignore leaves a file out: the last of its lines that fits has the say."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        assert pattern == "*" or "*" not in anywhere, line
        if pattern == "*" or any(
            path == PurePath(pattern) or (anywhere != pattern and path.name == anywhere)
            for path in (file, *file.parents)
        ):
            ignored = not line.startswith("!")
    return ignored


def _image() -> dict[str, Any]:
    """COPY of our files, RUN, ENV, CMD and HEALTHCHECK of the Dockerfile's last stage."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    stage = text[text.rindex("\nFROM ") :]
    found: dict[str, Any] = {"ENV": {}, "COPY": [], "RUN": []}
    for line in stage.splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction == "COPY" and not rest.startswith("--from"):
            source, target = rest.split()
            assert source == target, line
            found["COPY"].append(source)
        elif instruction == "RUN":
            found["RUN"].append(rest)
        elif instruction == "ENV":
            found["ENV"] |= dict(item.split("=", 1) for item in rest.split())
        elif instruction == "CMD":
            found["CMD"] = json.loads(rest)
        elif instruction == "HEALTHCHECK":
            found["HEALTHCHECK"] = shlex.split(rest.partition("CMD ")[2])
    return found
