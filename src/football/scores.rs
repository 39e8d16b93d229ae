//! Reads the scores for the asked matches out of a text.

mod asked;
mod beyond;
mod claims;
mod facts;
mod fields;
mod goals;
mod periods;
mod plain;
mod sides;
mod teams;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::football::Match;
use crate::football::Score;
use crate::parse::relaxed::{Content, Node, scan, siblings, unescape};
use crate::task::Passage;
use asked::Asked;
use beyond::Beyond;
use claims::{Claims, Standing, tier};
use facts::Facts;
use fields::{Field, Surety, is_words};
use goals::score;
use periods::is_aside;
use sides::{Sides, Turn};

/// How often JSON is looked for inside the strings of JSON.
const DEEPEST_TEXT: u8 = 3;

/// Reads the scores for the asked matches out of the JSON in a text; one slot for each, in order.
///
/// What comes after words corrects what came before them. Of several other scores for one match the surest counts, of
/// those the likeliest, and none where they differ and nothing says which. An object without an id counts only if
/// one match was asked. A score whose sides are named the other way round than asked is turned round.
#[cfg(test)]
fn read(text: &str, asked: &[&Match]) -> Vec<Option<Score>> {
    let mut reader = ScoreReader::new(asked);
    reader.whole(text);
    reader.scores()
}

/// Finds the scores for the asked matches in a passage: in its JSON, else in what it is without any, where it is no thinking
/// and so no draft. One slot for each, in order.
///
/// Ids that are none of the asked are taken for positions in the request where they are exactly those, from 1 on.
#[must_use]
pub fn find(passage: &Passage<'_>, asked: &[&Match]) -> Vec<Option<Score>> {
    let mut reader = ScoreReader::new(asked);
    reader.whole(passage.text);
    if reader.slots.iter().all(|slot| slot.score().is_none()) {
        if !reader.asked.has_found()
            && let Some(scores) = by_position(passage.text, asked)
        {
            return scores;
        }
        if !passage.is_thought {
            return plain::read(passage.text, asked, passage.is_cut);
        }
    }
    reader.scores()
}

/// Reads a text whose records are numbered instead of named: of as many matches as were asked.
fn by_position(text: &str, asked: &[&Match]) -> Option<Vec<Option<Score>>> {
    let number = |(index, game): (usize, &&Match)| Match { id: (index + 1).to_string(), ..(*game).clone() };
    let numbered: Vec<Match> = asked.iter().enumerate().map(number).collect();
    let numbered: Vec<&Match> = numbered.iter().collect();
    let mut reader = ScoreReader { asked: Asked::by_position(&numbered), ..ScoreReader::new(&numbered) };
    reader.whole(text);
    let is_exact = reader.asked.has_found() && !reader.asked.has_missed();
    let scores = reader.scores();
    (is_exact && scores.iter().all(Option::is_some)).then_some(scores)
}

/// Whose score it is that has no id of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Whose {
    /// No id was seen: that of the only asked match.
    #[default]
    Unnamed,
    /// That of the asked match with this index.
    Match(usize),
    /// Nobody's.
    Nobody,
}

/// What holds of a value by what stands around it.
#[derive(Clone, Copy, Default)]
struct Around<'s> {
    owner: Whose,
    standing: Standing,
    beyond: Beyond,
    sides: Option<&'s Sides>,
    /// The number of the group.
    group: usize,
}

/// The slots, and what was asked.
struct ScoreReader<'q> {
    asked: Asked<'q>,
    slots: Vec<Claims>,
    /// After how many words between values the reader is.
    value: usize,
    /// How many groups were read.
    groups: usize,
}

