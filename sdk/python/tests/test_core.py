"""The decisions that both clients share, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callboard import (
    Cursor,
    Event,
    Live,
    Problem,
    RefusedError,
    Resync,
    Snapshot,
    UnreachableError,
    UnusableAnswerError,
)
from callboard._core import requests
from callboard._core.requests import AttemptFailed, Attempts, Repeat
from callboard._core.settings import settings
from callboard._core.stream import ConnectionEnded, Reauthenticate, Subscription
from callboard.errors import CallboardError

OPTIONS = settings("http://127.0.0.1:8080/", 45, 3, False)


def unreachable(outcome: Any) -> AttemptFailed:
    return requests.lost(OPTIONS, OSError("reset"), outcome)


def final_error(method: str, path: str, failures: list[AttemptFailed]) -> CallboardError:
    """The error that is reported after these failures."""
    attempts = Attempts(OPTIONS, requests.build(OPTIONS, method, path))
    for failure in failures[:-1]:
        assert attempts.wait_after(failure) >= 0
    with pytest.raises(CallboardError) as raised:
        attempts.wait_after(failures[-1])
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (409, "blocked", "not_done"),
        (503, "unavailable", "not_done"),
        (503, "busy", "not_done"),
        (503, "outcome_unknown", "unknown"),
        (503, "", "unknown"),
        (504, "", "unknown"),
        (500, "internal", "unknown"),
    ],
)
def test_only_refusals_of_callboard_are_certain(status: int, code: str, outcome: str) -> None:
    assert RefusedError(Problem(status, code)).outcome == outcome


def test_outcomes_of_the_other_errors() -> None:
    assert UnusableAnswerError("x").outcome == "done"
    assert (
        str(UnreachableError("http://x", "refused", "not_done")) == "The server at http://x cannot be reached: refused."
    )
    assert "look before you repeat it" in str(UnreachableError("http://x", "reset", "unknown"))


def test_a_write_stays_unknown_after_one_lost_answer() -> None:
    refused = requests.refused(503, b'{"code": "unavailable", "detail": "Not now."}', None)
    error = final_error("POST", "/api/tickets/create", [unreachable("unknown"), refused, refused])
    assert isinstance(error, UnreachableError)
    assert (error.outcome, error.why) == ("unknown", "Not now")
    # An answer that is no failure of the connection settles it: under the same key nothing was done.
    conflict = requests.refused(409, b'{"code": "blocked"}', None)
    assert final_error("POST", "/api/tickets/create", [unreachable("unknown"), conflict]).outcome == "not_done"
    # A read changes nothing.
    assert final_error("GET", "/api/tickets", [unreachable("not_done")] * 3).outcome == "not_done"


def test_what_has_no_key_is_not_repeated_after_a_lost_answer() -> None:
    assert final_error("POST", "/api/auth/login", [unreachable("unknown")]).outcome == "unknown"
    final_error("POST", "/api/auth/login", [unreachable("not_done")] * 3)
    final_error("POST", "/api/tickets/create", [unreachable("done")] * 3)
    for path, repeat in {
        "/api/webhooks/w-1/test": Repeat.NEVER,
        "/api/webhooks/w-1/dead-letters/d-1/replay": Repeat.NEVER,
        "/api/auth/password": Repeat.NEVER,
        "/api/jobs/job-1/heartbeat": Repeat.FREELY,
        "/api/auth/logout": Repeat.FREELY,
        "/api/webhooks": Repeat.WITH_KEY,
    }.items():
        request = requests.build(OPTIONS, "post", path)
        assert request.repeat is repeat, path
        assert ("Idempotency-Key" in request.headers) == (repeat is Repeat.WITH_KEY)
    assert requests.build(OPTIONS, "GET", "/api/webhooks").repeat is Repeat.FREELY


def test_waits_between_attempts() -> None:
    attempts = Attempts(settings("http://x", 45, 9, False), requests.build(OPTIONS, "GET", "/api/tickets"))
    assert attempts.wait_after(requests.refused(429, b"", "3")) == 3
    assert attempts.wait_after(requests.refused(429, b"", "9999")) == 20
    waits = [attempts.wait_after(unreachable("not_done")) for _ in range(5)]
    assert 0.4 < waits[0] < 0.8
    assert 4.0 <= waits[-1] <= 6.0
    for useless in ("Wed, 21 Oct 2026 07:28:00 GMT", "-1", "nan", ""):
        assert requests.refused(429, b"", useless).retry_after is None


def test_problems() -> None:
    body = {
        "type": "urn:x",
        "title": "Conflict",
        "status": 422,
        "code": "invalid",
        "detail": "The field title is missing.",
        "errors": [{"field": "title", "rule": "is missing"}, "nonsense"],
        "limit": 3,
    }
    found = requests.problem(422, json.dumps(body).encode())
    assert (found.status, found.code, found.detail) == (422, "invalid", "The field title is missing.")
    assert [(one.field, one.rule) for one in found.errors] == [("title", "is missing")]
    assert found.extra == {"limit": 3}
    for strange in (b"<html>", b"", b"[]", b'{"code": 1, "detail": null, "errors": 5}'):
        found = requests.problem(502, strange)
        assert (found.code, found.detail, found.errors) == ("", "The server responded with 502.", ())


def test_requests_are_checked() -> None:
    for key in ("", "with space", "ü", "x" * 256):
        with pytest.raises(ValueError, match="idempotency key"):
            requests.build(OPTIONS, "POST", "/api/tickets/create", idempotency_key=key)
    with pytest.raises(ValueError, match="takes no idempotency key"):
        requests.build(OPTIONS, "GET", "/api/tickets", idempotency_key="x")
    with pytest.raises(ValueError, match="slash"):
        requests.build(OPTIONS, "GET", "api")
    for url in ("callboard", "ftp://x", "http://"):
        with pytest.raises(ValueError, match="address of a server"):
            settings(url, 45, 3, False)
    params = requests.query({"a": None, "b": True, "status": ["x", "y"], "tag": ["p,q", "r"], "n": 3})
    assert params == [("b", "true"), ("status", "x,y"), ("tag", "p,q"), ("tag", "r"), ("n", "3")]


def event(seq: int, prev: int | None = None, epoch: str = "e") -> str:
    return json.dumps(
        {
            "type": "status_changed",
            "stream": "workflow:w",
            "workflow_id": "w",
            "ticket_id": "t",
            "data": {"changes": {}},
            "timestamp": "2026-01-01T00:00:00Z",
            "seq": seq,
            "epoch": epoch,
            "prev": seq - 1 if prev is None else prev,
        }
    )


def message(kind: str, seq: int = 5, epoch: str = "e", **members: Any) -> str:
    return json.dumps({"type": kind, "seq": seq, "epoch": epoch, **members})


def test_a_subscription_passes_each_number_once_and_in_order() -> None:
    room = Subscription("workflow:w", None)
    assert "since" not in json.loads(room.subscribe())
    assert room.receive(message("snapshot", board={"tickets": []})) == Snapshot(Cursor("e", 5), {"tickets": []})
    assert room.receive(message("subscribed")) == Live(Cursor("e", 5))
    update = room.receive(event(6))
    assert isinstance(update, Event)
    assert (update.seq, update.type, update.ticket_id, update.job_id) == (6, "status_changed", "t", None)
    assert room.receive(event(6)) is None
    assert room.receive(event(3)) is None
    # Numbers of other rooms in the stream are no gap.
    assert isinstance(room.receive(event(9, prev=6)), Event)
    for gap in (event(11, prev=10), event(10, epoch="other"), "no JSON", "[]", message("subscribed", epoch=None)):  # type: ignore[arg-type]
        with pytest.raises(ConnectionEnded):
            room.receive(gap)
        assert json.loads(room.subscribe())["since"] == {"epoch": "e", "seq": 9}
    assert isinstance(room.receive(event(10)), Event)
    # A snapshot on a resumed subscription replaces what was known.
    assert room.receive(message("snapshot", 20, "other", board=1)) == Resync(Cursor("other", 20), 1)
    assert room.receive(message("resync", 21, "other", job=2)) == Resync(Cursor("other", 21), 2)
    assert room.receive(message("pong")) is None
    assert isinstance(room.receive(json.dumps({"type": "reauthenticate", "expires_in": 9})), Reauthenticate)
    assert Subscription("w", {"epoch": "e", "seq": 3}).cursor == Cursor("e", 3)


def test_what_ends_a_watch() -> None:
    room = Subscription("workflow:w", None)
    for code in ("busy", "unavailable", "too_many_requests"):
        with pytest.raises(ConnectionEnded):
            room.receive(json.dumps({"type": "error", "code": code}))
    for code, status in (("not_found", 404), ("unauthenticated", 401), ("other", 403)):
        with pytest.raises(RefusedError) as refused:
            room.receive(json.dumps({"type": "error", "code": code, "detail": "No."}))
        assert (refused.value.problem.status, str(refused.value)) == (status, "No.")
    with pytest.raises(RefusedError) as revoked:
        room.receive(json.dumps({"type": "unsubscribed", "reason": "forbidden"}))
    assert revoked.value.code == "forbidden"
    for number in (1006, 1012, 1013, 4008, None):
        ended = room.closed(number)
        assert isinstance(ended, ConnectionEnded)
        assert not ended.expired
    expired = room.closed(4001)
    assert isinstance(expired, ConnectionEnded)
    assert expired.expired
    assert isinstance(room.closed(4003), RefusedError)
    assert isinstance(room.handshake_refused(503), ConnectionEnded)
    assert isinstance(room.handshake_refused(404), RefusedError)


def test_reconnects_are_delayed_until_live() -> None:
    room = Subscription("workflow:w", None)
    waits = [room.next_wait() for _ in range(9)]
    assert waits[0] < 0.13
    assert 8 <= waits[-1] <= 12
    room.receive(message("subscribed"))
    assert room.next_wait() < 0.13
    room.refreshed(True)
    room.refreshed(True)
    with pytest.raises(RefusedError):
        room.refreshed(True)
    with pytest.raises(RefusedError):
        Subscription("w", None).refreshed(False)
