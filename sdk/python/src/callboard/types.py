"""The shapes of requests and responses, as typed dictionaries.

Generated from the server's OpenAPI document by scripts/generate_types.py; do not edit.

A field that is not `NotRequired` is always present in a response and required in a request. Times are RFC 3339 texts.
Servers may add fields; unknown ones can be ignored.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypedDict

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired


class Accepted(TypedDict):
    """The result of accepting an invitation."""

    role: NotRequired[str | None]
    """The granted role."""
    workflow_id: NotRequired[str | None]
    """The joined workflow."""


class Account(TypedDict):
    """A person with an account."""

    created_at: str
    """Creation time."""
    disabled_at: NotRequired[str | None]
    """Since when it is disabled."""
    email: NotRequired[str | None]
    """The e-mail address of a user."""
    id: str
    """The id, e.g. `user-0192…`."""
    is_admin: bool
    """Whether it is an administrator of the installation."""
    kind: str
    """`user`, `agent` or `service`."""
    name: str
    """Display name."""
    owner_id: NotRequired[str | None]
    """The owner of this agent or service."""
    agents: int
    """How many agents and services they own."""
    last_seen_at: NotRequired[str | None]
    """When a session of theirs was last used."""
    sessions: int
    """How many sessions they have."""


class AccountChanged(TypedDict):
    """A person who was disabled or enabled."""

    agents_changed: int
    """Agents and services of the person that were stopped or brought back with them."""
    sessions_ended: int
    """Sessions that ended."""
    user: Actor
    """The person."""


class AccountList(TypedDict):
    """A page of people, ordered by id."""

    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""
    users: list[Account]
    """The people."""


class Acting(TypedDict):
    """The acting agent and a reason."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act for others."""
    reason: NotRequired[str | None]
    """Why; stored with a cancelled job."""


class Actor(TypedDict):
    """A person, an agent or a service."""

    created_at: str
    """Creation time."""
    disabled_at: NotRequired[str | None]
    """Since when it is disabled."""
    email: NotRequired[str | None]
    """The e-mail address of a user."""
    id: str
    """The id, e.g. `user-0192…`."""
    is_admin: bool
    """Whether it is an administrator of the installation."""
    kind: str
    """`user`, `agent` or `service`."""
    name: str
    """Display name."""
    owner_id: NotRequired[str | None]
    """The owner of this agent or service."""


class ActorWithKeys(TypedDict):
    """A person, an agent or a service, with its keys."""

    created_at: str
    """Creation time."""
    disabled_at: NotRequired[str | None]
    """Since when it is disabled."""
    email: NotRequired[str | None]
    """The e-mail address of a user."""
    id: str
    """The id, e.g. `user-0192…`."""
    is_admin: bool
    """Whether it is an administrator of the installation."""
    kind: str
    """`user`, `agent` or `service`."""
    name: str
    """Display name."""
    owner_id: NotRequired[str | None]
    """The owner of this agent or service."""
    agents: int
    """How many agents and services it owns."""
    key_count: int
    """How many of its keys are not revoked."""
    keys: list[KeyWithLineage]
    """Its newest 50 keys that are not revoked."""
    last_used_at: NotRequired[str | None]
    """When one of its keys was last used."""
    owner_name: NotRequired[str | None]
    """The name of its owner."""
    workflows: int
    """How many workflows it is a member of."""


class ActorsWithKeys(TypedDict):
    """A page of actors, people first, by name."""

    actors: list[ActorWithKeys]
    """The actors."""
    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


class AddComment(TypedDict):
    """`POST /api/tickets/comment`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    attachments: NotRequired[list[str] | None]
    """Links and paths."""
    comment_text: str
    """Markdown; `@agent` and `#TKT-1` become mentions."""
    comment_type: NotRequired[str | None]
    """Defaults to `general`."""
    mentions: NotRequired[list[str] | None]
    """Additional actors and tickets to mention."""
    parent_id: NotRequired[str | None]
    """The comment it replies to."""
    ticket_id: str
    """The ticket."""


class Adw(TypedDict):
    """A job as an agent workflow."""

    adw_id: str
    """The job's id."""
    attempts: int
    """The number of attempts."""
    cancel_requested: bool
    """Whether its worker was asked to stop."""
    completed_at: NotRequired[str | None]
    """When it ended."""
    created_at: str
    """When it was created."""
    current_stage: NotRequired[str | None]
    """The current stage."""
    current_step: NotRequired[str | None]
    """The same as `current_stage`."""
    description: str
    """The description."""
    error: NotRequired[str | None]
    """Why it failed."""
    job_id: str
    """The same as `adw_id`."""
    job_status: str
    """The status of the job, which is more precise."""
    logs: NotRequired[list[dict[str, Any]] | None]
    """The newest 100 messages of its transcript, oldest first: `{message, level, kind, sender, stage, order,
    timestamp}`.
    """
    max_attempts: int
    """The maximum number of attempts."""
    message: str
    """The last progress message."""
    progress: float
    """Percent, 0 to 100."""
    progress_percent: float
    """The same as `progress`."""
    stages: list[str]
    """Its stages."""
    started_at: NotRequired[str | None]
    """When it was first started."""
    status: str
    """started, in_progress, completed, failed or cancelled."""
    success: NotRequired[bool | None]
    """True in the answer to a cancellation."""
    ticket_id: NotRequired[str | None]
    """Its ticket."""
    ticket_key: NotRequired[str | None]
    """The ticket's key."""
    title: str
    """The title."""
    type: str
    """The type of work."""
    updated_at: str
    """When it last changed."""
    websocket: str
    """The path of the socket that streams its events."""
    workflow_id: str
    """The workflow of its board."""
    workflow_name: str
    """The same as `title`."""


class AgentChange(TypedDict):
    """Changes to an agent."""

    disabled: NotRequired[bool | None]
    """`true` disables its credentials immediately, `false` enables them again."""
    name: NotRequired[str | None]
    """The new name."""


class AgentMembership(TypedDict):
    """A membership of an agent or of the caller."""

    actor_id: str
    """The member."""
    added_at: str
    """When it became a member."""
    added_by: NotRequired[str | None]
    """Who added it."""
    role: str
    """`viewer`, `member` or `owner`."""
    workflow_id: str
    """The workflow."""
    workflow_name: str
    """Its name."""


class AgentMemberships(TypedDict):
    """The memberships of an actor, by workflow."""

    memberships: list[AgentMembership]
    """The memberships."""


class AgentSetup(TypedDict):
    """How coding agents are connected."""

    tools: list[ToolSetup]
    """The known coding agents."""


class Agents(TypedDict):
    """A page of agents and services, ordered by id."""

    agents: list[Actor]
    """The agents."""
    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


Amount: TypeAlias = str | float


class ApiKey(TypedDict):
    """An API key, without its secret."""

    actor_id: str
    """The actor it belongs to."""
    actor_kind: str
    """That actor's kind."""
    actor_name: str
    """That actor's name."""
    created_at: str
    """Creation time."""
    created_by: NotRequired[str | None]
    """The creator."""
    created_by_key: NotRequired[str | None]
    """The key that created it; revoking that one revokes this one."""
    expires_at: NotRequired[str | None]
    """When it expires."""
    id: str
    """The id."""
    last_used_at: NotRequired[str | None]
    """When it was last used, to the minute."""
    name: str
    """Its purpose."""
    revoked_at: NotRequired[str | None]
    """When it was revoked."""
    scopes: list[str]
    """Its scopes."""


class ApiKeys(TypedDict):
    """The caller's keys, newest first."""

    keys: list[ApiKey]
    """The keys."""


class App(TypedDict):
    """An app."""

    app_id: str
    """`app-<uuid>`."""
    created_at: str
    """When it was written."""
    created_by: NotRequired[str | None]
    """Who wrote it."""
    id: str
    """The same as `app_id`."""
    job_id: str
    """The job that specified it."""
    ticket_id: NotRequired[str | None]
    """The job's ticket."""
    title: str
    """The title."""
    updated_at: str
    """When it last changed."""
    workflow_id: str
    """Its workflow."""
    prd_markdown: str
    """The product description, Markdown."""
    spec: dict[str, Any]
    """The specification."""


class AppSummary(TypedDict):
    """The fields of an app without its documents."""

    app_id: str
    """`app-<uuid>`."""
    created_at: str
    """When it was written."""
    created_by: NotRequired[str | None]
    """Who wrote it."""
    id: str
    """The same as `app_id`."""
    job_id: str
    """The job that specified it."""
    ticket_id: NotRequired[str | None]
    """The job's ticket."""
    title: str
    """The title."""
    updated_at: str
    """When it last changed."""
    workflow_id: str
    """Its workflow."""


class Approval(TypedDict):
    """An approval: a question and its decision."""

    answer: NotRequired[str | None]
    """The text of the answer."""
    approval_id: str
    """The same as `id`."""
    asked_by: NotRequired[str | None]
    """The actor on whose behalf it was requested."""
    asked_by_name: NotRequired[str | None]
    """Their name."""
    blocks_job: bool
    """Whether the job waits for it."""
    checks: NotRequired[list[ReportedCheck]]
    """What the requester has checked."""
    comment_id: NotRequired[str | None]
    """The comment on the ticket that holds the question."""
    context: str
    """Background for the decision, Markdown."""
    created_at: str
    """When it was requested."""
    decided_at: NotRequired[str | None]
    """When it was decided, expired or was withdrawn."""
    decided_by: NotRequired[str | None]
    """The actor that decided."""
    decided_by_name: NotRequired[str | None]
    """Their name."""
    expires_at: NotRequired[str | None]
    """When it expires."""
    id: str
    """`approval-<uuid>`."""
    job_id: NotRequired[str | None]
    """The job in which it was requested."""
    kind: ApprovalKind
    """The kind."""
    options: list[str]
    """Suggested answers; other answers are accepted too."""
    question: str
    """The question."""
    reason: NotRequired[str | None]
    """The reason of the decision or withdrawal."""
    status: ApprovalState
    """The state."""
    ticket_id: NotRequired[str | None]
    """The ticket that it is about."""
    ticket_key: NotRequired[str | None]
    """The ticket's key, `TKT-12`."""
    ticket_title: NotRequired[str | None]
    """The ticket's title."""
    workflow_id: str
    """Its workflow."""


ApprovalKind: TypeAlias = Literal["question", "review", "clarification"]
"""The kind of an approval."""


class ApprovalList(TypedDict):
    """A page of approvals."""

    approvals: list[Approval]
    """The approvals, newest first."""
    has_more: bool
    """Whether there are more."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


ApprovalState: TypeAlias = Literal["pending", "approved", "rejected", "answered", "expired", "withdrawn"]
"""The state of an approval."""


ApprovalStatus: TypeAlias = Literal["pending_review", "approved", "rejected"]
"""The state of a ticket's human review."""


class ApproveTicket(TypedDict):
    """`POST /api/tickets/approve`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    comment: NotRequired[str | None]
    """Added as a comment."""
    ticket_id: str
    """The ticket."""


class Apps(TypedDict):
    """A page of apps, newest first."""

    apps: list[ListedApp]
    """The apps."""
    has_more: bool
    """Whether more follow."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


class AttemptUsage(TypedDict):
    """What an attempt of a job used."""

    agent_id: NotRequired[str | None]
    """The agent that claimed the job."""
    attempt: NotRequired[int | None]
    """The number of the claim: 1, 2, 3…, also of those that were given back. Null for usage from before the first
    claim.
    """
    claimed_at: NotRequired[str | None]
    """When it was claimed."""
    is_running: bool
    """Whether it goes on, so that reports may be to come."""
    usage: UsageTotals
    """What it used."""
    worker: NotRequired[str | None]
    """The worker that claimed the job."""


class BackupArchive(TypedDict):
    """The archive of the write-ahead log, as Postgres sees it."""

    behind_bytes: NotRequired[int | None]
    """Bytes of the log that Postgres keeps for it."""
    connected: bool
    """Whether the log is being archived now."""
    lost: bool
    """Whether it was away for so long that Postgres dropped log, so that it begins afresh with a backup."""


class BackupSummary(TypedDict):
    """A complete backup."""

    bytes: int
    """Its bytes."""
    callboard: str
    """The version of Callboard that made it."""
    finished_at: str
    """When it was finished; the database can be restored to this time and to every later one that is archived."""
    name: str
    """The name of its folder."""


class BackupsState(TypedDict):
    """The backups of the server."""

    archive: NotRequired[BackupArchive | None]
    """The archive of the log; null if there is none."""
    count: int
    """How many complete backups are in the folder."""
    every_hours: int
    """CALLBOARD_BACKUP_HOURS"""
    folder: NotRequired[str | None]
    """CALLBOARD_BACKUP_DIR; null if the server makes no backups."""
    keep: int
    """CALLBOARD_BACKUP_KEEP"""
    newest: NotRequired[BackupSummary | None]
    """The newest one."""
    oldest: NotRequired[BackupSummary | None]
    """The oldest one, from which the database can be restored."""
    problem: NotRequired[str | None]
    """Why the folder could not be read."""


class BadLine(TypedDict):
    """A line that cannot be imported, or a value of a line."""

    file: NotRequired[str | None]
    """The file, of an export of several files."""
    line: int
    """Its number in the file, from 1."""
    reason: str
    """What is wrong with it, after "The line"."""


class BlockersSet(TypedDict):
    """The response to setting blockers."""

    blocked_by_ticket_ids: list[str]
    """Tickets that block it now."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


BoardChanges = TypedDict(
    "BoardChanges",
    {
        "epoch": 'str',
        "from": 'BoardMoment',
        "has_more": 'bool',
        "tickets": 'list[TicketDifference]',
        "to": 'BoardMoment',
    },
)
"""How a board changed from one moment to another."""


class BoardColumn(TypedDict):
    """A column."""

    category: Category
    """What it means for a ticket."""
    id: str
    """The id."""
    name: str
    """The name."""


class BoardConfig(TypedDict):
    """A board's configuration. In requests every field is optional and defaults to the template's or the current
    value.
    """

    board_id: NotRequired[str | None]
    """Only in responses."""
    columns: NotRequired[list[Column] | None]
    """Columns from left to right, 1 to 50."""
    default_ticket_type: NotRequired[str | None]
    """The default type of new tickets."""
    initial_status: NotRequired[str | None]
    """The default column of new tickets."""
    name: NotRequired[str | None]
    """The board's name."""
    settings: NotRequired[BoardSettings | None]
    """Settings."""
    ticket_types: NotRequired[list[TicketType] | None]
    """Ticket types, 1 to 50."""
    transitions: NotRequired[list[Transition] | None]
    """Allowed moves."""
    workflow_id: NotRequired[str | None]
    """Only in responses."""


class BoardConfigAnswer(TypedDict):
    """The response with a board."""

    board_config: BoardConfig
    """The current configuration."""
    board_version: NotRequired[str]
    """Its version."""
    success: bool
    """Always true."""


class BoardMoment(TypedDict):
    """A moment and its position in the workflow's stream."""

    at: str
    """The time."""
    seq: int
    """The last event that was committed by then; 0 before the first one."""


class BoardSettings(TypedDict):
    """Board settings; omitted fields stay unchanged."""

    allow_reopen: NotRequired[bool | None]
    """Allow tickets to leave a done column."""
    auto_assign: NotRequired[bool | None]
    """Assign new tickets to their creator by default."""
    human_review: NotRequired[bool | None]
    """Tickets created by agents and services require a human review."""
    require_comments_on_status_change: NotRequired[bool | None]
    """Require a comment of at least 10 characters for a move."""
    require_description: NotRequired[bool | None]
    """New tickets need a description of at least 10 characters."""
    track_time: NotRequired[bool | None]
    """Show estimates and time spent."""
    wip_policy: NotRequired[WipPolicy | None]
    """What happens when a column reaches its WIP limit."""


class BulkUpdate(TypedDict):
    """`POST /api/tickets/bulk-update`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    comment: NotRequired[str | None]
    """The reason for the move."""
    new_status: NotRequired[str | None]
    """The column to move every ticket to."""
    ticket_ids: list[str]
    """1 to 500 tickets (ids or keys)."""
    updates: NotRequired[TicketUpdates | None]
    """Fields to change in every ticket."""
    workflow_id: str
    """The workflow of the tickets."""


class BulkUpdated(TypedDict):
    """The response to a bulk update."""

    message: str
    """Human-readable summary."""
    results: list[Any]
    """One entry per ticket with `ticket_id` and `success`, and with `blocked` and `message` if it was not moved."""
    success: bool
    """Always true."""
    updated: int
    """Number of changed tickets."""


class Card(TypedDict):
    """A ticket as shown on boards and in lists. Cards of a column are ordered by `rank` (bytewise), then `number`.
    """

    approval_status: NotRequired[ApprovalStatus | None]
    """State of the human review; null if none is required."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    blocked_by_ticket_ids: list[str]
    """Open tickets that block it."""
    comment_count: int
    """Live comments."""
    commit_count: int
    """Linked commits."""
    completed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """Creation time."""
    created_by_agent_id: NotRequired[str | None]
    """The creator."""
    description: NotRequired[str | None]
    """Markdown; not on boards."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    estimate_minutes: NotRequired[int | None]
    """Minutes it should take."""
    is_blocked: bool
    """Whether any ticket blocks it."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`, unique in the workflow."""
    merged_into_ticket_id: NotRequired[str | None]
    """The ticket it was merged into; a merged ticket is not on the board."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in."""
    number: int
    """The number in the key."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: Priority
    """How urgent it is."""
    rank: str
    """Sort key within the column."""
    spent_minutes: int
    """Minutes it took so far."""
    started_at: NotRequired[str | None]
    """When it first entered an active column."""
    status: str
    """The id of its column."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """One of the board's ticket types."""
    title: str
    """Up to 500 characters."""
    updated_at: str
    """Time of the last change."""
    version: int
    """Incremented by every change; send it with a change to detect conflicting updates (optimistic locking)."""
    workflow_id: str
    """Its workflow."""


Category: TypeAlias = Literal["todo", "active", "done"]
"""What a column means for a ticket in it."""


class ChangePage(TypedDict):
    """A page of a ticket's changes."""

    has_more: bool
    """Whether older entries exist."""
    history: list[HistoryEntry]
    """Oldest first."""
    next_cursor: NotRequired[str | None]
    """The cursor of the next older page."""


class ChangeStatus(TypedDict):
    """`POST /api/tickets/change-status`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    comment: NotRequired[str | None]
    """The reason; some boards require at least 10 characters. Kept also if the ticket is in the column already."""
    commit_sha: NotRequired[str | None]
    """A commit to link."""
    new_status: str
    """The column to move to."""
    position: NotRequired[Position | None]
    """The position in the column. Defaults to the end."""
    ticket_id: str
    """The ticket."""
    version: NotRequired[int | None]
    """The version this change is based on; a mismatch is a conflict."""


class Check(TypedDict):
    """The check of one part."""

    detail: NotRequired[str]
    """What is wrong, as a sentence."""
    name: str
    """`database`, `schema`, `relay`, …"""
    ok: bool
    """Whether the check passed."""


class CheckDuplicate(TypedDict):
    """`POST /api/tickets/check-duplicate`"""

    agent_id: NotRequired[str | None]
    """The acting agent; not checked, because the request changes nothing."""
    description: NotRequired[str | None]
    """Markdown."""
    limit: NotRequired[int | None]
    """1 to 50. Defaults to 5."""
    tags: NotRequired[list[str] | None]
    """Labels."""
    title: str
    """Up to 500 characters."""
    workflow_id: str
    """The workflow of the draft."""


CheckStatus: TypeAlias = Literal["passed", "failed", "running", "skipped"]
"""How a check ended."""


class Claim(TypedDict):
    """`POST /api/tickets/claim`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    lease_seconds: NotRequired[float | None]
    """A lease: if the agent neither changes nor reads the ticket for so many seconds (5 to 86400), it goes back to the
    queue. Defaults to none.
    """
    priorities: NotRequired[list[Priority] | None]
    """Only these priorities."""
    tags: NotRequired[list[str] | None]
    """Only with one of these tags."""
    ticket_types: NotRequired[list[str] | None]
    """Only these types."""
    workflow_id: str
    """The workflow to work in."""


class ClaimJob(TypedDict):
    """`POST /api/jobs/claim`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    job_types: NotRequired[list[str] | None]
    """Only of these types."""
    lease_seconds: NotRequired[float | None]
    """The lease without a heartbeat, 5 to 3600 seconds. Defaults to 60."""
    worker: NotRequired[str | None]
    """The name of the worker."""
    workflow_id: NotRequired[str | None]
    """Only in this workflow. Defaults to all workflows in which the caller may write."""


class Claimed(TypedDict):
    """The response to claiming. `ticket_id` and `ticket` are null if no ticket is ready."""

    lease_expires_at: NotRequired[str | None]
    """When the lease ends, if one was requested; every change and read of the ticket extends it."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket: NotRequired[Card | None]
    """The ticket with its fields."""
    ticket_id: NotRequired[str | None]
    """The ticket now assigned to the caller."""


