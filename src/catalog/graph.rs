//! The fallback graph: each model's fallbacks followed to what they name, and checked for cycles.

use std::collections::HashSet;

use serde_json::Value;

use super::entries::Entries;
use super::model::FallbackEntry;
use crate::check::Faults;

/// For each model, the positions of its fallbacks; unknown ones, the model itself and repeated ones are faults and
/// left out, and so is every cycle a fault.
pub(super) fn follow(entries: &Entries, faults: &mut Faults) -> Vec<Vec<usize>> {
    let mut graph = Vec::with_capacity(entries.models.len());
    // Per model, what was given for each of its edges.
    let mut given: Vec<Vec<&FallbackEntry>> = Vec::with_capacity(entries.models.len());
    let mut seen = HashSet::new();
    for (position, model) in entries.models.iter().enumerate() {
        let (mut targets, mut sources) = (Vec::new(), Vec::new());
        seen.clear();
        for fallback in &model.fallbacks {
            let got = || Value::from(fallback.id.as_str());
            match entries.model(&fallback.id) {
                None => faults.push_got(&fallback.path, "unknown model", &got()),
                Some(target) if target == position => {
                    let problem = format!("a model cannot be its own fallback: {0} → {0}", fallback.id);
                    faults.push(&fallback.path, problem);
                }
                Some(target) if !seen.insert(target) => {
                    faults.push_got(&fallback.path, "the same fallback twice", &got());
                }
                Some(target) => {
                    targets.push(target);
                    sources.push(fallback);
                }
            }
        }
        graph.push(targets);
        given.push(sources);
    }
    for cycle in cycles(&graph) {
        report(&cycle, entries, &graph, &given, faults);
    }
    graph
}

/// Names the cycle where the latest layer takes part in it: that is what the user changed last.
fn report(
    cycle: &[usize],
    entries: &Entries,
    graph: &[Vec<usize>],
    given: &[Vec<&FallbackEntry>],
    faults: &mut Faults,
) {
    let successors = cycle.iter().cycle().skip(1);
    let edges = cycle.iter().zip(successors).filter_map(|(&from, to)| {
        let edge = graph[from].iter().position(|target| target == to)?;
        Some(given[from][edge])
    });
    let Some(edge) = edges.max_by_key(|edge| edge.layer) else { return };
    let around = cycle.iter().chain(cycle.first());
    let ids: Vec<&str> = around.filter_map(|&position| entries.models[position].id.as_deref()).collect();
    faults.push(&edge.path, format!("the fallbacks form a cycle: {}", ids.join(" → ")));
}

/// A vertex on the path of the search.
struct Step {
    vertex: usize,
    /// Which of its edges is next.
    next_edge: usize,
    /// The end of the last edge of the path, up to this vertex, that belongs to a cycle already found.
    last_used: usize,
}

/// Where the search is with a vertex.
#[derive(Clone, Copy, PartialEq)]
enum Visited {
    Unseen,
    OnPath(usize),
    Done,
}

/// Cycles of a graph without self-references, each as its vertices in order; none if there are none.
///
/// No two of them share an edge, so that the time is linear in the size of the graph, and there is at least one in
/// every strongly connected part. Depth-first with a path of its own, for a chain may be longer than the stack is deep.
pub(super) fn cycles(graph: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut states = vec![Visited::Unseen; graph.len()];
    let mut path: Vec<Step> = Vec::new();
    for root in 0..graph.len() {
        if states[root] != Visited::Unseen {
            continue;
        }
        states[root] = Visited::OnPath(0);
        path.push(Step { vertex: root, next_edge: 0, last_used: 0 });
        while let Some(step) = path.last_mut() {
            let Some(&target) = graph[step.vertex].get(step.next_edge) else {
                states[step.vertex] = Visited::Done;
                path.pop();
                continue;
            };
            step.next_edge += 1;
            let last_used = step.last_used;
            match states[target] {
                Visited::Done => {}
                Visited::Unseen => {
                    states[target] = Visited::OnPath(path.len());
                    path.push(Step { vertex: target, next_edge: 0, last_used });
                }
                Visited::OnPath(start) if last_used > start => {}
                Visited::OnPath(start) => {
                    for (depth, step) in path.iter_mut().enumerate().skip(start + 1) {
                        step.last_used = depth;
                    }
                    found.push(path[start..].iter().map(|step| step.vertex).collect());
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
