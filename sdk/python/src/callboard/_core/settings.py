"""Settings of a client and its credential."""

from __future__ import annotations

import contextlib
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ..credentials import Tokens, TokenStore

VERSION = "0.1.0"
USER_AGENT = f"callboard-python/{VERSION}"
CONNECT_TIMEOUT = 10.0


@dataclass(frozen=True)
class Settings:
    """What every request of a client has in common."""

    url: str
    timeout: float
    max_attempts: int
    strict: bool
    agent_id: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, where no proxy is used."""
        host = urlsplit(self.url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")

    @property
    def socket_url(self) -> str:
        """The address of the WebSocket."""
        return f"{self.url.replace('http', 'ws', 1)}/ws"


def settings(url: str, timeout: float, max_attempts: int, strict: bool) -> Settings:
    """Checks the settings of a client."""
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not the address of a server; use one like http://127.0.0.1:8080")
    if timeout <= 0 or max_attempts < 1:
        raise ValueError("timeout must be more than 0 seconds and max_attempts at least 1")
    return Settings(url, timeout, max_attempts, strict)


def path_segment(text: str) -> str:
    """Percent-encodes a text as one segment of a path."""
    return quote(text, safe="")


class CredentialCell:
    """The credential of a client and its copies: a key, tokens or nothing."""

    def __init__(self, key: str | None, tokens: Tokens | None, store: TokenStore | None) -> None:
        if key is not None and tokens is not None:
            raise ValueError("a client has a key or tokens, not both")
        self.key = key
        self.tokens = tokens
        self.store = store
        self.refreshing = threading.Lock()

    def bearer(self) -> str | None:
        """What the Authorization header carries."""
        return self.key or (self.tokens.access if self.tokens else None)

    def store_lock(self) -> AbstractContextManager[object]:
        """The lock of the store."""
        return self.store.lock() if self.store else contextlib.nullcontext()

    def load(self) -> Tokens | None:
        """The newest tokens: those of the store, or the client's."""
        return (self.store.load() if self.store else None) or self.tokens

    def save(self, tokens: Tokens) -> None:
        """Keeps refreshed tokens."""
        if self.store:
            self.store.save(tokens)
        self.tokens = tokens