class ClaimedJob(TypedDict):
    """The answer to a claim. `job` and `lease_token` are null if no job is ready."""

    job: NotRequired[Job | None]
    """The job, in its first stage or in the stage that an earlier attempt reached."""
    lease_token: NotRequired[str | None]
    """The fencing token; every later write needs it."""
    message: str
    """A sentence for a person."""
    success: bool
    """Always true."""


class ClarificationRequested(TypedDict):
    """The answer to a request for clarification. The question is pending until a person answers."""

    approval: Approval
    """The approval."""
    approval_id: str
    """The approval; wait for its decision with `/api/approvals/{id}?wait=30`."""
    clarification: str
    """The question as it was added to the ticket, Markdown."""
    comment_id: str
    """The comment that holds the question; the answer becomes a reply to it."""
    message: str
    """A sentence for a person."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


class Column(TypedDict):
    """A column of a board; its `id` is a ticket's `status`."""

    category: NotRequired[Category | None]
    """Defaults to a category derived from id and position."""
    color: NotRequired[str | None]
    """A colour like `#3b82f6`."""
    id: str
    """1 to 50 letters, digits or `_ . -`."""
    name: NotRequired[str | None]
    """Display name. Defaults to the id."""
    order: NotRequired[int | None]
    """Position from the left, starting at 0."""
    previous_id: NotRequired[str | None]
    """In a request: the previous id of a renamed column, whose tickets are kept."""
    ticket_count: NotRequired[int | None]
    """Number of tickets in the column, counted to 10,000; only in responses."""
    wip_limit: NotRequired[int | None]
    """Maximum number of tickets in the column (WIP limit)."""


class Comment(TypedDict):
    """A comment."""

    agent_id: NotRequired[str | None]
    """The author."""
    agent_name: NotRequired[str | None]
    """The author's name."""
    attachments: list[str]
    """Links and paths."""
    comment_id: str
    """`comment-<uuid>`."""
    comment_text: str
    """Markdown."""
    comment_type: str
    """general, status_change, assignment, blocker, resolution, clarification or system."""
    created_at: str
    """Creation time."""
    is_edited: bool
    """Whether its text was edited."""
    mentions: list[str]
    """Actors and tickets it mentions."""
    parent_id: NotRequired[str | None]
    """The comment it replies to."""
    reactions: list[Reaction]
    """Reactions, the oldest emoji first."""
    ticket_id: str
    """Its ticket."""
    updated_at: NotRequired[str | None]
    """Time of the last edit."""


class CommentDeleted(TypedDict):
    """The response to deleting a comment."""

    comment_id: str
    """The comment."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket_id: str
    """Its ticket."""


class CommentPage(TypedDict):
    """A page of a ticket's comments."""

    comments: list[Comment]
    """Oldest first."""
    has_more: bool
    """Whether older entries exist."""
    next_cursor: NotRequired[str | None]
    """The cursor of the next older page."""


class Commented(TypedDict):
    """The response to adding a comment."""

    comment_id: str
    """The comment."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket_id: str
    """Its ticket."""


class CommitDiff(TypedDict):
    """A commit compared with its first parent."""

    author: str
    """The author as recorded by git."""
    author_agent_id: str
    """The agent that linked the commit to a ticket, or else the author."""
    commit_message: str
    """The same as `message`."""
    commit_sha: str
    """The full id of the commit."""
    commit_timestamp: str
    """The same as `timestamp`."""
    deletions: int
    """Removed lines."""
    files: list[FileDiff]
    """The files; at most 3,000."""
    files_changed: int
    """Number of changed files."""
    insertions: int
    """Added lines."""
    message: str
    """The commit's message."""
    parents: list[str]
    """The ids of its parents: none for a root commit, several for a merge. Only owners of the workflow see them."""
    success: bool
    """Always true."""
    timestamp: str
    """Commit time."""
    total_deletions: int
    """The same as `deletions`."""
    total_files: int
    """The same as `files_changed`."""
    total_insertions: int
    """The same as `insertions`."""
    truncated: bool
    """Whether files or diffs were omitted or truncated because of the commit's size."""
    workflow_id: str
    """The workflow whose repository contains it."""


class CommitLink(TypedDict):
    """A link between a commit and a ticket."""

    commit_sha: str
    """The commit."""
    ticket_id: str
    """The ticket."""
    ticket_key: str
    """The ticket's key."""
    workflow_id: str
    """The ticket's workflow."""


class CommitLinked(TypedDict):
    """The response to linking a commit."""

    commit_sha: str
    """The full id, if the repository contains the commit."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


class CommitPage(TypedDict):
    """A page of a ticket's commits."""

    commits: list[LinkedCommit]
    """In the order in which they were linked."""
    has_more: bool
    """Whether older entries exist."""
    next_cursor: NotRequired[str | None]
    """The cursor of the next older page."""


class CommitsLinked(TypedDict):
    """The response to reporting commits."""

    already_linked: list[CommitLink]
    """Links that already existed."""
    linked: list[CommitLink]
    """New links."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    unknown: list[UnknownReference]
    """References that could not be resolved."""


class CompleteJob(TypedDict):
    """`POST /api/jobs/{id}/complete`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    app: NotRequired[NewApp | None]
    """The app that it specified."""
    commit_message: NotRequired[str | None]
    """That commit's message."""
    commit_sha: NotRequired[str | None]
    """The final commit; it is linked to the ticket."""
    lease_token: str
    """The token from the claim."""
    resolution_comment: NotRequired[str | None]
    """The comment that resolves the ticket."""
    result: NotRequired[dict[str, Any] | None]
    """The result, at most 256 KiB."""


class ConnectedServer(TypedDict):
    """A running server of the database."""

    name: str
    """Its name, which is new at each start."""
    seen_at: str
    """When it last noted that it runs; it does so every ten seconds."""


class CreateAdw(TypedDict):
    """`POST /api/v1/workflows/create`. Unknown fields are ignored."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    description: NotRequired[str | None]
    """The description."""
    priority: NotRequired[Literal["low", "medium", "high", "critical"] | None]
    """Defaults to `medium`."""
    stages: NotRequired[list[str] | None]
    """Its stages, in order. The ticket moves along if its board has columns of these names."""
    title: str
    """1 to 500 characters."""
    type: NotRequired[str | None]
    """The type of work, e.g. `feature`, by which workers select jobs. Defaults to `task`."""
    workflow_id: NotRequired[str | None]
    """The workflow. Defaults to the caller's default workflow, which is created if missing."""


class CreateDefinition(TypedDict):
    """`POST /api/workflow-definitions`. Unknown fields are ignored."""

    board_config: NotRequired[BoardConfig | None]
    """The whole board configuration, instead of `phases`."""
    description: NotRequired[str | None]
    """The description."""
    name: str
    """1 to 200 characters."""
    phases: NotRequired[list[Phase] | None]
    """The columns between a first and a last one, which are added. Each is a name, or an object with a `name`."""


class CreateExecution(TypedDict):
    """`POST /api/workflow-executions`. Unknown fields are ignored."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    definition_id: str
    """The definition's id, or a template's name."""
    description: NotRequired[str | None]
    """The description."""
    launch_params: NotRequired[dict[str, Any] | None]
    """Parameters of the execution; stored unchanged."""
    name: NotRequired[str | None]
    """The name of the workflow. Defaults to its description, else to the name of the definition."""
    prompt: NotRequired[str | None]
    """The prompt of a first job, which is queued together with a ticket."""


class CreateJob(TypedDict):
    """`POST /api/jobs`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    delay_seconds: NotRequired[float | None]
    """Seconds before it can be claimed."""
    initial_prompt: NotRequired[str | None]
    """The prompt."""
    job_type: NotRequired[str | None]
    """The type, by which workers select jobs. Defaults to `task`."""
    max_attempts: NotRequired[int | None]
    """The maximum number of attempts, 1 to 100. Defaults to 3."""
    payload: NotRequired[dict[str, Any] | None]
    """Further input for the worker: an object of at most 256 KiB."""
    priority: NotRequired[Priority | None]
    """The priority. Defaults to that of the ticket."""
    queue: NotRequired[bool | None]
    """Whether it can be claimed immediately. Otherwise it is `collecting` until it is continued."""
    stages: NotRequired[list[str] | None]
    """Its stages, in order. The ticket moves along if its board has columns of these names."""
    ticket_id: NotRequired[str | None]
    """The ticket (id or key) that it works on. Required when ticket tracking is on."""
    title: NotRequired[str | None]
    """The title. Defaults to the first line of the prompt."""
    with_ticket: NotRequired[bool | None]
    """Whether to create a ticket for it."""
    workflow_id: NotRequired[str | None]
    """The workflow. Defaults to that of the ticket, else to the caller's default workflow."""


class CreateMilestone(TypedDict):
    """`POST /api/workflows/{id}/milestones`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    description: NotRequired[str | None]
    """What it is for."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done, like `2026-01-31`."""
    name: str
    """1 to 200 characters, on one line."""
    starts_on: NotRequired[str | None]
    """The day on which work on it starts, like `2026-01-05`. Charts begin there."""


class CreateStaged(TypedDict):
    """`POST /tickets`. Unknown fields are ignored."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    assigned_agent_id: NotRequired[str | None]
    """Who works on it."""
    description: NotRequired[str | None]
    """The description; the title is added to a short one."""
    priority: NotRequired[Literal["low", "medium", "high", "critical"] | None]
    """Defaults to `medium`."""
    stage: NotRequired[str | None]
    """The initial stage. Defaults to the board's first."""
    tags: NotRequired[list[str] | None]
    """Labels."""
    ticket_type: NotRequired[str | None]
    """Defaults to the board's default type."""
    title: str
    """3 to 500 visible characters; a wide one counts as three."""
    workflow_id: NotRequired[str | None]
    """The workflow. Defaults to the caller's default workflow, which is created if missing."""


class CreateTicket(TypedDict):
    """`POST /api/tickets/create`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee. Unknown agents are provisioned."""
    blocked_by_ticket_ids: NotRequired[list[str] | None]
    """Tickets (ids or keys) of the same workflow that block it."""
    description: NotRequired[str]
    """Markdown: at least 10 characters, counted like the title's. Optional, unless the board requires a description.
    """
    due_on: NotRequired[str | None]
    """The day by which it is to be done, like `2026-01-31`."""
    estimate_minutes: NotRequired[int | None]
    """Estimated minutes."""
    initial_status: NotRequired[str | None]
    """A column. Defaults to the board's initial column."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in: the id or name of an open one."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: NotRequired[Priority | None]
    """Defaults to `medium`."""
    related_task_ids: NotRequired[list[str] | None]
    """Tasks outside Callboard."""
    related_ticket_ids: NotRequired[list[str] | None]
    """Related tickets."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: NotRequired[list[str] | None]
    """Labels."""
    ticket_type: NotRequired[str | None]
    """One of the board's ticket types. Defaults to the board's default type."""
    title: str
    """3 to 500 visible characters; a wide one (Chinese, Japanese, Korean) counts as three."""
    workflow_id: str
    """The workflow it belongs to."""


class CreateWebhook(TypedDict):
    """`POST /api/webhooks`"""

    events: NotRequired[list[str] | None]
    """The event types to send, e.g. `status_changed`. Defaults to all."""
    refusal_attempts: NotRequired[int | None]
    """Attempts at an event that the receiver refuses (4xx), 1 to 20. Defaults to 3."""
    secret: NotRequired[str | None]
    """The key of the signatures: `whsec_` and base64, or 24 to 128 visible characters. Defaults to a generated one.
    """
    url: str
    """The URL that receives the requests: public, http or https."""
    workflow_id: str
    """The workflow whose events to send."""


class CreateWorkflow(TypedDict):
    """`POST /api/workflows`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    board_config: NotRequired[BoardConfig | None]
    """Overrides of the template."""
    description: NotRequired[str | None]
    """Its purpose."""
    name: str
    """1 to 200 characters."""
    template: NotRequired[str | None]
    """development (default), sdlc, security or research."""


class Created(TypedDict):
    """The response to creating a ticket."""

    embedding_created: bool
    """Whether its embedding was stored within this request."""
    key: str
    """`TKT-12`."""
    meaning_checked: NotRequired[bool]
    """Whether the ticket was compared in meaning with all tickets of the workflow."""
    message: str
    """Human-readable summary."""
    notice: NotRequired[str | None]
    """What was not compared, if anything."""
    similar_tickets: list[SimilarTicket]
    """Similar tickets, by meaning if the embedding was made in time, else by the words of their titles."""
    status: str
    """Its column."""
    success: bool
    """Always true."""
    ticket_id: str
    """`ticket-<uuid>`."""
    version: int
    """1."""


class CreatedKey(TypedDict):
    """A new key; its secret is only returned once."""

    actor_id: str
    """The actor it belongs to."""
    actor_kind: str
    """That actor's kind."""
    actor_name: str
    """That actor's name."""
    created_at: str
    """Creation time."""
    created_by: NotRequired[str | None]
    """The creator."""
    created_by_key: NotRequired[str | None]
    """The key that created it; revoking that one revokes this one."""
    expires_at: NotRequired[str | None]
    """When it expires."""
    id: str
    """The id."""
    last_used_at: NotRequired[str | None]
    """When it was last used, to the minute."""
    name: str
    """Its purpose."""
    revoked_at: NotRequired[str | None]
    """When it was revoked."""
    scopes: list[str]
    """Its scopes."""
    key: str
    """The whole key, for `Authorization: Bearer`."""


class CreatedWebhook(TypedDict):
    """A webhook with its new secret."""

    active: bool
    """Whether events are sent."""
    attempt: int
    """Failed attempts to deliver the next event."""
    behind: int
    """The number of events after the cursor."""
    created_at: str
    """When it was created."""
    created_by: NotRequired[str | None]
    """Who created it."""
    dead_letters: int
    """The number of events set aside."""
    disabled_reason: NotRequired[str | None]
    """Why it was disabled."""
    events: list[str]
    """The event types to send; empty means all."""
    failing_since: NotRequired[str | None]
    """Since when deliveries have failed."""
    id: str
    """`webhook-<uuid>`."""
    last_seq: int
    """The cursor: every event up to this number was delivered or filtered out."""
    next_attempt_at: NotRequired[str | None]
    """When the next attempt is due."""
    previous_secret_expires_at: NotRequired[str | None]
    """After a rotation: until when requests are signed with the old secret too."""
    refusal_attempts: int
    """How often an event that the receiver refuses (4xx) is tried before it is set aside as a dead letter."""
    updated_at: str
    """When it was last changed."""
    url: str
    """The URL that receives the requests."""
    webhook_id: str
    """The same as `id`."""
    workflow_id: str
    """The workflow whose events it receives."""
    secret: str
    """The key of the signatures. Shown only here."""


Cumulative: TypeAlias = Literal["none", "cost", "all"]
"""Which numbers of a report are the totals of its session so far, of which only what is new is counted."""


class DatabaseState(TypedDict):
    """The database."""

    bytes: int
    """Bytes of the database."""
    epoch: str
    """The epoch of streams."""
    history: HistoryPartitions
    """The partitions of history."""
    pgvector: NotRequired[str | None]
    """The version of pgvector."""
    postgres: str
    """The version of Postgres."""
    schema: NotRequired[int | None]
    """The number of the newest migration."""
    tables: list[TableSize]
    """The ten largest tables."""


class DeadLetter(TypedDict):
    """An event that was set aside."""

    attempts: int
    """How often it was sent."""
    created_at: str
    """When it was set aside."""
    dead_letter_id: str
    """`letter-<uuid>`."""
    error: NotRequired[str | None]
    """Why it was not accepted."""
    event_type: str
    """The event's type."""
    message_id: str
    """The header `webhook-id` of the refused requests; a replay sends the same."""
    seq: int
    """The event's number in the workflow's stream."""
    status_code: NotRequired[int | None]
    """The HTTP status of the last response."""
    webhook_id: str
    """The webhook."""


class DeadLetters(TypedDict):
    """A page of dead letters; the newest 1,000 of a webhook are kept."""

    dead_letters: list[DeadLetter]
    """The dead letters, newest first."""
    has_more: bool
    """Whether there are more."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


class Decide(TypedDict):
    """`POST /api/approvals/{id}/approve`, `/reject` and `/answer`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    answer: NotRequired[str | None]
    """The text of the answer; required to answer."""
    comment: NotRequired[str | None]
    """A comment to add to the ticket."""
    reason: NotRequired[str | None]
    """The reason."""


class Definition(TypedDict):
    """A board configuration to create workflows from."""

    board_config: dict[str, Any]
    """The board."""
    built_in: bool
    """Whether it is a template."""
    created_at: NotRequired[str | None]
    """When it was created."""
    definition_id: str
    """The same as `id`."""
    description: str
    """The description."""
    id: str
    """A template's name, or `definition-<uuid>`."""
    name: str
    """The name."""
    phases: list[dict[str, Any]]
    """Its columns in order: `{id, name, order}`."""


class Definitions(TypedDict):
    """The definitions that the caller can use."""

    definitions: list[Definition]
    """The templates, then the caller's own."""


class DeletedTicket(TypedDict):
    """A ticket that was deleted or archived."""

    archived: bool
    """Whether maintenance archived it, because it was completed and nobody changed it for long."""
    deleted_at: str
    """When it was deleted."""
    deleted_by: NotRequired[str | None]
    """The actor who deleted it: the agent acted for, else the caller. Null once history of that time was pruned."""
    deleted_by_name: NotRequired[str | None]
    """That actor's name."""
    is_resolved: bool
    """Whether it was resolved."""
    key: str
    """Its key, like `TKT-12`."""
    number: int
    """Its number in the workflow."""
    status: str
    """Its column."""
    ticket_id: str
    """The ticket."""
    ticket_type: str
    """Its type."""
    title: str
    """Its title."""


class DeletedTickets(TypedDict):
    """A page of deleted tickets."""

    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""
    tickets: list[DeletedTicket]
    """Those deleted last first."""


class Delivery(TypedDict):
    """One attempt to deliver an event."""

    attempt: int
    """The number of the attempt for this event."""
    attempted_at: str
    """When it was sent."""
    delivered: bool
    """Whether the receiver accepted it."""
    delivery_id: int
    """The number of the attempt, counted over all webhooks."""
    duration_ms: int
    """How long it took."""
    error: NotRequired[str | None]
    """Why not."""
    event_type: str
    """The event's type; `webhook_test` for a test."""
    message_id: str
    """The header `webhook-id`, the same in each attempt to deliver an event."""
    seq: NotRequired[int | None]
    """The event's number in the workflow's stream; null for a test."""
    status_code: NotRequired[int | None]
    """The HTTP status of the response, if there was one."""
    webhook_id: str
    """The webhook."""


class DeliveryList(TypedDict):
    """A page of delivery attempts; the newest 200 are kept."""

    deliveries: list[Delivery]
    """The attempts, newest first."""
    has_more: bool
    """Whether there are more."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


DifferenceKind: TypeAlias = Literal["added", "removed", "changed"]
"""See [`TicketDifference::change`]."""


class Done(TypedDict):
    """The response to a change that returns nothing else."""

    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


class DuplicateCheck(TypedDict):
    """The result of a duplicate check."""

    duplicate_of: NotRequired[TicketRef | None]
    """The duplicate."""
    is_duplicate: bool
    """Whether a duplicate exists."""
    meaning_checked: NotRequired[bool]
    """Whether the draft was compared in meaning with all tickets of the workflow. Titles always are."""
    mode: SearchType
    """`semantic`, or `keyword` if embeddings could not be compared."""
    notice: NotRequired[str | None]
    """What was not compared, and why."""
    similar_tickets: list[SimilarTicket]
    """The most similar first."""
    stale_embeddings: bool
    """Whether embeddings of changed tickets are pending, or embeddings could not be compared at all."""
    success: bool
    """Always true."""


class EditComment(TypedDict):
    """`PATCH /api/comments/{id}`"""

    comment_text: str
    """The new text."""


class EmbeddingFailure(TypedDict):
    """The newest failure of embedding a ticket that still waits."""

    attempts: int
    """How often it was tried."""
    error: str
    """What the provider answered."""
    retry_at: NotRequired[str | None]
    """When it is tried again."""
    ticket_id: str
    """The ticket."""


class EnterStage(TypedDict):
    """`POST /api/jobs/{id}/stage`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    lease_token: str
    """The token from the claim."""
    message: NotRequired[str | None]
    """What the worker is doing."""
    stage: str
    """One of the job's stages; any name if the job lists none."""


