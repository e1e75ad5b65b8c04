"""Fixtures: one server for the run, a board for each test, and both flavors of the client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from callboard import Client
from flavors import Flavor
from harness import EMAIL, PASSWORD, Proxy, Server

_numbers = itertools.count(1)


@dataclass
class Board:
    """A workflow, its owner, and a key of an agent that works in it."""

    owner: Client
    id: str
    name: str
    key: str
    key_id: str
    agent: str


@pytest.fixture(params=["sync", "async"])
def flavor(request: pytest.FixtureRequest) -> Flavor:
    """The sync or the async client."""
    return Flavor(request.param)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server."""
    server = Server()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def owner(server: Server) -> Iterator[Client]:
    """The administrator, over a direct connection."""
    with Client.sign_in(server.url, EMAIL, PASSWORD) as client:
        yield client


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the server."""
    proxy = Proxy(server)
    yield proxy
    proxy.close()


@pytest.fixture
def board(owner: Client) -> Board:
    """A board and an agent."""
    number = next(_numbers)
    name, agent = f"Board {number}", f"agent-{number}"
    workflow = owner.create_workflow(name=name, template="development")["id"]
    owner.request("POST", "/api/agents", json={"id": agent, "kind": "agent", "workflows": [workflow]})
    body = {"name": agent, "actor_id": agent, "scopes": ["read", "write"]}
    made = owner.request("POST", "/api/keys", json=body)
    return Board(owner, workflow, name, made["key"], made["id"], agent)
