//! How fast search answers, beside bare SQL.

use std::sync::Arc;
use std::time::Duration;

use super::generate::{Grown, SHARES};
use super::queries::{Askers, MODES, Side, Took, quantile};
use super::workload::{Kind, Question, questions};
use crate::Result;
use crate::domain::embeddings::Bert;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::House;

/// Questions of each kind: together fewer than the server remembers the vectors of.
const EACH: i64 = 60;
/// Each measurement is made in so many turns with the one beside it: what disturbs the machine disturbs both.
const TURNS: u32 = 4;

/// Measures with as many tickets as there are now.
pub async fn measure(house: &House, bert: &Bert, grown: &Grown, span: Duration, report: &mut Report) -> Result<()> {
    let asked = Arc::new(questions(house, bert, grown, EACH, 0).await?);
    report.heading(&format!(
        "Speed with {} tickets: p50 / p95 in milliseconds (aim: p95 of hybrid at most 1.5 times bare SQL)",
        grown.total
    ));
    report.line("", &format!("{:<18}{:<18}ratio of p95", "over REST", "bare SQL"));
    let mut calm = Vec::new();
    for clients in [1, 8] {
        for mode in MODES {
            let (rest, sql) = beside(house, grown, &asked, mode, clients, span).await?;
            let name = format!("{mode}, {clients} {}", if clients == 1 { "client" } else { "clients" });
            pair(report, &name, &rest, &sql);
            if clients == 1 {
                calm.push((mode, rest, sql));
            }
        }
    }
    for clients in [1, 8] {
        unheard_of(house, bert, grown, clients, span, report).await?;
    }
    for (mode, rest, sql) in &calm {
        if *mode != "semantic" {
            by_kind(mode, rest, sql, &asked, report);
        }
        if *mode != "keyword" {
            by_share(mode, rest, sql, &asked, report);
        }
    }
    common(&calm, &asked, report);
    report.print();
    Ok(())
}

/// The same questions over REST and in bare SQL, in turns, after a round that warms both.
async fn beside(
    house: &House,
    grown: &Grown,
    asked: &Arc<Vec<Question>>,
    mode: &'static str,
    clients: usize,
    span: Duration,
) -> Result<(Vec<Took>, Vec<Took>)> {
    let mut rest = Askers::open(house, Side::Rest, clients, grown.model).await?;
    let mut sql = Askers::open(house, Side::Sql, clients, grown.model).await?;
    rest.ask(asked, mode, Duration::ZERO, asked.len()).await?;
    sql.ask(asked, mode, Duration::ZERO, asked.len() / 2).await?;
    let (mut by_rest, mut by_sql) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let at_least = asked.len() / 2 + 1;
        by_rest.extend(rest.ask(asked, mode, span / TURNS, at_least).await?);
        by_sql.extend(sql.ask(asked, mode, span / TURNS, at_least).await?);
    }
    Ok((by_rest, by_sql))
}

/// Queries whose vectors the server has yet to make, beside the same with vectors made before.
async fn unheard_of(
    house: &House,
    bert: &Bert,
    grown: &Grown,
    clients: usize,
    span: Duration,
    report: &mut Report,
) -> Result<()> {
    let mut rest = Askers::open(house, Side::Rest, clients, grown.model).await?;
    let mut sql = Askers::open(house, Side::Sql, clients, grown.model).await?;
    let (mut by_rest, mut by_sql) = (Vec::new(), Vec::new());
    // Lots are not used twice, nor by other numbers of tickets or clients.
    let first = 1 + i64::try_from(clients).unwrap_or(1) + i64::from(grown.total > 50_000) * 2;
    for lot in [first, first + 10] {
        let mut fresh = questions(house, bert, grown, EACH / 2, lot).await?;
        fresh.retain(|question| matches!(question.kind, Kind::Middling | Kind::Sentence));
        let fresh = Arc::new(fresh);
        by_rest.extend(rest.ask(&fresh, "hybrid", Duration::ZERO, fresh.len().saturating_sub(clients)).await?);
        by_sql.extend(sql.ask(&fresh, "hybrid", span / 4, fresh.len()).await?);
    }
    let name = format!("hybrid, {clients}, queries never heard before");
    pair(report, &name, &by_rest, &by_sql);
    Ok(())
}

fn pair(report: &mut Report, name: &str, rest: &[Took], sql: &[Took]) {
    let of = |took: &[Took], share: f64| quantile(&mut took.iter().map(|t| t.ms).collect::<Vec<_>>(), share);
    let cell = |took: &[Took]| format!("{:<18}", format!("{:.1} / {:.1}", of(took, 0.5), of(took, 0.95)));
    let ratio = of(rest, 0.95) / of(sql, 0.95).max(f64::MIN_POSITIVE);
    report.line(name, &format!("{}{}{ratio:.2}   ({} answers)", cell(rest), cell(sql), rest.len()));
}

fn those(took: &[Took], asked: &[Question], wanted: impl Fn(&Question) -> bool) -> Vec<Took> {
    took.iter().filter(|took| asked.get(took.question).is_some_and(&wanted)).copied().collect()
}

fn by_kind(mode: &str, rest: &[Took], sql: &[Took], asked: &[Question], report: &mut Report) {
    for kind in Kind::ALL {
        let wanted = |question: &Question| question.kind == kind;
        let name = format!("{mode}, 1 client, {}", kind.name());
        pair(report, &name, &those(rest, asked, wanted), &those(sql, asked, wanted));
    }
}

fn by_share(mode: &str, rest: &[Took], sql: &[Took], asked: &[Question], report: &mut Report) {
    for (place, share) in SHARES.iter().enumerate() {
        let wanted = |question: &Question| question.place == place;
        let name = format!("{mode}, 1 client, workflow with {share}%");
        pair(report, &name, &those(rest, asked, wanted), &those(sql, asked, wanted));
    }
}

/// The slowest query of common words (by its median) beside the median of all queries.
fn common(calm: &[(&str, Vec<Took>, Vec<Took>)], asked: &[Question], report: &mut Report) {
    for (mode, rest, _) in calm.iter().filter(|(mode, ..)| *mode != "semantic") {
        let all = quantile(&mut rest.iter().map(|took| took.ms).collect::<Vec<_>>(), 0.5);
        let slowest = asked
            .iter()
            .enumerate()
            .filter(|(_, question)| question.kind == Kind::Common)
            .map(|(place, question)| {
                let mut ms: Vec<f64> = rest.iter().filter(|took| took.question == place).map(|took| took.ms).collect();
                (quantile(&mut ms, 0.5), question)
            })
            .max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((ms, question)) = slowest {
            let ratio = ms / all.max(f64::MIN_POSITIVE);
            report.line(
                &format!("{mode}, slowest of common words"),
                &format!("{ms:.1} beside a median of {all:.1}: ratio {ratio:.1} (aim ≤ 5; {:?})", question.text),
            );
        }
    }
}
