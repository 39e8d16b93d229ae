//! What the members of a group say about the group itself.

use std::borrow::Cow;
use std::ops::Range;

use super::Whose;
use super::asked::Asked;
use super::beyond::Beyond;
use super::claims::{Weight, is_chosen};
use super::fields::{Field, Side, Surety};
use super::goals::{goals, score};
use super::periods::{LONGEST_LABEL, is_of_other};
use super::sides::Sides;
use crate::football::Score;
use crate::parse::relaxed::{Content, Node, siblings, unescape};

/// What the members of a group say about the group itself.
#[derive(Default)]
pub(super) struct Facts<'n> {
    /// An id under a name that only a match has; `Err` if it is not asked.
    pub(super) match_id: Option<Result<usize, ()>>,
    /// An id under another name.
    id: Option<Result<usize, ()>>,
    home: Goals<'n>,
    away: Goals<'n>,
    /// A score in one value, and how surely it is one.
    whole: Option<Whole<'n>>,
    /// How likely it is said to be.
    pub(super) weight: Option<Weight>,
    /// Whether it is said to be the one that is meant.
    pub(super) is_chosen: bool,
    /// Whether it is about another stretch of the match.
    is_of_other: bool,
    /// What it says of extra time and penalties.
    pub(super) beyond: Beyond,
    /// How it names the sides.
    pub(super) sides: Sides,
}

/// The goals of one side: those under the surest name, none if they differ under two names that are equally sure. Of a
/// name that is repeated the last value counts, as everywhere in JSON.
#[derive(Default)]
struct Goals<'n> {
    surety: Surety,
    number: Option<u8>,
    key: &'n str,
}

/// A score in one value, by the same rules.
struct Whole<'n> {
    surety: Surety,
    score: Option<Score>,
    key: &'n str,
}

