"""What differs between the asynchronous and the synchronous client. Each has a file of its own with these names."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect

from .._core import settings, stream

T = TypeVar("T")

Event = asyncio.Event
HttpClient = httpx.AsyncClient
Socket = ClientConnection


def http_client(options: settings.Settings) -> HttpClient:
    """An HTTP client; on this machine it uses no proxy."""
    mounts = {f"all://{httpx.URL(options.url).host}": None} if options.is_local else None
    return HttpClient(mounts=mounts, headers={"User-Agent": settings.USER_AGENT}, follow_redirects=False)


async def open_socket(options: settings.Settings, headers: dict[str, str]) -> Socket:
    """Opens the WebSocket."""
    return await connect(
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


async def sleep(seconds: float) -> None:
    """Waits."""
    await asyncio.sleep(seconds)


async def wait(event: Event, seconds: float) -> bool:
    """Waits for an event, at most so long; returns whether it happened."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def acquire(lock: threading.Lock) -> None:
    """Acquires a lock that clients of other threads and event loops use too."""
    while not lock.acquire(blocking=False):
        await asyncio.sleep(0.01)


async def blocking(function: Callable[..., T], *arguments: object) -> T:
    """Calls a function that may block."""
    return await asyncio.to_thread(function, *arguments)


@contextlib.asynccontextmanager
async def blocking_context(manager: AbstractContextManager[object]) -> AsyncIterator[None]:
    """Enters and leaves a context whose entry may block."""
    entering = asyncio.ensure_future(asyncio.to_thread(manager.__enter__))
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        # The thread goes on, so the context is left as soon as it is entered.
        entering.add_done_callback(lambda entered: entered.exception() or manager.__exit__(None, None, None))
        raise
    try:
        yield
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)
