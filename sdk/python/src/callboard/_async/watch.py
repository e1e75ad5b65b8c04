"""Follows a room across lost connections and restarts of the server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from .._core.stream import ConnectionEnded, Reauthenticate, Subscription
from ..errors import CallboardError
from ..updates import Cursor, Update
from . import compat
from .sending import Sender


class AsyncWatch:
    """An iterator of the updates of a room; see `AsyncClient.watch`. Close it, or use it in `async with`."""

    def __init__(self, sender: Sender, room: str, since: Cursor | Mapping[str, Any] | None) -> None:
        self._sender = sender
        self._subscription = Subscription(room, since)
        self._socket: compat.Socket | None = None
        self._bearer = ""
        self._closed = compat.Event()

    @property
    def cursor(self) -> Cursor | None:
        """The position after the last update, to resume from."""
        return self._subscription.cursor

    def __aiter__(self) -> AsyncWatch:
        return self

    async def __anext__(self) -> Update:
        while not self._closed.is_set():
            try:
                return await self._next()
            except ConnectionEnded as ended:
                await self._disconnect()
                try:
                    await self._recover(ended)
                except CallboardError:
                    await self.aclose()
                    raise
            except CallboardError:
                await self.aclose()
                raise
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Closes the connection and ends the iteration, also one that waits on another thread or task."""
        self._closed.set()
        await self._disconnect()

    async def __aenter__(self) -> AsyncWatch:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _next(self) -> Update:
        """The next update of this connection. Raises `ConnectionEnded`, or an error that no retry can fix."""
        while True:
            socket = self._socket or await self._connect()
            try:
                update = self._subscription.receive(await socket.recv())
                if isinstance(update, Reauthenticate):
                    await self._reauthenticate(socket)
                elif update is not None:
                    return update
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                raise self._subscription.closed(code) from closed

    async def _connect(self) -> compat.Socket:
        """Opens a connection and subscribes."""
        self._bearer = self._sender.credential.bearer() or ""
        headers = {"Authorization": f"Bearer {self._bearer}"}
        if self._sender.settings.agent_id is not None:
            headers["X-Agent-ID"] = self._sender.settings.agent_id
        try:
            socket = await compat.open_socket(self._sender.settings, headers)
        except InvalidStatus as refused:
            raise self._subscription.handshake_refused(refused.response.status_code) from refused
        except (OSError, EOFError, InvalidHandshake, WebSocketException) as error:
            raise ConnectionEnded from error
        try:
            await socket.send(self._subscription.subscribe())
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            raise self._subscription.closed(code) from closed
        except BaseException:
            await socket.close()
            raise
        self._socket = socket
        return socket

    async def _reauthenticate(self, socket: compat.Socket) -> None:
        """Sends a new access token. If it cannot be had now, the server closes the connection when the old one ends."""
        with contextlib.suppress(CallboardError):
            if await self._sender.refresh(self._bearer):
                self._bearer = self._sender.credential.bearer() or ""
                await socket.send(json.dumps({"type": "auth", "token": self._bearer}))

    async def _disconnect(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            with contextlib.suppress(WebSocketException, OSError):
                await socket.close()

    async def _recover(self, ended: ConnectionEnded) -> None:
        """Refreshes an expired token and waits before the next connection."""
        if ended.expired:
            try:
                self._subscription.refreshed(await self._sender.refresh(self._bearer))
            except CallboardError as error:
                if not error.temporary:
                    raise
        await compat.wait(self._closed, self._subscription.next_wait())
