-- Snapshots with their position in the stream, for sockets that open a room. All of a snapshot is read under the
-- snapshot of the calling statement.

-- A workflow's open jobs in short, the newest 500.
create function logic.board_jobs_json(workflow text) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.job_summary(o.job) order by (o.job).created_at desc, (o.job).id desc), '[]')
      from (select j as job from jobs j
             where j.workflow_id = board_jobs_json.workflow and j.deleted_at is null
               and j.status in ('collecting', 'queued', 'running', 'paused', 'waiting')
             order by j.created_at desc, j.id desc limit 500) o;
end;

-- A job with its position in its stream.
create function logic.job_snapshot(caller text, room text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    place record;
begin
    select * into place from logic.authorize_room(caller, room);
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = place.stream_id;
    select logic.job_json(j)::text into body from jobs j where j.id = substr(room, 5);
end
$$;

-- A workflow's board with its position in the stream, as JSON text that transports pass on unparsed. `left_out` names done
-- columns that are not shown whole.
create function logic.board_snapshot(caller text, workflow text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    who constant logic.principal := logic.authorize(caller, workflow, 'viewer');
begin
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = 'workflow:' || workflow;
    body := concat('{"epoch":', to_json(epoch), ',"seq":', seq,
        ',"workflow":', logic.workflow_json(workflow, (who).role),
        ',"board_config":', logic.board_config(workflow),
        ',"milestones":', logic.board_milestones_json(workflow),
        ',"tickets":', logic.board_tickets_json(workflow),
        ',"left_out":', logic.board_left_out_json(workflow),
        ',"jobs":', logic.board_jobs_json(workflow), '}');
end
$$;

-- One ticket with its position in the stream.
create function logic.ticket_snapshot(caller text, room text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    place record;
begin
    select * into place from logic.authorize_room(caller, room);
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = 'workflow:' || place.workflow_id;
    select to_jsonb(c) || jsonb_build_object('description', t.description) into body
      from logic.cards c join tickets t on t.id = c.ticket_id where c.ticket_id = place.ticket_id;
end
$$;

-- A saved search with its position in its stream.
create function logic.search_snapshot(caller text, room text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    shown constant jsonb := logic.saved_search_json((logic.authorize_search(caller, substr(room, 8), 'room ' || room)).search);
begin
    epoch := shown ->> 'epoch';
    seq := (shown ->> 'last_seq')::bigint;
    body := shown::text;
end
$$;
