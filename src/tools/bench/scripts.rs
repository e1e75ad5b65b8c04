//! The scripts of pgbench: calls of functions, and the bare statements that they are compared with (see bare.sql).

/// A script: how it picks what to change, and its statements.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    pick: &'static str,
    statements: &'static str,
}

impl Script {
    /// The text for pgbench.
    pub fn text(&self) -> String {
        format!("{}{}", self.pick, self.statements)
    }
}

/// The tickets of the set in turn, over all clients. After each pass over the set the next one moves them one column
/// further, so that no change repeats the state that it finds, if the set starts in the first column.
const NEXT_MOVE: &str = "\
\\set k :k + 1
\\set position :client_id + :clients * :k
\\set n :first + :position % :size
\\set c (:position / :size + 1) % 4 + 1
";
/// Any ticket of the set, and a number for words that are in no other title.
const ANY_TICKET: &str = "\\set n random(:first, :first + :size - 1)\n\\set word random(1, 1000000000000)\n";

/// A title with some words that are in all of them, and two that are in no other.
macro_rules! title {
    () => {
        "format('Repair the %s when %s is open',
        translate(left(md5(:word::text), 8), '0123456789abcdef', 'bcdfghjklmnpqrst'),
        translate(right(md5(:word::text), 8), '0123456789abcdef', 'bcdfghjklmnpqrst'))"
    };
}

/// One statement: the update, the gapless counter, the row of history with JSON, and what follows.
macro_rules! bare_change {
    ($end:literal) => {
        concat!(
            "\
with moved as (
    update bench_bare.tickets t
       set status = (array['backlog', 'todo', 'in_progress', 'review'])[:c], version = t.version + 1,
           updated_at = clock_timestamp()
     where t.id = (select id from bench_tickets where n = :n)
    returning t.id, t.workflow_id, old.status as old_status, new.status as new_status, new.version),
counted as (
    update bench_bare.counters c set last_seq = c.last_seq + 1 from moved m
     where c.workflow_id = m.workflow_id returning c.last_seq)
insert into bench_bare.history as h (workflow_id, seq, ticket_id, change_type, old_value, new_value, metadata, actor_id)
select m.workflow_id, c.last_seq, m.id, 'status_changed', m.old_status, m.new_status,
       jsonb_build_object('changes', jsonb_build_object('status', m.new_status, 'version', m.version)), 'bench'
  from moved m cross join counted c",
            $end
        )
    };
}

/// Moves a ticket to another column.
pub const CHANGE_STATUS: Script = Script {
    pick: NEXT_MOVE,
    statements: "select logic.change_status(:caller, (select id from bench_tickets where n = :n),
    (array['backlog', 'todo', 'in_progress', 'review'])[:c]);\n",
};

/// The same as a board that follows stages does it.
pub const MOVE_TO_STAGE: Script = Script {
    pick: NEXT_MOVE,
    statements: "select logic.move_ticket_to_stage(:caller, (select id from bench_tickets where n = :n),
    (array['backlog', 'todo', 'in_progress', 'review'])[:c]);\n",
};

/// One statement: the update, the gapless counter, and the row of history with JSON.
pub const BARE_CHANGE: Script = Script { pick: NEXT_MOVE, statements: bare_change!(";\n") };

/// The same with the notification that every status change sends. Its lock is held by one commit of the cluster at a time.
pub const BARE_CHANGE_AND_NOTIFY: Script = Script {
    pick: NEXT_MOVE,
    statements: bare_change!(
        "
returning pg_notify('callboard_bench', json_build_object('workflow_id', h.workflow_id, 'ticket_id', h.ticket_id,
    'seq', h.seq, 'from', h.old_value, 'to', h.new_value)::text);\n"
    ),
};

/// Creates a ticket and looks up similar ones, the two calls of a request that creates one.
pub const CREATE: Script = Script {
    pick: ANY_TICKET,
    statements: concat!(
        "select logic.create_ticket(:caller, (select workflow_id from bench_tickets where n = :n), ",
        title!(),
        ", 'A description of one or two lines') ->> 'ticket_id' as made \\gset
select logic.related_tickets(:caller, :made);\n"
    ),
};

/// One statement: the counters, the ticket, and the row of history with JSON.
pub const BARE_CREATE: Script = Script {
    pick: ANY_TICKET,
    statements: concat!(
        "\
with counted as (
    update bench_bare.counters c set last_seq = c.last_seq + 1, last_number = c.last_number + 1
     where c.workflow_id = (select workflow_id from bench_tickets where n = :n)
    returning c.workflow_id, c.last_seq, c.last_number),
made as (
    insert into bench_bare.tickets (id, workflow_id, number, title, description, status, version, updated_at)
    select 'ticket-' || gen_random_uuid(), c.workflow_id, c.last_number, ",
        title!(),
        ",
           'A description of one or two lines', 'backlog', 1, clock_timestamp()
      from counted c
    returning *)
insert into bench_bare.history (workflow_id, seq, ticket_id, change_type, metadata, actor_id)
select m.workflow_id, c.last_seq, m.id, 'created', jsonb_build_object('changes', to_jsonb(m)), 'bench'
  from made m cross join counted c;\n"
    ),
};

/// Changes a field of a ticket: an event that wakes up the relay only when it is idle.
pub const CHANGE_FIELD: Script = Script {
    pick: ANY_TICKET,
    statements: "update tickets set spent_minutes = spent_minutes + 1 where id = (select id from bench_tickets where n = :n);\n",
};

/// Reads the large board.
pub const BOARD: Script =
    Script { pick: "", statements: "select epoch, seq, body from logic.board_snapshot(:caller, :large);\n" };

/// Claims the next job of one workflow and completes it, as a worker does in two requests.
pub const CLAIM_AND_COMPLETE: Script = Script {
    pick: "",
    statements: "\
select c #>> '{job,id}' as job, c ->> 'lease_token' as lease from logic.claim_job(:caller, :busy) c \\gset
select logic.complete_job(:caller, :job, :lease);\n",
};
