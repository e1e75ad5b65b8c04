"""The rules of a subscription: which messages become updates, and what ends a connection.

A subscription keeps its cursor, asks for what follows it, and yields each number of a room at most once and in order.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import CallboardError, Problem, RefusedError
from ..updates import Cursor, Event, Live, Resync, Snapshot, Update

OPEN_TIMEOUT = 15.0
CLOSE_TIMEOUT = 0.1
"""The server leaves it to the client to close the connection, and nothing is lost by doing it at once."""
PING_INTERVAL = 20.0
PING_TIMEOUT = 40.0
"""With the interval: a connection without an answer for a minute counts as lost."""
MAX_MESSAGE = 64 * 1024 * 1024
MAX_QUEUED = 64
"""Messages that wait in memory; after that the connection is not read until they are taken."""
FIRST_BACKOFF = 0.1
MAX_BACKOFF = 10.0


class ConnectionEnded(Exception):
    """The connection ended; a new one may go on. If `expired`, after the access token is refreshed."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "lost")
        self.expired = expired


@dataclass(frozen=True)
class Reauthenticate:
    """The server asks for a new access token, because the current one expires soon."""


class Subscription:
    """One room, across connections."""

    def __init__(self, room: str, since: Cursor | Mapping[str, Any] | None) -> None:
        self.room = room
        self.cursor = since if since is None or isinstance(since, Cursor) else Cursor(since["epoch"], since["seq"])
        self._backoff = FIRST_BACKOFF
        self._refreshes = 0

    def subscribe(self) -> str:
        """The first message of a new connection."""
        message: dict[str, Any] = {"type": "subscribe", "room": self.room}
        if self.cursor:
            message["since"] = {"epoch": self.cursor.epoch, "seq": self.cursor.seq}
        return json.dumps(message)

    def receive(self, text: str | bytes) -> Update | Reauthenticate | None:
        """Handles a message. Raises `ConnectionEnded`, or an error that no retry can fix."""
        try:
            message = json.loads(text)
        except ValueError:
            raise ConnectionEnded from None
        if not isinstance(message, dict):
            raise ConnectionEnded
        kind = message.get("type")
        if kind in ("snapshot", "resync"):
            resumed = kind == "resync" or self.cursor is not None
            cursor = self.cursor = _cursor(message)
            state = next((message[part] for part in ("board", "ticket", "job", "search") if part in message), None)
            return Resync(cursor, state) if resumed else Snapshot(cursor, state)
        if kind == "subscribed":
            self.cursor = _cursor(message)
            self._backoff = FIRST_BACKOFF
            self._refreshes = 0
            return Live(self.cursor)
        if kind in ("error", "unsubscribed"):
            raise _refusal(message)
        if kind == "reauthenticate":
            return Reauthenticate()
        return self._event(message) if "seq" in message and "stream" in message else None

    def _event(self, message: dict[str, Any]) -> Event | None:
        cursor = _cursor(message)
        event = Event(
            cursor=cursor,
            type=str(message.get("type")),
            workflow_id=str(message.get("workflow_id")),
            ticket_id=message.get("ticket_id"),
            job_id=message.get("job_id"),
            agent_id=message.get("agent_id"),
            data=message.get("data") or {},
            timestamp=str(message.get("timestamp")),
            prev=_number(message, "prev"),
            raw=message,
        )
        if self.cursor:
            if self.cursor.epoch == cursor.epoch and cursor.seq <= self.cursor.seq:
                return None
            if self.cursor.epoch != cursor.epoch or event.prev > self.cursor.seq:
                # There is a gap: on a new connection the server sends what follows our cursor.
                raise ConnectionEnded
        self.cursor = cursor
        return event

    def closed(self, code: int | None) -> CallboardError | ConnectionEnded:
        """What follows from the code that the server closed the connection with."""
        if code == 4001:
            return ConnectionEnded(expired=True)
        if code == 4003:
            return rejected(403, "forbidden", "Access to the room was revoked.")
        return ConnectionEnded()

    def handshake_refused(self, status: int) -> CallboardError | ConnectionEnded:
        """What follows from a refused handshake."""
        if status == 401:
            return ConnectionEnded(expired=True)
        if status == 429 or status >= 500:
            return ConnectionEnded()
        return rejected(status, "refused", f"The server responded with {status} to the WebSocket request.")

    def next_wait(self) -> float:
        """The seconds until the next connection; longer after each that did not come to `live`."""
        wait = self._backoff * random.uniform(0.8, 1.2)
        self._backoff = min(self._backoff * 2, MAX_BACKOFF)
        return wait

    def refreshed(self, refreshed: bool) -> None:
        """Notes the result of refreshing an expired token. Raises an error if the credential is no longer valid."""
        self._refreshes += 1
        if not refreshed or self._refreshes >= 3:
            raise rejected(401, "unauthenticated", "The credential is no longer valid.")


def _cursor(message: dict[str, Any]) -> Cursor:
    epoch = message.get("epoch")
    if not isinstance(epoch, str):
        raise ConnectionEnded
    return Cursor(epoch, _number(message, "seq"))


def _number(message: dict[str, Any], name: str) -> int:
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConnectionEnded
    return value


def _refusal(message: dict[str, Any]) -> CallboardError | ConnectionEnded:
    code = str(message.get("code") or message.get("reason") or "refused")
    if code in ("too_many_requests", "busy", "unavailable"):
        return ConnectionEnded()
    status = {"not_found": 404, "unauthenticated": 401}.get(code, 403)
    return rejected(status, code, str(message.get("detail") or "Access to the room was revoked."))


def rejected(status: int, code: str, detail: str) -> RefusedError:
    """An error as a problem document would state it."""
    return RefusedError(Problem(status, code, detail))
