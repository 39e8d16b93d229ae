//! Which version applies: when, for which models, and with which share. Pure.
//!
//! Of the versions that are active for a model at a time, those with a weight share its requests, if all of them have
//! one. A version without a weight gives way to those that name the model. Models are compared by their whole id.

use std::collections::{BTreeSet, HashSet};
use std::time::SystemTime;

use super::time;
use crate::check::Faults;

/// When a version is active, for whom, and with which share.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Activation {
    /// The first moment; `None`: always has been.
    pub(super) from: Option<SystemTime>,
    /// The first moment at which it is over; `None`: never.
    pub(super) to: Option<SystemTime>,
    /// The ids of the models that it is for; empty: all.
    pub(super) models: HashSet<String>,
    /// Its share, in proportion to those of the others.
    pub(super) weight: Option<u32>,
}

/// A version as the schedule sees it: its path in the manifest, its name, and its activation.
pub(super) struct Entry<'a> {
    pub(super) path: &'a str,
    pub(super) id: &'a str,
    pub(super) activation: &'a Activation,
}

impl Activation {
    /// Whether it is active at a time.
    pub(super) fn is_active(&self, at: SystemTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Whether it is for a model.
    pub(super) fn is_for(&self, model_id: &str) -> bool {
        self.models.is_empty() || self.models.contains(model_id)
    }
}

/// The version for a request, by its position: among several, the one that a stable hash of the model's id and the
/// request's `key` points at, so that the same question is asked in the same way again. `None` if none is active.
pub(super) fn choose<'a>(
    activations: impl Iterator<Item = &'a Activation>,
    model_id: &str,
    key: &str,
    now: SystemTime,
) -> Option<usize> {
    let pool = pool(activations, Some(model_id), now);
    let total: u64 = pool.iter().map(|(_, activation)| share(activation)).sum();
    // The hash as a fraction of its range, times the sum of the shares.
    let point = (u128::from(hash(model_id, key)) * u128::from(total)) >> 64;
    let mut reached = 0;
    let chosen = pool.iter().find(|(_, activation)| {
        reached += u128::from(share(activation));
        point < reached
    });
    chosen.map(|(position, _)| *position)
}

/// Refuses several versions at one time without weights, and a time from `now` on without any.
pub(super) fn check(entries: &[Entry<'_>], path: &str, now: SystemTime, faults: &mut Faults) {
    let activations = || entries.iter().map(|entry| entry.activation);
    let named: BTreeSet<&str> = activations().flat_map(|activation| &activation.models).map(String::as_str).collect();
    let begins: BTreeSet<SystemTime> =
        activations().map(|activation| activation.from.unwrap_or(SystemTime::UNIX_EPOCH)).collect();
    let mut known = HashSet::new();
    for model in std::iter::once(None).chain(named.into_iter().map(Some)) {
        for &at in &begins {
            let pool = pool(activations(), model, at);
            let clashes = pool.len() > 1 && pool.iter().any(|(_, activation)| activation.weight.is_none());
            let pair = pool.iter().map(|(position, _)| *position);
            for (first, second) in pair.clone().zip(pair.skip(1)).filter(|_| clashes) {
                if known.insert((first, second)) {
                    let (first, second) = (&entries[first], &entries[second]);
                    let whom = model.map_or_else(String::new, |model| format!(" for the model {model}"));
                    let problem =
                        format!("is active at the same time as version {:?}{whom}; give both a weight", first.id);
                    faults.push(second.path, problem);
                }
            }
        }
    }
    let ends = activations().filter_map(|activation| activation.to).filter(|to| *to > now);
    for at in std::iter::once(now).chain(ends).collect::<BTreeSet<_>>() {
        if pool(activations(), None, at).is_empty() {
            faults.push(path, format!("no version for all models is active at {}", time::text(at)));
        }
    }
}

/// The versions that share a model's requests at a time, with their positions. `None` stands for a model that no
/// version names.
fn pool<'a>(
    activations: impl Iterator<Item = &'a Activation>,
    model_id: Option<&str>,
    at: SystemTime,
) -> Vec<(usize, &'a Activation)> {
    let is_for = |activation: &Activation| match model_id {
        Some(id) => activation.is_for(id),
        None => activation.models.is_empty(),
    };
    let mut pool: Vec<_> =
        activations.enumerate().filter(|(_, activation)| activation.is_active(at) && is_for(activation)).collect();
    let all_weighted = pool.iter().all(|(_, activation)| activation.weight.is_some());
    if !all_weighted && pool.iter().any(|(_, activation)| !activation.models.is_empty()) {
        pool.retain(|(_, activation)| !activation.models.is_empty());
    }
    pool
}

fn share(activation: &Activation) -> u64 {
    activation.weight.map_or(1, u64::from)
}

/// FNV-1a, finished as `MurmurHash3` does so that every bit depends on every byte. It decides who sees which version, so
/// it must never change.
fn hash(model_id: &str, key: &str) -> u64 {
    let bytes = model_id.bytes().chain([0]).chain(key.bytes());
    let mut hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests;
