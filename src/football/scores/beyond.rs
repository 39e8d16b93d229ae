//! What a record says of extra time and penalties, and what of its scores is then the score after ninety minutes.

use super::fields::{Field, Side, Surety};
use super::goals::goals;
use super::periods::{Trust, says_beyond};
use crate::football::Score;
use crate::parse::relaxed::{Content, Node, siblings, unescape};

/// How deep the record of a match is looked through for its status.
const DEEPEST: u8 = 2;

/// What a record says of extra time and penalties.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beyond {
    trust: Trust,
    /// The score after extra time, or of it alone.
    extra: Option<Score>,
    /// The score of the penalties.
    penalties: Option<Score>,
    /// Under names of one side each.
    home: Option<u8>,
    away: Option<u8>,
}

impl Beyond {
    /// What holds in a record inside another one.
    pub(super) fn or(self, around: Self) -> Self {
        Self {
            trust: self.trust.max(around.trust),
            extra: self.extra.or(around.extra),
            penalties: self.penalties.or(around.penalties),
            home: self.home.or(around.home),
            away: self.away.or(around.away),
        }
    }

    /// Whether a score of this surety may be that after ninety minutes.
    ///
    /// Beside a score of extra time, one that is not named the full time is believed only if it may come before it:
    /// 2-1 before 3-2, but not 3-2 before 3-2, nor before the 1-1 of extra time alone.
    pub(super) fn allows(self, surety: Surety, score: Score) -> bool {
        let flat = self.home.zip(self.away).map(|(home, away)| Score { home, away });
        let comes_before = |later: Score| later != score && later.home >= score.home && later.away >= score.away;
        let may_be_early = self.extra.is_none_or(comes_before) && flat.is_none_or(comes_before);
        let named = Trust::FullTime.allows(surety);
        self.trust.allows(surety) && (named || may_be_early && self.penalties != Some(score))
    }

    /// Takes what a field says.
    pub(super) fn field(&mut self, nodes: &[Node<'_>], place: usize, node: &Node<'_>, key: &str) {
        if let Some(text) = node.text() {
            self.trust = self.trust.max(Trust::of(key, &text));
        }
        let is_group = matches!(node.content, Content::Group { .. });
        if says_beyond(key) {
            let told = node.score().or_else(|| score_within(nodes, place, node));
            let goals = node.text().and_then(|text| goals(&text));
            let lower = key.to_ascii_lowercase();
            if lower.contains("pen") || lower.contains("shoot") || lower.starts_with("ps") {
                self.penalties = told.or(self.penalties);
            } else if lower.contains("home") {
                self.home = goals.or(self.home);
            } else if lower.contains("away") {
                self.away = goals.or(self.away);
            } else {
                self.extra = told.or(self.extra);
            }
        } else if is_group && ["status", "type"].iter().any(|known| key.eq_ignore_ascii_case(known)) {
            self.within(nodes, place, node, DEEPEST);
        }
    }

    /// Takes what the fields of a record inside say; `depth` is how deep it lies.
    pub(super) fn within(&mut self, nodes: &[Node<'_>], place: usize, node: &Node<'_>, depth: u8) {
        let Content::Group { end, list: false, .. } = node.content else { return };
        if depth > DEEPEST {
            return;
        }
        for (place, inner) in siblings(nodes, place + 1, end) {
            let Some(key) = inner.key.map(unescape) else { continue };
            if Field::of(&key) == Field::Other {
                self.field(nodes, place, inner, &key);
            }
        }
    }
}

/// The score that the fields of a record say.
fn score_within(nodes: &[Node<'_>], place: usize, node: &Node<'_>) -> Option<Score> {
    let Content::Group { end, .. } = node.content else { return None };
    let (mut home, mut away) = (None, None);
    for (_, inner) in siblings(nodes, place + 1, end) {
        let number = || inner.text().and_then(|text| goals(&text));
        match inner.key.map(|key| Field::of(&unescape(key))) {
            Some(Field::Goals { side: Side::Home, .. } | Field::Team(Side::Home)) => home = number(),
            Some(Field::Goals { side: Side::Away, .. } | Field::Team(Side::Away)) => away = number(),
            Some(Field::Score { .. }) => {
                if let Some(score) = inner.score() {
                    return Some(score);
                }
            }
            _ => {}
        }
    }
    Some(Score { home: home?, away: away? })
}