impl<'n> Facts<'n> {
    /// What the members say about the group. Of one that was never closed only the id is believed, and pairs.
    pub(super) fn of(asked: &Asked<'_>, nodes: &[Node<'n>], range: Range<usize>, complete: bool) -> Self {
        let mut facts = Self::default();
        for (place, node) in siblings(nodes, range.start, range.end) {
            let Some(key) = node.key.map(unescape) else { continue };
            let field = Field::of(&key);
            if field != Field::Other && asked.is_id_like_a_field(&key) {
                continue;
            }
            facts.take(asked, nodes, (place, node), (&key, field), complete);
        }
        facts
    }

    fn take(
        &mut self,
        asked: &Asked<'_>,
        nodes: &[Node<'n>],
        (place, node): (usize, &Node<'n>),
        (key, field): (&str, Field),
        complete: bool,
    ) {
        let value = node.text();
        let name = node.key.unwrap_or_default();
        match field {
            Field::MatchId => self.match_id = value.and_then(|id| id_of(asked, &id)).or(self.match_id),
            Field::Id => self.id = value.and_then(|id| id_of(asked, &id)).or(self.id),
            Field::Match => {
                let id = id_of_match(asked, nodes, place, node);
                self.id = self.id.or(id);
                if !matches!((id, node.content), (Some(_), Content::Quoted(_) | Content::Bare(_))) {
                    self.sides.field(nodes, place, node, field, 0);
                }
                self.beyond.within(nodes, place, node, 0);
            }
            Field::Score { surety } => match (node.content, value) {
                (Content::Pair(_), None) => self.offer_whole(name, surety, node.score()),
                (_, Some(text)) if complete => {
                    self.offer_whole(name, surety, score(&text));
                    self.is_chosen |= is_chosen(key, &text);
                }
                _ => self.beyond.within(nodes, place, node, 1),
            },
            Field::Goals { side, surety } => {
                if complete {
                    let within = value.is_none().then(|| goals_within(nodes, place, node)).flatten();
                    // Any name of a score in it says no more than the name around it.
                    let inner = within.map(|(inner, _)| inner).filter(|&inner| inner > Surety::Score);
                    let number = value.map_or(within.map(|(_, goals)| goals), |text| goals(&text));
                    self.offer_goals(name, side, inner.unwrap_or(surety).max(surety), number);
                }
                self.sides.field(nodes, place, node, field, 0);
            }
            Field::Team(side) => {
                if let Some((surety, number)) = goals_within(nodes, place, node).filter(|_| complete) {
                    self.offer_goals(name, side, surety, Some(number));
                }
                self.sides.field(nodes, place, node, field, 0);
            }
            Field::Other => {
                self.sides.field(nodes, place, node, field, 0);
                // What explains a score is longer than what labels it.
                if value.as_deref().is_some_and(|text| text.len() > LONGEST_LABEL) {
                    return;
                }
                self.beyond.field(nodes, place, node, key);
                if let Some(text) = value {
                    self.weight = Weight::of(key, &text).or(self.weight);
                    self.is_chosen |= is_chosen(key, &text);
                    self.is_of_other |= is_of_other(key, &text);
                }
            }
            Field::Arguments => {}
        }
    }

    fn offer_goals(&mut self, key: &'n str, side: Side, surety: Surety, goals: Option<u8>) {
        let known = match side {
            Side::Home => &mut self.home,
            Side::Away => &mut self.away,
        };
        let differs =
            surety == known.surety && known.key != key && known.number.is_some_and(|other| goals != Some(other));
        if differs && goals.is_some() {
            known.number = None;
        } else if surety >= known.surety {
            *known = Goals { surety, number: goals, key };
        }
    }

    fn offer_whole(&mut self, key: &'n str, surety: Surety, score: Option<Score>) {
        // One that is none, such as "home win", leaves the field to others.
        if score.is_none() {
            return;
        }
        match &mut self.whole {
            Some(known) if surety < known.surety => {}
            Some(known) if surety == known.surety && known.key != key && known.score != score => known.score = None,
            known => *known = Some(Whole { surety, score, key }),
        }
    }

    /// The score by sides, if both are named alike.
    pub(super) fn by_sides(&self) -> Option<(Surety, Score)> {
        let (home, away) = self.home.number.zip(self.away.number).filter(|_| self.home.surety == self.away.surety)?;
        Some((self.home.surety, Score { home, away }))
    }

    /// The score under names that leave no doubt: `home` and `away` alone may also hold teams.
    pub(super) fn firm(&self) -> Option<(Surety, Score)> {
        let named = self.by_sides().filter(|&(surety, _)| surety > Surety::Bare);
        let whole = self.whole.as_ref().and_then(|whole| Some((whole.surety, whole.score?)));
        match (named, whole) {
            (Some(named), Some(whole)) if whole.0 > named.0 => Some(whole),
            (named, whole) => named.or(whole),
        }
    }

    /// Whose score the group holds, when what is around it belongs to `around`.
    pub(super) fn owner(&self, around: Whose) -> Whose {
        match (self.match_id, self.id) {
            (Some(Ok(index)), _) | (_, Some(Ok(index))) => Whose::Match(index),
            (Some(Err(())), _) => Whose::Nobody,
            (None, Some(Err(()))) if around == Whose::Unnamed => Whose::Nobody,
            _ => around,
        }
    }

    /// Whether it is about another stretch of the match than the whole. A match that is named is whole.
    pub(super) fn is_aside(&self) -> bool {
        self.is_of_other && self.match_id.is_none() && self.id.is_none()
    }
}

/// What an id says; `None` if it says nothing.
fn id_of(asked: &Asked<'_>, id: &str) -> Option<Result<usize, ()>> {
    match id.trim() {
        "" | "null" | "None" | "undefined" => None,
        _ => Some(asked.find(id).ok_or_else(|| asked.miss())),
    }
}

/// The id in a field that holds the match. A text that is not asked and looks like the names of teams is none.
fn id_of_match(asked: &Asked<'_>, nodes: &[Node<'_>], place: usize, node: &Node<'_>) -> Option<Result<usize, ()>> {
    if let Content::Group { end, .. } = node.content {
        let ids = siblings(nodes, place + 1, end).filter_map(|(_, inner)| {
            let is_id = matches!(Field::of(&unescape(inner.key?)), Field::MatchId | Field::Id);
            id_of(asked, &inner.text().filter(|_| is_id)?)
        });
        return ids.last();
    }
    let text = node.text()?;
    let names = text.trim().contains(char::is_whitespace) || text.contains("vs") || !text.is_ascii();
    id_of(asked, &text).filter(|id| id.is_ok() || !names)
}

/// The goals in a record about one side, such as `{"name": "…", "score": 2}`: those under the surest name, and how sure it
/// is.
fn goals_within(nodes: &[Node<'_>], place: usize, node: &Node<'_>) -> Option<(Surety, u8)> {
    let Content::Group { end, complete: true, .. } = node.content else { return None };
    let found = siblings(nodes, place + 1, end).filter_map(|(_, inner)| {
        let Field::Score { surety } = Field::of(&unescape(inner.key?)) else { return None };
        Some((surety, goals(&inner.text()?)?))
    });
    found.max_by_key(|&(surety, _)| surety)
}

impl Node<'_> {
    /// The text of a scalar; that of a list of two that are no score is empty.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self.content {
            Content::Quoted(raw) => Some(unescape(raw)),
            Content::Bare(bare) => Some(Cow::Borrowed(bare)),
            Content::Pair(pair) => pair_of_goals(pair).is_none().then_some(Cow::Borrowed("")),
            Content::Group { .. } | Content::Prose => None,
        }
    }

    /// The score that a scalar or a pair is.
    pub(super) fn score(&self) -> Option<Score> {
        match self.content {
            Content::Pair(pair) => pair_of_goals(pair),
            _ => score(&self.text()?),
        }
    }
}

fn pair_of_goals([home, away]: [&str; 2]) -> Option<Score> {
    Some(Score { home: goals(home)?, away: goals(away)? })
}
