//! Cycles among imported links. The board rejects a cycle of blockers or parents; an import skips and reports one link of
//! each, and keeps the rest.

use std::collections::{HashMap, HashSet};

use super::item::{Cycle, Item};
use super::model::Stage;

/// Removes a blocker or parent of every cycle, and returns them.
pub fn break_cycles(items: &mut [Item]) -> Vec<Cycle> {
    // A finished ticket neither blocks nor is blocked, so it closes no cycle.
    let blockers = closing(items, |item, by_ref, open| {
        let is_open = open.contains(item.reference.as_str());
        item.blocked_by
            .iter()
            .filter(|to| **to == item.reference || is_open && open.contains(to.as_str()))
            .filter_map(|to| by_ref.get(to.as_str()).copied())
            .collect()
    });
    let parents = closing(items, |item, by_ref, _| {
        item.parent.iter().filter_map(|to| by_ref.get(to.as_str()).copied()).collect()
    });
    let refs: Vec<String> = items.iter().map(|item| item.reference.clone()).collect();
    let mut cycles = Vec::new();
    for (place, item) in items.iter_mut().enumerate() {
        let cycle = |to: &str, kind| Cycle { line: item.line, from: refs[place].clone(), to: to.to_owned(), kind };
        let of = |closing: &HashSet<(usize, usize)>, to: &str, by_ref: &dyn Fn(&str) -> Option<usize>| {
            by_ref(to).is_some_and(|to| closing.contains(&(place, to)))
        };
        let find = |to: &str| blockers.places.get(to).copied();
        let dropped: Vec<String> =
            item.blocked_by.iter().filter(|to| of(&blockers.edges, to, &find)).cloned().collect();
        cycles.extend(dropped.iter().map(|to| cycle(to, "blocker")));
        if let Some(parent) = item.parent.clone().filter(|to| of(&parents.edges, to, &find)) {
            cycles.push(cycle(&parent, "parent"));
            item.parent = None;
        }
        item.blocked_by.retain(|to| !dropped.contains(to));
    }
    cycles
}

/// The links that lead back to a ticket that a walk through the links, in the order of the file, has not left yet. Without
/// them there is no cycle. Takes time in proportion to the links.
struct Closing {
    edges: HashSet<(usize, usize)>,
    places: HashMap<String, usize>,
}

fn closing(items: &[Item], links: impl Fn(&Item, &HashMap<&str, usize>, &HashSet<&str>) -> Vec<usize>) -> Closing {
    let by_ref: HashMap<&str, usize> =
        items.iter().enumerate().map(|(place, item)| (item.reference.as_str(), place)).collect();
    let open: HashSet<&str> =
        items.iter().filter(|item| item.stage != Stage::Done).map(|item| item.reference.as_str()).collect();
    let targets: Vec<Vec<usize>> = items.iter().map(|item| links(item, &by_ref, &open)).collect();
    // 0: not visited, 1: on the way, 2: left.
    let mut state = vec![0_u8; items.len()];
    let mut edges = HashSet::new();
    for start in 0..items.len() {
        if state[start] != 0 {
            continue;
        }
        let mut way = vec![(start, 0)];
        state[start] = 1;
        while let Some((at, next)) = way.last_mut() {
            let Some(&to) = targets[*at].get(*next) else {
                state[*at] = 2;
                way.pop();
                continue;
            };
            *next += 1;
            match state[to] {
                0 => {
                    state[to] = 1;
                    way.push((to, 0));
                }
                1 => {
                    edges.insert((*at, to));
                }
                _ => {}
            }
        }
    }
    Closing { edges, places: by_ref.into_iter().map(|(name, place)| (name.to_owned(), place)).collect() }
}