class Execution(TypedDict):
    """A workflow as an execution."""

    board_config: NotRequired[dict[str, Any] | None]
    """The board configuration, when a single execution is read."""
    completed_at: NotRequired[str | None]
    """When it was archived."""
    created_at: str
    """When it was started."""
    definition_id: NotRequired[str | None]
    """The definition, if it is known."""
    description: str
    """The description."""
    execution_id: str
    """The same as `id`."""
    id: str
    """The workflow's id."""
    job_id: NotRequired[str | None]
    """The job of the prompt, in the answer to its creation."""
    jobs: NotRequired[list[dict[str, Any]] | None]
    """Its newest 50 jobs, when a single execution is read."""
    launch_params: dict[str, Any]
    """The parameters of the execution."""
    name: str
    """The name."""
    role: str
    """The caller's role in it."""
    stats: dict[str, Any]
    """`{total_tickets, resolved_tickets, active_jobs}`."""
    status: str
    """active, completed (every ticket is resolved and no job is open) or archived."""
    ticket_id: NotRequired[str | None]
    """The ticket of that job."""
    updated_at: str
    """When it last changed."""
    workflow_id: str
    """The same as `id`."""


class Executions(TypedDict):
    """The caller's workflows."""

    executions: list[Execution]
    """The executions, newest first."""


class ExportFound(TypedDict):
    """`POST /api/tickets/search/export`"""

    agent_id: NotRequired[str | None]
    """The acting agent. Ignored, because searching changes nothing."""
    bom: NotRequired[bool | None]
    """Whether a CSV begins with a byte order mark, which Excel needs. Defaults to true."""
    filters: NotRequired[Filters | None]
    """Which tickets."""
    format: Format
    """csv, json or markdown."""
    include_comments: NotRequired[bool | None]
    """Whether comments are searched. Defaults to true."""
    limit: NotRequired[int | None]
    """1 to 1000. Defaults to 1000. A search with a query finds at most a few hundred tickets."""
    query: NotRequired[str]
    """As in a search; may be empty if there are filters."""
    search_type: NotRequired[SearchType | None]
    """How to search."""
    workflow_id: str
    """The workflow to search."""


class FailJob(TypedDict):
    """`POST /api/jobs/{id}/fail`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    error: str
    """The error."""
    lease_token: str
    """The token from the claim."""
    retry: NotRequired[bool | None]
    """Whether a retry can succeed. Defaults to true."""


class FieldDifference(TypedDict):
    """A field before and after."""

    new_value: Any
    """Its value on the later board."""
    old_value: Any
    """Its value on the earlier board."""


class FieldError(TypedDict):
    """One field that broke a rule, in the member `errors` of a problem."""

    field: str
    """The field, as the request names it, e.g. `title`."""
    rule: str
    """The rule it broke, e.g. `must have 3 to 500 characters`."""


class FileDiff(TypedDict):
    """One file of a commit."""

    binary: bool
    """Whether it is binary and therefore has no diff."""
    deletions: int
    """Lines removed; 0 for a binary file."""
    diff: str
    """The unified diff."""
    insertions: int
    """Lines added; 0 for a binary file."""
    language: str
    """The language for syntax highlighting; `text` if unknown."""
    old_path: NotRequired[str | None]
    """Its previous path, if it was renamed or copied."""
    path: str
    """Its path after the commit (before it, if it was deleted)."""
    status: FileStatus
    """How it was changed."""
    truncated: bool
    """Whether `diff` was truncated because of its size."""


class FileLines(TypedDict):
    """Lines of a file as it is after a commit, to show more around a change."""

    commit_sha: str
    """The full id of the commit."""
    first_line: int
    """The number of the first line, from 1."""
    lines: list[str]
    """The lines, without their line breaks: those that were asked for and exist, as far as they fit into an answer.
    """
    path: str
    """The path of the file after the commit."""
    total_lines: int
    """The number of lines of the file; of its first 10 MiB if it is larger."""
    truncated: bool
    """Whether the file is larger than 10 MiB, so that its end cannot be shown."""


FileStatus: TypeAlias = Literal["added", "modified", "deleted", "renamed", "copied"]
"""How a commit changed a file."""


class Filters(TypedDict):
    """Ticket filters; an omitted filter matches every ticket."""

    assigned_agent_id: NotRequired[str | None]
    """This assignee."""
    created_after: NotRequired[str | None]
    """Created at this time or later: RFC 3339, or a date, which begins at midnight in `tz`."""
    created_before: NotRequired[str | None]
    """Created at this time or earlier: RFC 3339, or a date, the whole of which is included."""
    due_after: NotRequired[str | None]
    """Due on this day or later, like `2026-01-31`."""
    due_before: NotRequired[str | None]
    """Due on this day or earlier."""
    include_completed: NotRequired[bool | None]
    """`false` excludes resolved tickets."""
    is_blocked: NotRequired[bool | None]
    """Whether the ticket is blocked."""
    milestone_id: NotRequired[str | None]
    """In this milestone, by id or name."""
    overdue: NotRequired[bool | None]
    """Whether the ticket is open after its due day, in `tz`."""
    priority: NotRequired[list[Priority] | None]
    """Any of these priorities."""
    silent_minutes: NotRequired[float | None]
    """Open tickets whose assigned agent did nothing about them for so many minutes."""
    status: NotRequired[list[str] | None]
    """Any of these columns."""
    tags: NotRequired[list[str] | None]
    """At least one of these tags."""
    ticket_type: NotRequired[list[str] | None]
    """Any of these types."""
    tz: NotRequired[str | None]
    """The time zone of dates, like `Europe/Berlin`. Defaults to the workflow's."""
    unassigned: NotRequired[bool | None]
    """Only tickets without an assignee."""
    without_milestone: NotRequired[bool | None]
    """Only tickets without a milestone."""


class Finding(TypedDict):
    """One finding."""

    agent_id: NotRequired[str | None]
    """The agent or person that it is about, or the ticket's assignee."""
    agent_name: NotRequired[str | None]
    """Its name."""
    duration_seconds: int
    """Seconds since then."""
    finding_id: NotRequired[str | None]
    """`finding-<uuid>`, as in its events; null until a server has recorded it."""
    job_type: NotRequired[str | None]
    """The type of the jobs that no worker takes."""
    key: NotRequired[str | None]
    """The ticket's key."""
    kind: FindingKind
    """What is found."""
    measured: float
    """What was compared with the threshold: minutes, open tickets, or the similarity."""
    message: str
    """The finding as a sentence."""
    opened_at: NotRequired[str | None]
    """When a server recorded it and its event was sent."""
    other_key: NotRequired[str | None]
    """The key of that ticket."""
    other_ticket_id: NotRequired[str | None]
    """The blocker, or the ticket that this one probably repeats."""
    priority: NotRequired[str | None]
    """The ticket's priority."""
    since: str
    """Since when it has been so."""
    status: NotRequired[str | None]
    """The ticket's column."""
    suggestion: FindingSuggestion
    """What could be done."""
    threshold: FindingThreshold
    """The threshold."""
    ticket_id: NotRequired[str | None]
    """The ticket, if it is about one."""
    title: NotRequired[str | None]
    """The ticket's title."""
    workflow_id: str
    """The workflow."""


FindingKind: TypeAlias = Literal["urgent_unassigned", "job_without_worker", "agent_silent", "blocked", "stuck", "agent_overloaded", "likely_duplicate"]
"""What a finding is about. An owner of the workflow sets the thresholds."""


class FindingSuggestion(TypedDict):
    """What could be done about a finding."""

    action: str
    """`assign`, `reassign`, `ask`, `resolve_blocker`, `merge` or `start_worker`."""
    agent_id: NotRequired[str | None]
    """To whom to assign, or whom to ask: the assignee with the fewest open tickets who has worked in this workflow.
    """
    message: str
    """The suggestion as a sentence."""
    ticket_id: NotRequired[str | None]
    """The blocker to resolve, or the ticket to merge into."""


class FindingThreshold(TypedDict):
    """The threshold that a finding breaks."""

    name: str
    """Its name in the workflow's thresholds, e.g. `stuck_minutes`."""
    value: float
    """Its value."""


class FindingThresholds(TypedDict):
    """The thresholds of a workflow. 0 turns a kind of finding off."""

    blocked_minutes: int
    """Minutes since the oldest blocker was added. Defaults to 2880, two days."""
    duplicate_similarity: float
    """The similarity from which a ticket counts as a duplicate. Defaults to 0.9."""
    max_open_tickets: int
    """The most open tickets of one assignee. Defaults to 10."""
    silent_minutes: int
    """Minutes without a sign of an agent with tickets in active columns. Defaults to 60."""
    stuck_minutes: int
    """Minutes without a change, comment or commit in an active column. Defaults to 4320, three days."""
    unassigned_minutes: int
    """Minutes without an assignee at critical or high priority. Defaults to 60."""
    without_worker_minutes: int
    """Minutes that queued jobs wait for a worker that takes them. Defaults to 10."""
    workflow_id: str
    """The workflow."""


class Findings(TypedDict):
    """The findings of a workflow."""

    counts: dict[str, int]
    """How many there are of each kind that was asked for, counted to 200."""
    findings: list[Finding]
    """The most urgent kinds first, in each the longest-standing first."""
    has_more: bool
    """Whether there are more than `limit`."""
    thresholds: FindingThresholds
    """The thresholds that apply."""
    workflow_id: str
    """The workflow."""


Format: TypeAlias = Literal["json", "csv", "markdown"]
"""The format of an export."""


class GoneTicket(TypedDict):
    """A ticket that an updating import leaves alone, because it is no longer on the board."""

    key: str
    """The key here, e.g. `TKT-12`."""
    reason: str
    """`deleted`, `archived` or `merged`."""
    reference: str
    """The id in the other tracker."""


GroupBy: TypeAlias = Literal["day", "agent", "model", "ticket", "job", "workflow"]
"""By what usage is added up."""


class Health(TypedDict):
    """Liveness of the server."""

    status: str
    """Always `ok`."""
    version: str
    """The server's version."""


class Heartbeat(TypedDict):
    """`POST /api/jobs/{id}/heartbeat`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    lease_seconds: NotRequired[float | None]
    """The new lease, counted from now, in seconds."""
    lease_token: str
    """The token from the claim."""
    message: NotRequired[str | None]
    """What the worker is doing."""
    progress: NotRequired[float | None]
    """Percent, 0 to 100."""


class HeartbeatAnswer(TypedDict):
    """The answer to a heartbeat: what the worker has to react to."""

    approvals: list[dict[str, Any]]
    """Questions of this job that people have decided, newest first."""
    cancel_requested: bool
    """Stop, then confirm with `/cancelled`."""
    job_id: str
    """The job."""
    lease_expires_at: str
    """When the lease expires."""
    pause_requested: bool
    """Pause, and continue to send heartbeats."""
    status: JobStatus
    """Its state."""
    success: bool
    """Always true."""


class HistoryEntry(TypedDict):
    """One entry of a ticket's history."""

    actor_id: str
    """The authenticated actor."""
    agent_id: str
    """The actor as shown on boards: the agent acted for, else the caller."""
    change_description: str
    """Human-readable description of the change."""
    change_type: str
    """created, status_changed, assigned, commented, field_updated, commit_linked, …"""
    changed_at: str
    """When."""
    field_name: NotRequired[str | None]
    """The changed field, if any."""
    metadata: Any
    """Additional data."""
    new_value: NotRequired[str | None]
    """Its value after."""
    old_value: NotRequired[str | None]
    """Its value before."""
    on_behalf_of: NotRequired[str | None]
    """The agent acted for, if any."""
    seq: int
    """Sequence number in the workflow's event stream."""


class HistoryPartition(TypedDict):
    """A month of history."""

    about_rows: NotRequired[int | None]
    """Its rows, as the database estimated them last; null before it did."""
    bytes: int
    """Bytes on disk, with indexes."""
    name: str
    """The partition's name, which ends with its year and month."""


class HistoryPartitions(TypedDict):
    """The partitions of history."""

    bytes: int
    """Bytes of all of them."""
    count: int
    """How many there are, with those of coming months."""
    newest: list[HistoryPartition]
    """The newest 24 that hold something."""


class Home(TypedDict):
    """What needs the caller and what happened since their last visit, over the newest 200 of their workflows."""

    counts: HomeCounts
    """How many items there are in all workflows, also if only one was asked for."""
    epoch: str
    """The epoch of the `seq` of every workflow."""
    expired: list[HomeItem]
    """Questions that expired since the last visit, the newest first."""
    failed: list[HomeItem]
    """Failed jobs that nobody has dealt with, the newest first."""
    finished: list[HomeItem]
    """Tickets that were resolved and jobs that succeeded since the last visit, the newest first."""
    mentions: list[HomeItem]
    """Comments that mention the caller, unread, the newest first."""
    stuck: list[HomeItem]
    """Work that does not go on, the longest-standing first."""
    waiting: list[HomeItem]
    """Questions and reviews that the caller may decide, the oldest first."""
    workflows: list[HomeWorkflow]
    """The caller's workflows that are not archived, by name."""


class HomeCounts(TypedDict):
    """How many items each section has, counted to 100 in each workflow."""

    expired: int
    """Questions that expired without a decision since the last visit."""
    failed: int
    """Failed jobs that nobody has retried, deleted or replaced, and that the caller has not marked as dealt with.
    """
    finished: int
    """Tickets that were resolved and jobs that succeeded since the last visit."""
    mentions: int
    """Comments that mention the caller, unread."""
    stuck: int
    """Work that does not go on."""
    waiting: int
    """Questions and reviews that the caller may decide."""


class HomeItem(TypedDict):
    """One item of Home."""

    actor_id: NotRequired[str | None]
    """Who asked, worked on it, wrote it or is silent."""
    actor_name: NotRequired[str | None]
    """Their name."""
    approval: NotRequired[Approval | None]
    """The approval, for what waits and what expired."""
    at: str
    """When it was asked, failed, got stuck, was written, ended or expired."""
    attempt: NotRequired[int | None]
    """The attempt that failed or succeeded, for a job."""
    comment_id: NotRequired[str | None]
    """The comment, for a mention."""
    id: str
    """The id of the approval, job, finding, comment or ticket."""
    job_id: NotRequired[str | None]
    """The job."""
    kind: HomeItemKind
    """What it is about."""
    text: NotRequired[str | None]
    """The start of the error, of the finding's message or of the comment."""
    ticket_id: NotRequired[str | None]
    """The ticket."""
    ticket_key: NotRequired[str | None]
    """The ticket's key, `TKT-12`."""
    ticket_title: NotRequired[str | None]
    """The ticket's title."""
    title: NotRequired[str | None]
    """The question, or the title of the job or ticket."""
    workflow_id: str
    """Its workflow."""


HomeItemKind: TypeAlias = Literal["question", "review", "clarification", "job", "job_silent", "job_without_worker", "agent_silent", "blocked", "stuck", "mention", "ticket"]
"""What an item of Home is about."""


class HomeWorkflow(TypedDict):
    """A workflow on Home."""

    counts: HomeCounts
    """How many items it has."""
    name: str
    """Its name."""
    role: str
    """The caller's role in it."""
    seq: int
    """Where its stream stood when this was read. `POST /api/home/visited` takes it back."""
    since: str
    """Since when something counts as news: the last visit, or else at most 7 days."""
    visited_at: NotRequired[str | None]
    """When the caller's last visit ended; null before the first one."""
    workflow_id: str
    """The workflow."""


class ImportAnswer(TypedDict):
    """The answer of an import."""

    bad_lines: list[BadLine]
    """Lines that could not be imported, at most 1,000."""
    dry_run: bool
    """Whether it was undone."""
    format: ImportTool
    """The format."""
    mapping: MappedNames
    """What each name became, at most 1,000 of a kind."""
    not_taken: list[NotTaken]
    """What was not taken, by kind."""
    outcome: ImportOutcome
    """What was done, or would be."""
    warnings: list[BadLine]
    """Values that were left out, at most 1,000."""


class ImportFile(TypedDict):
    """`POST /api/workflows/{id}/import` and its preview: the file, and how to import it."""

    content: NotRequired[str | None]
    """The content of a text file."""
    content_base64: NotRequired[str | None]
    """Instead of `content`: the bytes of a file in Base64, for archives and other encodings than UTF-8."""
    dry_run: NotRequired[bool]
    """Whether the import is undone, to see its exact outcome. Defaults to false."""
    file_name: NotRequired[str | None]
    """The file's name."""
    format: NotRequired[ImportTool | None]
    """The format. Defaults to what the content looks like."""
    mapping: NotRequired[ImportMapping]
    """What names become. Defaults to what the preview proposes."""
    strict: NotRequired[bool]
    """Whether nothing is imported if any line or value is invalid. Defaults to false."""
    update: NotRequired[bool]
    """Whether changes of the source are carried over into tickets that were imported before, except values that
    changed here too. Defaults to false: known tickets are skipped.
    """


class ImportFormat(TypedDict):
    """A format that can be imported."""

    description: str
    """What a file of it is, e.g. `a Linear CSV export`."""
    how_to_export: str
    """How to export there."""
    id: ImportTool
    """Its name in requests."""
    tool: str
    """The tool."""


class ImportFormats(TypedDict):
    """The formats that can be imported."""

    formats: list[ImportFormat]
    """All of them."""
    max_bytes: int
    """Maximum bytes of a request with a file."""


class ImportMapping(TypedDict):
    """How names of the other tracker become values of the board. Names that are not given are mapped as proposed;
    names that do not occur are ignored.
    """

    people: NotRequired[dict[str, str | None]]
    """People to members, by id or e-mail address; null keeps the name as text."""
    priorities: NotRequired[dict[str, Priority]]
    """Priorities."""
    states: NotRequired[dict[str, str]]
    """States to ids of columns."""
    types: NotRequired[dict[str, str]]
    """Types to ids of ticket types; one that the board lacks is added."""


class ImportMilestone(TypedDict):
    """A milestone as its source describes it."""

    closed_at: NotRequired[str | None]
    """When it was closed, if the source says it."""
    description: NotRequired[str]
    """The description."""
    due_at: NotRequired[str | None]
    """When it is due."""
    is_closed: NotRequired[bool | None]
    """Whether it is closed; null if the source does not say it."""
    name: str
    """The name. Names that differ in case only are one milestone."""
    starts_at: NotRequired[str | None]
    """When the work on it starts."""
    tickets: NotRequired[int]
    """How many tickets of the file are in it."""


class ImportOutcome(TypedDict):
    """The result of an import."""

    agents: int
    """People provisioned as agents."""
    blockers: int
    """Blockers that are still open."""
    comments: int
    """Comments."""
    existing: int
    """Items imported before."""
    gone: list[GoneTicket]
    """Items that were imported before, whose tickets were deleted, archived or merged here since; an updating import
    leaves them alone and names them. At most 1,000.
    """
    gone_count: int
    """How many these are."""
    imported: int
    """New tickets."""
    imported_before: int
    """Tickets of the workflow from earlier imports."""
    kept: int
    """Of those, tickets with a value that changed both there and here, so that an updating import left it."""
    milestones: int
    """New milestones."""
    milestones_updated: int
    """Milestones imported before that an updating import changed."""
    missing_links: int
    """Links to items that do not exist."""
    newer: int
    """Of those, items that have changed in the file since."""
    parents: int
    """Parents."""
    related: int
    """Other relations, including resolved blockers."""
    types_added: list[str]
    """Ticket types added to the board."""
    updated: int
    """Of those, tickets that an updating import changed."""
    workflow_id: str
    """The workflow."""
    workflow_name: str
    """Its name."""


class ImportPreview(TypedDict):
    """What an import would do."""

    bad_lines: list[BadLine]
    """Lines that cannot be imported, at most 1,000."""
    columns: list[BoardColumn]
    """The columns of the board, from which states can be chosen."""
    comments: int
    """Its comments."""
    existing: int
    """Of the tickets, those that were imported before."""
    format: ImportTool
    """The format."""
    has_moves: bool
    """Whether some tickets bring their moves between columns."""
    looks_like: str
    """What the file looks like, e.g. `a Linear CSV export`."""
    mapping: MappedNames
    """What each name becomes, at most 1,000 of a kind."""
    milestones: list[ImportMilestone]
    """The milestones of the tickets."""
    not_taken: list[NotTaken]
    """What is not taken, by kind."""
    samples: list[SampleTicket]
    """The first tickets."""
    ticket_types: list[str]
    """The ids of its ticket types."""
    tickets: int
    """Its tickets."""
    warnings: list[BadLine]
    """Values that are left out, at most 1,000."""


