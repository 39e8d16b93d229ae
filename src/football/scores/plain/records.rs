//! Records of pairs: what belongs to which match by the lines in which it stands.

use super::super::fields::Field;
use super::super::goals::score;
use super::aside::says_aside;
use super::said::{Remark, said};
use super::{Claimant, id_in};
use crate::parse::plain::{self, bare};
use crate::parse::relaxed::{Content, Node};

/// How deep records are nested at most.
const DEEPEST: usize = 8;

/// The records of a text, as far as it has been read.
#[derive(Default)]
pub(super) struct Records<'a> {
    record: Option<Record<'a>>,
    /// A name without a value, and the column in which it stands: what is below it may be its members.
    pending: Option<(&'a str, usize)>,
    /// Whether there were scores without an id: the ids may stand behind them, and nothing says which is whose.
    pub(super) is_given_up: bool,
}

/// A record that may go on.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one thing was seen")]
struct Record<'a> {
    nodes: Vec<Node<'a>>,
    /// The groups that are open: the column of each name, and its node.
    open: Vec<(usize, usize)>,
    has_id: bool,
    has_match: bool,
    has_score: bool,
    /// Whether its score stands in the line of its id.
    is_line: bool,
    state: Belief,
}

/// Whether a record is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Belief {
    #[default]
    Open,
    /// Its score is known, and turned as it was asked: what says more of it makes it doubtful.
    Settled,
    Doubtful,
}

impl<'a> Records<'a> {
    /// Takes a line that begins with an asked id, and what is behind it.
    pub(super) fn begin(
        &mut self,
        (id, index): (&'a str, usize),
        rest: &'a str,
        column: usize,
        claimant: &mut Claimant<'_, '_>,
    ) {
        self.close(claimant);
        let mut record = Record { has_id: true, ..Record::default() };
        record.push("match_id", id);
        if let Some(pairs) = plain::pairs(rest).filter(|pairs| pairs.len() > 1) {
            self.record = Some(record);
            self.pairs(&pairs, column, claimant);
            return;
        }
        match said(rest, index, claimant.asked()) {
            Remark::Nothing => {
                // The names of the teams, if it is those.
                if !rest.is_empty() {
                    record.push("match", bare(rest));
                }
            }
            Remark::Score(key, score) => record.push_score(key, score),
            Remark::Named([home, away]) => {
                record.push("home_score", home);
                record.push("away_score", away);
                (record.has_score, record.state) = (true, Belief::Settled);
            }
            Remark::Doubtful => record.state = Belief::Doubtful,
        }
        record.is_line = record.has_score;
        self.record = Some(record);
        self.pending = rest.is_empty().then_some(("", column));
    }

    /// Takes the pairs of a line whose words begin in `column`.
    pub(super) fn pairs(&mut self, pairs: &[(&'a str, &'a str)], column: usize, claimant: &mut Claimant<'_, '_>) {
        let sides = pairs.iter().filter(|(key, _)| matches!(Field::of(key), Field::Goals { .. })).count();
        // A line that says something of one side alone, beside something else, may say it of another stretch.
        if pairs.len() > 1 && (sides == 1 || pairs.iter().any(|(key, _)| says_aside(key))) {
            let names_match = pairs.iter().any(|(key, _)| super::is_id(Field::of(key)));
            if names_match {
                // What follows belongs to a match of which nothing is read.
                self.close(claimant);
                self.record = Some(Record { has_id: true, state: Belief::Doubtful, ..Record::default() });
            } else if let Some(record) = self.record.as_mut().filter(|_| sides > 0) {
                record.state = Belief::Doubtful;
            }
            return;
        }
        self.enter(column, claimant);
        for &(key, value) in pairs {
            self.pair(key, value, column, claimant);
        }
    }

    fn pair(&mut self, key: &'a str, value: &'a str, column: usize, claimant: &mut Claimant<'_, '_>) {
        if value.is_empty() {
            self.pending = Some((key, column));
            return;
        }
        let field = Field::of(key);
        let value = bare(value);
        let id = match field {
            Field::MatchId | Field::Id => Some(Some(value)),
            Field::Match => Some(id_in(value, claimant.asked()).map(|(id, _)| id)),
            _ => None,
        };
        if let Some(id) = id {
            let is_within = self.record.as_ref().is_some_and(Record::is_within_match);
            let is_match = field == Field::Match;
            let is_told =
                |record: &Record<'_>| record.has_score || is_match && record.has_match || id.is_some() && record.has_id;
            if !is_within && self.record.as_ref().is_none_or(is_told) {
                self.close(claimant);
            }
            let record = self.record.get_or_insert_default();
            record.has_id |= id.is_some();
            record.has_match |= field == Field::Match;
            record.push(key, value);
            return;
        }
        let record = self.record.get_or_insert_default();
        match field {
            Field::Goals { .. } | Field::Score { .. } => record.push_score(key, value),
            Field::Team(_) if record.state == Belief::Settled => record.state = Belief::Doubtful,
            _ => record.push(key, value),
        }
    }

    /// Goes into the members of a name that waits for them, or out of groups that ended before this column.
    fn enter(&mut self, column: usize, claimant: &mut Claimant<'_, '_>) {
        let pending = self.pending.take();
        if let Some(record) = &mut self.record {
            record.leave(column);
        }
        let Some((key, above)) = pending.filter(|(key, _)| !key.is_empty()) else { return };
        let is_score = matches!(Field::of(key), Field::Score { .. });
        if column > above {
            // Around records, a name says no more than a heading.
            if self.record.as_ref().is_some_and(|record| record.has_id) || Field::of(key) != Field::Other {
                self.record.get_or_insert_default().enter(key, above);
                return;
            }
        } else if is_score {
            return;
        }
        self.close(claimant);
        claimant.head(key);
    }

    /// Ends the record: a heading, prose or the end comes.
    pub(super) fn close(&mut self, claimant: &mut Claimant<'_, '_>) {
        self.claim(claimant);
        let heading = self.pending.take().map(|(key, _)| key);
        let is_heading = |key: &&str| !key.is_empty() && !matches!(Field::of(key), Field::Score { .. });
        if let Some(key) = heading.filter(is_heading) {
            claimant.head(key);
        }
    }

    fn claim(&mut self, claimant: &mut Claimant<'_, '_>) {
        let Some(mut record) = self.record.take() else { return };
        record.leave(0);
        if record.has_id {
            if record.state != Belief::Doubtful {
                claimant.claim(&record.nodes);
            }
        } else {
            self.is_given_up |= record.has_score && !claimant.is_aside();
        }
    }

    /// Forgets the record that may have been cut off, unless its line was whole.
    pub(super) fn forget(&mut self) {
        self.record = self.record.take().filter(|record| record.is_line);
    }
}

impl<'a> Record<'a> {
    fn push(&mut self, key: &'a str, value: &'a str) {
        self.nodes.push(Node { key: Some(key), content: Content::Bare(value) });
    }

