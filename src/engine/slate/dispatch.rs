//! The requests of a slate begun, provider by provider, each when it is due and its turn has come.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::instrument::WithSubscriber;

use super::prepare::{Planned, queues, stand_ins};
use crate::call_id::CallIds;
use crate::catalog::ModelIndex;
use crate::engine::call::Call;
use crate::engine::slate_call::{Duty, Left, Share, SlateCall};
use crate::engine::time::Stop;
use crate::engine::turn::{ProviderTurn, limits};
use crate::error::EngineError;
use crate::request::Request;
use crate::slate::{Fallbacks, NextDue, Queue, Why};
use crate::task::Item;

/// How often it is looked whether a model that is left alone may be asked sooner than was said.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The shortest wait for such a model.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

/// A request that waits to be begun, and the duty to tell of it those who wait for it.
struct Unbegun<V> {
    planned: Planned,
    duty: Option<Duty<V>>,
}

/// A request that is under way; dropped before it says what it came to, its cells have no answer.
struct UnderWay<I: Item> {
    share: Arc<Share<I>>,
    planned: Planned,
    is_told: bool,
}

/// Runs a slate to its end. `abort` is the caller's signal.
pub(super) async fn run<I: Item>(
    share: &Arc<Share<I>>,
    requests: Vec<Planned>,
    running: &TaskTrackerToken,
    abort: &CancellationToken,
) {
    let queues = queues(&share.engine, &share.catalog, &requests, &share.options);
    let mut waiting = with_duties(share, requests);
    let mut serving = JoinSet::new();
    for queue in queues {
        let places: Vec<usize> = queue.requests().collect();
        let of_provider = places.into_iter().filter_map(|place| waiting.remove_entry(&place)).collect();
        serving.spawn(
            ProviderQueue { share: Arc::clone(share), queue, waiting: of_provider, running: running.clone() }
                .serve()
                .with_current_subscriber(),
        );
    }
    let ended = async { while serving.join_next().await.is_some() {} };
    tokio::pin!(ended);
    let (mut is_aborted, mut may_be_enough) = (false, share.options.enough.map(|enough| share.began + enough.after));
    loop {
        let enough = async {
            match may_be_enough {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = abort.cancelled(), if !is_aborted => {
                is_aborted = true;
                share.leave(Left::Aborted);
            }
            () = enough => {
                may_be_enough = None;
                share.leave_if_enough();
            }
            () = &mut ended => return,
        }
    }
}

/// Notes which attempts others may wait for, where they do.
fn with_duties<I: Item>(share: &Share<I>, requests: Vec<Planned>) -> HashMap<usize, Unbegun<I::Value>> {
    let stand_ins = match share.fallbacks {
        Fallbacks::Reuse => stand_ins(&share.catalog, &requests),
        Fallbacks::Call | Fallbacks::None => Vec::new(),
    };
    let waiting = requests.into_iter().enumerate().map(|(place, planned)| {
        let stands_in = stand_ins.binary_search(&planned.model).is_ok();
        let duty = stands_in.then(|| share.stand_ins.asks(planned.model, planned.places.iter().copied()));
        (place, Unbegun { planned, duty })
    });
    waiting.collect()
}

/// The requests of a slate to one provider.
struct ProviderQueue<I: Item> {
    share: Arc<Share<I>>,
    queue: Queue<ModelIndex>,
    waiting: HashMap<usize, Unbegun<I::Value>>,
    running: TaskTrackerToken,
}

/// What is done about the next request.
enum Begin {
    /// It is begun, in its turn if it needs one.
    Now(Option<ProviderTurn>),
    /// Its model is to be left alone meanwhile.
    Later,
    /// Something ended the slate.
    Never,
}

impl<I: Item> ProviderQueue<I> {
    async fn serve(mut self) {
        let share = Arc::clone(&self.share);
        let ends = share.ends();
        let mut calls = JoinSet::new();
        while ends.stopped().is_none() {
            while calls.try_join_next().is_some() {}
            match self.queue.next(|model| share.wait_for(model)) {
                NextDue::Nothing => break,
                NextDue::After(wait) => {
                    ends.out_of_time(wait.clamp(SHORTEST_WAIT, LOOK_AGAIN)).await;
                }
                NextDue::Request(place) => {
                    let Some(Unbegun { planned, duty }) = self.waiting.remove(&place) else { continue };
                    match self.turn(&planned).await {
                        Begin::Now(turn) => {
                            let call = one(Arc::clone(&share), self.running.clone(), planned, turn, duty);
                            calls.spawn(call.with_current_subscriber());
                        }
                        begin => {
                            self.queue.put_back(place, planned.model);
                            self.waiting.insert(place, Unbegun { planned, duty });
                            if matches!(begin, Begin::Never) {
                                break;
                            }
                        }
                    }
                }
            }
        }
        for place in self.queue.give_up() {
            if let Some(Unbegun { planned, .. }) = self.waiting.remove(&place) {
                let stop = ends.stopped().unwrap_or(Stop::GivenUp);
                share.not_called(planned.model, &planned.places, Some(stop));
                share.ended();
            }
        }
        while calls.join_next().await.is_some() {}
    }

    /// Waits for the turn of a request, if it needs one: a model that is passed over does not.
    async fn turn(&self, planned: &Planned) -> Begin {
        let share = &self.share;
        if share.is_refused(planned.model) || planned.places.iter().all(|&place| share.has_begun(place)) {
            return Begin::Now(None);
        }
        let (ends, provider) = (share.ends(), &share.catalog.model(planned.model).provider);
        let turn = tokio::select! {
            biased;
            _ = ends.stop() => return Begin::Never,
            turn = share.joint.turn(limits(&share.engine, provider), provider, planned.tokens) => turn,
        };
        if ends.stopped().is_some() {
            turn.give_back();
            return Begin::Never;
        }
        // It may have been told to wait, or was switched off, while this one waited.
        if share.wait_for(planned.model).is_some() {
            turn.give_back();
            return Begin::Later;
        }
        if share.is_refused(planned.model) {
            turn.give_back();
            return Begin::Now(None);
        }
        Begin::Now(Some(turn))
    }
}

/// Makes the call of one request.
async fn one<I: Item>(
    share: Arc<Share<I>>,
    running: TaskTrackerToken,
    planned: Planned,
    turn: Option<ProviderTurn>,
    duty: Option<Duty<I::Value>>,
) {
    let mut open = UnderWay { share, planned, is_told: false };
    let (share, model) = (Arc::clone(&open.share), open.planned.model);
    share.outbox.tick();
    let (begun, places): (Vec<usize>, Vec<usize>) =
        open.planned.places.iter().partition(|&&place| share.has_begun(place));
    if !begun.is_empty() {
        share.not_called(model, &begun, None);
    }
    open.planned.places.clone_from(&places);
    if places.is_empty() {
        open.is_told = true;
        if let Some(turn) = turn {
            turn.give_back();
        }
        return;
    }
    let request_id = share.options.call.request_id.clone();
    let ids = Arc::new(CallIds { call_id: share.engine.next_call_id(), request_id });
    let items = places.iter().filter_map(|&place| share.items.get(place).cloned()).collect();
    let member = Arc::new(SlateCall::new(Arc::clone(&share), Arc::clone(&ids), places, turn, duty));
    let call = Call {
        engine: Arc::clone(&share.engine),
        ids,
        catalog: Arc::clone(&share.catalog),
        prompts: Arc::clone(&share.prompts),
        request: Request {
            model_id: share.catalog.model(model).id.clone(),
            items,
            prompt: None,
            prompt_version: share.prompt_version.clone(),
        },
        options: share.options.call.clone(),
        original: model,
        began: Instant::now(),
        slate: Some(Arc::clone(&member)),
        _running: running,
    };
    let result = call.run(&share.cut).await;
    open.is_told = true;
    share.take(&member, model, result);
}

impl<I: Item> Drop for UnderWay<I> {
    fn drop(&mut self) {
        if !self.is_told {
            let error = EngineError::Internal("a request of the slate ended without a result".to_owned());
            let why = Why::Code(error.code());
            let missing = self.planned.places.iter().map(|&place| (place, why)).collect();
            self.share.miss(self.planned.model, missing, error, None);
        }
        self.share.ended();
    }
}
