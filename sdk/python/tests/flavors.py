"""Lets one test use the sync and the async client: the async one is driven from the test's thread."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Iterator
from typing import Any, cast

from callboard import AsyncClient, Client

_loop = asyncio.new_event_loop()
threading.Thread(target=_loop.run_forever, name="flavors", daemon=True).start()


def run(awaitable: Any) -> Any:
    """Runs an awaitable of the async client."""

    async def wait() -> Any:
        return await awaitable

    return asyncio.run_coroutine_threadsafe(wait(), _loop).result(120)


class Blocking:
    """An object of the async client, with methods that block."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, {"close": "aclose"}.get(name, name))
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            if inspect.isawaitable(result):
                result = run(result)
            if isinstance(result, AsyncClient) or hasattr(result, "__anext__"):
                return Blocking(result)
            return result

        return call

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return run(self._target.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Blocking:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Flavor:
    """Makes clients of one flavor. To type checkers they are all sync ones."""

    def __init__(self, name: str) -> None:
        self.name = name

    def client(self, url: str, **settings: Any) -> Client:
        """A client."""
        if self.name == "sync":
            return Client(url, **settings)

        async def make() -> AsyncClient:
            return AsyncClient(url, **settings)

        return cast(Client, Blocking(run(make())))

    def sign_in(self, url: str, email: str, password: str, **settings: Any) -> Client:
        """A client that is signed in."""
        if self.name == "sync":
            return Client.sign_in(url, email, password, **settings)
        return cast(Client, Blocking(run(AsyncClient.sign_in(url, email, password, **settings))))
