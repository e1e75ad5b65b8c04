-- What an archive holds: the sections, each of which is a table. A new table of a workflow needs one row here, or one in
-- logic.archive_exceptions with the reason; a test compares both with the schema.

-- The sections, in the order in which they are written and read: a row comes after those it refers to, and history, which only
-- grows, comes first, so that an interrupted export keeps what it has of it.
--
-- `keys` order the rows. `omitted` are columns that stay behind. `shown` says how a column is written where it is not just copied,
-- and `filled` what an omitted one becomes; both are expressions on the row `r`. `belongs` is the condition that a row is of the
-- workflow $1; null for its column workflow_id. `is_shared`: rows that are here already are left as they are; such sections can
-- also belong to the whole server.
create function logic.archive_sections() returns table (
    place bigint, section text, keys text[], omitted text[], shown jsonb, filled jsonb, belongs text, is_shared boolean
) language sql stable
begin atomic
    select s.place, s.section, s.keys::text[], coalesce(s.omitted, '{}')::text[], coalesce(s.shown, '{}')::jsonb, coalesce(s.filled, '{}')::jsonb,
           s.belongs, coalesce(s.is_shared, false)
      from (values
        -- Its transactions are numbered afresh; logic.export_archived_history.
        (10, 'history', '{stream_id,seq}', '{xid}', null, null, null, null),
        -- The actors that the workflow names; logic.export_archived_people.
        (20, 'people', '{id}', null, null, null, null, true),
        -- A path is of the machine.
        (30, 'workflows', '{id}', '{repository_path}', null, null, 'r.id = $1', null),
        (40, 'workflow_members', '{actor_id}', null, null, null, null, null),
        (50, 'boards', '{workflow_id}', null, null, null, null, null),
        (60, 'board_columns', '{id}', null, null, null, null, null),
        (70, 'board_transitions', '{from_status,to_status}', null, null, null, null, null),
        (80, 'board_column_versions', '{column_key,valid_from}', null, null, null, null, null),
        (90, 'ticket_counters', '{workflow_id}', null, null, null, null, null),
        (100, 'streams', '{stream_id}', null, null, null, null, null),
        (105, 'milestones', '{id}', null, null, null, null, null),
        (110, 'tickets', '{number}', null, null, null, null, null),
        (120, 'ticket_comments', '{id}', null, null, null, null, null),
        (130, 'comment_reactions', '{comment_id,actor_id,emoji}', null, null, null, null, null),
        (140, 'ticket_blockers', '{ticket_id,blocked_by_ticket_id}', null, null, null, null, null),
        (150, 'ticket_commits', '{id}', null, null, null, null, null),
        (160, 'ticket_merges', '{ticket_id}', null, null, null, null, null),
        (170, 'ticket_activities', '{id}', null, null, null, null, null),
        (180, 'ticket_claims', '{ticket_id}', null, null, null, null, null),
        -- The token of a lease lets its holder write; a job that is held gets one that no worker knows, until the lease expires.
        (190, 'jobs', '{id}', '{lease_token,end_answer,urgency}', null,
            '{"lease_token": "case when r.lease_expires_at is not null then gen_random_uuid()::text end"}', null, null),
        (200, 'job_messages', '{job_id,position}', null, null, null, null, null),
        (210, 'job_stage_counts', '{job_id,stage}', null, null, null, 'r.job_id in (select j.id from jobs j where j.workflow_id = $1)', null),
        -- A token that no worker knows, as for the job.
        (212, 'job_claims', '{job_id,attempt}', '{lease_token}', null, '{"lease_token": "gen_random_uuid()::text"}', null, null),
        (214, 'usage_reports', '{id}', null, null, null, null, null),
        (216, 'usage_sessions', '{subject,session}', null, null, null, null, null),
        (220, 'apps', '{id}', null, null, null, null, null),
        (230, 'approvals', '{id}', null, null, null, null, null),
        -- Vectors are computed again.
        (240, 'saved_searches', '{id}', '{model_id,vector}', null, null, null, null),
        (250, 'search_matches', '{search_id,ticket_id}', null, null, null, null, null),
        (260, 'recent_searches', '{actor_id,fingerprint}', null, null, null, null, null),
        -- Only the address without what may be a password in it. It sends nothing until an owner gives it a secret.
        (270, 'webhooks', '{id}', '{secret,active,disabled_reason,last_seq,attempt,failing_since,not_before,lease_token,lease_expires_at,previous_secret,previous_secret_expires_at,refused_in_a_row,updated_at}',
            '{"url": "regexp_replace(regexp_replace(r.url, ''[?#].*$'', ''''), ''^([a-z]+://)[^/@]*@'', ''\\1'')"}',
            '{"secret": "replace(gen_random_uuid()::text || gen_random_uuid()::text, ''-'', '''')", "active": "false",
              "disabled_reason": "''It comes from an archive, which holds no secrets: check its address, give it a new secret, then start it.''",
              "last_seq": "coalesce((select s.last_seq from streams s where s.stream_id = ''workflow:'' || r.workflow_id), 0)"}', null, null),
        (280, 'finding_thresholds', '{workflow_id}', null, null, null, null, null),
        (290, 'findings', '{id}', null, null, null, null, null),
        (300, 'likely_duplicates', '{ticket_id,other_ticket_id}', null, null, null, null, null),
        (310, 'workflow_definitions', '{id}', null, null, null, 'r.id in (select l.definition_id from workflow_launches l where l.workflow_id = $1)', true),
        (320, 'workflow_launches', '{workflow_id}', null, null, null, null, null),
        (330, 'default_workflows', '{actor_id}', null, null, null, null, true),
        (340, 'history_bases', '{stream_id,subject}', null, null, null, 'r.stream_id in (select s.stream_id from streams s where s.workflow_id = $1)', null),
        -- What reports have stored of the past. It cannot be computed again where history was pruned.
        (350, 'reporting_progress', '{workflow_id}', '{refreshed_at}', null, null, null, null),
        (360, 'reporting_tickets', '{ticket_id}', null, null, null, null, null),
        (370, 'reporting_spans', '{ticket_id,kind,place}', null, null, null, null, null),
        (380, 'reporting_flow', '{quarter,column_key}', null, null, null, null, null),
        (390, 'reporting_flow_days', '{day,column_key}', null, null, null, null, null),
        (400, 'reporting_counts', '{quarter}', null, null, null, null, null)
      ) s (place, section, keys, omitted, shown, filled, belongs, is_shared);
