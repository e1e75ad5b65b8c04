"""What differs between the asynchronous and the synchronous client. Each has a file of its own with these names."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

import httpx
from websockets.sync.client import ClientConnection, connect

from .._core import settings, stream

T = TypeVar("T")

Event = threading.Event
HttpClient = httpx.Client
Socket = ClientConnection


def http_client(options: settings.Settings) -> HttpClient:
    """An HTTP client; on this machine it uses no proxy."""
    mounts = {f"all://{httpx.URL(options.url).host}": None} if options.is_local else None
    return HttpClient(mounts=mounts, headers={"User-Agent": settings.USER_AGENT}, follow_redirects=False)


def open_socket(options: settings.Settings, headers: dict[str, str]) -> Socket:
    """Opens the WebSocket."""
    connection = connect(
        options.socket_url,
        additional_headers=headers,
        user_agent_header=settings.USER_AGENT,
        proxy=None if options.is_local else True,
        open_timeout=stream.OPEN_TIMEOUT,
        ping_interval=stream.PING_INTERVAL,
        ping_timeout=stream.PING_TIMEOUT,
        close_timeout=stream.CLOSE_TIMEOUT,
        max_size=stream.MAX_MESSAGE,
        max_queue=stream.MAX_QUEUED,
    )
    # Connections are context managers; this one is left by `close`.
    connection.__enter__()
    return connection


def sleep(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


def wait(event: Event, seconds: float) -> bool:
    """Waits for an event, at most so long; returns whether it happened."""
    return event.wait(seconds)


def acquire(lock: threading.Lock) -> None:
    """Acquires a lock that clients of other threads and event loops use too."""
    lock.acquire()


def blocking(function: Callable[..., T], *arguments: object) -> T:
    """Calls a function that may block."""
    return function(*arguments)


@contextlib.contextmanager
def blocking_context(manager: AbstractContextManager[object]) -> Iterator[None]:
    """Enters and leaves a context whose entry may block."""
    with manager:
        yield
