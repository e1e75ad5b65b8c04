-- A comment on each view, function and column, for tools that show them.

comment on schema reporting is 'Reports for analysts: views, and functions with a range of days. Start at reporting.about.';

comment on view reporting.about is 'One row for each view and function of this schema.';
comment on view reporting.reports is 'One row for each report of the API, with its parameters and columns.';
comment on view reporting.workflows is 'One row for each workflow.';
comment on view reporting.columns is 'One row for each column of a board, as it is now.';
comment on view reporting.members is 'One row for each member of a workflow.';
comment on view reporting.actors is 'One row for each person, agent and service.';
comment on view reporting.searches is 'One row for each kept search: the 20 newest of each person in a workflow, and saved ones. Without the text that was searched for.';
comment on view reporting.security_events is 'One row for each security event, as long as they are kept.';
comment on view reporting.tickets is 'One row for each ticket that is not deleted or merged, as it is now.';
comment on view reporting.comments is 'One row for each comment that is not deleted.';
comment on view reporting.commits is 'One row for each commit that is linked to a ticket.';
comment on view reporting.blockers is 'One row for each pair of a ticket and one that blocks or blocked it, unless the pair was removed.';
comment on view reporting.merges is 'One row for each ticket that is merged into another one now.';
comment on view reporting.likely_duplicates is 'One row for each pair of open tickets that are probably the same.';
comment on view reporting.findings is 'One row for each finding: what somebody should look at. Those that ended are kept for 30 days.';
comment on view reporting.changes is 'One row for each change, as long as history is kept. Without changes of job transcripts.';
comment on view reporting.ticket_history is 'One row for each change of a ticket, as long as history is kept.';
comment on view reporting.stays is 'One row for each stay of a ticket in a column. Also of tickets that were deleted or merged since.';
comment on view reporting.column_times is 'The time of each stay of a ticket in a column, to be added up. reporting.stays has more about each.';
comment on view reporting.assignments is 'One row for each time in which a ticket had an assignee.';
comment on view reporting.blocked_times is 'One row for each time in which at least one ticket blocked another one.';
comment on view reporting.creations is 'One row for each ticket that was ever created.';
comment on view reporting.completions is 'One row for each completion of a ticket; a ticket that was reopened and completed again has two. Times and fields are those at the completion.';
comment on view reporting.quality is 'One row for each completion and reason why its times are not to be trusted, or why it has no cycle time.';
comment on view reporting.counts is 'Tickets created and completed, by quarter of an hour. There may be several rows for one quarter: add them up.';
comment on view reporting.daily is 'One row for each workflow and day of its time zone on which tickets were created or completed.';
comment on view reporting.column_names is 'One row for each column that a board has or had.';
comment on view reporting.column_flow is 'Tickets that entered and left columns, by quarter of an hour. There may be several rows for one quarter: add them up.';
comment on view reporting.column_flow_days is 'The net number of tickets that entered columns, by day in UTC. There may be several rows for one day: add them up.';
comment on view reporting.milestones is 'One row for each milestone, as it is now.';
comment on view reporting.milestone_tickets is 'One row for each time in which a ticket was in a milestone with the same story points. Also of tickets that were deleted or merged since.';
comment on view reporting.wip is 'One row for each ticket in an active column.';
comment on view reporting.jobs is 'One row for each job that is not deleted.';
comment on view reporting.job_states is 'One row for each time of a job in a status.';
comment on view reporting.job_attempts is 'One row for each claim of a job by a worker.';
comment on view reporting.usage is 'One row for each report of usage: what a model used for a job, or for a ticket without one.';
comment on view reporting.usage_by_attempt is 'One row for each claim of a job by a worker, and currency; attempts without a report are in it. Claims are recorded since usage is.';
comment on view reporting.usage_by_ticket is 'One row for each ticket that has reports or claimed jobs, and currency.';
comment on view reporting.usage_by_agent is 'One row for each agent of a workflow that has reports or claimed jobs, and currency.';
comment on view reporting.usage_by_day is 'One row for each day with reports, agent, model and currency.';
comment on view reporting.approvals is 'One row for each question to people and each review.';

