"""Client and worker of a Callboard server, sync (`Client`) and async (`AsyncClient`).

Example::

    from callboard import Client

    with Client("http://127.0.0.1:8080", key="cb_…") as client:
        workflow = client.find_workflow("Bicycle shop")
        ticket = client.create_ticket(workflow_id=workflow["id"], title="Login fails")
        print(ticket["key"])
"""

from . import types
from ._async.client import AsyncClient
from ._async.watch import AsyncWatch
from ._core.settings import VERSION as __version__
from ._sync.client import Client
from ._sync.watch import Watch
from ._worker.job import AsyncJob
from ._worker.options import Interruption, JobFailed, JobInterrupted
from ._worker.threads import Job
from .credentials import FileTokenStore, Tokens, TokenStore
from .errors import (
    CallboardError,
    FieldError,
    Outcome,
    Problem,
    RefusedError,
    UnreachableError,
    UnusableAnswerError,
)
from .updates import Cursor, Event, Live, Resync, Snapshot, Update

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "AsyncWatch",
    "CallboardError",
    "Client",
    "Cursor",
    "Event",
    "FieldError",
    "FileTokenStore",
    "Interruption",
    "Job",
    "JobFailed",
    "JobInterrupted",
    "Live",
    "Outcome",
    "Problem",
    "RefusedError",
    "Resync",
    "Snapshot",
    "TokenStore",
    "Tokens",
    "UnreachableError",
    "UnusableAnswerError",
    "Update",
    "Watch",
    "__version__",
    "types",
]