class ImportProgress(TypedDict):
    """`GET /api/workflows/{id}/import`."""

    progress: NotRequired[ImportStep | None]
    """How far the import is that runs, also one without writing; null if none does."""


class ImportStep(TypedDict):
    """The step that an import is at."""

    done: int
    """What of the step is done. Only `search` counts."""
    step: str
    """`tickets` while tickets are written, `comments` while their comments are, and `search` while both are made
    searchable, which takes most of the time.
    """
    total: int
    """Of how many."""


ImportTool: TypeAlias = Literal["beads", "github", "linear", "jira", "trello", "backlog_md", "task_master", "plane", "vibe_kanban", "redmine", "open_project"]
"""A tool whose export can be imported."""


class InvitationDecided(TypedDict):
    """The result of deciding an invitation."""

    accepted: bool
    """Whether the actor is a member now."""
    actor_id: str
    """Who was invited."""
    workflow_id: str
    """The workflow."""


class Invite(TypedDict):
    """A new invitation; its secret is only returned once."""

    email: NotRequired[str | None]
    expires_at: str
    invite_id: str
    role: NotRequired[str | None]
    workflow_id: NotRequired[str | None]
    invite: str
    """The secret to send as `invite` when registering."""
    url: NotRequired[str | None]
    """Link to the registration page, if the server's public address is configured."""


class InviteLink(TypedDict):
    """An invite link as the owners of its workflow see it, without its secret."""

    created_at: str
    """When it was created."""
    email: NotRequired[str | None]
    """The only e-mail address that may use it."""
    expires_at: str
    """When it expires or did."""
    invite_id: str
    """The id."""
    invited_by: str
    """Who created it."""
    invited_by_name: str
    """The creator's name."""
    role: str
    """`viewer`, `member` or `owner`."""
    state: str
    """`open`, `used`, `expired`, `withdrawn`, or `unauthorized` if its sender may no longer invite."""
    used_at: NotRequired[str | None]
    """When it was used."""
    withdrawn_at: NotRequired[str | None]
    """When it was withdrawn."""


class InviteLinks(TypedDict):
    """The invite links of a workflow, newest first."""

    links: list[InviteLink]
    """The links."""


class InviteOffer(TypedDict):
    """What an invitation is for, to everyone who holds its token."""

    email_hint: NotRequired[str | None]
    """The shortened e-mail address of the only account that may use it, such as `a…@example.org`."""
    expires_at: str
    """When it expires or did."""
    invited_by_name: NotRequired[str | None]
    """The sender's name."""
    role: NotRequired[str | None]
    """The role to get: `viewer`, `member` or `owner`."""
    state: str
    """`open`, `used`, `expired`, `withdrawn`, or `unauthorized` if its sender may no longer invite."""
    workflow_id: NotRequired[str | None]
    """The workflow to join. Null if it is for the installation, or if the invitation was withdrawn or is unauthorized.
    """
    workflow_name: NotRequired[str | None]
    """Its name."""


class InviteToken(TypedDict):
    """InviteToken"""

    invite: str
    """The token of the invitation."""


class Job(TypedDict):
    """A job."""

    agent_id: NotRequired[str | None]
    """The actor that claimed it."""
    attempt: int
    """The number of claims; released ones do not count."""
    error: NotRequired[str | None]
    """The error of the last failed attempt."""
    job_id: str
    """`job-<uuid>`."""
    job_type: str
    """The type, by which workers select jobs."""
    max_attempts: int
    """The maximum number of attempts."""
    no_worker: NotRequired[bool]
    """Whether it is queued and no live worker takes its type."""
    progress: float
    """Percent, 0 to 100."""
    progress_message: str
    """What the worker is doing, in a sentence."""
    stage: NotRequired[str | None]
    """The current stage."""
    stages: list[str]
    """Its stages, in order."""
    status: JobStatus
    """Its state."""
    ticket_id: NotRequired[str | None]
    """The ticket that it works on."""
    title: str
    """The title."""
    updated_at: str
    """When it last changed."""
    worker: NotRequired[str | None]
    """The name of its current or last worker."""
    workflow_id: str
    """Its workflow."""
    app_id: NotRequired[str | None]
    """The app that it specified."""
    cancel_requested: bool
    """Whether its worker was asked to stop."""
    commit_sha: NotRequired[str | None]
    """The commit it ended with."""
    created_at: str
    """When it was created."""
    created_by: NotRequired[str | None]
    """Who created it."""
    finished_at: NotRequired[str | None]
    """When it ended."""
    heartbeat_at: NotRequired[str | None]
    """The time of the last heartbeat."""
    id: str
    """The same as `job_id`."""
    initial_prompt: str
    """The prompt."""
    lease_expires_at: NotRequired[str | None]
    """When the lease expires; null when there is none."""
    not_before: str
    """The earliest time at which it can be claimed."""
    payload: dict[str, Any]
    """Further input for the worker."""
    priority: Priority
    """The priority."""
    queued_at: NotRequired[str | None]
    """When it was last queued."""
    result: NotRequired[dict[str, Any] | None]
    """The result."""
    started_at: NotRequired[str | None]
    """When it was first claimed."""
    ticket_key: NotRequired[str | None]
    """The ticket's key, `TKT-12`."""
    usage: NotRequired[UsageTotals | None]
    """What it used. Only when one job is read."""
    waiting_reason: NotRequired[str | None]
    """Why it is queued and not handed out, in a sentence."""


class JobCompleted(TypedDict):
    """The answer to completing."""

    job: Job
    """The job."""
    notice: NotRequired[str | None]
    """Why the ticket was not resolved."""
    success: bool
    """Always true."""
    ticket_resolved: bool
    """Whether its ticket is resolved."""
    unblocked_tickets: list[str]
    """Tickets that are no longer blocked by its ticket."""


class JobFailed(TypedDict):
    """The answer to failing."""

    job: Job
    """The job."""
    retry_at: NotRequired[str | None]
    """The earliest time of the next attempt."""
    success: bool
    """Always true."""
    will_retry: bool
    """Whether it was queued for another attempt."""


JobStatus: TypeAlias = Literal["collecting", "queued", "running", "paused", "waiting", "succeeded", "failed", "cancelled"]
"""The state of a job: collecting → queued → running ⇄ paused or waiting → succeeded, failed or cancelled."""


class JobSummary(TypedDict):
    """The fields of a job that boards and events show."""

    agent_id: NotRequired[str | None]
    """The actor that claimed it."""
    attempt: int
    """The number of claims; released ones do not count."""
    error: NotRequired[str | None]
    """The error of the last failed attempt."""
    job_id: str
    """`job-<uuid>`."""
    job_type: str
    """The type, by which workers select jobs."""
    max_attempts: int
    """The maximum number of attempts."""
    no_worker: NotRequired[bool]
    """Whether it is queued and no live worker takes its type."""
    progress: float
    """Percent, 0 to 100."""
    progress_message: str
    """What the worker is doing, in a sentence."""
    stage: NotRequired[str | None]
    """The current stage."""
    stages: list[str]
    """Its stages, in order."""
    status: JobStatus
    """Its state."""
    ticket_id: NotRequired[str | None]
    """The ticket that it works on."""
    title: str
    """The title."""
    updated_at: str
    """When it last changed."""
    worker: NotRequired[str | None]
    """The name of its current or last worker."""
    workflow_id: str
    """Its workflow."""


class JobUsage(TypedDict):
    """What a job used."""

    attempts: list[AttemptUsage]
    """By attempt, newest first; at most 200."""
    attempts_without_usage: int
    """Attempts that have ended without a report."""
    job_id: str
    """The job."""
    models: list[ModelUsage]
    """By model, the most used first; at most 50."""
    ticket_id: NotRequired[str | None]
    """Its ticket."""
    usage: UsageTotals
    """All of it."""
    workflow_id: str
    """Its workflow."""


class Jobs(TypedDict):
    """A page of jobs, newest first."""

    has_more: bool
    """Whether more follow."""
    jobs: list[Job]
    """The jobs."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


class KeyRequest(TypedDict):
    """A new API key."""

    actor_id: NotRequired[str | None]
    """An agent or service owned by the caller. Defaults to the caller."""
    expires_at: NotRequired[str | None]
    """When it expires. Defaults to never, or to the expiry of the key that creates it."""
    name: str
    """Its purpose."""
    scopes: NotRequired[list[str] | None]
    """Any of `read`, `write`, `manage`, `approve`, `act_for` (services only) and `*`. Defaults to `read` and `write`
    for agents, and also `manage` and `act_for` for services.
    """
    workflows: NotRequired[list[str] | None]
    """Workflows owned by the caller that the actor joins as a member, if it is the caller's own."""


class KeyWithLineage(TypedDict):
    """A key, and where it comes from."""

    actor_id: str
    """The actor it belongs to."""
    actor_kind: str
    """That actor's kind."""
    actor_name: str
    """That actor's name."""
    created_at: str
    """Creation time."""
    created_by: NotRequired[str | None]
    """The creator."""
    created_by_key: NotRequired[str | None]
    """The key that created it; revoking that one revokes this one."""
    expires_at: NotRequired[str | None]
    """When it expires."""
    id: str
    """The id."""
    last_used_at: NotRequired[str | None]
    """When it was last used, to the minute."""
    name: str
    """Its purpose."""
    revoked_at: NotRequired[str | None]
    """When it was revoked."""
    scopes: list[str]
    """Its scopes."""
    created_by_key_name: NotRequired[str | None]
    """The name of the key with which it was made."""
    created_by_name: NotRequired[str | None]
    """The name of who made it."""


Kind: TypeAlias = Literal["agent", "service"]
"""The kind of a non-human actor."""


class LastDelivery(TypedDict):
    """The newest request of a webhook."""

    attempted_at: str
    """When it was sent."""
    delivered: bool
    """Whether the receiver accepted it."""
    error: NotRequired[str | None]
    """What went wrong."""
    event_type: str
    """The type of the event."""
    status_code: NotRequired[int | None]
    """The HTTP status; null without an answer."""


class LeaseReleased(TypedDict):
    """The answer to releasing a lease."""

    job: Job
    """The job."""
    success: bool
    """Always true."""


Level: TypeAlias = Literal["debug", "info", "warning", "error"]
"""The severity."""


Link: TypeAlias = Literal["parent", "child", "blocks", "blocked_by", "related"]
"""An existing link between two tickets, as seen from the first."""


class LinkCommit(TypedDict):
    """`POST /api/tickets/link-commit`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    commit_message: NotRequired[str | None]
    """Defaults to the message in the workflow's repository."""
    commit_sha: str
    """4 to 64 hexadecimal digits."""
    ticket_id: str
    """The ticket."""


class LinkedCommit(TypedDict):
    """A commit linked to a ticket."""

    agent_id: NotRequired[str | None]
    """The actor that linked it."""
    author: NotRequired[str | None]
    """The author as recorded by git."""
    commit_message: str
    """Its message."""
    commit_sha: str
    """Its id."""
    commit_timestamp: NotRequired[str | None]
    """Creation time."""
    deletions: NotRequired[int | None]
    """Removed lines."""
    files_changed: NotRequired[int | None]
    """Number of changed files."""
    files_list: list[str]
    """Changed paths."""
    insertions: NotRequired[int | None]
    """Added lines."""
    link_method: str
    """`manual`, `job` (reported by a finished job) or `reference` (the commit message names the ticket)."""
    linked_at: str
    """When it was linked."""
    url: NotRequired[str | None]
    """Web address of the commit."""


class ListedApp(TypedDict):
    """An app in a list, with its job."""

    app_id: str
    """`app-<uuid>`."""
    created_at: str
    """When it was written."""
    created_by: NotRequired[str | None]
    """Who wrote it."""
    id: str
    """The same as `app_id`."""
    job_id: str
    """The job that specified it."""
    ticket_id: NotRequired[str | None]
    """The job's ticket."""
    title: str
    """The title."""
    updated_at: str
    """When it last changed."""
    workflow_id: str
    """Its workflow."""
    job_status: JobStatus
    """The state of its job."""
    job_title: str
    """The title of its job."""


class Login(TypedDict):
    """Login"""

    email: str
    password: str
    token_mode: NotRequired[TokenMode | None]


class Made(TypedDict):
    """The stored properties of an invitation."""

    email: NotRequired[str | None]
    expires_at: str
    invite_id: str
    role: NotRequired[str | None]
    workflow_id: NotRequired[str | None]


MappedBy: TypeAlias = Literal["given", "name", "similar", "category", "email", "new", "text", "unknown"]
"""Why a name is mapped as it is."""


class MappedName(TypedDict):
    """A name of the other tracker and what becomes of it."""

    count: int
    """How many tickets have it; of people, how often they are named."""
    email: NotRequired[str | None]
    """Of a person: the e-mail address."""
    how: MappedBy
    """Why."""
    name: str
    """The name there."""
    to: NotRequired[str | None]
    """The column, ticket type, priority or member here; null for a person that is kept as text."""


class MappedNames(TypedDict):
    """The whole mapping with its reasons; each list has the most frequent names first."""

    people: list[MappedName]
    """People."""
    priorities: list[MappedName]
    """Priorities."""
    states: list[MappedName]
    """States, mapped to columns."""
    types: list[MappedName]
    """Types."""


class MarkVisited(TypedDict):
    """`POST /api/home/visited`: workflows that were seen, single items that are dealt with, or both."""

    epoch: NotRequired[str | None]
    """The `epoch` of `GET /api/home`. Defaults to the present one; give it, so that no `seq` of before a restore
    counts.
    """
    handled: NotRequired[bool]
    """Whether failures and mentions up to there are dealt with, too. Defaults to false."""
    items: NotRequired[list[str]]
    """Ids of single items that are dealt with, at most 200."""
    workflows: NotRequired[list[VisitedWorkflow]]
    """The workflows that were seen, at most 200."""


class Me(TypedDict):
    """The caller and its credential."""

    acting_for: NotRequired[str | None]
    """The agent acted for, if any."""
    key_id: NotRequired[str | None]
    """The API key, if one authenticated."""
    scopes: list[str]
    """The credential's scopes; `*` means all."""
    session_id: NotRequired[str | None]
    """The session, if one authenticated."""
    user: Actor
    """The authenticated actor."""


class Member(TypedDict):
    """A member of a workflow."""

    actor_id: str
    """The actor."""
    added_at: str
    """Time of joining."""
    email: NotRequired[str | None]
    """A person's e-mail address."""
    kind: str
    """user, agent or service."""
    name: str
    """Its name."""
    role: str
    """viewer, member or owner."""


class MemberList(TypedDict):
    """The members of a workflow."""

    members: list[Member]
    """By name."""


class Membership(TypedDict):
    """Membership"""

    role: Role
    """viewer, member or owner."""


class MembershipInvitation(TypedDict):
    """An invitation that the caller decides."""

    actor_id: str
    """Who is invited: the caller, or an agent or service of the caller."""
    actor_kind: str
    """`user`, `agent` or `service`."""
    actor_name: str
    """Its name."""
    created_at: str
    """When it was sent."""
    expires_at: str
    """When it expires."""
    invitation_id: str
    """The id."""
    invited_by: str
    """Who sent it."""
    invited_by_name: str
    """The sender's name."""
    role: str
    """`viewer`, `member` or `owner`."""
    workflow_id: str
    """The workflow to join."""
    workflow_name: str
    """Its name."""


class MembershipInvitations(TypedDict):
    """The invitations that the caller decides, newest first."""

    invitations: list[MembershipInvitation]
    """The invitations."""


class MergeTickets(TypedDict):
    """`POST /api/tickets/merge`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    comment: NotRequired[str | None]
    """The reason; it is included in the comment added to the original."""
    into_ticket_id: str
    """Its original, in the same workflow."""
    ticket_id: str
    """The duplicate."""


class Merged(TypedDict):
    """The response to a merge."""

    into_ticket_id: str
    """Its original."""
    message: str
    """Human-readable summary."""
    moved: Moved
    """What was moved to the original."""
    success: bool
    """Always true."""
    ticket_id: str
    """The duplicate; it is no longer on the board."""
    unblocked_tickets: list[str]
    """Tickets that the duplicate blocked and that are no longer blocked."""


class Message(TypedDict):
    """A message of a transcript, with the field names of both kinds of clients."""

    agent: NotRequired[str | None]
    """The same as `sender`."""
    agent_id: NotRequired[str | None]
    """The actor that wrote it."""
    attempt: int
    """The attempt to which it belongs."""
    content: str
    """The text."""
    created_at: str
    """When it was posted."""
    id: str
    """The same as `message_id`."""
    job_id: str
    """The job."""
    kind: MessageKind
    """The kind."""
    level: Level
    """The severity."""
    message: str
    """The same as `content`."""
    message_id: str
    """`message-<uuid>`."""
    metadata: dict[str, Any]
    """Further data."""
    order: int
    """Its number in the job: 1, 2, 3…"""
    role: MessageRole
    """The role of the author."""
    sender: NotRequired[str | None]
    """The name of the author."""
    stage: NotRequired[str | None]
    """The stage of the job at that time."""
    workflow_id: str
    """Its workflow."""


MessageKind: TypeAlias = Literal["chat", "step", "log"]
"""The kind of a message in the transcript."""


MessageRole: TypeAlias = Literal["user", "assistant", "agent", "system"]
"""The role of the author."""


class Messages(TypedDict):
    """A page of a transcript, in order."""

    has_more: bool
    """Whether more follow; with `before`, whether more precede."""
    messages: list[Message]
    """The messages."""
    next_cursor: NotRequired[str | None]
    """The `after` of the next page; with `before`, its `before`."""


class MessagesPosted(TypedDict):
    """The answer to adding messages."""

    job_id: str
    """The job."""
    messages: list[Posted]
    """One for each message, in order."""
    success: bool
    """Always true."""


class Milestone(TypedDict):
    """A milestone, and how far it is."""

    closed_at: NotRequired[str | None]
    """When it was closed."""
    created_at: str
    """Creation time."""
    created_by: NotRequired[str | None]
    """The creator."""
    description: str
    """What it is for."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    is_closed: bool
    """Whether it is closed: it takes no more tickets."""
    is_overdue: bool
    """Whether it is open after its due day, in the workflow's time zone."""
    milestone_id: str
    """`milestone-<uuid>`."""
    name: str
    """Its name, unique in the workflow regardless of case."""
    resolved_count: int
    """How many of them are resolved."""
    resolved_points: float
    """The story points of the resolved ones."""
    starts_on: NotRequired[str | None]
    """The day on which work on it starts."""
    story_points: float
    """The sum of their story points."""
    ticket_count: int
    """Tickets in it."""
    updated_at: str
    """Time of the last change."""
    workflow_id: str
    """Its workflow."""


class MilestoneDeleted(TypedDict):
    """The response to deleting a milestone."""

    message: str
    """Human-readable summary."""
    milestone_id: str
    """The milestone."""
    success: bool
    """Always true."""
    tickets: int
    """How many tickets were in it."""


class MilestoneList(TypedDict):
    """The milestones of a workflow, at most 300."""

    milestones: list[Milestone]
    """The open ones first, those that are due first."""


class MilestoneRef(TypedDict):
    """A short reference to a milestone."""

    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    is_closed: bool
    """Whether it is closed."""
    milestone_id: str
    """`milestone-<uuid>`."""
    name: str
    """Its name."""


class ModelUsage(TypedDict):
    """What was used with a model."""

    model: NotRequired[str | None]
    """The model; null where it was not reported."""
    usage: UsageTotals
    """What was used."""


class Money(TypedDict):
    """An amount of money."""

    amount: str
    """The decimal amount, e.g. `0.0125`."""
    currency: str
    """The currency (ISO 4217)."""