end;

-- Tables that are in no archive, and why.
create function logic.archive_exceptions() returns table (name text, reason text) language sql immutable
begin atomic
    select * from (values
        ('actors', 'in the section people'),
        ('users', 'their e-mail addresses are in the section people, their passwords stay'),
        ('api_keys', 'credentials'), ('sessions', 'credentials'), ('refresh_tokens', 'credentials'), ('ws_tickets', 'credentials'),
        ('signing_keys', 'secrets of the server'), ('lock_secret', 'a secret of the server'), ('invites', 'credentials'), ('password_resets', 'credentials'),
        ('membership_invitations', 'an open question of this server, for two weeks'),
        ('security_events', 'what happened on this server, with addresses of people'), ('security_event_repeats', 'the same, counted'),
        ('settings', 'of the server'), ('schema_compatibility', 'of the server'), ('logic_fingerprint', 'of the server'),
        ('refinery_schema_history', 'of the server'), ('relays', 'of running servers'),
        ('analysts', 'roles of this database'), ('analyst_workflows', 'what they may read'), ('mcp_subscriptions', 'of open sessions'),
        ('idempotency_keys', 'answers to requests of the last day'), ('job_workers', 'workers that were seen in the last day'),
        ('webhook_deliveries', 'a log of requests that this server sent'), ('webhook_dead_letters', 'requests of this server that failed'),
        ('finding_checks', 'when this server looks next'), ('search_match_queue', 'work in progress'), ('embedding_queue', 'work in progress'),
        ('history_chains', 'computed again for history as it is here'), ('history_seals', 'the same'), ('history_sealing', 'the same'),
        ('checkpoint_keys', 'secrets of the server'),
        ('home_visits', 'what people have seen on this server'), ('home_handled', 'the same'), ('comment_mentions', 'the news of this server'),
        ('embedding_models', 'computed'), ('ticket_embeddings', 'computed'), ('ticket_search', 'computed'), ('search_words', 'computed'),
        ('archive_imports', 'archives that are being imported'), ('archive_chunks', 'the same'), ('archive_ids', 'the same')
    ) e (name, reason);
end;

-- Transactions of imported history have numbers from here on, 2^62, which no server reaches.
create function logic.first_archived_transaction() returns xid8 language sql immutable parallel safe
begin atomic
    select '4611686018427387904'::xid8;
end;

-- Checks that the caller may export this workflow, or, without one, the whole server.
create function logic.authorize_archive(caller text, workflow text) returns logic.principal language plpgsql as $$
declare
    who logic.principal;
begin
    if workflow is not null then
        return logic.authorize(caller, workflow, 'owner');
    end if;
    who := logic.identify_caller(caller);
    perform logic.require_scope(who, 'manage');
    if not (who.is_admin or who.trusted) then
        perform logic.fail('forbidden', 'Only administrators may export or import archives of a whole server.');
    end if;
    return who;
end
$$;

-- The table of a section.
create function logic.archive_table(section text) returns regclass language sql stable
begin atomic
    select ('public.' || case section when 'people' then 'actors' else section end)::regclass;
end;

-- The columns of a section's table that Postgres lets us write.
create function logic.archive_columns(section text) returns text[] language sql stable
begin atomic
    select array_agg(a.attname::text order by a.attnum) from pg_attribute a
     where a.attrelid = logic.archive_table(section) and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
end;

-- What a row of the section can have: the columns that are not left out, and for history and people what stands for others.
create function logic.archive_fields(section text) returns text[] language sql stable
begin atomic
    select case s.section when 'people' then '{id,kind,name,owner_id,email,created_at,disabled_at}'::text[]
                else array(select c from unnest(logic.archive_columns(s.section)) c where c <> all (s.omitted))
                     || case s.section when 'history' then '{continues}'::text[] else '{}' end end
      from logic.archive_sections() s where s.section = archive_fields.section;
end;

-- The foreign keys of one column from the tables of sections to other tables: rows must not refer to another workflow.
create view logic.archive_references as
select s.section, a.attname::text as column_name, c.confrelid::regclass as target
  from logic.archive_sections() s
  join pg_constraint c on c.conrelid = logic.archive_table(s.section) and c.contype = 'f' and cardinality(c.conkey) = 1
  join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
 where s.section <> 'people';
