//! Reads the scores for the asked matches out of a text.

pub(super) mod goals;

mod asked;
mod fields;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use super::relaxed::{Content, Node, scan, siblings, unescape};
use crate::outcome::Score;
use crate::request::Match;
use asked::Asked;
use fields::{Field, Side, is_aside, is_words};
use goals::{goals, score};

/// How often JSON is looked for inside the strings of JSON.
const DEEPEST_TEXT: u8 = 3;

/// Reads the scores for the asked matches out of a text; one slot for each, in order.
///
/// Of two scores for one match the last counts. An object without an id counts only if one match was asked.
pub(super) fn read_scores(text: &str, asked: &[&Match]) -> Vec<Option<Score>> {
    let mut reader = Reader { asked: Asked::new(asked), slots: vec![None; asked.len()] };
    let trimmed = text.trim();
    let quoted = trimmed.starts_with('"').then(|| serde_json::from_str::<String>(trimmed).ok()).flatten();
    reader.text(quoted.as_deref().unwrap_or(text), Owner::Unnamed, 0);
    reader.slots
}

/// Whose score it is that has no id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// No id was seen: that of the only asked match.
    Unnamed,
    /// That of the asked match with this index.
    Match(usize),
    /// Nobody's.
    Nobody,
}

/// What the members of a group say about the group itself.
#[derive(Default)]
struct Facts {
    /// An id under a name that only a match has; `Err` if it is not asked.
    match_id: Option<Result<usize, ()>>,
    /// An id under another name.
    id: Option<Result<usize, ()>>,
    home: Goals,
    away: Goals,
    /// A score in one value, and how surely it is one.
    whole: Option<(u8, Score)>,
}

/// The goals of one side: those under the surest name.
#[derive(Default)]
struct Goals {
    rank: u8,
    goals: Option<u8>,
}

impl Facts {
    fn offer_goals(&mut self, side: Side, rank: u8, goals: Option<u8>) {
        let known = match side {
            Side::Home => &mut self.home,
            Side::Away => &mut self.away,
        };
        if rank >= known.rank {
            *known = Goals { rank, goals };
        }
    }

    fn offer_whole(&mut self, rank: u8, score: Option<Score>) {
        if let Some(score) = score.filter(|_| self.whole.is_none_or(|(known, _)| rank >= known)) {
            self.whole = Some((rank, score));
        }
    }

    /// The score by sides.
    fn by_sides(&self) -> Option<Score> {
        self.home.goals.zip(self.away.goals).map(|(home, away)| Score { home, away })
    }

    /// The score under names that leave no doubt: `home` and `away` alone may also hold teams.
    fn firm(&self) -> Option<Score> {
        let named = self.by_sides().filter(|_| self.home.rank.max(self.away.rank) > 1);
        named.or(self.whole.map(|(_, score)| score))
    }

    /// Whose score the group holds, when what is around it belongs to `around`.
    fn owner(&self, around: Owner) -> Owner {
        match (self.match_id, self.id) {
            (Some(Ok(index)), _) | (_, Some(Ok(index))) => Owner::Match(index),
            (Some(Err(())), _) => Owner::Nobody,
            (None, Some(Err(()))) if around == Owner::Unnamed => Owner::Nobody,
            _ => around,
        }
    }
}

/// The slots, and what was asked.
struct Reader<'q> {
    asked: Asked<'q>,
    slots: Vec<Option<Score>>,
}