class MoveToStage(TypedDict):
    """`PUT /api/tickets/{id}/stage`. Unknown fields are ignored."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    comment: NotRequired[str | None]
    """The reason; some boards require at least 10 characters."""
    stage: str
    """The id or name of a column, or a common word for its purpose."""
    workflow_id: NotRequired[str | None]
    """The workflow, if the ticket is given by its key."""


class Moved(TypedDict):
    """What was moved between the two tickets."""

    blockers: int
    """Blockers, in both directions."""
    comments: int
    """Comments that are not deleted."""
    commits: int
    """Linked commits."""
    sub_tickets: int
    """Sub-tickets."""


class NewAgent(TypedDict):
    """A new agent or service."""

    id: NotRequired[str | None]
    """The id. Defaults to a generated one. An id that somebody else's agent has gets a suffix; the response has the
    result.
    """
    kind: NotRequired[Kind | None]
    """`agent` (default) or `service`."""
    name: NotRequired[str | None]
    """Display name. Defaults to the id."""
    workflows: NotRequired[list[str] | None]
    """Workflows owned by the caller that it joins as a member."""


class NewApp(TypedDict):
    """A specification to store as an app."""

    prd_markdown: NotRequired[str | None]
    """The product description, Markdown."""
    spec: dict[str, Any]
    """The specification: an object of at most 1 MiB."""
    title: NotRequired[str | None]
    """The title. Defaults to that of the job."""


class NewCommit(TypedDict):
    """A reported commit."""

    author: NotRequired[str | None]
    """The author."""
    deletions: NotRequired[int | None]
    """Removed lines."""
    files: NotRequired[list[str] | None]
    """Changed paths."""
    files_changed: NotRequired[int | None]
    """Number of changed files."""
    insertions: NotRequired[int | None]
    """Added lines."""
    message: str
    """Its message; up to 20 tickets named by their keys are linked."""
    replaces: NotRequired[list[str] | None]
    """Ids of commits that it replaces after amending or rebasing; links created from references in their messages are
    removed.
    """
    sha: str
    """Its id, preferably in full."""
    timestamp: NotRequired[str | None]
    """Commit time."""
    url: NotRequired[str | None]
    """Web address of the commit (http or https)."""


class NewCommits(TypedDict):
    """`POST /api/internal/commits`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    commits: list[NewCommit]
    """The commits."""
    repository: NotRequired[str | None]
    """The repository's address, path or name. Without `workflow_id`, selects the workflows with a repository of this
    name.
    """
    workflow_id: NotRequired[str | None]
    """The workflow of the referenced tickets. Defaults to all workflows that the caller may write to."""


class NewInvite(TypedDict):
    """A new invitation."""

    email: NotRequired[str | None]
    """The only e-mail address that may use it. By default anyone with the link can."""
    expires_in_hours: NotRequired[int | None]
    """Lifetime in hours, at most 720. Defaults to 168."""
    role: NotRequired[str | None]
    """`viewer`, `member` (default) or `owner`."""
    workflow_id: NotRequired[str | None]
    """The workflow to join."""


class NewMessage(TypedDict):
    """A message to add to the transcript."""

    content: str
    """The text, at most 64 KiB."""
    kind: MessageKind
    """The kind."""
    level: NotRequired[Level | None]
    """The severity. Defaults to `info`."""
    metadata: NotRequired[dict[str, Any] | None]
    """Further data, at most 64 KiB."""
    role: NotRequired[MessageRole | None]
    """The role of the author. Defaults to `agent`."""
    sender: NotRequired[str | None]
    """The name of the author. Defaults to the worker's name."""


class NewPassword(TypedDict):
    """NewPassword"""

    password: str
    token: str
    """From the link that an administrator made."""
    token_mode: NotRequired[TokenMode | None]


class NewPasswordReset(TypedDict):
    """A link to make."""

    expires_in_hours: NotRequired[int | None]
    """Lifetime in hours, at most 168. Defaults to 24."""
    revoke_keys: NotRequired[bool | None]
    """Whether using the link also revokes the keys that the person holds or made, in case somebody else knew the
    password. Defaults to false.
    """


class NextCursors(TypedDict):
    """Where the lists of a ticket's details go on with older entries: the `cursor` of the next page of each; null for
    a list that is complete.
    """

    comments: NotRequired[str | None]
    """For `GET /api/tickets/{id}/comments`."""
    commits: NotRequired[str | None]
    """For `GET /api/tickets/{id}/commits`."""
    history: NotRequired[str | None]
    """For `GET /api/tickets/{id}/history`."""


class NotTaken(TypedDict):
    """Something of the source that the import does not take."""

    count: int
    """How often."""
    examples: list[str]
    """Up to three examples."""
    kind: str
    """What it is."""
    reason: str
    """Why it is not taken, or what happens to it instead."""


class NoteSearch(TypedDict):
    """`POST /api/searches/recent`"""

    filters: NotRequired[Filters | None]
    """Ticket filters."""
    query: NotRequired[str]
    """Search terms; may be empty if there are filters."""
    search_type: NotRequired[SearchType | None]
    """Search mode. Defaults to `hybrid`."""
    workflow_id: str
    """The workflow that was searched."""


class Options(TypedDict):
    """How people can sign up."""

    registration: str
    """Who may create an account: `open`, `invite` or `off`."""
    setup_required: bool
    """Whether there is no administrator yet."""
    dev_mode: bool
    """Whether the server is in development mode, in which jobs can be purged."""


class PasswordChange(TypedDict):
    """PasswordChange"""

    current_password: str
    new_password: str
    revoke_keys: NotRequired[bool | None]
    """Whether to also revoke the caller's keys and those the caller made for agents. Defaults to false."""


class PasswordReset(TypedDict):
    """A new link; its secret is only returned once."""

    expires_at: str
    """Until when it can be used."""
    revokes_keys: bool
    """Whether using it also revokes keys."""
    user: Actor
    """Whose password it sets."""
    token: str
    """The secret to send as `token` with the new password."""
    url: NotRequired[str | None]
    """Link to the page that asks for the new password, if the server's public address is configured."""


class PasswordResetDetails(TypedDict):
    """PasswordResetDetails"""

    expires_at: str
    """Until when it can be used."""
    revokes_keys: bool
    """Whether using it also revokes keys."""
    user: Actor
    """Whose password it sets."""


class PendingReviews(TypedDict):
    """Tickets that wait for review."""

    count: int
    """Their number."""
    ticket_ids: list[str]
    """The 1000 oldest."""


Phase: TypeAlias = str | dict[str, Any]
"""How a column is given in the request."""


class Position(TypedDict):
    """A position in a column, relative to another ticket."""

    after: NotRequired[str | None]
    """Directly after this ticket."""
    before: NotRequired[str | None]
    """Directly before this ticket."""


class PostMessage(TypedDict):
    """`POST /api/job-messages`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    content: NotRequired[str | None]
    """The text, at most 64 KiB."""
    job_id: NotRequired[str]
    """The job."""
    kind: NotRequired[MessageKind | None]
    """The kind. Defaults to `chat`."""
    level: NotRequired[Level | None]
    """The severity. Defaults to `info`."""
    message: NotRequired[str | None]
    """The same as `content`."""
    metadata: NotRequired[dict[str, Any] | None]
    """Further data, at most 64 KiB."""
    role: NotRequired[MessageRole | None]
    """The role of the author. Defaults to `user`."""
    sender: NotRequired[str | None]
    """The name of the author. Defaults to the caller's name."""


class PostMessages(TypedDict):
    """`POST /api/jobs/{id}/messages`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    lease_token: str
    """The token from the claim."""
    messages: list[NewMessage]
    """The messages, in order."""


class Posted(TypedDict):
    """The number of an added message."""

    message_id: str
    """The message."""
    order: int
    """Its number in the job: 1, 2, 3…"""


Priority: TypeAlias = Literal["low", "medium", "high", "critical"]
"""How urgent a ticket is."""


class Problem(TypedDict):
    """The schema of the problem document for OpenAPI; [`crate::error::Problem`] makes the document."""

    code: str
    """A stable code for programs."""
    detail: str
    """A full sentence for a person."""
    errors: NotRequired[list[FieldError]]
    """The fields that were refused."""
    status: int
    """The HTTP status."""
    title: str
    """The kind of problem in words."""
    type: str
    """A URN of the kind of problem."""


class Progress(TypedDict):
    """Progress of embedding all tickets with a model."""

    dimensions: int
    """Dimensions of a vector."""
    embedded: int
    """Number of tickets with a vector."""
    failed: int
    """Number of queued tickets whose last attempt failed."""
    model: str
    """Provider and model, e.g. `local/all-MiniLM-L6-v2`."""
    model_id: int
    """`embedding_models.id`."""
    oldest: NotRequired[str | None]
    """When the oldest queued ticket was queued."""
    queued: int
    """Number of tickets in the queue."""
    serving: bool
    """Whether search uses it."""
    state: str
    """`building`, `serving` or `retired`."""
    total: int
    """Number of all tickets."""


class ProgressReported(TypedDict):
    """The answer to reporting progress."""

    job_id: str
    """The job."""
    message: str
    """What the worker is doing."""
    progress: float
    """Percent."""
    success: bool
    """Always true."""


class Purged(TypedDict):
    """The answer to purging."""

    deleted: int
    """The number of deleted jobs."""
    success: bool
    """Always true."""


class Reaction(TypedDict):
    """The reactions with one emoji."""

    agent_ids: list[str]
    """The actors that reacted, at most the first 100."""
    count: int
    """Number of reactions."""
    emoji: str
    """The emoji."""


class Readiness(TypedDict):
    """Readiness of the server, with the result of each check."""

    checks: list[Check]
    """The checked parts."""
    embeddings: Status
    """The state of the vectors for semantic search. Does not affect readiness: without them, search uses keywords.
    """
    status: str
    """`ready` or `not_ready`."""


class RecentSearch(TypedDict):
    """A recent search."""

    filters: Filters
    """Ticket filters."""
    query: str
    """Search terms."""
    search_type: SearchType
    """Search mode."""
    searched_at: str
    """Time of the search."""


class RecentSearches(TypedDict):
    """The caller's recent searches."""

    searches: list[RecentSearch]
    """The newest first, without repetitions, at most 20."""


class Refresh(TypedDict):
    """Refresh"""

    refresh: NotRequired[str | None]
    """The refresh token; browsers send it as a cookie instead."""


class Register(TypedDict):
    """Register"""

    email: str
    invite: NotRequired[str | None]
    """The token of an invitation."""
    name: NotRequired[str | None]
    """Defaults to the part before the `@`."""
    password: str
    token_mode: NotRequired[TokenMode | None]


class RegistrationChange(TypedDict):
    """RegistrationChange"""

    registration: str
    """`open`: anybody who reaches the server; `invite`: people with an invitation; `off`: nobody. Not wider than
    CALLBOARD_REGISTRATION allows.
    """


class RegistrationPolicy(TypedDict):
    """Who may create an account."""

    configured: str
    """What the server's setting CALLBOARD_REGISTRATION allows at most."""
    registration: str
    """What holds now: `open`, `invite` or `off`."""


class RejectTicket(TypedDict):
    """`POST /api/tickets/reject`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    comment: NotRequired[str | None]
    """Added as a second comment."""
    rejection_reason: NotRequired[str | None]
    """The reason; added as a comment."""
    ticket_id: str
    """The ticket."""


class RelatedTickets(TypedDict):
    """The tickets similar to one ticket."""

    meaning_checked: NotRequired[bool]
    """Whether the ticket was compared in meaning with all tickets of the workflow."""
    mode: SearchType
    """`semantic`, or `keyword` if it has no embedding yet."""
    notice: NotRequired[str | None]
    """What was not compared, if anything."""
    related: list[SimilarTicket]
    """The most similar first."""
    stale_embeddings: bool
    """Whether the ticket has changed since it was embedded."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


Relation: TypeAlias = Literal["duplicate", "related", "similar"]
"""How similar two tickets are."""


class ReleaseLease(TypedDict):
    """`POST /api/jobs/{id}/release` and `/cancelled`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    lease_token: str
    """The token from the claim."""
    reason: NotRequired[str | None]
    """Why, for the transcript."""


class Reorder(TypedDict):
    """`POST /api/tickets/reorder`: one of `before` and `after`."""

    after: NotRequired[str | None]
    """Directly after this ticket of the same column."""
    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    before: NotRequired[str | None]
    """Directly before this ticket of the same column."""
    ticket_id: str
    """The ticket."""


class Reordered(TypedDict):
    """The response to reordering."""

    message: str
    """Human-readable summary."""
    rank: str
    """Its new sort key within the column."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


Report = TypedDict(
    "Report",
    {
        "columns": 'list[ReportColumn]',
        "description": 'str',
        "epoch": 'str',
        "from": 'NotRequired[str | None]',
        "group": 'NotRequired[str | None]',
        "has_more": 'bool',
        "name": 'str',
        "rows": 'list[dict[str, Any]]',
        "seq": 'int',
        "sql": 'str',
        "time_zone": 'str',
        "title": 'str',
        "to": 'NotRequired[str | None]',
        "unit": 'NotRequired[str | None]',
        "workflow_id": 'str',
    },
)
"""The rows of a report, and how they were found."""


class ReportColumn(TypedDict):
    """A column of a report."""

    description: NotRequired[str | None]
    """What it says."""
    name: str
    """The name of the field in each row."""
    type: ReportColumnType
    """The type of its values."""


ReportColumnType: TypeAlias = Literal["text", "integer", "number", "boolean", "date", "time", "seconds", "json"]
"""The type of a column."""


class ReportDefinition(TypedDict):
    """What a report shows and what it takes."""

    columns: list[ReportColumn]
    """Its columns."""
    description: str
    """What a row is."""
    name: str
    """Its name, for `GET /api/reports/{name}`."""
    parameters: list[ReportParameter]
    """What it can be given beside the workflow."""
    title: str
    """Its title."""


class ReportParameter(TypedDict):
    """A parameter of a report."""

    description: str
    """What it means."""
    name: str
    """`from`, `to`, `tz`, `unit` or `group`."""
    values: NotRequired[list[str] | None]
    """The values that it may have; null if there is no list of them."""


class ReportProgress(TypedDict):
    """`POST /api/jobs/{id}/progress`: one of `progress` and `message`, or both."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    lease_token: str
    """The token from the claim."""
    message: NotRequired[str | None]
    """What the worker is doing."""
    progress: NotRequired[float | None]
    """Percent, 0 to 100."""


class ReportUsage(TypedDict):
    """`POST /api/jobs/{id}/usage` and `/api/tickets/{id}/usage`: what a model used. At least one number is required;
    leave out what is not known.
    """

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    cache_read_tokens: NotRequired[int | None]
    """Input tokens that were read from a cache."""
    cache_write_tokens: NotRequired[int | None]
    """Input tokens that were written to a cache."""
    cost: NotRequired[Amount | None]
    """The cost: a decimal text like `0.0125` with at most 12 digits after the point, or a number, which is rounded to
    them. Requires `currency`.
    """
    cumulative: NotRequired[Cumulative | None]
    """Which numbers are totals of the session so far. Send totals in order: one below the last begins a new count.
    Defaults to `none`.
    """
    currency: NotRequired[str | None]
    """The currency of the cost (ISO 4217), e.g. `USD`."""
    input_tokens: NotRequired[int | None]
    """Input tokens that were neither read from a cache nor written to one."""
    lease_token: NotRequired[str | None]
    """The token from the claim, for a job: the report belongs to this attempt, also after its lease was lost. Defaults
    to the newest attempt.
    """
    model: NotRequired[str | None]
    """The model."""
    output_tokens: NotRequired[int | None]
    """Output tokens, with those of reasoning."""
    report_id: NotRequired[str | None]
    """A name for this report. Repeated with the same numbers, it is counted once; with others, it is refused."""
    session: NotRequired[str | None]
    """The session of the model or agent. Required with `cumulative`."""
    source: NotRequired[UsageSource | None]
    """What sends the report. Defaults to `api`."""


class ReportedCheck(TypedDict):
    """A check that the requester reports, such as a test run or a lint. Callboard shows it to the person who decides;
    it does not run or verify it.
    """

    details: NotRequired[str]
    """What it found, plain text, such as `772 passed`."""
    name: str
    """What was checked, such as `cargo test`."""
    status: CheckStatus
    """How it ended."""
    url: NotRequired[str | None]
    """Where to read more: an http or https address."""


class Reports(TypedDict):
    """The reports that there are."""

    reports: list[ReportDefinition]
    """By title."""


class RequestApproval(TypedDict):
    """`POST /api/approvals`: about a job, a ticket or a whole workflow; one of the three is required."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    blocks_job: NotRequired[bool | None]
    """Whether the job is `waiting` until all approvals that block it are decided."""
    checks: NotRequired[list[ReportedCheck] | None]
    """Up to 50 checks that were made, for the person who decides."""
    context: NotRequired[str | None]
    """Background for the decision, Markdown."""
    expires_in_seconds: NotRequired[int | None]
    """Seconds until it expires; not for reviews."""
    job_id: NotRequired[str | None]
    """The job on whose behalf it is requested."""
    kind: NotRequired[ApprovalKind | None]
    """The kind. Defaults to `question`. Reviews and clarifications need a ticket."""
    lease_token: NotRequired[str | None]
    """The token of the worker's lease on the job; a stale one is rejected."""
    options: NotRequired[list[str] | None]
    """Up to 50 suggested answers."""
    question: str
    """The question."""
    ticket_id: NotRequired[str | None]
    """The ticket: its id, or its key together with `workflow_id`."""
    workflow_id: NotRequired[str | None]
    """The workflow. Defaults to that of the ticket or job."""


class RequestClarification(TypedDict):
    """`POST /api/tickets/request-clarification`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    conflict_description: str
    """What is unclear, at least 20 characters."""
    context: NotRequired[str | None]
    """Background for the question."""
    potential_solutions: NotRequired[list[str] | None]
    """Up to 50 possible solutions; they become the suggested answers."""
    ticket_id: str
    """The ticket."""


class RequestReview(TypedDict):
    """`POST /api/tickets/request-review`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    checks: NotRequired[list[ReportedCheck] | None]
    """Up to 50 checks that were made, for the person who decides. They replace those of a review that is pending
    already.
    """
    comment: NotRequired[str | None]
    """What to review; added as a comment."""
    ticket_id: str
    """The ticket."""


class ResolveTicket(TypedDict):
    """`POST /api/tickets/resolve`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    cancel_jobs: NotRequired[Literal["queued", "all", "none"] | None]
    """Which of its jobs end with it: queued ones (default), all, or none. Running jobs are asked to stop."""
    commit_sha: NotRequired[str | None]
    """The commit that resolved it."""
    resolution: NotRequired[str | None]
    """Alias of `resolution_comment`."""
    resolution_comment: NotRequired[str | None]
    """What was done: at least 10 visible characters; a wide one (Chinese, Japanese, Korean) counts as three."""
    ticket_id: str
    """The ticket."""


class Resolved(TypedDict):
    """The response to resolving."""

    cancelled_jobs: NotRequired[list[str]]
    """Its jobs that were cancelled or asked to stop."""
    message: str
    """Human-readable summary."""
    status: str
    """Its column."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""
    unblocked_tickets: list[str]
    """Tickets that are no longer blocked by it. They are blocked again if it is reopened."""
    version: int
    """The new version."""


class Retention(TypedDict):
    """What is kept how long; 0 keeps all. Settings of the server, read at its start."""

    archive_days: int
    """CALLBOARD_ARCHIVE_DAYS"""
    history_months: int
    """CALLBOARD_HISTORY_MONTHS"""
    security_event_days: int
    """CALLBOARD_SECURITY_EVENT_DAYS"""
    transcript_days: int
    """CALLBOARD_TRANSCRIPT_DAYS"""


class Reviewed(TypedDict):
    """The answer to a review."""

    approval_id: NotRequired[str | None]
    """The review."""
    approval_status: ApprovalStatus
    """The state of the ticket's review."""
    message: str
    """A sentence for a person."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""


class Revoked(TypedDict):
    """The result of revoking sessions."""

    revoked: int
    """Number of revoked sessions."""


Role: TypeAlias = Literal["viewer", "member", "owner"]
"""A role in a workflow."""


class RotateSecret(TypedDict):
    """`POST /api/webhooks/{id}/rotate-secret`"""

    overlap_seconds: NotRequired[float | None]
    """How long requests are signed with the old secret too, in seconds, up to 30 days. Defaults to a day."""
    secret: NotRequired[str | None]
    """The new secret, as in `POST /api/webhooks`. Defaults to a generated one."""


class SampleTicket(TypedDict):
    """A ticket of a preview."""

    closed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """When it was created."""
    priority: str
    """The priority."""
    reference: str
    """Its id in the other tracker."""
    state: str
    """Its state there."""
    status: str
    """Its column here."""
    title: str
    """The title."""


class SaveSearch(TypedDict):
    """`POST /api/searches`"""

    filters: NotRequired[Filters | None]
    """Ticket filters."""
    include_comments: NotRequired[bool | None]
    """Whether to search comments too. Defaults to true."""
    name: str
    """1 to 100 characters."""
    notify: NotRequired[bool | None]
    """Whether to publish an event for each ticket that starts to match."""
    query: NotRequired[str]
    """Search terms; may be empty if there are filters."""
    search_type: NotRequired[SearchType | None]
    """Search mode. Defaults to `hybrid`."""
    shared: NotRequired[bool | None]
    """Whether all members of the workflow may use it; requires the role member or owner."""
    workflow_id: str
    """The workflow to search."""


class SavedSearch(TypedDict):
    """A saved search."""

    created_at: str
    """Creation time."""
    epoch: str
    """The database epoch that `last_seq` belongs to."""
    filters: Filters
    """Ticket filters."""
    include_comments: bool
    """Whether to search comments too."""
    last_seq: int
    """The last sequence number of its event stream; use it as the cursor to read new events."""
    name: str
    """1 to 100 characters, unique per owner."""
    notify: bool
    """Whether to publish an event for each ticket that starts to match."""
    owner_id: str
    """The owner."""
    owner_name: NotRequired[str | None]
    """The owner's name."""
    query: str
    """Search terms; empty if only filters are used."""
    search_id: str
    """`search-<uuid>`."""
    search_type: SearchType
    """Search mode."""
    shared: bool
    """Whether all members of the workflow may use it."""
    updated_at: str
    """Time of the last change."""
    workflow_id: str
    """The workflow it searches."""


