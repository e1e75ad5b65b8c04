-- What the routes of foreign clients have in common: they give tickets by key, omit the workflow, and use their own words
-- for columns.

-- Authorizes access to a ticket by its id or, among the caller's own workflows, by its key; an ambiguous key is
-- rejected.
create function logic.authorize_ticket_by_key(caller text, ticket text, required text, workflow text default null)
returns logic.ticket_access language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    numbered constant bigint := logic.parse_ticket_number(ticket);
    chosen text := workflow;
    candidates text[];
begin
    if chosen is null and numbered is not null and not exists (select from tickets t where t.id = ticket and t.deleted_at is null) then
        candidates := array(
            select t.workflow_id
              from workflow_members m
              join workflows w on w.id = m.workflow_id and w.archived_at is null
              join tickets t on t.workflow_id = m.workflow_id and t.number = numbered and t.deleted_at is null
             where m.actor_id = who.actor_id);
        chosen := logic.default_workflow_of(who);
        if cardinality(candidates) > 1 and not coalesce(chosen = any (candidates), false) then
            perform logic.fail_invalid('ticket_id', format('must be an id: several of your workflows have a %s', upper(ticket)));
        elsif not coalesce(chosen = any (candidates), false) then
            chosen := candidates[1];
        end if;
    end if;
    return logic.authorize_ticket_for(who, ticket, required, chosen);
end
$$;

-- The column that a word means on a board: by its id, its name, or a common word for a kind of column; of several such
-- columns the one the ticket is in. Null if the board has none.
create function logic.find_column_for_word(workflow text, word text, standing_in text default null) returns text language sql stable
begin atomic
    with
    -- The word in the form of a column id.
    wanted as (select lower(regexp_replace(logic.trim_whitespace(word), '[ -]+', '_', 'g')) as word),
    -- Common words, the columns that mean the same, best first, and the category that any other column must have.
    kinds (words, columns, category) as (values
        ('{ready,todo,open,queued,pending,backlog,idle,new}'::text[], '{todo,ready,open,idle,backlog}'::text[], 'todo'),
        ('{in_progress,started,running,executing,working,active,processing}', '{in_progress,doing,build}', 'active'),
        ('{in_review,review,reviewing,needs_review}', '{in_review,review}', null),
        ('{done,completed,complete,finished,success,succeeded,shipped,merged,closed}', '{done,shipped,fixed,documented,completed,closed}', 'done'),
        ('{failed,failure,error,errored}', '{failed,errored,error}', null),
        ('{cancelled,canceled}', '{cancelled,canceled}', null)
    ),
    -- Each column with its fit; lower is better.
    fitting as (
        select c.id, c.position, case
                when c.id = find_column_for_word.word then 0
                when lower(c.id) = w.word then 1
                when lower(c.name) = lower(logic.trim_whitespace(find_column_for_word.word)) then 2
                when c.id = standing_in and k.category = c.category and k.category <> 'todo' and o.columns is null then 3
                when c.id = any (k.columns) then 10 + array_position(k.columns, c.id::text)
                when k.category = c.category and o.columns is null then 100 end as fit
          from board_columns c
         cross join wanted w
          left join kinds k on w.word = any (k.words)
          -- Columns that have another meaning, regardless of their category.
          left join kinds o on c.id = any (o.columns) and o.category is null and o.columns <> k.columns
         where c.workflow_id = find_column_for_word.workflow
    )
    select f.id from fitting f where f.fit is not null order by f.fit, f.position, f.id limit 1;
end;

-- GET /api/tickets?job_id=: the ticket of a job, if it has one.
create function logic.list_job_tickets(caller text, job text) returns jsonb language plpgsql as $$
declare
    found_job constant jobs := (logic.authorize_job(caller, job, 'viewer')).job;
    tickets jsonb := coalesce((
        select jsonb_agg(to_jsonb(k) || jsonb_build_object('description', t.description))
          from tickets t join logic.cards k on k.ticket_id = t.id where t.id = found_job.ticket_id), '[]');
begin
    return jsonb_build_object('success', true, 'tickets', tickets, 'total_count', jsonb_array_length(tickets), 'has_more', false);
end
$$;

-- Queues a job for a ticket that arrived through a compatibility address with `auto_queue`, unless one is open. The job's prompt is
-- the ticket's text; its payload has the custom fields and `details`.
create function logic.queue_ticket_job(caller text, ticket text, job_type text, stages text[] default null, details jsonb default '{}') returns jsonb
language plpgsql as $$
declare
    held constant tickets := logic.lock_ticket((logic.authorize_ticket(caller, ticket, 'member')).ticket_id);
begin
    if exists (select from jobs j where j.ticket_id = held.id and j.deleted_at is null
                and j.status in ('collecting', 'queued', 'running', 'paused', 'waiting')) then
        return null;
    end if;
    return logic.create_job(caller, ticket => held.id, title => held.title, initial_prompt => held.description,
        job_type => queue_ticket_job.job_type, stages => queue_ticket_job.stages, payload => coalesce(held.custom_fields, '{}') || details, queue => true);
end
$$;
