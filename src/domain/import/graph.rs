//! Cycles among imported links. The board rejects a cycle of blockers or parents; an import skips and reports the link
//! that would close it, and keeps the rest.

use std::collections::{HashMap, HashSet};

use super::{Cycle, Item, Stage};

/// Removes every blocker and parent that would close a cycle, and returns them.
pub fn break_cycles(items: &mut [Item]) -> Vec<Cycle> {
    let open: HashSet<String> =
        items.iter().filter(|item| item.stage != Stage::Done).map(|item| item.reference.clone()).collect();
    let mut blockers = Graph::default();
    let mut parents = Graph::default();
    let mut cycles = Vec::new();
    for item in items {
        let (line, from) = (item.line, item.reference.clone());
        let mut keep = |graph: &mut Graph, to: &String, kind| {
            let fits = graph.add(&from, to);
            if !fits {
                cycles.push(Cycle { line, from: from.clone(), to: to.clone(), kind });
            }
            fits
        };
        // A finished ticket neither blocks nor is blocked, so it closes no cycle.
        item.blocked_by.retain(|to| {
            *to != from && (!open.contains(&from) || !open.contains(to)) || keep(&mut blockers, to, "blocker")
        });
        item.parent = item.parent.take().filter(|to| keep(&mut parents, to, "parent"));
    }
    cycles
}

#[derive(Default)]
struct Graph {
    edges: HashMap<String, Vec<String>>,
}

impl Graph {
    /// Adds an edge unless it closes a cycle.
    fn add(&mut self, from: &str, to: &str) -> bool {
        if self.reaches(to, from) {
            return false;
        }
        self.edges.entry(from.to_owned()).or_default().push(to.to_owned());
        true
    }

    fn reaches(&self, start: &str, goal: &str) -> bool {
        let mut seen = HashSet::new();
        let mut pending = vec![start];
        while let Some(at) = pending.pop() {
            if at == goal {
                return true;
            }
            if seen.insert(at) {
                pending.extend(self.edges.get(at).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}
