//! Writes in three columns: over REST, the same function in SQL, and the bare statement that it stands for.

use super::load;
use super::results::{Better, Run};
use super::rounds::{Alternative, Load, Plan, connections, interleave, ratios};
use super::scripts::{self, Script};
use super::test_server::{PAST, TestServer, TicketSet};
use crate::Result;

const REST: &str = "REST/s";
const FUNCTION: &str = "function/s";
const BARE: &str = "bare/s";
const NOTIFY: &str = "bare + NOTIFY/s";

/// Three times the changes of a stage per second that the stage boards' own server makes on two cores.
fn stage_board_aim(clients: usize) -> Option<f64> {
    [(1, 666.0), (8, 864.0), (32, 828.0)].into_iter().find_map(|(of, aim)| (of == clients).then_some(aim))
}

/// One table of writes.
struct Table<'a> {
    alternatives: Vec<Alternative<'a>>,
    /// The aim for function/bare, by clients.
    function_aim: fn(usize) -> Option<f64>,
    /// The aim for REST/function, by clients.
    rest_ratio_aim: fn(usize) -> Option<f64>,
    /// The aim for the rate over REST, by clients.
    rest_aim: fn(usize) -> Option<f64>,
}

fn sql<'a>(column: &'static str, script: Script, tickets: &'a TicketSet) -> Alternative<'a> {
    Alternative { column, load: Load::Sql(script), tickets }
}

fn status_changes(tickets: &TicketSet) -> Table<'_> {
    Table {
        alternatives: vec![
            Alternative { column: REST, load: Load::Rest(load::status_changes(tickets)), tickets },
            sql(FUNCTION, scripts::CHANGE_STATUS, tickets),
            sql(BARE, scripts::BARE_CHANGE, tickets),
            sql(NOTIFY, scripts::BARE_CHANGE_AND_NOTIFY, tickets),
        ],
        function_aim: |clients| (clients > 1).then_some(0.5),
        rest_ratio_aim: |clients| Some(if clients == 1 { 0.8 } else { 0.9 }),
        rest_aim: stage_board_aim,
    }
}

/// Status changes on 20 workflows and on one, creations, and changes of a stage.
pub async fn run(server: &TestServer, plan: &Plan, run: &mut Run) -> Result<()> {
    run.group("Status changes, 20 workflows");
    measure(server, &status_changes(&server.spread), &plan.clients, plan, run).await?;

    run.group("Status changes, one workflow");
    // Without aims: the commits of one workflow follow one another.
    let hot =
        Table { function_aim: |_| None, rest_ratio_aim: |_| None, rest_aim: |_| None, ..status_changes(&server.hot) };
    measure(server, &hot, plan.fewer_clients(), plan, run).await?;

    run.group("Creations, 20 workflows");
    let creations = Table {
        alternatives: vec![
            Alternative { column: REST, load: Load::Rest(load::creations(server)), tickets: &server.spread },
            sql(FUNCTION, scripts::CREATE, &server.spread),
            sql(BARE, scripts::BARE_CREATE, &server.spread),
        ],
        function_aim: |_| None,
        rest_ratio_aim: |_| Some(0.8),
        rest_aim: |_| None,
    };
    measure(server, &creations, plan.fewer_clients(), plan, run).await?;

    run.group("Changes of a stage, 20 workflows");
    let stages = Table {
        alternatives: vec![
            Alternative {
                column: REST,
                load: Load::Rest(load::stage_changes(&server.spread)),
                tickets: &server.spread,
            },
            sql(FUNCTION, scripts::MOVE_TO_STAGE, &server.spread),
            sql(BARE, scripts::BARE_CHANGE, &server.spread),
        ],
        function_aim: |_| None,
        rest_ratio_aim: |_| None,
        rest_aim: stage_board_aim,
    };
    measure(server, &stages, plan.fewer_clients(), plan, run).await
}

async fn measure(server: &TestServer, table: &Table<'_>, clients: &[usize], plan: &Plan, run: &mut Run) -> Result<()> {
    for clients in clients.iter().copied() {
        let line = connections(clients);
        eprintln!("  {line}");
        let rates = interleave(server, &table.alternatives, clients, plan).await?;
        for (one, rates) in table.alternatives.iter().zip(&rates) {
            let measured = run.add(&line, one.column, "1/s", Better::Higher, rates);
            measured.aim = (table.rest_aim)(clients).filter(|_| one.column == REST);
        }
        let [rest, function, bare, ..] = rates.as_slice() else { continue };
        let of_bare = run.add(&line, "function/bare", "ratio", Better::Higher, &ratios(function, bare));
        of_bare.aim = (table.function_aim)(clients);
        let of_function = run.add(&line, "REST/function", "ratio", Better::Higher, &ratios(rest, function));
        of_function.aim = (table.rest_ratio_aim)(clients);
    }
    Ok(())
}

/// The same change on tickets without and with a long history.
pub async fn past(server: &TestServer, plan: &Plan, run: &mut Run) -> Result<()> {
    run.group("Changes of a stage over REST, 20 tickets");
    eprintln!("  writing histories of {PAST} events");
    server.fill_past().await?;
    let over = |column, tickets| Alternative { column, load: Load::Rest(load::stage_changes(tickets)), tickets };
    let alternatives = [over("no history/s", &server.fresh), over("10,000 events/s", &server.aged)];
    for clients in plan.fewer_clients().iter().copied() {
        let line = connections(clients);
        eprintln!("  {line}");
        let rates = interleave(server, &alternatives, clients, plan).await?;
        let [fresh, aged] = rates.as_slice() else { continue };
        for (one, rates) in alternatives.iter().zip(&rates) {
            run.add(&line, one.column, "1/s", Better::Higher, rates);
        }
        run.add(&line, "ratio", "ratio", Better::Higher, &ratios(aged, fresh)).aim(0.9);
    }
    Ok(())
}