comment on function reporting.zone_of is 'The time zone that a report uses: the given one, else the workflow''s.';
comment on function reporting.first_day_of is 'The first day of a range: the given one, else the 29th day before its last day.';
comment on function reporting.last_day_of is 'The last day of a range: the given one, else today.';
comment on function reporting.start_of is 'When the first day of a range begins.';
comment on function reporting.end_of is 'When the last day of a range ends; this moment is not in the range.';
comment on function reporting.range_of is 'A range as one row: its time zone, days, begin and end.';
comment on function reporting.period_of is 'The first day of the period in which a time is.';
comment on function reporting.periods is 'The periods of a range. Units: day, week (from Monday), month, quarter, year, or all for the range as one.';
comment on function reporting.completions_in is 'The completions of a range, each with its period.';
comment on function reporting.cycle_times is 'Lead times and cycle times of what was completed in each period, with percentiles. Suspect completions are in completed and excluded, not in the times.';
comment on function reporting.time_in_status is 'How long the stays in each column were that ended in the range.';
comment on function reporting.throughput is 'Tickets created and completed in each period, and story points of the completed ones (velocity).';
comment on function reporting.cumulative_flow is 'How many tickets stood in each column at the end of each day.';
comment on function reporting.wip_age is 'How many tickets are in each active column now, beside its limit, and their age.';
comment on function reporting.open_tickets is 'How many tickets of each type and priority are open now.';
comment on function reporting.blocked_time is 'How many tickets were blocked in each period, and how long within it.';
comment on function reporting.reopen_rate is 'Tickets completed and tickets reopened in each period.';
comment on function reporting.workload is 'What each assignee has open now, and completed in the range. A row without agent is what nobody has.';
comment on function reporting.hand_offs is 'How often tickets went directly from one assignee to another in the range.';
comment on function reporting.duplicate_prevention is 'Tickets merged as duplicates beside tickets created, and likely pairs that are still open. Which similar tickets were shown to somebody is not recorded.';
comment on function reporting.commit_linking is 'How many of the tickets completed in each period have a commit.';
comment on function reporting.search_use is 'Kept searches in each period: of each person, the 20 newest different ones.';
comment on function reporting.finding_counts is 'Findings that were opened and closed in each period, by kind, and how long the closed ones were open. Those that ended are kept for 30 days.';
comment on function reporting.milestone_range is 'The days of a milestone''s charts: from its start day to its due day, or as long as it is open; at most ten years.';
comment on function reporting.burn_up is 'What was in a milestone at the end of each day (today: now), in tickets and story points, and how much of it was completed. Days to come have no figures.';
comment on function reporting.burndown is 'What was in a milestone at the end of each day (today: now), what of it was completed and what remained, in tickets and story points; and the ideal line, which falls evenly to nothing on the due day, from what was in it at the end of the first day on which something was.';
comment on function reporting.board_at is 'The tickets that were on a workflow''s board at a time, as they were then.';
comment on function reporting.board_diff is 'What differs between a workflow''s boards of two moments: one row for each field of each ticket; added and removed tickets without a field.';
comment on function reporting.cost is 'Tokens and cost reported in each period: one row for each currency, and one with usage_reported false for a period without a report. Attempts are those that began in the period, the same in each of its rows.';
comment on function reporting.flow_efficiency is 'The share of the cycle time in which completed tickets were in an active column and not blocked.';

do $$
declare
    one record;
