"""Dockerfile and compose.yaml agree with the project: what they copy is there, what they start starts, what they set is read."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from experiments.benchmarks.serving import free_port
from ruamel.yaml import YAML
from streamlit.config import get_config_options

from tests.house.floors import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
KNOWN = {"build", "image", "restart", "depends_on", "environment", "ports", "volumes", "healthcheck"}
"""Keys of a service, of those that the Compose Specification has, that are used here."""


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction of the Dockerfile, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^\s*{name}\s+(.*)$", joined, re.M)


def health_check() -> list[str]:
    """The words of the health check."""
    (line,) = instructions("HEALTHCHECK")
    words: list[str] = json.loads(line.partition("CMD ")[2])
    assert words[0] == "python"
    return words


def test_everything_it_copies_is_there_and_not_ignored() -> None:
    copied = [word for line in instructions("COPY") for word in shlex.split(line)[:-1]]
    assert copied
    assert not [name for name in copied if not (ROOT / name).exists()]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == let_in


def test_everything_the_product_reads_of_the_project_is_copied() -> None:
    copied = {Path(word).parts[0] for line in instructions("COPY") for word in shlex.split(line)[:-1]}
    read = {
        part
        for path in (ROOT / "src").rglob("*.py")
        for part in re.findall(r'parents\[3\] / "(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert {"data", "experiments"} <= read <= copied


def test_it_runs_as_nobody_in_particular_and_keeps_its_state_in_a_volume() -> None:
    assert instructions("USER") == ["lab"]
    assert "--uid 10001 lab" in DOCKERFILE
    root = DOCKERFILE.partition("\nUSER lab\n")
    assert "install -d -o lab -g lab" in root[0], "the volume's folder is the user's own"
    assert "\nCMD " in root[2]
    assert "\nRUN " not in root[2]
    (volume,) = instructions("VOLUME")
    assert f"INCENTIVE_LAB_HOME={volume}" in DOCKERFILE
    assert f"lab-home:{volume}" in COMPOSE["services"]["lab"]["volumes"]


def test_no_base_image_moves_by_itself() -> None:
    images = [*instructions("FROM"), COMPOSE["services"]["database"]["image"]]
    assert not [name for name in images if ":" not in name or name.endswith(":latest")]


def test_what_it_starts_answers(tmp_path: Path) -> None:
    command = json.loads(instructions("CMD")[-1])
    assert command[0] == "python"
    port = free_port()
    words = [sys.executable, *command[1:]]
    words[words.index("0.0.0.0")], words[words.index("8501")] = "127.0.0.1", str(port)
    env = {**os.environ, "INCENTIVE_LAB_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    running = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while True:
            assert running.poll() is None, "it stopped"
            assert time.monotonic() < end, "it does not answer"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                time.sleep(0.3)
        asked = [word.replace("8501", str(port)) for word in health_check()[1:]]
        assert subprocess.run([sys.executable, *asked], check=False).returncode == 0
        asked = [word.replace("8501", str(free_port())) for word in health_check()[1:]]
        assert subprocess.run([sys.executable, *asked], stderr=subprocess.DEVNULL, check=False).returncode != 0
    finally:
        running.terminate()
        running.wait(20)


def test_the_constraints_it_makes_have_no_extras() -> None:
    pattern = re.compile(r"\[[^]]*\]")
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert r"sed 's/\[[^]]*\]//' requirements.txt" in DOCKERFILE
    assert not [line for line in lines if "[" in pattern.sub("", line, count=1)]


def test_compose_says_nothing_that_is_not_there() -> None:
    services, volumes = COMPOSE["services"], set(COMPOSE["volumes"])
    assert set(COMPOSE) == {"services", "volumes"}
    for name, service in services.items():
        assert set(service) <= KNOWN, name
        assert set(service.get("depends_on", {})) <= set(services)
        named = {one.split(":")[0] for one in service.get("volumes", []) if isinstance(one, str)}
        assert named <= volumes
    (port,) = services["lab"]["ports"]
    assert port.startswith("127.0.0.1:")
    assert port.rsplit(":", 1)[1] == instructions("EXPOSE")[0]
    assert all(services[one].get("healthcheck") for one in services["lab"]["depends_on"])


def test_every_variable_that_compose_sets_is_read() -> None:
    ours = {name for name in COMPOSE["services"]["lab"]["environment"] if name.startswith("INCENTIVE_LAB_")}
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert ours
    assert not [name for name in ours if f'"{name}"' not in source]
    options = {option.env_var for option in get_config_options().values()}
    theirs = {name for name in COMPOSE["services"]["lab"]["environment"] if name.startswith("STREAMLIT_")}
    assert theirs <= options
    database = COMPOSE["services"]["database"]["environment"]
    asked = COMPOSE["services"]["database"]["healthcheck"]["test"]
    assert asked[-4:] == ["-U", database["POSTGRES_USER"], "-d", database["POSTGRES_DB"]]
    url = COMPOSE["services"]["lab"]["environment"]["INCENTIVE_LAB_DATABASE_URL"]
    assert url.startswith(f"postgresql://{database['POSTGRES_USER']}:")
    assert url.endswith(f"@database/{database['POSTGRES_DB']}")
