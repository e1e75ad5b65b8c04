"""Tokens of people who signed in, and storage for them that several processes can share."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Tokens:
    """The tokens of a sign-in."""

    access: str = field(repr=False)
    """The access token, sent with each request; valid for 15 minutes by default."""
    refresh: str | None = field(default=None, repr=False)
    """The refresh token, which can be used once; None if there is none."""


class TokenStore(Protocol):
    """Storage for tokens. Its methods may block; `AsyncClient` calls them on other threads."""

    def lock(self) -> AbstractContextManager[object]:
        """A context that at most one process is in; tokens are refreshed inside."""

    def load(self) -> Tokens | None:
        """The stored tokens, or None."""

    def save(self, tokens: Tokens) -> None:
        """Stores refreshed tokens."""


class FileTokenStore:
    """Keeps tokens in a file that only its owner can read; processes lock it with `flock`. Not for Windows.

    Example::

        store = FileTokenStore("~/.config/my-tool/tokens.json")
        client = Client(url, tokens=store.load(), store=store)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Waits for the lock of the file beside it, `<path>.lock`."""
        if sys.platform == "win32":
            raise NotImplementedError("FileTokenStore needs flock; write a TokenStore for Windows")
        import fcntl

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self.path}.lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def load(self) -> Tokens | None:
        """The stored tokens, or None if there are none that can be read."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            return Tokens(str(stored["access"]), stored.get("refresh"))
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return None

    def save(self, tokens: Tokens) -> None:
        """Replaces the file, so that a reader never sees a part of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = f"{self.path}.{os.getpid()}.new"
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(tokens), file)
        os.replace(temporary, self.path)