begin
    for one in
        select c.relname as view, a.attname as name, d.text
          from (values
            -- Columns of several views; those of one view follow.
            (null, 'workflow_id', 'The id of the workflow.'), (null, 'workflow', 'The name of the workflow.'),
            (null, 'ticket_id', 'The id of the ticket.'), (null, 'key', 'The key of the ticket, TKT and its number.'),
            (null, 'title', 'The title.'), (null, 'ticket_type', 'The type of the ticket.'), (null, 'priority', 'low, medium, high or critical.'),
            (null, 'status', 'The id of the column.'), (null, 'status_name', 'The name of the column.'),
            (null, 'status_category', 'The category of the column: todo, active or done.'),
            (null, 'assigned_agent_id', 'The id of the assignee.'), (null, 'assigned_to', 'The name of the assignee.'),
            (null, 'story_points', 'The story points.'), (null, 'is_blocked', 'Whether another ticket blocks it now.'),
            (null, 'agent_id', 'The id of the actor: for whom it was done, if somebody acted for another.'), (null, 'agent', 'The name of the actor.'),
            (null, 'actor_id', 'The id of the actor.'), (null, 'actor', 'The name of the actor.'), (null, 'job_id', 'The id of the job.'),
            (null, 'created_at', 'When it was created.'), (null, 'updated_at', 'When it was changed last.'),
            (null, 'started_at', 'When the ticket first entered an active column.'), (null, 'completed_at', 'When the ticket was completed.'),
            (null, 'lead_time', 'From creation to completion.'), (null, 'cycle_time', 'From the first entry into an active column to completion.'),
            (null, 'duration', 'How long; until now where it goes on.'), (null, 'ended_at', 'When it ended; null while it goes on.'),
            (null, 'ended_by', 'The type of the change that ended it: for example status_changed, assigned, deleted or ticket_merged.'),
            (null, 'is_estimated', 'Whether it follows from the dates of an imported ticket and not from a recorded change.'),
            (null, 'worker', 'The worker that ran it.'), (null, 'error', 'Why it failed.'), (null, 'reason', 'Why.'),
            (null, 'column_key', 'The column: a renamed column keeps it.'), (null, 'column_now', 'The id that the column has now, or had last.'),
            (null, 'column_name', 'The name that the column has now, or had last.'), (null, 'change_type', 'The type of the change.'),
            (null, 'field_name', 'The field that changed.'), (null, 'old_value', 'The value before.'), (null, 'new_value', 'The value after.'),
            (null, 'change_description', 'The change as a sentence.'), (null, 'changed_at', 'When it was recorded.'), (null, 'name', 'The name.'),
            (null, 'commit_sha', 'The hash of the commit.'), (null, 'position', 'Where it stands on the board, from the left.'),
            (null, 'paused', 'How long it was paused or waited for an answer.'), (null, 'waited', 'How long it waited before it was started.'),
            (null, 'ran', 'How long it was running, without pauses.'), (null, 'attempt', 'The number of the attempt.'),
            (null, 'entered_at', 'When it began.'), (null, 'left_at', 'When it ended; null for the present one.'),
            (null, 'blocked_at', 'Since when it was blocked.'), (null, 'kind', 'What kind it is.'), (null, 'subject', 'What it is about.'),
            ('about', 'name', 'The name of the view or function.'), ('about', 'kind', 'view or function.'),
            ('about', 'arguments', 'The arguments of a function.'), ('about', 'description', 'What a row is.'),
            ('about', 'version', 'The version of this schema.'),
            ('reports', 'name', 'The name of the view or function.'), ('reports', 'title', 'The title.'), ('reports', 'description', 'What a row is.'),
            ('reports', 'kind', 'view or function.'), ('reports', 'arguments', 'What it can be given, by the names of the functions'' parameters.'),
            ('reports', 'columns', 'The names, types and descriptions of its columns.'), ('reports', 'time_column', 'Of a view: what its range is compared with.'),
            ('reports', 'order_by', 'Of a view: the order of the rows.'),
            ('reports', 'moves', 'Whether figures change although nothing in the workflow does.'),
            ('workflows', 'ticket_tracking', 'Whether it has tickets.'), ('workflows', 'archived_at', 'When it was archived; null while it is in use.'),
            ('workflows', 'members', 'How many members it has.'), ('workflows', 'time_zone', 'The time zone in which its days begin.'),
            ('columns', 'wip_limit', 'How many tickets it should hold at most.'), ('columns', 'tickets', 'How many tickets are in it now.'),
            ('members', 'kind', 'user, agent or service.'), ('members', 'role', 'viewer, member or owner.'), ('members', 'added_at', 'When the member was added.'),
            ('members', 'added_by', 'The id of who added the member.'),
            ('actors', 'kind', 'user, agent or service.'), ('actors', 'owner_id', 'The id of who manages it; null for people.'),
            ('actors', 'owner', 'The name of who manages it.'), ('actors', 'is_admin', 'Whether it administers the installation.'),
            ('actors', 'disabled_at', 'When it was disabled; null while it is in use.'),
            ('searches', 'kind', 'recent or saved.'), ('searches', 'name', 'The name of a saved search that is shared.'),
            ('searches', 'search_type', 'semantic, keyword or hybrid.'), ('searches', 'has_filters', 'Whether it has filters.'),
            ('searches', 'at', 'When it was made last, or saved.'), ('searches', 'is_shared', 'Whether everybody in the workflow may use it.'),
            ('searches', 'notifies', 'Whether it notifies of new matches.'),
            ('security_events', 'event_id', 'The number of the event.'), ('security_events', 'occurred_at', 'When it happened.'),
            ('security_events', 'kind', 'What happened.'), ('security_events', 'outcome', 'ok or failed.'),
            ('security_events', 'on_behalf_of', 'For whom the actor acted.'), ('security_events', 'address', 'From where.'),
            ('security_events', 'subject_id', 'The id of what it is about.'), ('security_events', 'subject', 'The name of the actor that it is about.'),
            ('security_events', 'details', 'More about it.'), ('security_events', 'occurrences', 'How often it happened.'),
            ('tickets', 'created_by_agent_id', 'The id of who created it.'), ('tickets', 'tags', 'Its tags.'),
            ('tickets', 'estimate_minutes', 'The estimate in minutes.'), ('tickets', 'spent_minutes', 'The minutes spent on it.'),
            ('tickets', 'is_resolved', 'Whether it is resolved.'), ('tickets', 'parent_ticket_id', 'The id of the ticket that it is a part of.'),
            ('tickets', 'external_ref', 'Its id in the tracker that it was imported from.'),
            ('tickets', 'approval_status', 'pending_review, approved or rejected; null where nobody has to look at it.'),
            ('comments', 'comment_id', 'The id of the comment.'), ('comments', 'parent_comment_id', 'The id of the comment that it answers.'),
            ('comments', 'comment_type', 'general, resolution, system and so on.'), ('comments', 'comment_text', 'The text.'),
            ('comments', 'mentions', 'The ids of whom it mentions.'), ('comments', 'is_edited', 'Whether it was edited.'),
            ('commits', 'commit_message', 'The message of the commit.'), ('commits', 'author', 'The author of the commit.'),
            ('commits', 'commit_timestamp', 'When it was committed.'), ('commits', 'files_changed', 'How many files it changes.'),
            ('commits', 'insertions', 'How many lines it adds.'), ('commits', 'deletions', 'How many lines it removes.'),
            ('commits', 'link_method', 'How it was linked: manual, job and so on.'), ('commits', 'linked_at', 'When it was linked.'),
            ('blockers', 'blocked_by_ticket_id', 'The id of the ticket that blocks it.'),
            ('blockers', 'released_at', 'When that ticket was resolved or deleted; null while it blocks.'), ('blockers', 'is_active', 'Whether it blocks now.'),
            ('merges', 'into_ticket_id', 'The id of the original.'), ('merges', 'merged_at', 'When it was merged.'),
            ('merges', 'merged_by', 'The id of who merged it.'), ('merges', 'merged_by_name', 'The name of who merged it.'),
            ('likely_duplicates', 'ticket_id', 'The id of the later ticket.'), ('likely_duplicates', 'other_ticket_id', 'The id of the earlier ticket.'),
            ('likely_duplicates', 'similarity', 'How similar they are, up to 1.'), ('likely_duplicates', 'found_at', 'When they were compared.'),
            ('findings', 'finding_id', 'The id of the finding.'), ('findings', 'kind', 'stuck, blocked, urgent_unassigned, likely_duplicate, agent_overloaded, agent_silent or job_without_worker.'),
            ('findings', 'subject', 'The id of the ticket or agent, or the job type, that it is about.'), ('findings', 'message', 'The finding as a sentence.'),
            ('findings', 'since', 'Since when it holds.'), ('findings', 'opened_at', 'When a server first saw it.'), ('findings', 'closed_at', 'When it ended; null while it holds.'),
            ('findings', 'open_for', 'How long it was or has been open.'),
            ('changes', 'stream_id', 'The stream of the change: a workflow or a saved search.'), ('changes', 'seq', 'The number of the change in its stream.'),
            ('changes', 'actor_id', 'The id of whose credential made the change.'), ('ticket_history', 'id', 'The number of the change in the workflow.'),
            ('ticket_history', 'metadata', 'The change''s data as clients receive it.'), ('ticket_history', 'actor_id', 'The id of whose credential made the change.'),
            ('stays', 'status', 'The id of the column when the stay ended, or now.'), ('stays', 'status_category', 'The category of the column when the stay began.'),
            ('stays', 'entered_at', 'When the ticket entered the column.'), ('stays', 'left_at', 'When it left the column; null for the present one.'),
            ('column_times', 'entered_at', 'When the ticket entered the column.'), ('column_times', 'left_at', 'When it left the column; null for the present one.'),
            ('column_times', 'seconds', 'How long it was in it; null for the present one.'), ('assignments', 'agent_id', 'The id of the assignee.'), ('assignments', 'agent', 'The name of the assignee.'), ('assignments', 'assigned_at', 'Since when.'),
            ('blocked_times', 'unblocked_at', 'Until when; null while it is blocked.'),
            ('completions', 'reopened_at', 'When the ticket was reopened after this completion; null if it was not.'),
            ('completions', 'active_time', 'How long it had been in active columns without being blocked.'),
            ('completions', 'blocked_time', 'How long it had been blocked.'), ('completions', 'agent_id', 'The id of the assignee at the completion.'),
            ('completions', 'is_suspect', 'Whether its times contradict each other (reporting.quality); such rows are not in percentiles.'),
            ('quality', 'reason', 'completed_before_created, completed_before_started, started_before_created, completed_in_the_future or start_unknown.'),
            ('quality', 'is_excluded', 'Whether the completion is left out of times and percentiles.'),
            ('counts', 'quarter', 'When the quarter of an hour begins.'), ('counts', 'created', 'Tickets created in it.'), ('counts', 'completed', 'Completions in it.'),
            ('counts', 'story_points', 'The story points of the completions.'), ('counts', 'without_points', 'How many of the completions have no points.'),
            ('daily', 'day', 'The day.'), ('daily', 'created', 'Tickets created on it.'), ('daily', 'completed', 'Completions on it.'),
            ('column_names', 'is_present', 'Whether the board has the column now.'), ('column_flow', 'quarter', 'When the quarter of an hour begins.'),
            ('column_flow', 'entered', 'Tickets that entered.'), ('column_flow', 'left', 'Tickets that left.'), ('column_flow', 'net', 'entered less left.'), ('column_flow_days', 'day', 'The day in UTC.'),
            ('column_flow_days', 'net', 'Tickets that entered less those that left.'),
            (null, 'milestone_id', 'The id of the milestone.'), (null, 'milestone', 'The name of the milestone.'), (null, 'due_on', 'The day on which it is due.'),
            (null, 'is_overdue', 'Whether it is still open after its due day, in the workflow''s time zone.'),
            ('milestones', 'description', 'What it is for.'), ('milestones', 'starts_on', 'The day on which work on it starts.'),
            ('milestones', 'closed_at', 'When it was closed; null while it is open.'), ('milestones', 'tickets', 'How many tickets are in it now.'),
            ('milestones', 'completed', 'How many of them are completed.'), ('milestones', 'story_points', 'The sum of their story points.'),
            ('milestones', 'completed_points', 'The story points of the completed ones.'), ('milestones', 'without_points', 'How many of them have no story points.'),
            ('milestone_tickets', 'story_points', 'The story points that the ticket had meanwhile.'),
            ('milestone_tickets', 'added_at', 'When it was added, or got these story points.'),
            ('milestone_tickets', 'removed_at', 'When it left the milestone, was deleted or merged, or got other story points; null while it is so.'),
            ('wip', 'age', 'How long ago the ticket first entered an active column.'), ('wip', 'age_in_status', 'How long it has been in its column.'),
            ('jobs', 'title', 'The title of the job.'), ('jobs', 'job_type', 'The type of the job.'),
            ('jobs', 'status', 'collecting, queued, running, paused, waiting, succeeded, failed or cancelled.'), ('jobs', 'stage', 'The stage that it is in.'),
            ('jobs', 'progress', 'From 0 to 100.'), ('jobs', 'attempt', 'How many attempts there were.'), ('jobs', 'max_attempts', 'How many attempts it has.'),
            ('jobs', 'claimed_by', 'The id of the agent that claimed it last.'), ('jobs', 'claimed_by_name', 'The name of the agent that claimed it last.'),
            ('jobs', 'queued_at', 'When it was queued last.'), ('jobs', 'started_at', 'When it was first started.'), ('jobs', 'finished_at', 'When it ended.'),
            ('jobs', 'messages', 'How many messages its transcript has.'), ('jobs', 'waited', 'From its creation to its first start.'),
            ('job_states', 'status', 'collecting, queued, running, paused, waiting, succeeded, failed or cancelled.'),
            ('job_states', 'attempt', 'The attempt, as the job counts them: a claim that was given back does not count.'),
            ('job_attempts', 'attempt', 'The number of the claim.'), ('job_attempts', 'started_at', 'When the worker started it.'),
            ('job_attempts', 'ended_at', 'When it ended; null while it goes on.'), ('job_attempts', 'waited', 'From the job''s last queueing to the start.'),
            ('job_attempts', 'outcome', 'running, succeeded, failed, cancelled, or requeued for another attempt.'),
            (null, 'model', 'The model; null where it was not reported.'), (null, 'currency', 'The currency of the cost (ISO 4217); null where no cost was reported.'),
            (null, 'cost', 'The cost in this currency; null where none was reported.'),
            (null, 'input_tokens', 'Input tokens that were neither read from a cache nor written to one; null where not reported.'),
            (null, 'output_tokens', 'Output tokens; null where not reported.'), (null, 'cache_read_tokens', 'Input tokens read from a cache; null where not reported.'),
            (null, 'cache_write_tokens', 'Input tokens written to a cache; null where not reported.'), (null, 'reports', 'How many reports are in this row.'),
            (null, 'reports_without_cost', 'Reports without a cost: by them the cost is too low.'),
            (null, 'reports_without_tokens', 'Reports that lack input or output tokens: by them the sums are too low.'),
            (null, 'usage_reported', 'Whether anything was reported; false means missing, not zero.'),
            (null, 'attempts', 'How many claims there were, the same in the row of each currency.'),
            (null, 'attempts_without_usage', 'Claims that ended without a report, the same in the row of each currency.'),
            (null, 'claimed_at', 'When the worker claimed the job.'), (null, 'is_running', 'Whether the attempt goes on, so that reports may be to come.'),
            ('usage', 'usage_id', 'The id of the report.'), ('usage', 'attempt', 'The claim of the job that spent it; null without one.'),
            ('usage', 'agent_id', 'The id of who spent it: the agent that claimed the job, else who reported it.'),
            ('usage', 'reported_by', 'The id of who reported it.'), ('usage', 'source', 'worker, mcp, api or sdk.'),
            ('usage', 'session', 'The session of the agent, where it was given.'), ('usage', 'reported_at', 'When it was reported.'),
            ('usage_by_attempt', 'attempt', 'The number of the claim; claims that were given back count too.'),
            ('usage_by_attempt', 'agent_id', 'The id of the agent that claimed the job.'), ('usage_by_attempt', 'title', 'The title of the job.'),
            ('usage_by_attempt', 'job_type', 'The type of the job.'), ('usage_by_day', 'day', 'The day, in the time zone of the workflow.'),
            ('approvals', 'approval_id', 'The id of the question.'), ('approvals', 'kind', 'question, review or clarification.'),
            ('approvals', 'status', 'pending, approved, rejected, answered, expired or withdrawn.'), ('approvals', 'question', 'The question.'),
            ('approvals', 'answer', 'The answer.'), ('approvals', 'reason', 'The reason given for the decision.'), ('approvals', 'blocks_job', 'Whether the job waits for it.'),
            ('approvals', 'required', 'Whether the board asked for it.'), ('approvals', 'asked_by', 'The id of who asked.'),
            ('approvals', 'decided_by', 'The id of who decided.'), ('approvals', 'decided_by_name', 'The name of who decided.'),
            ('approvals', 'asked_at', 'When it was asked.'), ('approvals', 'decided_at', 'When it was decided, expired or withdrawn.'),
            ('approvals', 'expires_at', 'When it expires.'), ('approvals', 'time_to_answer', 'From the question to a person''s decision.'),
            ('approvals', 'pending_for', 'How long it has been waiting.')) d (view, name, text)
          join pg_catalog.pg_class c on c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v' and c.relname = coalesce(d.view, c.relname)
          join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = d.name and a.attnum > 0
         -- Those of one view last.
         order by d.view is not null
    loop
        execute format('comment on column reporting.%I.%I is %L', one.view, one.name, one.text);
    end loop;
