//! The requests of a slate to one provider that were not begun yet, in the order in which they are due.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, SystemTime};

/// A request that is to be begun; `M` names a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<M> {
    /// Its place among the requests of the slate.
    pub request: usize,
    /// The model that it asks.
    pub model: M,
    /// When the first of what it asks about begins; `None` if that is not known.
    pub begins: Option<SystemTime>,
    /// How long it is expected to take.
    pub expected: Duration,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextDue {
    /// This request is begun.
    Request(usize),
    /// Every model that is to be asked is left alone for at least so long.
    After(Duration),
    /// Nothing is left.
    Nothing,
}

/// What is due at one provider: what begins soonest first, and of that what takes longest, so that no long request is
/// alone at the end.
#[derive(Debug)]
pub struct Queue<M>(VecDeque<(usize, M)>);

impl<M: Copy + Eq + Hash> Queue<M> {
    /// Puts requests into their order.
    #[must_use]
    pub fn new(mut due: Vec<Due<M>>) -> Self {
        due.sort_unstable_by_key(|due| (due.begins.is_none(), due.begins, Reverse(due.expected), due.request));
        Self(due.into_iter().map(|due| (due.request, due.model)).collect())
    }

    /// The next request whose model is not to be waited for; `wait` says of a model for how long it is.
    pub fn next(&mut self, mut wait: impl FnMut(M) -> Option<Duration>) -> NextDue {
        let mut waits: HashMap<M, Option<Duration>> = HashMap::new();
        let mut is_due = |model| waits.entry(model).or_insert_with(|| wait(model)).is_none();
        let place = self.0.iter().position(|&(_, model)| is_due(model));
        match place.and_then(|place| self.0.remove(place)) {
            Some((request, _)) => NextDue::Request(request),
            None => waits.into_values().flatten().min().map_or(NextDue::Nothing, NextDue::After),
        }
    }

    /// The requests that are left.
    pub fn requests(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|&(request, _)| request)
    }

    /// Puts a request back, as the next.
    pub fn put_back(&mut self, request: usize, model: M) {
        self.0.push_front((request, model));
    }

    /// Gives up whatever is left.
    pub fn give_up(&mut self) -> impl Iterator<Item = usize> {
        std::mem::take(&mut self.0).into_iter().map(|(request, _)| request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(request: usize, model: usize, begins: Option<u64>, expected: u64) -> Due<usize> {
        let begins = begins.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        Due { request, model, begins, expected: Duration::from_secs(expected) }
    }

    fn all(queue: &mut Queue<usize>) -> Vec<usize> {
        std::iter::from_fn(|| match queue.next(|_| None) {
            NextDue::Request(request) => Some(request),
            NextDue::After(_) | NextDue::Nothing => None,
        })
        .collect()
    }

    #[test]
    fn what_begins_soonest_is_first_and_then_what_takes_longest() {
        let mut queue = Queue::new(vec![
            due(0, 0, None, 90),
            due(1, 0, Some(20), 5),
            due(2, 1, Some(20), 50),
            due(3, 2, Some(10), 1),
            due(4, 3, Some(20), 5),
        ]);
        assert_eq!(all(&mut queue), [3, 2, 1, 4, 0]);
        assert_eq!(queue.next(|_| None), NextDue::Nothing);
    }

    #[test]
    fn a_model_that_is_waited_for_holds_up_no_other() {
        let mut queue = Queue::new(vec![due(0, 0, Some(1), 1), due(1, 1, Some(2), 1), due(2, 0, Some(3), 1)]);
        let waits = |model| (model == 0).then_some(Duration::from_secs(7));
        assert_eq!(queue.next(waits), NextDue::Request(1));
        assert_eq!(queue.next(waits), NextDue::After(Duration::from_secs(7)));
        assert_eq!(queue.next(|_| None), NextDue::Request(0));
        queue.put_back(0, 0);
        assert_eq!(queue.give_up().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(queue.next(|_| None), NextDue::Nothing);
    }
}
