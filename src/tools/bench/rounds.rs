//! Measuring alternatives in turn (A, B, A, B, …): what else the machine does affects all of them alike.

use std::sync::Arc;
use std::time::Duration;

use super::load::{self, Request};
use super::pgbench;
use super::scripts::Script;
use super::test_server::{TestServer, TicketSet};
use crate::Result;

/// How long, how often and with how many clients to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The time of one repetition.
    pub span: Duration,
    /// Repetitions.
    pub rounds: usize,
    /// Numbers of clients.
    pub clients: Vec<usize>,
    /// Whether the run is shortened.
    pub quick: bool,
}

impl Plan {
    /// The numbers of clients of all tables but the first; in a short run only the last one.
    pub fn fewer_clients(&self) -> &[usize] {
        let skipped = if self.quick { self.clients.len().saturating_sub(1) } else { 0 };
        &self.clients[skipped..]
    }
}

/// What one of the alternatives does.
#[derive(Clone)]
pub enum Load {
    /// Requests to the server, in their order.
    Rest(Arc<Vec<Request>>),
    /// A script of pgbench.
    Sql(Script),
}

/// One of the alternatives.
#[derive(Clone)]
pub struct Alternative<'a> {
    /// The column of its numbers.
    pub column: &'static str,
    /// What it does.
    pub load: Load,
    /// The tickets that it changes, put into the first column before each repetition.
    pub tickets: &'a TicketSet,
}

/// Operations per second of each alternative, by repetition.
pub async fn interleave(
    server: &TestServer,
    alternatives: &[Alternative<'_>],
    clients: usize,
    plan: &Plan,
) -> Result<Vec<Vec<f64>>> {
    let mut rates = vec![Vec::with_capacity(plan.rounds); alternatives.len()];
    for _ in 0..plan.rounds {
        for (one, rates) in alternatives.iter().zip(&mut rates) {
            server.reset(one.tickets).await?;
            rates.push(match &one.load {
                Load::Rest(requests) => load::rate(server, requests, clients, plan.span).await?,
                Load::Sql(script) => pgbench::rate(server, script, one.tickets, clients, plan.span).await?,
            });
        }
    }
    Ok(rates)
}

/// The quotients of two alternatives, by repetition; 0 where nothing was done.
pub fn ratios(of: &[f64], to: &[f64]) -> Vec<f64> {
    of.iter().zip(to).map(|(of, to)| if *to > 0.0 { of / to } else { 0.0 }).collect()
}

/// `1 connection`, `8 connections`.
pub fn connections(clients: usize) -> String {
    format!("{clients} connection{}", if clients == 1 { "" } else { "s" })
}