class SavedSearches(TypedDict):
    """A list of saved searches."""

    searches: list[SavedSearch]
    """The caller's own and those shared in the workflow, by name."""


class SearchAnswer(TypedDict):
    """The response to a search."""

    mode: SearchType
    """The search mode that was used."""
    notice: NotRequired[str | None]
    """Why another search mode was used than requested."""
    query: str
    """The query."""
    results: list[SearchResult]
    """The most relevant first."""
    search_time_ms: float
    """Milliseconds spent in the database."""
    stale_embeddings: bool
    """Whether embeddings of changed tickets are pending, or embeddings could not be compared at all."""
    success: bool
    """Always true."""
    total_found: int
    """Number of results found; each mode contributes at most its best 100."""
    total_is_exact: bool
    """Whether `total_found` is exact."""


class SearchResult(TypedDict):
    """A search result."""

    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    created_at: str
    """Creation time."""
    description: str
    """The first 2,000 characters of its description."""
    highlighted_title: str
    """The HTML-escaped title with `<mark>` around matches."""
    is_blocked: bool
    """Whether it is blocked."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`."""
    matched_in: list[str]
    """Where it matched: `title`, `tags`, `description`, `comments`, `key` or `meaning` (the embedding)."""
    preview: str
    """HTML-escaped text around the match with `<mark>` around matches."""
    priority: Priority
    """How urgent it is."""
    relevance_score: float
    """Relevance, 0 to 1."""
    similarity: NotRequired[float | None]
    """Cosine similarity of the embeddings, -1 to 1; null if they were not compared."""
    status: str
    """Its column."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """Its type."""
    title: str
    """Its title."""
    updated_at: str
    """Time of the last change."""


class SearchTickets(TypedDict):
    """`POST /api/tickets/search`"""

    agent_id: NotRequired[str | None]
    """The acting agent; not checked, because a search changes nothing."""
    filters: NotRequired[Filters | None]
    """Ticket filters."""
    include_comments: NotRequired[bool | None]
    """Whether to search comments too. Defaults to true."""
    limit: NotRequired[int | None]
    """1 to 50. Defaults to 10."""
    query: str
    """Search terms; supports `"exact phrase"`, `or` and `-without`. At most 1000 characters. May be empty if there are
    filters; the newest matching tickets are then returned.
    """
    search_type: NotRequired[SearchType | None]
    """Search mode. Defaults to `hybrid`; the response's `mode` is the one that was used."""
    workflow_id: str
    """The workflow to search."""


SearchType: TypeAlias = Literal["semantic", "keyword", "hybrid"]
"""Search mode."""


class SecurityEvent(TypedDict):
    """One security event."""

    actor_id: NotRequired[str | None]
    """Who did it: an actor's id, or `db:<role>` for direct database access. Null if nobody was identified."""
    actor_name: NotRequired[str | None]
    """The actor's name."""
    address: NotRequired[str | None]
    """The client's address."""
    details: dict[str, Any]
    """Further values, e.g. the role of a member or the scopes of a key."""
    id: int
    """Its number; later events have higher ones."""
    key_id: NotRequired[str | None]
    """The API key that it used."""
    kind: str
    """What happened, e.g. `sign_in`, `key_created`, `member_removed`."""
    occurred_at: str
    """When it happened."""
    occurrences: int
    """More than 1 if repeats were counted instead of recorded one by one."""
    on_behalf_of: NotRequired[str | None]
    """The agent that the actor acted for."""
    outcome: str
    """`ok` or `failed`."""
    session_id: NotRequired[str | None]
    """The session that it used."""
    subject_id: NotRequired[str | None]
    """What it concerned: the id of an actor, key, webhook or setting."""
    subject_name: NotRequired[str | None]
    """The name of that actor or key."""
    workflow_id: NotRequired[str | None]
    """The workflow that it concerned; null for the installation."""
    workflow_name: NotRequired[str | None]
    """The workflow's name."""


class SecurityEvents(TypedDict):
    """A page of security events, newest first."""

    events: list[SecurityEvent]
    """The events."""
    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""


class SentInvitation(TypedDict):
    """An invitation as its sender sees it, which is the same whether or not it names somebody."""

    actor_id: str
    """The id or e-mail address that was invited."""
    created_at: str
    """When it was sent."""
    expires_at: str
    """When it expires."""
    invitation_id: str
    """The id."""
    invited_by: str
    """Who sent it."""
    role: str
    """`viewer`, `member` or `owner`."""


class SentInvitations(TypedDict):
    """The pending invitations of a workflow, newest first."""

    invitations: list[SentInvitation]
    """The invitations."""


class Server(TypedDict):
    """The state of the server that answers, and of its database."""

    backups: BackupsState
    """Backups that this server knows of."""
    database: DatabaseState
    """The database."""
    embedded_database: bool
    """Whether the database is the embedded Postgres, which the server started itself."""
    embedding_failure: NotRequired[EmbeddingFailure | None]
    """The newest failure of a ticket that still waits for its vector."""
    embeddings: Status
    """Vectors for search by meaning."""
    registration: RegistrationPolicy
    """Who may create an account."""
    retention: Retention
    """What is kept how long."""
    servers: list[ConnectedServer]
    """The servers that run on the database, at most 50."""
    started_at: str
    """When this server started."""
    version: str
    """The server's version."""


class ServerWebhook(TypedDict):
    """A webhook of some workflow."""

    active: bool
    """Whether events are sent."""
    attempt: int
    """Failed attempts to deliver the next event."""
    behind: int
    """The number of events after the cursor."""
    created_at: str
    """When it was created."""
    created_by: NotRequired[str | None]
    """Who created it."""
    dead_letters: int
    """The number of events set aside."""
    disabled_reason: NotRequired[str | None]
    """Why it was disabled."""
    events: list[str]
    """The event types to send; empty means all."""
    failing_since: NotRequired[str | None]
    """Since when deliveries have failed."""
    id: str
    """`webhook-<uuid>`."""
    last_seq: int
    """The cursor: every event up to this number was delivered or filtered out."""
    next_attempt_at: NotRequired[str | None]
    """When the next attempt is due."""
    previous_secret_expires_at: NotRequired[str | None]
    """After a rotation: until when requests are signed with the old secret too."""
    refusal_attempts: int
    """How often an event that the receiver refuses (4xx) is tried before it is set aside as a dead letter."""
    updated_at: str
    """When it was last changed."""
    url: str
    """The URL that receives the requests."""
    webhook_id: str
    """The same as `id`."""
    workflow_id: str
    """The workflow whose events it receives."""
    last_delivery: NotRequired[LastDelivery | None]
    """Its newest request."""
    state: str
    """`working`, `failing` or `paused`."""
    workflow_name: str
    """The workflow's name."""


class ServerWebhooks(TypedDict):
    """A page of webhooks, newest first."""

    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""
    webhooks: list[ServerWebhook]
    """The webhooks."""


class Session(TypedDict):
    """One sign-in on one device."""

    address: NotRequired[str | None]
    """The address of the last refresh."""
    created_at: str
    """Creation time."""
    current: bool
    """Whether it is the session of this request."""
    expires_at: str
    """When it expires if it is not used."""
    id: str
    """The id."""
    last_used_at: str
    """Time of the last refresh."""
    user_agent: NotRequired[str | None]
    """The user agent string."""


class Sessions(TypedDict):
    """The caller's sessions, last used first."""

    sessions: list[Session]
    """The sessions."""


class SetAdwStatus(TypedDict):
    """`PUT /api/v1/workflows/{adw_id}/status`. Unknown fields are ignored."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    message: NotRequired[str | None]
    """The progress message; for a failure, the error."""
    status: str
    """started, in_progress, completed, failed, cancelled or paused."""


class SetBlockers(TypedDict):
    """`POST /api/tickets/set-blockers`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    blocked_by_ticket_ids: list[str]
    """Tickets (ids or keys) that block it; replaces the list. Resolved blockers stay, unless the list is empty."""
    ticket_id: str
    """The ticket."""


class SetBoard(TypedDict):
    """`PUT /api/workflows/{id}/board`: the configuration and the target columns for tickets of removed columns."""

    board_config: NotRequired[BoardConfig]
    """The new configuration."""
    moves: NotRequired[dict[str, str]]
    """`{"removed_column": "column"}`."""
    version: NotRequired[str | None]
    """The `board_version` this change is based on; a mismatch is a conflict. Defaults to replacing any version."""


class SetFindingThresholds(TypedDict):
    """`PATCH /api/workflows/{id}/finding-thresholds`: the thresholds to change; 0 turns a kind of finding off."""

    blocked_minutes: NotRequired[int | None]
    """Minutes since the oldest blocker was added."""
    duplicate_similarity: NotRequired[float | None]
    """The similarity from which a ticket counts as a duplicate: 0, or from 0.5 on."""
    max_open_tickets: NotRequired[int | None]
    """The most open tickets of one assignee."""
    silent_minutes: NotRequired[int | None]
    """Minutes without a sign of an agent with tickets in active columns."""
    stuck_minutes: NotRequired[int | None]
    """Minutes without a change, comment or commit in an active column."""
    unassigned_minutes: NotRequired[int | None]
    """Minutes without an assignee at critical or high priority."""
    without_worker_minutes: NotRequired[int | None]
    """Minutes that queued jobs wait for a worker that takes them."""


class Setup(TypedDict):
    """Setup"""

    email: str
    name: NotRequired[str | None]
    password: str
    token: str
    """From the link that the server printed at its first start."""
    token_mode: NotRequired[TokenMode | None]


class SignUpOptions(TypedDict):
    """How people can sign up."""

    registration: str
    """Who may create an account: `open`, `invite` or `off`."""
    setup_required: bool
    """Whether there is no administrator yet."""


class SignedIn(TypedDict):
    """The tokens of a sign-in or refresh."""

    access: str
    """The access token, for `Authorization: Bearer`."""
    expires_in: int
    """Seconds until the access token expires."""
    refresh: NotRequired[str]
    """The refresh token; absent in cookie mode, where only the cookie carries it."""
    user: Actor
    """The signed-in user."""


class SimilarTicket(TypedDict):
    """A similar ticket."""

    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`."""
    link: NotRequired[Link | None]
    """The existing link, if any."""
    priority: Priority
    """How urgent it is."""
    relation_type: Relation
    """The score as a category."""
    similarity_score: float
    """0 to 1."""
    status: str
    """Its column."""
    ticket_id: str
    """`ticket-<uuid>`."""
    title: str
    """Its title."""


class StageEntered(TypedDict):
    """The answer to entering a stage."""

    job: Job
    """The job."""
    notice: NotRequired[str | None]
    """Why it did not, if the board rejected the move."""
    success: bool
    """Always true."""
    ticket_moved: bool
    """Whether its ticket moved to the column of this name."""


class StageMoved(TypedDict):
    """The answer to a move."""

    approval_status: NotRequired[ApprovalStatus | None]
    """State of the human review; null if none is required."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    blocked_by_ticket_ids: list[str]
    """Open tickets that block it."""
    comment_count: int
    """Live comments."""
    commit_count: int
    """Linked commits."""
    completed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """Creation time."""
    created_by_agent_id: NotRequired[str | None]
    """The creator."""
    description: str
    """The full description."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    estimate_minutes: NotRequired[int | None]
    """Minutes it should take."""
    is_blocked: bool
    """Whether any ticket blocks it."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`, unique in the workflow."""
    merged_into_ticket_id: NotRequired[str | None]
    """The ticket it was merged into; a merged ticket is not on the board."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in."""
    number: int
    """The number in the key."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: Priority
    """How urgent it is."""
    rank: str
    """Sort key within the column."""
    spent_minutes: int
    """Minutes it took so far."""
    started_at: NotRequired[str | None]
    """When it first entered an active column."""
    status: str
    """The id of its column."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """One of the board's ticket types."""
    title: str
    """Up to 500 characters."""
    updated_at: str
    """Time of the last change."""
    version: int
    """Incremented by every change; send it with a change to detect conflicting updates (optimistic locking)."""
    workflow_id: str
    """Its workflow."""
    id: str
    """The same as `ticket_id`."""
    stage: str
    """The same as `status`."""
    workflow_active: bool
    """Whether a job of the ticket is running, paused or waiting."""
    epoch: str
    """The epoch of the database, to which `seq` belongs."""
    message: str
    """A sentence for a person."""
    new_stage: str
    """The stage it entered."""
    old_stage: str
    """The stage it left."""
    seq: int
    """The last number of the board's stream; the move is included."""
    success: bool
    """Always true; a refused move is an error."""


class StageSession(TypedDict):
    """The authenticated caller and its board."""

    epoch: str
    """The epoch of the database, to which `seq` belongs."""
    seq: int
    """The last number of the board's stream."""
    session_id: NotRequired[str | None]
    """The session, if the caller authenticated with one."""
    stages: list[str]
    """Its stages in order."""
    user: dict[str, Any]
    """`{id, name, kind}` of the acting user or agent."""
    workflow_id: NotRequired[str | None]
    """The workflow; null if the caller has none yet."""
    workflow_name: NotRequired[str | None]
    """Its name."""


class StageStatus(TypedDict):
    """The jobs in progress on a board."""

    active_count: int
    """The number of jobs that a worker holds."""
    active_workflows: dict[str, Any]
    """By ticket: `{job_id, status, current_stage, progress, start_time, stages_completed[{stage, completed_at}]}`.
    """
    epoch: str
    """The epoch of the database, to which `seq` belongs."""
    seq: int
    """The last number of the board's stream."""
    workflow_id: NotRequired[str | None]
    """The workflow; null if the caller has none."""


class StagedCard(TypedDict):
    """A ticket of a board with its stage."""

    approval_status: NotRequired[ApprovalStatus | None]
    """State of the human review; null if none is required."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    blocked_by_ticket_ids: list[str]
    """Open tickets that block it."""
    comment_count: int
    """Live comments."""
    commit_count: int
    """Linked commits."""
    completed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """Creation time."""
    created_by_agent_id: NotRequired[str | None]
    """The creator."""
    description: str
    """The full description."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    estimate_minutes: NotRequired[int | None]
    """Minutes it should take."""
    is_blocked: bool
    """Whether any ticket blocks it."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`, unique in the workflow."""
    merged_into_ticket_id: NotRequired[str | None]
    """The ticket it was merged into; a merged ticket is not on the board."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in."""
    number: int
    """The number in the key."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: Priority
    """How urgent it is."""
    rank: str
    """Sort key within the column."""
    spent_minutes: int
    """Minutes it took so far."""
    started_at: NotRequired[str | None]
    """When it first entered an active column."""
    status: str
    """The id of its column."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """One of the board's ticket types."""
    title: str
    """Up to 500 characters."""
    updated_at: str
    """Time of the last change."""
    version: int
    """Incremented by every change; send it with a change to detect conflicting updates (optimistic locking)."""
    workflow_id: str
    """Its workflow."""
    id: str
    """The same as `ticket_id`."""
    stage: str
    """The same as `status`."""
    workflow_active: bool
    """Whether a job of the ticket is running, paused or waiting."""


class StagedTicket(TypedDict):
    """A ticket with all details and its stage."""

    approval_status: NotRequired[ApprovalStatus | None]
    """State of the human review; null if none is required."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    blocked_by_ticket_ids: list[str]
    """Open tickets that block it."""
    comment_count: int
    """Live comments."""
    commit_count: int
    """Linked commits."""
    completed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """Creation time."""
    created_by_agent_id: NotRequired[str | None]
    """The creator."""
    description: NotRequired[str | None]
    """Markdown; not on boards."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    estimate_minutes: NotRequired[int | None]
    """Minutes it should take."""
    is_blocked: bool
    """Whether any ticket blocks it."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`, unique in the workflow."""
    merged_into_ticket_id: NotRequired[str | None]
    """The ticket it was merged into; a merged ticket is not on the board."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in."""
    number: int
    """The number in the key."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: Priority
    """How urgent it is."""
    rank: str
    """Sort key within the column."""
    spent_minutes: int
    """Minutes it took so far."""
    started_at: NotRequired[str | None]
    """When it first entered an active column."""
    status: str
    """The id of its column."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """One of the board's ticket types."""
    title: str
    """Up to 500 characters."""
    updated_at: str
    """Time of the last change."""
    version: int
    """Incremented by every change; send it with a change to detect conflicting updates (optimistic locking)."""
    workflow_id: str
    """Its workflow."""
    external_ref: NotRequired[str | None]
    """Its id in the tracker it was imported from."""
    id: str
    """The same as `ticket_id`."""
    related_task_ids: list[str]
    """Tasks outside Callboard."""
    related_ticket_ids: list[str]
    """Related tickets."""
    resolved_at: NotRequired[str | None]
    """When it was resolved."""
    blocked_by: list[TicketRef]
    """Tickets that block it."""
    blocks: list[TicketRef]
    """Tickets that it blocks."""
    claim: NotRequired[TicketClaim | None]
    """The claim of its agent, if it was claimed."""
    comments: list[Comment]
    """The newest 500, oldest first."""
    commits: list[LinkedCommit]
    """The newest 200 linked commits, oldest first."""
    cut_lists: NotRequired[list[str]]
    """Names of the lists of tickets that have more than are here."""
    duplicates: list[TicketRef]
    """Tickets merged into it."""
    history: list[HistoryEntry]
    """The newest 200 changes, oldest first."""
    merged_into: NotRequired[TicketRef | None]
    """The ticket it was merged into."""
    milestone: NotRequired[MilestoneRef | None]
    """The milestone that it is in."""
    next_cursors: NotRequired[NextCursors]
    """How to read older comments, changes and commits."""
    parent_ticket: NotRequired[TicketRef | None]
    """The parent ticket."""
    related_tasks: list[TaskRef]
    """Tasks outside Callboard."""
    related_tickets: list[TicketRef]
    """Related tickets."""
    resolved_blockers: NotRequired[list[TicketRef]]
    """Tickets that blocked it and are resolved or deleted; they block again when they are reopened or restored."""
    sub_tickets: list[TicketRef]
    """Its sub-tickets."""
    success: bool
    """Always true."""
    ticket: TicketFields
    """The same fields again."""
    usage: NotRequired[UsageTotals | None]
    """What was used for it, by its jobs and without one."""
    epoch: str
    """The epoch of the database, to which `seq` belongs."""
    seq: int
    """The last number of the board's stream; later events are not included."""
    stage: str
    """The same as `status`."""
    workflow_active: bool
    """Whether a job of the ticket is running, paused or waiting."""


class StatsAnswer(TypedDict):
    """The response with statistics."""

    board_config: BoardConfig
    """The board's configuration."""
    stats: TicketStats
    """The statistics."""
    success: bool
    """Always true."""
    time_zone: str
    """The time zone of `created_today` and `completed_today`."""
    workflow_id: str
    """The workflow."""


class Status(TypedDict):
    """Status of embeddings on this server, without a query."""

    detail: NotRequired[str]
    """Human-readable description of the problem, if any."""
    models: list[Progress]
    """Progress per model; counted some seconds ago."""
    provider: str
    """`local`, `openai` or `none`."""
    state: str
    """`off`, `loading`, `working` or `failing`."""


class StatusChanged(TypedDict):
    """The response to moving a ticket. A blocked ticket is not moved and `success` is false."""

    blocked: bool
    """Whether it is blocked."""
    blocking_ticket_ids: list[str]
    """The tickets that block it."""
    message: str
    """Human-readable summary, with a warning if the column exceeds its WIP limit."""
    new_status: str
    """Its column."""
    old_status: str
    """The column it was in."""
    success: bool
    """Whether it moved."""
    ticket_id: str
    """The ticket."""
    version: int
    """The new version."""