end
$$;

-- Functions have no comments on columns: theirs are lines of their comment.
do $$
declare
    one record;
begin
    for one in
        with
        -- What columns are; those of one function follow.
        described (function, name, text) as (values
            (null, 'period', 'The first day of the period.'), (null, 'completed', 'How many tickets were completed.'),
            (null, 'created', 'How many tickets were created.'), (null, 'status', 'The id of the column.'), (null, 'status_name', 'The name of the column.'),
            (null, 'status_category', 'The category of the column: todo, active or done.'), (null, 'agent_id', 'The id of the assignee.'),
            (null, 'agent', 'The name of the assignee.'), (null, 'story_points', 'The sum of the story points.'), (null, 'tickets', 'How many tickets.'),
            (null, 'rate', 'The share of the completed tickets, from 0 to 1.'), (null, 'reopened', 'How many completed tickets were reopened.'),
            (null, 'longest', 'The longest time.'), (null, 'blocked_time', 'How long tickets were blocked, added up.'),
            (null, 'p50', 'The median.'), (null, 'p85', 'What 85 of 100 do not exceed.'), (null, 'group_value', 'The type, priority or assignee, where grouped.'),
            ('cycle_times', 'excluded', 'How many of them have contradicting times and are left out of the times.'),
            ('cycle_times', 'with_cycle_time', 'How many of them have a cycle time.'),
            ('cycle_times', 'lead_average', 'The average lead time.'), ('cycle_times', 'lead_p50', 'The median lead time.'),
            ('cycle_times', 'lead_p85', 'The lead time that 85 of 100 do not exceed.'), ('cycle_times', 'lead_p95', 'The lead time that 95 of 100 do not exceed.'),
            ('cycle_times', 'cycle_average', 'The average cycle time.'), ('cycle_times', 'cycle_p50', 'The median cycle time.'),
            ('cycle_times', 'cycle_p85', 'The cycle time that 85 of 100 do not exceed.'), ('cycle_times', 'cycle_p95', 'The cycle time that 95 of 100 do not exceed.'),
            ('time_in_status', 'stays', 'How many stays ended.'), ('time_in_status', 'total_time', 'Their times added up.'), ('time_in_status', 'average_time', 'Their average.'),
            ('throughput', 'story_points', 'The story points of the completed tickets (velocity).'), ('throughput', 'without_points', 'How many of the completed tickets have no points.'),
            ('cumulative_flow', 'tickets', 'How many tickets stood in the column at its end.'),
            ('wip_age', 'wip_limit', 'How many tickets the column should hold at most.'), ('wip_age', 'is_over_limit', 'Whether it holds more.'),
            ('wip_age', 'average_age', 'The average age.'), ('wip_age', 'p50', 'The median age.'), ('wip_age', 'p85', 'The age that 85 of 100 do not exceed.'),
            ('wip_age', 'oldest', 'The highest age.'), ('blocked_time', 'tickets', 'How many tickets were blocked.'),
            (null, 'ticket_type', 'The type of the tickets.'), (null, 'priority', 'low, medium, high or critical.'),
            ('open_tickets', 'active', 'How many of them are in active columns.'), ('open_tickets', 'blocked', 'How many of them are blocked.'),
            ('workload', 'open', 'How many open tickets the assignee has now.'), ('workload', 'active', 'How many of them are in active columns.'),
            ('workload', 'blocked', 'How many of them are blocked.'), ('workload', 'open_points', 'Their story points.'),
            ('workload', 'completed_points', 'The story points of the completed tickets.'), ('workload', 'median_cycle_time', 'The median cycle time of the completed tickets.'),
            ('hand_offs', 'from_agent_id', 'The id of who had the tickets.'), ('hand_offs', 'from_agent', 'The name of who had the tickets.'),
            ('hand_offs', 'to_agent_id', 'The id of who got them.'), ('hand_offs', 'to_agent', 'The name of who got them.'),
            ('hand_offs', 'hand_offs', 'How often.'), ('hand_offs', 'average_held', 'How long they had been held, on average.'),
            ('duplicate_prevention', 'merged', 'How many tickets were merged as duplicates.'), ('duplicate_prevention', 'merged_rate', 'Merged tickets for each created one.'),
            ('duplicate_prevention', 'likely_pairs', 'Open pairs that were found in the period and are probably the same.'),
            ('commit_linking', 'with_commits', 'How many of them have a commit.'), ('search_use', 'searches', 'How many searches.'),
            ('search_use', 'people', 'By how many people.'), ('search_use', 'with_filters', 'How many of them had filters.'),
            ('flow_efficiency', 'active_time', 'The time in active columns without being blocked, added up.'), ('flow_efficiency', 'cycle_time', 'The cycle times added up.'),
            ('flow_efficiency', 'efficiency', 'The share of the one in the other, from 0 to 1.'),
            ('finding_counts', 'kind', 'The kind of the findings.'), ('finding_counts', 'opened', 'How many were opened.'), ('finding_counts', 'closed', 'How many were closed.'),
            ('finding_counts', 'open_for', 'How long the closed ones were open, on average.'),
            (null, 'day', 'The day.'), (null, 'scope_tickets', 'How many tickets were in the milestone at the end of the day.'),
            (null, 'completed_tickets', 'How many of them were completed.'), (null, 'scope_points', 'Their story points.'),
            (null, 'completed_points', 'The story points of the completed ones.'), ('burndown', 'remaining_tickets', 'How many of them were open.'),
            ('burndown', 'ideal_tickets', 'How many would be open if they were completed evenly until the due day.'),
            ('burndown', 'remaining_points', 'The story points of the open ones.'),
            ('burndown', 'ideal_points', 'Their story points if they were completed evenly until the due day.'),
            ('cost', 'currency', 'The currency of the cost, as three letters; null for reports without a cost.'), ('cost', 'cost', 'The reported cost, added up.'),
            ('cost', 'input_tokens', 'The reported input tokens that no cache had to do with, added up.'), ('cost', 'output_tokens', 'The reported output tokens, added up.'),
            ('cost', 'cache_read_tokens', 'The reported tokens read from a cache, added up.'), ('cost', 'cache_write_tokens', 'The reported tokens written to a cache, added up.'),
            ('cost', 'reports', 'How many reports there were.'), ('cost', 'reports_without_cost', 'How many of them say no cost.'),
            ('cost', 'reports_without_tokens', 'How many of them lack input or output tokens.'), ('cost', 'attempts', 'How many attempts of jobs began in the period.'),
            ('cost', 'attempts_without_usage', 'How many of these reported nothing and have ended.'), ('cost', 'usage_reported', 'Whether anything was reported.'))
        select p.oid, obj_description(p.oid, 'pg_proc') as comment, string_agg(a.name || ': ' || coalesce(own.text, general.text), E'\n' order by a.position) as lines
          from pg_catalog.pg_proc p
         cross join lateral unnest(p.proargnames, p.proargmodes) with ordinality a (name, mode, position)
          left join described own on own.function = p.proname and own.name = a.name
          left join described general on general.function is null and general.name = a.name
         where p.pronamespace = 'reporting'::regnamespace and a.mode = 't' and coalesce(own.text, general.text) is not null
           and p.proname in (select r.name from reporting.reports r)
         group by p.oid
    loop
        execute format('comment on function %s is %L', one.oid::regprocedure, one.comment || E'\n' || one.lines);
    end loop;
end
$$;
