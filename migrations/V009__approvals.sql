-- Approvals: parked questions to people. Whoever asks goes on and is told when somebody has decided.

create table approvals (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id),
    ticket_id text collate "C" references tickets (id),
    job_id text collate "C" references jobs (id),
    kind text not null constraint approvals_kind check (kind in ('question', 'review', 'clarification')),
    question text not null constraint approvals_question_length check (char_length(question) between 1 and 10000),
    context text not null default '' constraint approvals_context_length check (char_length(context) <= 50000),
    -- Answers that are offered.
    options text[] not null default '{}' constraint approvals_options_count check (cardinality(options) <= 50),
    -- Whether the job waits for it.
    blocks_job boolean not null default false,
    -- Whether the board asked for it; such a review is decided, not taken back.
    required boolean not null default false,
    status text not null default 'pending' constraint approvals_status check (
        status in ('pending', 'approved', 'rejected', 'answered', 'expired', 'withdrawn')),
    answer text constraint approvals_answer_length check (char_length(answer) <= 20000),
    reason text constraint approvals_reason_length check (char_length(reason) <= 20000),
    -- In whose name it was asked, and whose credential asked: neither of them decides it.
    asked_by text collate "C" references actors (id),
    asked_through text collate "C" references actors (id),
    decided_by text collate "C" references actors (id),
    decided_at timestamptz,
    expires_at timestamptz,
    -- The comment on the ticket that asks the same.
    comment_id text collate "C" references ticket_comments (id) on delete set null,
    -- How the ticket stood before its review was asked for.
    ticket_before text,
    created_at timestamptz not null default clock_timestamp(),
    constraint approvals_block_a_job check (job_id is not null or not blocks_job),
    constraint approvals_review_a_ticket check (ticket_id is not null or kind <> 'review'),
    constraint approvals_decided check ((status = 'pending') = (decided_at is null))
);
create index approvals_by_workflow on approvals (workflow_id, id);
create index approvals_by_ticket on approvals (ticket_id, id) where ticket_id is not null;
create index approvals_by_job on approvals (job_id, id) where job_id is not null;
create index approvals_by_asker on approvals (asked_by, id);
create index approvals_by_asking_credential on approvals (asked_through);
create index approvals_by_decider on approvals (decided_by);
create index approvals_by_comment on approvals (comment_id) where comment_id is not null;
-- What waits for people, and what runs out.
create index approvals_pending on approvals (workflow_id, id) where status = 'pending';
create index approvals_expiring on approvals (expires_at) where status = 'pending' and expires_at is not null;
-- A ticket waits for one review at a time.
create unique index approvals_one_review on approvals (ticket_id) where kind = 'review' and status = 'pending';

-- Whether people have looked at a ticket; null where nobody has to.
alter table tickets add column approval_status text;
-- The column is empty, so there is nothing to validate.
alter table tickets add constraint tickets_approval_status check (
    approval_status in ('pending_review', 'approved', 'rejected')) not valid;
-- No row is in it yet: it is made in the time of one look at the table.
-- squawk-ignore require-concurrent-index-creation
create index tickets_awaiting_review on tickets (workflow_id, id) where approval_status = 'pending_review' and deleted_at is null;

-- Whether tickets that agents and services make wait for a person's review.
alter table boards add column human_review boolean not null default false;