    fn push_score(&mut self, key: &'a str, value: &'a str) {
        // A time is no score, and what is told twice is told by neither.
        let is_time =
            value.split_once(':').is_some_and(|(_, minutes)| minutes.trim().len() > 1 && score(value).is_some());
        let is_other =
            |node: &Node<'_>| node.key == Some(key) && matches!(node.content, Content::Bare(known) if known != value);
        let begin = self.open.last().map_or(0, |&(_, place)| place);
        let is_aside = self.nodes.get(begin).and_then(|group| group.key).is_some_and(says_aside);
        let is_told = !is_aside && self.nodes.iter().skip(begin).any(is_other);
        if self.state == Belief::Settled || is_time || is_told {
            self.state = Belief::Doubtful;
        }
        self.has_score = true;
        self.push(key, value);
    }

    /// Whether the group that is open is the record of the match itself.
    fn is_within_match(&self) -> bool {
        let key = self.open.last().and_then(|&(_, place)| self.nodes.get(place)?.key);
        key.is_some_and(|key| Field::of(key) == Field::Match)
    }

    fn enter(&mut self, key: &'a str, column: usize) {
        if self.open.len() >= DEEPEST {
            self.state = Belief::Doubtful;
            return;
        }
        self.open.push((column, self.nodes.len()));
        let content = Content::Group { end: usize::MAX, list: false, complete: true };
        self.nodes.push(Node { key: Some(key), content });
    }

    /// Ends the groups whose members stand further right than this column.
    fn leave(&mut self, column: usize) {
        while let Some((_, place)) = self.open.pop_if(|&mut (above, _)| above >= column) {
            let here = self.nodes.len();
            if let Some(Node { content: Content::Group { end, .. }, .. }) = self.nodes.get_mut(place) {
                *end = here;
            }
        }
    }
}
