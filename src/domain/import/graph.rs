//! Circles among imported links. The board refuses a circle of blockers; an import leaves out the link
//! that would close it, says so, and keeps the rest.

use std::collections::{HashMap, HashSet};

use super::{Cycle, Item, Stage};

/// Takes out of the items every blocker and parent that would close a circle, and answers those.
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
        // A finished ticket blocks nobody and is held up by nobody, so it closes no circle.
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
    /// Adds an edge unless it closes a circle.
    fn add(&mut self, from: &str, to: &str) -> bool {
        if self.reaches(to, from) {
            return false;
        }
        self.edges.entry(from.to_owned()).or_default().push(to.to_owned());
        true
    }

    fn reaches(&self, start: &str, goal: &str) -> bool {
        let mut seen = HashSet::new();
        let mut waiting = vec![start];
        while let Some(at) = waiting.pop() {
            if at == goal {
                return true;
            }
            if seen.insert(at) {
                waiting.extend(self.edges.get(at).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}
