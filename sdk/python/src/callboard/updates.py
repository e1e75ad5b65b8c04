"""What a watch yields: snapshots, events, and the moment from which events are live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True)
class Cursor:
    """A position in a stream. Store it to resume a watch later, e.g. with `dataclasses.asdict`."""

    epoch: str
    """The epoch of the stream; numbers of different epochs are unrelated."""
    seq: int
    """The number of the last event seen."""


@dataclass(frozen=True)
class Snapshot:
    """The state of the room at the start of a watch without a cursor."""

    cursor: Cursor
    state: Any
    """The board, ticket, job or search."""
    kind: Literal["snapshot"] = "snapshot"


@dataclass(frozen=True)
class Resync:
    """A new snapshot, because the cursor cannot be continued: discard earlier state."""

    cursor: Cursor
    state: Any
    """The board, ticket, job or search."""
    kind: Literal["resync"] = "resync"


@dataclass(frozen=True)
class Live:
    """All past events were delivered; from here on events are live."""

    cursor: Cursor
    kind: Literal["live"] = "live"


@dataclass(frozen=True)
class Event:
    """An event in the room."""

    cursor: Cursor
    """Its position: the epoch, and its number in the stream."""
    type: str
    """The event type, e.g. `status_changed`."""
    workflow_id: str
    ticket_id: str | None
    job_id: str | None
    agent_id: str | None
    """The actor who caused it."""
    data: Mapping[str, Any]
    """The payload, by event type; `changes` maps changed fields to their new values."""
    timestamp: str
    """Its time, RFC 3339."""
    prev: int
    """The number of the event before it in the room."""
    raw: Mapping[str, Any] = field(repr=False)
    """The unparsed message."""
    kind: Literal["event"] = "event"

    @property
    def seq(self) -> int:
        """Its number in the stream."""
        return self.cursor.seq


Update: TypeAlias = Snapshot | Event | Resync | Live
"""An item of a watch; `kind` is `snapshot`, `event`, `resync` or `live`."""