class TableSize(TypedDict):
    """A table and the disk that it takes."""

    about_rows: NotRequired[int | None]
    """Its rows, as the database estimated them last; null before it did."""
    bytes: int
    """Bytes on disk, with indexes and partitions."""
    name: str
    """The table's name."""
    partitions: int
    """The number of its partitions; 1 if it has none."""


class TaskRef(TypedDict):
    """A task outside Callboard."""

    task_id: str
    """Its id."""


class TicketClaim(TypedDict):
    """The claim of a ticket."""

    agent_id: str
    """The agent that claimed it."""
    claimed_at: str
    """When."""
    lease_expires_at: NotRequired[str | None]
    """When the lease ends."""
    lease_seconds: NotRequired[float | None]
    """The length of the lease; null without one."""
    seen_at: str
    """When the agent last changed or read it."""


class TicketDetail(TypedDict):
    """Everything about one ticket. Its fields are at the top level and repeated under `ticket`. Lists of tickets hold
    at most 200.
    """

    approval_status: NotRequired[ApprovalStatus | None]
    """State of the human review; null if none is required."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    blocked_by_ticket_ids: list[str]
    """Open tickets that block it."""
    comment_count: int
    """Live comments."""
    commit_count: int
    """Linked commits."""
    completed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """Creation time."""
    created_by_agent_id: NotRequired[str | None]
    """The creator."""
    description: NotRequired[str | None]
    """Markdown; not on boards."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    estimate_minutes: NotRequired[int | None]
    """Minutes it should take."""
    is_blocked: bool
    """Whether any ticket blocks it."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`, unique in the workflow."""
    merged_into_ticket_id: NotRequired[str | None]
    """The ticket it was merged into; a merged ticket is not on the board."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in."""
    number: int
    """The number in the key."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: Priority
    """How urgent it is."""
    rank: str
    """Sort key within the column."""
    spent_minutes: int
    """Minutes it took so far."""
    started_at: NotRequired[str | None]
    """When it first entered an active column."""
    status: str
    """The id of its column."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """One of the board's ticket types."""
    title: str
    """Up to 500 characters."""
    updated_at: str
    """Time of the last change."""
    version: int
    """Incremented by every change; send it with a change to detect conflicting updates (optimistic locking)."""
    workflow_id: str
    """Its workflow."""
    external_ref: NotRequired[str | None]
    """Its id in the tracker it was imported from."""
    id: str
    """The same as `ticket_id`."""
    related_task_ids: list[str]
    """Tasks outside Callboard."""
    related_ticket_ids: list[str]
    """Related tickets."""
    resolved_at: NotRequired[str | None]
    """When it was resolved."""
    blocked_by: list[TicketRef]
    """Tickets that block it."""
    blocks: list[TicketRef]
    """Tickets that it blocks."""
    claim: NotRequired[TicketClaim | None]
    """The claim of its agent, if it was claimed."""
    comments: list[Comment]
    """The newest 500, oldest first."""
    commits: list[LinkedCommit]
    """The newest 200 linked commits, oldest first."""
    cut_lists: NotRequired[list[str]]
    """Names of the lists of tickets that have more than are here."""
    duplicates: list[TicketRef]
    """Tickets merged into it."""
    history: list[HistoryEntry]
    """The newest 200 changes, oldest first."""
    merged_into: NotRequired[TicketRef | None]
    """The ticket it was merged into."""
    milestone: NotRequired[MilestoneRef | None]
    """The milestone that it is in."""
    next_cursors: NotRequired[NextCursors]
    """How to read older comments, changes and commits."""
    parent_ticket: NotRequired[TicketRef | None]
    """The parent ticket."""
    related_tasks: list[TaskRef]
    """Tasks outside Callboard."""
    related_tickets: list[TicketRef]
    """Related tickets."""
    resolved_blockers: NotRequired[list[TicketRef]]
    """Tickets that blocked it and are resolved or deleted; they block again when they are reopened or restored."""
    sub_tickets: list[TicketRef]
    """Its sub-tickets."""
    success: bool
    """Always true."""
    ticket: TicketFields
    """The same fields again."""
    usage: NotRequired[UsageTotals | None]
    """What was used for it, by its jobs and without one."""


class TicketDifference(TypedDict):
    """What differs between the two cards of a ticket."""

    change: DifferenceKind
    """Whether it came to the board, left it, or is another now."""
    fields: dict[str, FieldDifference]
    """The fields of the card that differ; empty for tickets that came or left."""
    key: str
    """Its key, e.g. `TKT-12`."""
    ticket_id: str
    """The ticket."""
    title: str
    """Its title, the later one if it changed."""


class TicketEvent(TypedDict):
    """`POST /api/internal/ticket-event`. Unknown fields are stored and sent unchanged."""

    actorId: NotRequired[str | None]
    """activity: who did it, as the program names them; `actor_id` is the same."""
    actor_id: NotRequired[str | None]
    """activity: who did it."""
    branch: NotRequired[str | None]
    """pr_created: its branch."""
    category: NotRequired[str | None]
    """activity: the category, e.g. `execution`, `agent`, `git`, `review`."""
    event: str
    """state_change, progress, pr_created or activity."""
    message: NotRequired[str | None]
    """A sentence for people."""
    metadata: NotRequired[Any]
    """Further data."""
    phase: NotRequired[str | None]
    """state_change, progress: the current phase of the work."""
    prUrl: NotRequired[str | None]
    """pr_created: the URL of the pull request; `pr_url` is the same."""
    pr_url: NotRequired[str | None]
    """pr_created: the URL of the pull request."""
    state: NotRequired[str | None]
    """state_change: the new state. The ticket moves to the corresponding column."""
    ticketId: NotRequired[str | None]
    """The ticket's id or key; `ticket_id` is the same."""
    ticket_id: NotRequired[str | None]
    """The ticket's id or key."""


class TicketEventRecorded(TypedDict):
    """The answer to a reported event."""

    event: str
    """The event."""
    moved: NotRequired[bool | None]
    """state_change: whether the ticket moved."""
    notice: NotRequired[str | None]
    """state_change: why the ticket did not move."""
    state: NotRequired[str | None]
    """state_change: the state as sent."""
    status: NotRequired[str | None]
    """state_change: the column of the ticket."""
    success: bool
    """Always true."""
    ticketId: str
    """The ticket's id."""
    ticket_id: str
    """The ticket's id."""


class TicketFields(TypedDict):
    """A ticket's own fields."""

    approval_status: NotRequired[ApprovalStatus | None]
    """State of the human review; null if none is required."""
    assigned_agent_id: NotRequired[str | None]
    """The assignee."""
    blocked_by_ticket_ids: list[str]
    """Open tickets that block it."""
    comment_count: int
    """Live comments."""
    commit_count: int
    """Linked commits."""
    completed_at: NotRequired[str | None]
    """When it was finished."""
    created_at: str
    """Creation time."""
    created_by_agent_id: NotRequired[str | None]
    """The creator."""
    description: NotRequired[str | None]
    """Markdown; not on boards."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done."""
    estimate_minutes: NotRequired[int | None]
    """Minutes it should take."""
    is_blocked: bool
    """Whether any ticket blocks it."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`, unique in the workflow."""
    merged_into_ticket_id: NotRequired[str | None]
    """The ticket it was merged into; a merged ticket is not on the board."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in."""
    number: int
    """The number in the key."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket."""
    priority: Priority
    """How urgent it is."""
    rank: str
    """Sort key within the column."""
    spent_minutes: int
    """Minutes it took so far."""
    started_at: NotRequired[str | None]
    """When it first entered an active column."""
    status: str
    """The id of its column."""
    story_points: NotRequired[float | None]
    """0 to 1000."""
    tags: list[str]
    """Labels."""
    ticket_id: str
    """`ticket-<uuid>`."""
    ticket_type: str
    """One of the board's ticket types."""
    title: str
    """Up to 500 characters."""
    updated_at: str
    """Time of the last change."""
    version: int
    """Incremented by every change; send it with a change to detect conflicting updates (optimistic locking)."""
    workflow_id: str
    """Its workflow."""
    external_ref: NotRequired[str | None]
    """Its id in the tracker it was imported from."""
    id: str
    """The same as `ticket_id`."""
    related_task_ids: list[str]
    """Tasks outside Callboard."""
    related_ticket_ids: list[str]
    """Related tickets."""
    resolved_at: NotRequired[str | None]
    """When it was resolved."""


class TicketJobUsage(TypedDict):
    """What a job of a ticket used."""

    attempts: int
    """How often it was claimed."""
    attempts_without_usage: int
    """Attempts that have ended without a report."""
    is_deleted: bool
    """Whether it was deleted."""
    job_id: str
    """The job."""
    status: str
    """Its state, as that of a job."""
    title: str
    """Its title."""
    usage: UsageTotals
    """What it used."""


class TicketList(TypedDict):
    """A page of tickets."""

    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""
    success: bool
    """Always true."""
    tickets: list[Card]
    """The page."""
    total_count: int
    """Number of tickets that match the filters, counted to 10,000."""


class TicketRef(TypedDict):
    """A short reference to a ticket."""

    deleted: NotRequired[bool]
    """Whether it was deleted."""
    is_resolved: bool
    """Whether it is resolved."""
    key: str
    """`TKT-12`."""
    priority: Priority
    """How urgent it is."""
    status: str
    """Its column."""
    ticket_id: str
    """`ticket-<uuid>`."""
    title: str
    """Its title."""


class TicketStats(TypedDict):
    """Statistics of a workflow's tickets. Days are those of the requested time zone, or of the workflow's."""

    avg_comments_per_ticket: float
    """Average number of comments per ticket."""
    avg_commits_per_ticket: float
    """Average number of commits per ticket."""
    blocked_count: int
    """Number of blocked tickets."""
    by_agent: dict[str, int]
    """By assignee."""
    by_priority: dict[str, int]
    """By priority."""
    by_status: dict[str, int]
    """By column."""
    by_type: dict[str, int]
    """By type."""
    completed_today: int
    """Completions today, also of tickets that were reopened or deleted since."""
    created_today: int
    """Tickets created today, also if they were deleted since."""
    resolved_count: int
    """Number of resolved tickets."""
    total_tickets: int
    """Tickets that are not deleted."""
    velocity_last_7_days: int
    """Completions in the last seven days."""


class TicketType(TypedDict):
    """A ticket type."""

    color: NotRequired[str | None]
    """A colour."""
    icon: NotRequired[str | None]
    """An emoji or icon name."""
    id: str
    """1 to 50 letters, digits or `_ . -`."""
    name: NotRequired[str | None]
    """Display name."""


class TicketUpdates(TypedDict):
    """Fields to change; `null` clears an optional field."""

    assigned_agent_id: NotRequired[str | None]
    """The assignee; null: unassigned."""
    blocked_by_ticket_ids: NotRequired[list[str] | None]
    """Tickets (ids or keys) that block it; replaces the list. Resolved blockers stay, unless the list is empty."""
    description: NotRequired[str | None]
    """Markdown: at least 10 characters, or empty."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done, like `2026-01-31`; null: none."""
    estimate_minutes: NotRequired[int | None]
    """Estimated minutes; null: not estimated."""
    milestone_id: NotRequired[str | None]
    """The milestone that it is in: the id or name of an open one; null: none."""
    parent_ticket_id: NotRequired[str | None]
    """The parent ticket; null: none."""
    priority: NotRequired[Priority | None]
    """How urgent it is."""
    related_task_ids: NotRequired[list[str] | None]
    """Related tasks; replaces the list."""
    related_ticket_ids: NotRequired[list[str] | None]
    """Related tickets; replaces the list."""
    spent_minutes: NotRequired[int | None]
    """Minutes spent so far."""
    story_points: NotRequired[float | None]
    """0 to 1000; null: not estimated."""
    tags: NotRequired[list[str] | None]
    """Labels; replaces the list."""
    ticket_type: NotRequired[str | None]
    """One of the board's ticket types."""
    title: NotRequired[str | None]
    """3 to 500 visible characters; a wide one counts as three."""


class TicketUsage(TypedDict):
    """What was used for a ticket."""

    has_more: bool
    """Whether there are more jobs."""
    jobs: list[TicketJobUsage]
    """By job, newest first; at most 200. Jobs without a report are listed too."""
    key: str
    """Its key, `TKT-12`."""
    models: list[ModelUsage]
    """By model, the most used first; at most 50."""
    ticket_id: str
    """The ticket."""
    usage: UsageTotals
    """All of it."""
    without_job: UsageTotals
    """The part that belongs to no job."""
    workflow_id: str
    """Its workflow."""


TokenMode: TypeAlias = Literal["json", "cookie"]
"""Where the refresh token of a sign-in is returned."""


class ToolSetup(TypedDict):
    """How a coding agent is connected. The texts contain `{url}`, the address of the server followed by `/mcp`, and
    `{key}`.
    """

    id: str
    """The name in `callboard connect NAME`."""
    name: str
    """Its name."""
    next_step: str
    """How the tool takes up its new configuration."""
    project_file: NotRequired[str | None]
    """The configuration file in a project, if there is one."""
    project_text: NotRequired[str | None]
    """The text of the project's configuration; it reads the key from the environment variable `CALLBOARD_KEY`."""
    user_file: str
    """The user's configuration file."""
    user_file_macos: str
    """The same on macOS."""
    user_file_windows: str
    """The same on Windows."""
    user_text: str
    """The text of the user's configuration; it holds the key."""


class Tracking(TypedDict):
    """Tracking"""

    board_config: NotRequired[BoardConfig | None]
    """The configuration of the board; only the given fields change."""
    enabled: bool
    """Whether tickets can be created and changed."""


Transition = TypedDict(
    "Transition",
    {
        "from": 'str',
        "to": 'str',
    },
)
"""An allowed move. A board without transitions allows every move."""


class UnknownReference(TypedDict):
    """A reference that could not be resolved."""

    commit_sha: str
    """The commit."""
    reason: Unlinked
    """Why it is not linked."""
    reference: str
    """The ticket key in its message."""


Unlinked: TypeAlias = Literal["not_found", "several_workflows"]
"""Why a reference could not be resolved."""


class UnmergeTicket(TypedDict):
    """`POST /api/tickets/unmerge`"""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    ticket_id: str
    """The ticket that was merged."""


class Unmerged(TypedDict):
    """The response to undoing a merge."""

    into_ticket_id: str
    """The ticket it had been merged into."""
    kept: list[str]
    """Human-readable notes on what was not moved back because it has changed since."""
    message: str
    """Human-readable summary."""
    moved: Moved
    """What was moved back."""
    status: str
    """Its column."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket; it is back on its board."""


class UpdateJob(TypedDict):
    """`PATCH /api/jobs/{id}`; omitted fields keep their values."""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    initial_prompt: NotRequired[str | None]
    """The prompt; only while the job is collecting."""
    payload: NotRequired[dict[str, Any] | None]
    """Further input for the worker."""
    priority: NotRequired[Priority | None]
    """The priority."""
    stages: NotRequired[list[str] | None]
    """Its stages; only before it runs."""
    title: NotRequired[str | None]
    """The title."""


class UpdateMilestone(TypedDict):
    """`PATCH /api/milestones/{id}`; omitted fields stay unchanged."""

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    description: NotRequired[str]
    """What it is for."""
    due_on: NotRequired[str | None]
    """The day by which it is to be done; null: none."""
    is_closed: NotRequired[bool]
    """`true` closes it, `false` opens it again."""
    name: NotRequired[str]
    """1 to 200 characters, on one line."""
    starts_on: NotRequired[str | None]
    """The day on which work on it starts; null: none."""


class UpdateSearch(TypedDict):
    """`PATCH /api/searches/{id}`; omitted fields stay unchanged."""

    filters: NotRequired[Filters | None]
    """Ticket filters; replaces all of them."""
    include_comments: NotRequired[bool | None]
    """Whether to search comments too."""
    name: NotRequired[str | None]
    """1 to 100 characters."""
    notify: NotRequired[bool | None]
    """Whether to publish an event for each ticket that starts to match."""
    query: NotRequired[str | None]
    """Search terms."""
    search_type: NotRequired[SearchType | None]
    """Search mode."""
    shared: NotRequired[bool | None]
    """Whether all members of the workflow may use it."""


class UpdateTicket(TypedDict):
    """`POST /api/tickets/update`: fields are given under `updates` or at the top level. At the top level, `null` is
    the same as absent.
    """

    agent_id: NotRequired[str | None]
    """The acting agent, where the caller may act for others."""
    assigned_agent_id: NotRequired[str | None]
    """See `updates`."""
    blocked_by_ticket_ids: NotRequired[list[str] | None]
    """See `updates`."""
    description: NotRequired[str | None]
    """See `updates`."""
    due_on: NotRequired[str | None]
    """See `updates`."""
    estimate_minutes: NotRequired[int | None]
    """See `updates`."""
    milestone_id: NotRequired[str | None]
    """See `updates`."""
    parent_ticket_id: NotRequired[str | None]
    """See `updates`."""
    priority: NotRequired[Priority | None]
    """See `updates`."""
    related_task_ids: NotRequired[list[str] | None]
    """See `updates`."""
    related_ticket_ids: NotRequired[list[str] | None]
    """See `updates`."""
    spent_minutes: NotRequired[int | None]
    """See `updates`."""
    story_points: NotRequired[float | None]
    """See `updates`."""
    tags: NotRequired[list[str] | None]
    """See `updates`."""
    ticket_id: str
    """The ticket."""
    ticket_type: NotRequired[str | None]
    """See `updates`."""
    title: NotRequired[str | None]
    """See `updates`."""
    update_comment: NotRequired[str | None]
    """Becomes a comment."""
    updates: NotRequired[TicketUpdates | None]
    """The fields to change."""
    version: NotRequired[int | None]
    """The version this change is based on; a mismatch is a conflict."""


class UpdateWebhook(TypedDict):
    """`PATCH /api/webhooks/{id}`: omitted fields keep their values."""

    active: NotRequired[bool | None]
    """false pauses it; true resumes from its cursor."""
    events: NotRequired[list[str] | None]
    """The event types to send."""
    refusal_attempts: NotRequired[int | None]
    """Attempts at an event that the receiver refuses (4xx)."""
    url: NotRequired[str | None]
    """The URL that receives the requests."""


class UpdateWorkflow(TypedDict):
    """`PATCH /api/workflows/{id}`; omitted fields stay unchanged."""

    description: NotRequired[str | None]
    """Its purpose."""
    name: NotRequired[str | None]
    """1 to 200 characters."""
    provision_agents: NotRequired[bool | None]
    """Whether MCP and the command line may assign tickets to agents that do not exist yet, as other clients may."""
    repository_path: NotRequired[str | None]
    """A git repository under the server's repositories folder; empty detaches it. Administrators only."""
    ticket_tracking: NotRequired[bool | None]
    """Whether tickets can be created and changed."""
    time_zone: NotRequired[str | None]
    """The time zone in which its days begin and end, like `Europe/Berlin`."""


class Updated(TypedDict):
    """The response to updating a ticket."""

    embedding_updated: bool
    """Whether its embedding was recomputed within this request."""
    fields_updated: list[str]
    """Fields whose value changed."""
    message: str
    """Human-readable summary."""
    success: bool
    """Always true."""
    ticket_id: str
    """The ticket."""
    version: int
    """The new version."""


class UsageGroup(TypedDict):
    """Usage of a day, an agent, a model, a ticket, a job or a workflow."""

    attempts: NotRequired[int | None]
    """Claims of jobs; null by model."""
    attempts_without_usage: NotRequired[int | None]
    """Those of them that have ended without a report."""
    key: NotRequired[str | None]
    """The day, the id or the model; null where there is none."""
    name: NotRequired[str | None]
    """The name of the agent or workflow, the key of the ticket, the title of the job."""
    usage: UsageTotals
    """What was used."""


class UsageReported(TypedDict):
    """The answer to a report."""

    attempt: NotRequired[int | None]
    """The attempt of the job that it belongs to."""
    counted: bool
    """Whether it was counted: false for a report that was counted before, and for totals without anything new."""
    job_id: NotRequired[str | None]
    """The job."""
    success: bool
    """Always true."""
    ticket_id: NotRequired[str | None]
    """The ticket."""
    usage: UsageTotals
    """The totals of the job, or of the ticket if the report is of no job."""
    usage_id: NotRequired[str | None]
    """`usage-<uuid>`; null if it was not counted."""


UsageSource: TypeAlias = Literal["worker", "mcp", "api", "sdk"]
"""What sent a report."""


