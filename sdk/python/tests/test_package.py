"""The package: generated files, versions, distributions, and the examples of the documents."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import callboard
from conftest import Board
from harness import ROOT, Server

PACKAGE = ROOT / "sdk/python"


@pytest.mark.parametrize("script", ["generate_types.py", "generate_sync.py"])
def test_generated_files_are_up_to_date(script: str) -> None:
    checked = subprocess.run(
        [sys.executable, str(PACKAGE / "scripts" / script), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_versions_are_those_of_the_server() -> None:
    def version(path: Path) -> str:
        found = re.search(r'^version = "(.+)"$', path.read_text(), re.MULTILINE)
        assert found, path
        return found[1]

    assert callboard.__version__ == version(PACKAGE / "pyproject.toml") == version(ROOT / "Cargo.toml")


def test_both_clients_have_the_same_methods() -> None:
    def names(client: type) -> set[str]:
        return {name.replace("aclose", "close") for name in dir(client) if not name.startswith("_")}

    assert names(callboard.Client) == names(callboard.AsyncClient)
    # What workers and other things do has another shape, but the same names.
    job = {name for name in vars(callboard.AsyncJob) if not name.startswith("_")} - {"ended", "confirm_cancelled"}
    assert job - {"cancelled"} <= {name for name in vars(callboard.Job) if not name.startswith("_")}


def build(kind: str, folder: Path) -> Path:
    """Builds a distribution from a copy of the package, so that the sources stay clean."""
    source = folder / "source"
    ignored = {"build", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    for path in PACKAGE.rglob("*"):
        relative = path.relative_to(PACKAGE)
        if path.is_file() and not ignored & set(relative.parts) and "egg-info" not in str(relative):
            (source / relative).parent.mkdir(parents=True, exist_ok=True)
            (source / relative).write_bytes(path.read_bytes())
    code = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(folder)!r}))"
    built = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / built.stdout.strip().splitlines()[-1]


def test_the_wheel_is_complete_and_typed(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("wheel", tmp_path)) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(f"callboard-{callboard.__version__}.dist-info/METADATA").decode()
        wheel.extractall(tmp_path / "installed")
    sources = {str(path.relative_to(PACKAGE / "src")) for path in (PACKAGE / "src/callboard").rglob("*.py")}
    in_metadata = {name for name in names if ".dist-info/" in name}
    assert names - in_metadata == sources | {"callboard/py.typed"}
    assert any(name.endswith("licenses/LICENSE") for name in in_metadata)
    assert "License-Expression: MIT" in metadata
    assert "# Callboard for Python" in metadata
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    code = "import callboard; print(callboard.__file__)"
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(tmp_path))


def test_the_source_distribution_is_complete(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/callboard/py.typed", "src/callboard/types.py"} <= names


def examples() -> list[Any]:
    """The Python blocks of the documents that are marked as tested."""
    found = []
    for document in ("sdk/python/README.md", "docs/python-client.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        blocks = re.findall(r"<!-- tested(?:: python)? -->\n```python\n(.*?)```", text, re.DOTALL)
        assert blocks, document
        assert len(blocks) == text.count("```python") - text.count("<!-- not tested"), document
        found += [pytest.param(block, id=f"{document}-{number}") for number, block in enumerate(blocks, 1)]
    return found


@pytest.mark.parametrize("example", examples())
def test_the_examples_work(example: str, server: Server, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.owner.request("PATCH", f"/api/workflows/{board.id}", json={"name": "Bicycle shop"})
    monkeypatch.setenv("CALLBOARD_URL", server.url)
    monkeypatch.setenv("CALLBOARD_API_KEY", board.key)
    try:
        exec(compile(example, "example", "exec"), {"__name__": "__main__"})
    finally:
        board.owner.request("PATCH", f"/api/workflows/{board.id}", json={"name": board.name})


def test_the_examples_have_correct_types(tmp_path: Path) -> None:
    for number, example in enumerate(examples()):
        (tmp_path / f"example_{number}.py").write_text(example.values[0])
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(PACKAGE / "pyproject.toml")]
    checked = subprocess.run([*command, str(tmp_path)], cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