impl<'q> ScoreReader<'q> {
    fn new(asked: &[&'q Match]) -> Self {
        Self { asked: Asked::new(asked), slots: vec![Claims::default(); asked.len()], value: 0, groups: 0 }
    }

    /// Reads a text, which may be one string of JSON as a whole.
    fn whole(&mut self, text: &str) {
        let trimmed = text.trim();
        let quoted = trimmed.starts_with('"').then(|| serde_json::from_str::<String>(trimmed).ok()).flatten();
        self.text(quoted.as_deref().unwrap_or(text), Around::default(), 0);
    }

    /// The scores that are believed.
    fn scores(self) -> Vec<Option<Score>> {
        self.slots.into_iter().map(Claims::score).collect()
    }

    /// Reads all values of a text. Returns whether the owner around got a score.
    fn text(&mut self, text: &str, around: Around<'_>, depth: u8) -> bool {
        let nodes = scan(text);
        let mut got = false;
        for (place, node) in siblings(&nodes, 0, nodes.len()) {
            self.value += usize::from(depth == 0 && matches!(node.content, Content::Prose));
            got |= self.member(&nodes, place, node, around, depth);
        }
        got
    }

    /// Reads the group with these members. Returns whether the owner around got a score.
    fn group(
        &mut self,
        nodes: &[Node<'_>],
        range: Range<usize>,
        complete: bool,
        around: Around<'_>,
        depth: u8,
    ) -> bool {
        let facts = Facts::of(&self.asked, nodes, range.clone(), complete);
        if facts.is_aside() {
            return false;
        }
        let standing = Standing {
            tier: around.standing.tier.saturating_add(i8::from(facts.is_chosen)),
            weight: facts.weight.or(around.standing.weight),
            surety: around.standing.surety,
            keyed_in: None,
        };
        self.groups += 1;
        let own = Around {
            owner: facts.owner(around.owner),
            standing,
            beyond: facts.beyond.or(around.beyond),
            group: self.groups,
            sides: if facts.sides.is_empty() { around.sides } else { Some(&facts.sides) },
        };
        let firm = facts.firm();
        let mut got = firm.is_some_and(|(surety, score)| self.give(own, surety, score));
        // A member that is named the score comes before all others, and they are no scores if it is one.
        for named in [true, false] {
            if !named && !got {
                got = facts.by_sides().is_some_and(|(surety, score)| self.give(own, surety, score));
            }
            let settled = got;
            for (place, node) in siblings(nodes, range.start, range.end) {
                let key = node.key.map(unescape);
                let field = key.as_deref().map_or(Field::Other, Field::of);
                if named != matches!(field, Field::Score { .. }) {
                    continue;
                }
                let mut inner = own;
                match field {
                    Field::Score { surety } => {
                        inner.standing.surety = own.standing.surety.max(surety);
                        // One that is surer, such as the full time beside the goals, is not settled yet.
                        if settled && firm.is_none_or(|(known, _)| surety <= known) {
                            inner.owner = Whose::Nobody;
                        }
                    }
                    _ if settled => inner.owner = Whose::Nobody,
                    Field::Goals { .. } | Field::Team(_) => inner.owner = Whose::Nobody,
                    Field::Other
                        if matches!(node.content, Content::Group { .. }) && key.as_deref().is_some_and(is_words) =>
                    {
                        inner.owner = Whose::Nobody;
                    }
                    // The id was that of a reply or a call, not of a match.
                    Field::Other | Field::Arguments if facts.match_id.is_none() && own.owner != around.owner => {
                        let wraps =
                            field == Field::Arguments || !matches!(node.content, Content::Group { list: false, .. });
                        if wraps {
                            inner.owner = around.owner;
                        }
                    }
                    _ => {}
                }
                got |= self.member(nodes, place, node, inner, depth) && inner.owner == own.owner;
            }
        }
        got && own.owner == around.owner
    }

    /// Reads one value beside others. Returns whether the owner around got a score.
    fn member(&mut self, nodes: &[Node<'_>], place: usize, node: &Node<'_>, around: Around<'_>, depth: u8) -> bool {
        let key = node.key.map(unescape);
        let key = key.as_deref();
        let named = key.and_then(|key| self.asked.find_key(key)).map(Whose::Match);
        let owner = named.unwrap_or(around.owner);
        let mut own = Around { owner, ..around };
        own.standing.keyed_in = named.map(|_| around.group);
        let is_text = matches!(node.content, Content::Quoted(raw) if raw.contains(['{', '[']));
        let mut sides = Sides::default();
        if let Some(key) = key.filter(|_| named.is_none() && (is_text || matches!(node.content, Content::Group { .. })))
        {
            if Field::of(key) == Field::Other {
                if is_aside(key) {
                    return false;
                }
                own.standing.tier = own.standing.tier.saturating_add(tier(key));
            }
            // Such as `"Leeds United vs Burnley": {…}`.
            if key.contains(' ') {
                sides.title(key);
            }
        }
        if !sides.is_empty() {
            own.sides = Some(&sides);
        }
        let got = match node.content {
            Content::Group { end, complete, .. } => self.group(nodes, place + 1..end, complete, own, depth),
            Content::Pair(_) => {
                let score = named.and_then(|_| node.score());
                score.is_some_and(|score| self.give(own, Surety::Score, score))
            }
            Content::Bare(bare) => {
                let score = named.and_then(|_| score(bare));
                score.is_some_and(|score| self.give(own, Surety::Score, score))
            }
            Content::Quoted(raw) => {
                let text = unescape(raw);
                match named.and_then(|_| score(&text)) {
                    Some(score) => self.give(own, Surety::Score, score),
                    None if depth < DEEPEST_TEXT && text.contains(['{', '[']) => {
                        !key.is_some_and(is_words) && self.text(&text, own, depth + 1)
                    }
                    None => false,
                }
            }
            Content::Prose => false,
        };
        got && owner == around.owner
    }

    /// Claims a score for the owner; whether it counts.
    fn give(&mut self, around: Around<'_>, surety: Surety, score: Score) -> bool {
        let index = match around.owner {
            Whose::Match(index) => index,
            Whose::Unnamed if self.slots.len() == 1 => 0,
            Whose::Unnamed | Whose::Nobody => return false,
        };
        let standing = Standing { surety: around.standing.surety.max(surety), ..around.standing };
        if !around.beyond.allows(standing.surety, score) {
            return false;
        }
        let turn = around.sides.and_then(|sides| Some(sides.turn(index, self.asked.teams(index)?)));
        let score = match turn.unwrap_or(Turn::Straight) {
            Turn::Straight => score,
            Turn::Turned => Score { home: score.away, away: score.home },
            Turn::Doubtful => return false,
        };
        let Some(slot) = self.slots.get_mut(index) else { return false };
        slot.take(self.value, standing, score);
        true
    }
}