class UsageSummary(TypedDict):
    """Usage in a range of days."""

    agent_id: NotRequired[str | None]
    """The agent, if one was selected."""
    attempts: int
    """Claims of jobs in the range."""
    attempts_without_usage: int
    """Those of them that have ended without a report."""
    first_day: str
    """The first day."""
    group_by: NotRequired[GroupBy | None]
    """By what it is added up."""
    groups: list[UsageGroup]
    """The groups: days in order, others by their tokens."""
    has_more: bool
    """Whether there are more groups."""
    last_day: str
    """The last day."""
    time_zone: str
    """The zone of the days."""
    usage: UsageTotals
    """All of it."""
    workflow_id: NotRequired[str | None]
    """The workflow, if one was selected."""


class UsageTotals(TypedDict):
    """Totals of usage. Numbers that were not reported are null."""

    cache_read_tokens: NotRequired[int | None]
    """Input tokens that were read from a cache."""
    cache_write_tokens: NotRequired[int | None]
    """Input tokens that were written to a cache."""
    costs: list[Money]
    """The costs, one for each currency; empty if none was reported."""
    input_tokens: NotRequired[int | None]
    """Input tokens that were neither read from a cache nor written to one."""
    output_tokens: NotRequired[int | None]
    """Output tokens."""
    reported: bool
    """Whether anything was reported. Otherwise the usage is missing, and not zero."""
    reports: int
    """The number of reports."""
    reports_without_cost: int
    """Reports without a cost, so the costs are too low."""
    reports_without_tokens: int
    """Reports that lack input or output tokens, so the sums are too low."""


class VisitCursor(TypedDict):
    """Where the caller's cursor of a workflow is now."""

    handled_seq: int
    """Up to where failures and mentions are dealt with."""
    seq: int
    """Up to where it was seen."""
    workflow_id: str
    """The workflow."""


class Visited(TypedDict):
    """What was recorded."""

    epoch: str
    """The epoch of the cursors."""
    success: bool
    """Always true."""
    workflows: list[VisitCursor]
    """The cursors of the given workflows. They never move back."""


class VisitedWorkflow(TypedDict):
    """A workflow that was seen."""

    seq: int
    """The last event that was seen: the `seq` of `GET /api/home`."""
    workflow_id: str
    """The workflow."""


class Webhook(TypedDict):
    """A webhook."""

    active: bool
    """Whether events are sent."""
    attempt: int
    """Failed attempts to deliver the next event."""
    behind: int
    """The number of events after the cursor."""
    created_at: str
    """When it was created."""
    created_by: NotRequired[str | None]
    """Who created it."""
    dead_letters: int
    """The number of events set aside."""
    disabled_reason: NotRequired[str | None]
    """Why it was disabled."""
    events: list[str]
    """The event types to send; empty means all."""
    failing_since: NotRequired[str | None]
    """Since when deliveries have failed."""
    id: str
    """`webhook-<uuid>`."""
    last_seq: int
    """The cursor: every event up to this number was delivered or filtered out."""
    next_attempt_at: NotRequired[str | None]
    """When the next attempt is due."""
    previous_secret_expires_at: NotRequired[str | None]
    """After a rotation: until when requests are signed with the old secret too."""
    refusal_attempts: int
    """How often an event that the receiver refuses (4xx) is tried before it is set aside as a dead letter."""
    updated_at: str
    """When it was last changed."""
    url: str
    """The URL that receives the requests."""
    webhook_id: str
    """The same as `id`."""
    workflow_id: str
    """The workflow whose events it receives."""


class WebhookTested(TypedDict):
    """The answer to a test."""

    duration_ms: int
    """How long it took."""
    message: str
    """A sentence for a person."""
    message_id: str
    """The header `webhook-id` that was sent."""
    status_code: NotRequired[int | None]
    """The HTTP status of the response, if there was one."""
    success: bool
    """Whether the receiver accepted it."""


class Webhooks(TypedDict):
    """The webhooks of a workflow."""

    webhooks: list[Webhook]
    """The webhooks, oldest first."""


WipPolicy: TypeAlias = Literal["warn", "refuse"]
"""What happens when a column reaches its WIP limit."""


class Withdraw(TypedDict):
    """`POST /api/approvals/{id}/withdraw`"""

    agent_id: NotRequired[str | None]
    """The acting agent, if the caller may act on behalf of others."""
    reason: NotRequired[str | None]
    """The reason."""


class Workflow(TypedDict):
    """A workflow."""

    archived_at: NotRequired[str | None]
    """Time of archiving."""
    board_config: NotRequired[BoardConfig | None]
    """Its board; omitted in lists."""
    board_version: NotRequired[str | None]
    """The version of its board, on which a change of the board may be based; omitted in lists."""
    created_at: str
    """Creation time."""
    created_by: NotRequired[str | None]
    """The creator."""
    description: str
    """Its purpose."""
    id: str
    """`workflow-<uuid>`."""
    name: str
    """Its name."""
    provision_agents: NotRequired[bool]
    """Whether every client may assign tickets to agents that do not exist yet, which creates them."""
    repository_path: NotRequired[str | None]
    """The git repository on the server whose commits are shown."""
    role: NotRequired[str | None]
    """The caller's role: viewer, member or owner."""
    ticket_count: NotRequired[int | None]
    """Number of tickets, counted to 10,000; only in lists."""
    ticket_tracking: bool
    """Whether tickets can be created and changed."""
    time_zone: NotRequired[str]
    """The time zone in which its days begin and end."""
    updated_at: str
    """Time of the last change."""
    workflow_id: str
    """The same as `id`."""


class WorkflowList(TypedDict):
    """A page of workflows."""

    has_more: bool
    """Whether further pages exist."""
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page."""
    workflows: list[Workflow]
    """By name."""


class WsTicket(TypedDict):
    """A single-use ticket for a WebSocket connection."""

    expires_in: int
    """Seconds until it expires."""
    ticket: str
    """To be sent as the subprotocol `callboard.ticket.<ticket>`."""


GetBoardChangesQuery = TypedDict(
    "GetBoardChangesQuery",
    {
        "from": 'NotRequired[str]',
        "to": 'NotRequired[str]',
    },
)
"""The query parameters of `getBoardChanges`."""


GetReportQuery = TypedDict(
    "GetReportQuery",
    {
        "workflow_id": 'NotRequired[str]',
        "from": 'NotRequired[str]',
        "to": 'NotRequired[str]',
        "tz": 'NotRequired[str]',
        "unit": 'NotRequired[str]',
        "group": 'NotRequired[str]',
        "milestone": 'NotRequired[str]',
        "format": 'NotRequired[Literal["json", "csv"]]',
        "bom": 'NotRequired[bool]',
    },
)
"""The query parameters of `getReport`."""


class CountPendingReviewsQuery(TypedDict):
    """The query parameters of `countPendingReviews`."""

    workflow_id: NotRequired[str]
    """The workflow. Defaults to all of the caller's workflows."""


class GetApprovalQuery(TypedDict):
    """The query parameters of `getApproval`."""

    wait: NotRequired[int]
    """Seconds to wait for a decision, 0 to 30. Defaults to 0."""


class GetBoardQuery(TypedDict):
    """The query parameters of `getBoard`."""

    at: NotRequired[str]
    """The time of which the board is wanted. Defaults to now."""


class GetCommitDiffQuery(TypedDict):
    """The query parameters of `getCommitDiff`."""

    workflow_id: NotRequired[str]
    """The workflow. Required to name a ticket by its key; limits the lookup of a commit to its repository."""


class GetCommitFileLinesQuery(TypedDict):
    """The query parameters of `getCommitFileLines`."""

    workflow_id: NotRequired[str]
    """The workflow whose repository has the commit. Defaults to any that the caller can read."""
    path: str
    """The path of a text file that the commit changed."""
    first_line: int
    """The number of the first line, from 1."""
    last_line: int
    """The number of the last line; at most 1,000 lines."""


class GetHomeQuery(TypedDict):
    """The query parameters of `getHome`."""

    workflow_id: NotRequired[str]
    """Lists the items of this workflow only."""


class GetStageStatusQuery(TypedDict):
    """The query parameters of `getStageStatus`."""

    workflow_id: NotRequired[str]
    """The workflow. Defaults to the caller's default workflow."""


class GetStagedTicketQuery(TypedDict):
    """The query parameters of `getStagedTicket`."""

    workflow_id: NotRequired[str]
    """The workflow. Defaults to the caller's default workflow."""


class GetTicketQuery(TypedDict):
    """The query parameters of `getTicket`."""

    workflow_id: NotRequired[str]
    """The workflow. Required to name a ticket by its key; limits the lookup of a commit to its repository."""


class GetTicketStatsQuery(TypedDict):
    """The query parameters of `getTicketStats`."""

    tz: NotRequired[str]
    """The time zone in which days begin and end, like `Europe/Berlin`. Defaults to the workflow's."""


class GetUsageQuery(TypedDict):
    """The query parameters of `getUsage`."""

    workflow_id: NotRequired[str]
    """Of this workflow. Defaults to all of the caller's workflows."""
    agent_id: NotRequired[str]
    """Of this agent."""
    first_day: NotRequired[str]
    """The first day, e.g. `2026-01-31`. Defaults to 29 days before the last one; at most 365."""
    last_day: NotRequired[str]
    """The last day. Defaults to today."""
    tz: NotRequired[str]
    """The time zone in which days begin. Defaults to that of the workflow, or to UTC."""
    group_by: NotRequired[Literal["day", "agent", "model", "ticket", "job", "workflow"]]
    """By what usage is added up. Defaults to nothing but the total."""


class GetWorkflowsIdFindingsQuery(TypedDict):
    """The query parameters of `getWorkflowsIdFindings`."""

    kind: NotRequired[str | Sequence[str]]
    """Kinds, comma-separated, e.g. `stuck,blocked`. Defaults to all."""


class ListApprovalsQuery(TypedDict):
    """The query parameters of `listApprovals`."""

    workflow_id: NotRequired[str]
    """In this workflow. Defaults to all of the caller's workflows."""
    ticket_id: NotRequired[str]
    """About this ticket."""
    job_id: NotRequired[str]
    """Asked in this job."""
    status: NotRequired[str | Sequence[str]]
    """pending, approved, rejected, answered, expired, withdrawn; comma-separated."""
    kind: NotRequired[str | Sequence[str]]
    """question, review, clarification; comma-separated."""
    mine: NotRequired[bool]
    """Only those that the caller requested."""


class ListAppsQuery(TypedDict):
    """The query parameters of `listApps`."""

    workflow_id: NotRequired[str]
    """In this workflow. Defaults to all of the caller's workflows."""


class ListExecutionsQuery(TypedDict):
    """The query parameters of `listExecutions`."""

    status: NotRequired[str]
    """active, completed, archived or all. Defaults to all."""


class ListJobEventsQuery(TypedDict):
    """The query parameters of `listJobEvents`."""

    since: NotRequired[int]
    """The last seq seen; 0 for the start."""
    epoch: NotRequired[str]
    """The epoch of that seq; without it the seq alone is trusted."""


class ListJobMessagesQuery(TypedDict):
    """The query parameters of `listJobMessages`."""

    job_id: str
    """The job."""
    kind: NotRequired[str | Sequence[str]]
    """chat, step, log; comma-separated."""
    after: NotRequired[int]
    """Only lines after this `order`."""
    before: NotRequired[int]
    """Only the last lines before this `order`, in order."""


class ListJobsQuery(TypedDict):
    """The query parameters of `listJobs`."""

    workflow_id: NotRequired[str]
    """In this workflow. Defaults to all of the caller's workflows."""
    ticket_id: NotRequired[str]
    """Of this ticket (id, or key with `workflow_id`)."""
    status: NotRequired[str | Sequence[str]]
    """Statuses, comma-separated."""
    mine: NotRequired[bool]
    """Only those that the caller created or claimed."""
    title: NotRequired[str]
    """Only those whose title contains this."""


class ListKeysQuery(TypedDict):
    """The query parameters of `listKeys`."""

    actor_id: NotRequired[str]
    """Only the keys of this actor."""


class ListMilestonesQuery(TypedDict):
    """The query parameters of `listMilestones`."""

    include_closed: NotRequired[bool]
    """Whether to include closed ones. Defaults to true."""


class ListRecentSearchesQuery(TypedDict):
    """The query parameters of `listRecentSearches`."""

    workflow_id: str
    """The workflow."""


class ListSearchEventsQuery(TypedDict):
    """The query parameters of `listSearchEvents`."""

    since: NotRequired[int]
    """The last seq seen; 0 for the start."""
    epoch: NotRequired[str]
    """The epoch of that seq; without it the seq alone is trusted."""


class ListSearchesQuery(TypedDict):
    """The query parameters of `listSearches`."""

    workflow_id: str
    """The workflow."""


class ListSecurityEventsQuery(TypedDict):
    """The query parameters of `listSecurityEvents`."""

    workflow_id: NotRequired[str]
    """Of this workflow, for its owners. Defaults to the whole installation, for administrators."""
    kind: NotRequired[str | Sequence[str]]
    """Kinds, comma-separated, e.g. `sign_in_failed,key_created`."""
    actor: NotRequired[str]
    """By or about this actor, by id."""
    since: NotRequired[str]
    """From this time on."""
    until: NotRequired[str]
    """Before this time."""


class ListServerAgentsQuery(TypedDict):
    """The query parameters of `listServerAgents`."""

    owner_id: NotRequired[str]
    """The agents and services of this actor. Defaults to people, and agents and services that belong to nobody."""
    search: NotRequired[str]
    """Only those whose name, id, e-mail address or key's name contains this, on any level. At most 200 characters.
    """


class ListServerWebhooksQuery(TypedDict):
    """The query parameters of `listServerWebhooks`."""

    state: NotRequired[str]
    """Only those that are `working`, `failing` or `paused`."""


class ListStagedTicketsQuery(TypedDict):
    """The query parameters of `listStagedTickets`."""

    workflow_id: NotRequired[str]
    """The workflow. Defaults to the caller's default workflow."""


class ListTicketsByGetQuery(TypedDict):
    """The query parameters of `listTicketsByGet`."""

    workflow_id: NotRequired[str]
    """The workflow. Required, except with `job_id`."""
    job_id: NotRequired[str]
    """Only the ticket of this job."""
    agent_id: NotRequired[str]
    """The acting agent. Ignored, because reading changes nothing."""
    status: NotRequired[str | Sequence[str]]
    """Columns, comma-separated."""
    ticket_type: NotRequired[str | Sequence[str]]
    """Types, comma-separated."""
    priority: NotRequired[str | Sequence[str]]
    """low, medium, high, critical; comma-separated."""
    assigned_agent_id: NotRequired[str]
    """Only tickets of this assignee."""
    unassigned: NotRequired[bool]
    """Only unassigned tickets."""
    tags: NotRequired[str | Sequence[str]]
    """Tags, comma-separated; tickets with at least one of them."""
    tag: NotRequired[Sequence[str]]
    """A tag, which may contain commas; repeatable. Added to `tags`."""
    created_after: NotRequired[str]
    """Created at this time or later: RFC 3339, or a date."""
    created_before: NotRequired[str]
    """Created at this time or earlier: RFC 3339, or a date, the whole of which is included."""
    tz: NotRequired[str]
    """The time zone of dates. Defaults to the workflow's."""
    silent_minutes: NotRequired[float]
    """Only open tickets whose assigned agent did nothing about them for so many minutes."""
    milestone_id: NotRequired[str]
    """Only tickets of this milestone, by id or name."""
    without_milestone: NotRequired[bool]
    """Only tickets without a milestone."""
    due_after: NotRequired[str]
    """Due on this day or later, like `2026-01-31`."""
    due_before: NotRequired[str]
    """Due on this day or earlier."""
    overdue: NotRequired[bool]
    """Only tickets that are open after their due day (`true`), or only the others."""
    is_blocked: NotRequired[bool]
    """Only blocked, or only unblocked tickets."""
    include_completed: NotRequired[bool]
    """Whether to include resolved tickets. Defaults to true."""
    sort_by: NotRequired[Literal["created_at", "updated_at", "priority", "status", "rank", "due_on"]]
    """created_at (default), updated_at, priority, status (order of the columns), rank (order on the board) or due_on
    (tickets without a due date last).
    """
    sort_order: NotRequired[Literal["asc", "desc"]]
    """asc or desc (default)."""


class ListTicketsQuery(TypedDict):
    """The query parameters of `listTickets`."""

    workflow_id: NotRequired[str]
    """The workflow. Required, except with `job_id`."""
    job_id: NotRequired[str]
    """Only the ticket of this job."""
    agent_id: NotRequired[str]
    """The acting agent. Ignored, because reading changes nothing."""
    status: NotRequired[str | Sequence[str]]
    """Columns, comma-separated."""
    ticket_type: NotRequired[str | Sequence[str]]
    """Types, comma-separated."""
    priority: NotRequired[str | Sequence[str]]
    """low, medium, high, critical; comma-separated."""
    assigned_agent_id: NotRequired[str]
    """Only tickets of this assignee."""
    unassigned: NotRequired[bool]
    """Only unassigned tickets."""
    tags: NotRequired[str | Sequence[str]]
    """Tags, comma-separated; tickets with at least one of them."""
    tag: NotRequired[Sequence[str]]
    """A tag, which may contain commas; repeatable. Added to `tags`."""
    created_after: NotRequired[str]
    """Created at this time or later: RFC 3339, or a date."""
    created_before: NotRequired[str]
    """Created at this time or earlier: RFC 3339, or a date, the whole of which is included."""
    tz: NotRequired[str]
    """The time zone of dates. Defaults to the workflow's."""
    silent_minutes: NotRequired[float]
    """Only open tickets whose assigned agent did nothing about them for so many minutes."""
    milestone_id: NotRequired[str]
    """Only tickets of this milestone, by id or name."""
    without_milestone: NotRequired[bool]
    """Only tickets without a milestone."""
    due_after: NotRequired[str]
    """Due on this day or later, like `2026-01-31`."""
    due_before: NotRequired[str]
    """Due on this day or earlier."""
    overdue: NotRequired[bool]
    """Only tickets that are open after their due day (`true`), or only the others."""
    is_blocked: NotRequired[bool]
    """Only blocked, or only unblocked tickets."""
    include_completed: NotRequired[bool]
    """Whether to include resolved tickets. Defaults to true."""
    sort_by: NotRequired[Literal["created_at", "updated_at", "priority", "status", "rank", "due_on"]]
    """created_at (default), updated_at, priority, status (order of the columns), rank (order on the board) or due_on
    (tickets without a due date last).
    """
    sort_order: NotRequired[Literal["asc", "desc"]]
    """asc or desc (default)."""


class ListUsersQuery(TypedDict):
    """The query parameters of `listUsers`."""

    search: NotRequired[str]
    """Only those whose name, e-mail address or id contains this. At most 200 characters."""


class ListWebhooksQuery(TypedDict):
    """The query parameters of `listWebhooks`."""

    workflow_id: str
    """The workflow."""


class ListWorkflowEventsQuery(TypedDict):
    """The query parameters of `listWorkflowEvents`."""

    since: NotRequired[int]
    """The last seq seen; 0 for the start."""
    epoch: NotRequired[str]
    """The epoch of that seq; without it the seq alone is trusted."""


class ListWorkflowsQuery(TypedDict):
    """The query parameters of `listWorkflows`."""

    include_archived: NotRequired[bool]
    """Whether to include archived workflows. Defaults to false."""


class OpenAdwSocketQuery(TypedDict):
    """The query parameters of `openAdwSocket`."""

    token: NotRequired[str]
    """An access token or key, if the server is configured to accept it here."""
    since: NotRequired[int]
    """The last seq seen; later events are sent first. Without it the job's state is sent, then the whole transcript.
    """
    epoch: NotRequired[str]
    """The epoch of that seq; without it the seq alone is trusted."""


class OpenJobSocketQuery(TypedDict):
    """The query parameters of `openJobSocket`."""

    token: NotRequired[str]
    """An access token or key, if the server is configured to accept it here."""
    since: NotRequired[int]
    """The last seq seen; later events are sent first. Without it the job's state is sent, then the whole transcript.
    """
    epoch: NotRequired[str]
    """The epoch of that seq; without it the seq alone is trusted."""


class OpenSocketQuery(TypedDict):
    """The query parameters of `openSocket`."""

    token: NotRequired[str]
    """An access token or key, if the server is configured to accept it here."""
    dialect: NotRequired[str]
    """The format of messages: `native`, `stages` (`stage_updated`, `workflow_started`, …) or `rooms` (`ticket:update`,
    `ticket:progress`, …). Defaults to native.
    """
    workflow_id: NotRequired[str | Sequence[str]]
    """Workflows to watch from the start, comma-separated. For `stages`, defaults to the caller's default workflow.
    """
    since: NotRequired[int]
    """The last seq seen in that workflow; later events are sent first."""
    epoch: NotRequired[str]
    """The epoch of that seq; without it the seq alone is trusted."""
