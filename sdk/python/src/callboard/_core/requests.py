"""How requests are built, repeated and understood."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from ..credentials import Tokens
from ..errors import CallboardError, FieldError, Outcome, Problem, RefusedError, UnreachableError, UnusableAnswerError
from .settings import Settings

MAX_BODY = 64 * 1024 * 1024
"""Longest answer, in bytes."""
MAX_RETRY_DELAY = 20.0
"""Upper limit of a server's `Retry-After`, in seconds."""
MAX_BACKOFF = 5.0

# The server knows no key for these, so a lost answer is not followed by a second attempt.
_WITHOUT_KEY = re.compile(
    r"/api/auth/(login|register|setup|password|token/refresh)|/api/webhooks/[^/]+/(test|dead-letters/[^/]+/replay)"
)
# A second time changes nothing more, and the answer is newer.
_REPEATABLE = re.compile(r"/api/auth/logout|/api/jobs/[^/]+/heartbeat")


class Repeat(Enum):
    """How a request is repeated when it is unknown whether it was carried out."""

    FREELY = "freely"
    """As it is: a second time changes nothing more."""
    WITH_KEY = "with_key"
    """With the same `Idempotency-Key`, under which the server carries it out once."""
    NEVER = "never"
    """Not at all."""


@dataclass(frozen=True)
class Request:
    """A request, the same in every attempt."""

    method: str
    path: str
    params: Sequence[tuple[str, str]]
    content: bytes | None
    headers: Mapping[str, str]
    repeat: Repeat
    timeout: float

    @property
    def changes_nothing(self) -> bool:
        """Whether it only reads."""
        return self.method in ("GET", "HEAD", "OPTIONS")


def build(
    settings: Settings,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    json_body: Any = None,
    idempotency_key: str | None = None,
    timeout: float | None = None,
) -> Request:
    """Builds a request; a write gets a new idempotency key unless one is given."""
    method = method.upper()
    if not path.startswith("/"):
        raise ValueError(f"the path {path!r} must begin with a slash")
    repeat = _repeat(method, path)
    headers = {"Accept": "application/json"}
    if repeat is Repeat.WITH_KEY:
        key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
        if not (0 < len(key) <= 255 and all("!" <= character <= "~" for character in key)):
            raise ValueError("an idempotency key has 1 to 255 visible ASCII characters")
        headers["Idempotency-Key"] = key
    elif idempotency_key is not None:
        raise ValueError(f"{method} {path} takes no idempotency key")
    if settings.agent_id is not None:
        headers["X-Agent-ID"] = settings.agent_id
    if settings.strict:
        headers["Prefer"] = "handling=strict"
    content = None
    if json_body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(json_body, ensure_ascii=False, allow_nan=False).encode()
    return Request(method, path, query(params or {}), content, headers, repeat, timeout or settings.timeout)


def _repeat(method: str, path: str) -> Repeat:
    if method in ("GET", "HEAD", "OPTIONS") or _REPEATABLE.fullmatch(path):
        return Repeat.FREELY
    return Repeat.NEVER if _WITHOUT_KEY.fullmatch(path) else Repeat.WITH_KEY


def query(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters: None is left out, lists are joined with commas, `tag` is repeated since it may contain some."""
    found: list[tuple[str, str]] = []
    for name, value in params.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple, set, frozenset)):
            texts = [_text(one) for one in value]
            found.extend([(name, text) for text in texts] if name == "tag" else [(name, ",".join(texts))])
        else:
            found.append((name, _text(value)))
    return found


def time_text(time: str | datetime) -> str:
    """A time as the API reads it; a `datetime` needs a time zone."""
    if isinstance(time, str):
        return time
    if time.tzinfo is None:
        raise ValueError(f"the time {time!r} must have a time zone")
    return time.isoformat()


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


class AttemptFailed(Exception):
    """An attempt failed; another one may succeed if `temporary`."""

    def __init__(self, error: CallboardError, *, temporary: bool = False, retry_after: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.temporary = temporary
        self.retry_after = retry_after


class Attempts:
    """Decides after each failed attempt whether and when the request is repeated."""

    def __init__(self, settings: Settings, request: Request) -> None:
        self._settings = settings
        self._request = request
        self._made = 0
        self._backoff = 0.15
        self._unknown = False

    def wait_after(self, failure: AttemptFailed) -> float:
        """The seconds until the next attempt. Raises the error to report if there is none."""
        self._made += 1
        error = failure.error
        lost = error.outcome != "not_done"
        self._unknown |= lost and not self._request.changes_nothing
        may_repeat = not (lost and self._request.repeat is Repeat.NEVER)
        if not failure.temporary or self._made >= self._settings.max_attempts or not may_repeat:
            # That a later attempt certainly did nothing says nothing of an earlier one, unless it was answered.
            if self._unknown and failure.temporary and not lost:
                why = error.why if isinstance(error, UnreachableError) else str(error).rstrip(".")
                raise UnreachableError(self._settings.url, why, "unknown") from error
            raise error
        wait = self._backoff * random.uniform(0.8, 1.2) if failure.retry_after is None else failure.retry_after
        self._backoff = min(self._backoff * 2, MAX_BACKOFF)
        return min(wait, MAX_RETRY_DELAY)


def lost(settings: Settings, error: Exception, outcome: Outcome) -> AttemptFailed:
    """The failure of an attempt whose answer did not arrive."""
    why = str(error).strip().rstrip(".") or type(error).__name__
    unreachable = UnreachableError(settings.url, why, outcome)
    unreachable.__cause__ = error
    return AttemptFailed(unreachable, temporary=True)


def refused(status: int, body: bytes, retry_after: str | None) -> AttemptFailed:
    """The failure of an attempt that was answered with an error status."""
    temporary = status == 429 or 502 <= status <= 504
    return AttemptFailed(RefusedError(problem(status, body)), temporary=temporary, retry_after=_seconds(retry_after))


def problem(status: int, body: bytes) -> Problem:
    """Parses a problem document; the answer of a proxy becomes one without a code."""
    try:
        members = json.loads(body)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        members = {}
    code, detail, errors = members.pop("code", ""), members.pop("detail", ""), members.pop("errors", [])
    extra = {name: value for name, value in members.items() if name not in ("type", "title", "status")}
    fields = [
        FieldError(str(one.get("field", "")), str(one.get("rule", "")))
        for one in (errors if isinstance(errors, list) else [])
        if isinstance(one, dict)
    ]
    code = code if isinstance(code, str) else ""
    detail = detail if isinstance(detail, str) and detail else f"The server responded with {status}."
    return Problem(status, code, detail, tuple(fields), extra)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return min(seconds, 3600.0) if seconds >= 0 else None


def answer(body: bytes, expect: str) -> Any:
    """Decodes the body of a successful answer."""
    if expect == "text":
        return body.decode(errors="replace")
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise UnusableAnswerError(f"it is not JSON: {error}") from error


def object_of(value: Any) -> dict[str, Any]:
    """An answer that must be an object."""
    if not isinstance(value, dict):
        raise UnusableAnswerError("it is not an object")
    return value


def tokens(body: bytes) -> Tokens:
    """The tokens in the answer to a sign-in or a refresh."""
    members = answer(body, "json")
    access = member(members, "access", str)
    return Tokens(access, members.get("refresh"))


def member(value: Any, name: str, kind: type) -> Any:
    """A member of an answer. Raises `UnusableAnswerError` if it is missing or of another type."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise UnusableAnswerError(f"its {name} is missing or not of type {kind.__name__}")
    return found
