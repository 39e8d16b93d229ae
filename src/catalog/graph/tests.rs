use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// Random graphs without self-references and repeated edges, from sparse to dense.
fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    (1_usize..=12).prop_flat_map(|vertices| {
        let targets = prop::collection::vec(0..vertices, 0..=3);
        prop::collection::vec(targets, vertices).prop_map(|mut graph| {
            for (vertex, targets) in graph.iter_mut().enumerate() {
                let mut seen = HashSet::from([vertex]);
                targets.retain(|target| seen.insert(*target));
            }
            graph
        })
    })
}

/// Whether `to` can be reached from `from` in one step or more: the naive reference.
fn reaches(graph: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = HashSet::new();
    let mut queue = graph[from].clone();
    while let Some(vertex) = queue.pop() {
        if vertex == to {
            return true;
        }
        if seen.insert(vertex) {
            queue.extend(&graph[vertex]);
        }
    }
    false
}

fn edges(cycle: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    cycle.iter().copied().zip(cycle.iter().copied().cycle().skip(1))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cycle_found_is_one_and_none_is_found_twice(graph in graphs()) {
        let mut used = HashSet::new();
        for cycle in cycles(&graph) {
            prop_assert!(cycle.len() >= 2);
            prop_assert_eq!(cycle.iter().collect::<HashSet<_>>().len(), cycle.len());
            for (from, to) in edges(&cycle) {
                prop_assert!(graph[from].contains(&to), "{from} → {to} is no edge");
                prop_assert!(used.insert((from, to)), "{from} → {to} is in two cycles");
            }
        }
    }

    #[test]
    fn a_vertex_on_a_cycle_is_connected_with_a_cycle_found(graph in graphs()) {
        let found = cycles(&graph);
        for vertex in (0..graph.len()).filter(|&vertex| reaches(&graph, vertex, vertex)) {
            let connected = |other: usize| {
                vertex == other || reaches(&graph, vertex, other) && reaches(&graph, other, vertex)
            };
            prop_assert!(found.iter().any(|cycle| connected(cycle[0])), "{vertex} is on a cycle");
        }
    }
}

#[test]
fn a_diamond_is_no_cycle() {
    assert_eq!(cycles(&[vec![1, 2], vec![3], vec![3], vec![]]), Vec::<Vec<usize>>::new());
}

#[test]
fn cycles_that_share_a_vertex_are_both_found() {
    assert_eq!(cycles(&[vec![1, 2], vec![0], vec![0]]), [vec![0, 1], vec![0, 2]]);
}

#[test]
fn a_cycle_is_found_beyond_a_chain() {
    assert_eq!(cycles(&[vec![1], vec![2], vec![3], vec![1]]), [vec![1, 2, 3]]);
}

#[test]
fn a_long_chain_and_a_long_cycle_do_not_overflow_the_stack() {
    let length = 1_000_000;
    let mut graph: Vec<Vec<usize>> = (1..=length).map(|next| vec![next]).collect();
    graph.push(Vec::new());
    assert!(cycles(&graph).is_empty());
    graph[length].push(0);
    assert_eq!(cycles(&graph), [(0..=length).collect::<Vec<_>>()]);
}

#[test]
fn many_edges_back_into_a_long_path_take_linear_time() {
    let length = 100_000;
    let mut graph: Vec<Vec<usize>> = (1..=length).map(|next| vec![next]).collect();
    graph.push((0..length).rev().collect());
    assert_eq!(cycles(&graph), [[length - 1, length]]);
    graph[length].reverse();
    assert_eq!(cycles(&graph).len(), 1);
}