impl Reader<'_> {
    /// Reads all values of a text. Returns whether `owner` got a score.
    fn text(&mut self, text: &str, owner: Owner, depth: u8) -> bool {
        let nodes = scan(text);
        let mut got = false;
        for (place, node) in siblings(&nodes, 0, nodes.len()) {
            got |= self.member(&nodes, place, node, owner, depth);
        }
        got
    }

    /// Reads the group with these members. Returns whether `owner` got a score.
    fn group(&mut self, nodes: &[Node<'_>], range: Range<usize>, complete: bool, around: Owner, depth: u8) -> bool {
        let facts = self.facts(nodes, range.clone(), complete);
        let owner = facts.owner(around);
        let mut got = facts.firm().is_some_and(|score| self.give(owner, score));
        // A member that is named the score comes before all others, and they are no scores if it is one.
        for named in [true, false] {
            if !named && !got {
                got = facts.by_sides().is_some_and(|score| self.give(owner, score));
            }
            let settled = got;
            for (place, node) in siblings(nodes, range.start, range.end) {
                let key = node.key.map(unescape);
                let field = key.as_deref().map_or(Field::Other, Field::of);
                if named != matches!(field, Field::Score { .. }) {
                    continue;
                }
                let is_group = matches!(node.content, Content::Group { .. });
                let inner = match field {
                    _ if settled => Owner::Nobody,
                    Field::Goals { .. } | Field::Team(_) => Owner::Nobody,
                    Field::Other if is_group && key.as_deref().is_some_and(|key| is_aside(key) || is_words(key)) => {
                        Owner::Nobody
                    }
                    // The id was that of a reply or a call, not of a match.
                    Field::Other | Field::Arguments if facts.match_id.is_none() && owner != around => {
                        let wraps =
                            field == Field::Arguments || !matches!(node.content, Content::Group { list: false, .. });
                        if wraps { around } else { owner }
                    }
                    _ => owner,
                };
                got |= self.member(nodes, place, node, inner, depth) && inner == owner;
            }
        }
        got && owner == around
    }

    /// Reads one value beside others. Returns whether `around` got a score.
    fn member(&mut self, nodes: &[Node<'_>], place: usize, node: &Node<'_>, around: Owner, depth: u8) -> bool {
        let key = node.key.map(unescape);
        let named = key.as_deref().and_then(|key| self.asked.find(key)).map(Owner::Match);
        let owner = named.unwrap_or(around);
        let got = match node.content {
            Content::Group { end, complete, .. } => self.group(nodes, place + 1..end, complete, owner, depth),
            Content::Pair(pair) => named.is_some_and(|owner| self.give(owner, pair)),
            Content::Bare(bare) => {
                let score = named.and_then(|_| score(bare));
                score.is_some_and(|score| self.give(owner, score))
            }
            Content::Quoted(raw) => {
                let text = unescape(raw);
                match named.and_then(|_| score(&text)) {
                    Some(score) => self.give(owner, score),
                    None if depth < DEEPEST_TEXT && text.contains(['{', '[']) => {
                        !key.as_deref().is_some_and(is_words) && self.text(&text, owner, depth + 1)
                    }
                    None => false,
                }
            }
        };
        got && owner == around
    }

    fn give(&mut self, owner: Owner, score: Score) -> bool {
        let index = match owner {
            Owner::Match(index) => index,
            Owner::Unnamed if self.slots.len() == 1 => 0,
            Owner::Unnamed | Owner::Nobody => return false,
        };
        let Some(slot) = self.slots.get_mut(index) else { return false };
        *slot = Some(score);
        true
    }

    /// What the members say about the group. Of one that was never closed only the id is believed, and pairs.
    fn facts(&self, nodes: &[Node<'_>], range: Range<usize>, complete: bool) -> Facts {
        let mut facts = Facts::default();
        for (place, node) in siblings(nodes, range.start, range.end) {
            let Some(key) = node.key.map(unescape) else { continue };
            let value = node.text();
            match Field::of(&key) {
                Field::MatchId => facts.match_id = value.and_then(|id| self.id(&id)).or(facts.match_id),
                Field::Id => facts.id = value.and_then(|id| self.id(&id)).or(facts.id),
                Field::Match => facts.id = facts.id.or(self.id_of_match(nodes, place, node)),
                Field::Score { rank } => match (node.content, value) {
                    (Content::Pair(pair), _) => facts.offer_whole(rank, Some(pair)),
                    (_, Some(text)) if complete => facts.offer_whole(rank, score(&text)),
                    _ => {}
                },
                Field::Goals { side, rank } if complete => {
                    let number = value.map_or_else(|| goals_within(nodes, place, node), |text| goals(&text));
                    facts.offer_goals(side, rank, number);
                }
                Field::Team(side) if complete => {
                    if let Some(number) = goals_within(nodes, place, node) {
                        facts.offer_goals(side, 2, Some(number));
                    }
                }
                _ => {}
            }
        }
        facts
    }

    /// What an id says; `None` if it says nothing.
    fn id(&self, id: &str) -> Option<Result<usize, ()>> {
        match id.trim() {
            "" | "null" | "None" | "undefined" => None,
            _ => Some(self.asked.find(id).ok_or(())),
        }
    }

    /// The id in a field that holds the match. A text that is not asked and looks like the names of teams is none.
    fn id_of_match(&self, nodes: &[Node<'_>], place: usize, node: &Node<'_>) -> Option<Result<usize, ()>> {
        if let Content::Group { end, .. } = node.content {
            let ids = siblings(nodes, place + 1, end).filter_map(|(_, inner)| {
                let is_id = matches!(Field::of(&unescape(inner.key?)), Field::MatchId | Field::Id);
                self.id(&inner.text().filter(|_| is_id)?)
            });
            return ids.last();
        }
        let text = node.text()?;
        let names = text.trim().contains(char::is_whitespace) || text.contains("vs") || !text.is_ascii();
        self.id(&text).filter(|id| id.is_ok() || !names)
    }
}

/// The goals in a record about one side, such as `{"name": "…", "score": 2}`.
fn goals_within(nodes: &[Node<'_>], place: usize, node: &Node<'_>) -> Option<u8> {
    let Content::Group { end, complete: true, .. } = node.content else { return None };
    let found = siblings(nodes, place + 1, end).filter_map(|(_, inner)| {
        let is_score = matches!(Field::of(&unescape(inner.key?)), Field::Score { .. });
        goals(&inner.text().filter(|_| is_score)?)
    });
    found.last()
}

impl Node<'_> {
    /// The text of a scalar.
    fn text(&self) -> Option<Cow<'_, str>> {
        match self.content {
            Content::Quoted(raw) => Some(unescape(raw)),
            Content::Bare(bare) => Some(Cow::Borrowed(bare)),
            Content::Pair(_) | Content::Group { .. } => None,
        }
    }
}
