//! Rows of cells: Markdown tables, comma-separated values, and lists of three.

use super::super::asked::Asked;
use super::super::fields::{Field, LONGEST, Side, Surety, fold};
use super::super::goals::{goals, score};
use super::{Claimant, id_in};
use crate::parse::plain::bare;
use crate::parse::relaxed::{Content, Node};

/// What a heading without names in it stands for: the id, and the goals of both sides.
const PLAIN: [&str; 3] = ["match_id", "home_score", "away_score"];

/// The heading of a table.
pub(super) struct Heading<'a> {
    names: Vec<&'a str>,
    /// The column of the id.
    id: usize,
    /// Whether a score in one cell is read: the columns of the sides stand in its order, if there are any.
    is_in_order: bool,
    /// Whether `home` and `away` are prices or chances, for there is one of a draw.
    is_of_prices: bool,
}

impl<'a> Heading<'a> {
    /// The heading that these cells are; `None` if they name no id and no score.
    pub(super) fn read(cells: &[&'a str]) -> Option<Self> {
        let names: Vec<&str> = cells.iter().map(|cell| bare(cell)).collect();
        let fields: Vec<Field> = names.iter().map(|name| Field::of(name)).collect();
        let place = |wanted: &[Field]| fields.iter().position(|field| wanted.contains(field));
        let id = place(&[Field::MatchId]).or_else(|| place(&[Field::Id])).or_else(|| place(&[Field::Match]))?;
        let side_at = |wanted: Side| {
            fields.iter().position(|field| match field {
                Field::Team(side) | Field::Goals { side, .. } => *side == wanted,
                _ => false,
            })
        };
        let (home, away) = (side_at(Side::Home), side_at(Side::Away));
        let has_goals =
            |wanted: Side| fields.iter().any(|field| matches!(field, Field::Goals { side, .. } if *side == wanted));
        let has_whole = fields.iter().any(|field| matches!(field, Field::Score { .. }));
        (has_whole || has_goals(Side::Home) && has_goals(Side::Away)).then(|| Self {
            is_in_order: home.zip(away).is_none_or(|(home, away)| home < away),
            is_of_prices: names.iter().any(|name| is_draw(name)),
            names,
            id,
        })
    }

    /// The heading of rows that have none: id, home, away.
    pub(super) fn plain() -> Heading<'static> {
        Heading { names: PLAIN.to_vec(), id: 0, is_in_order: true, is_of_prices: false }
    }

    /// Claims what a row says; whether it is one of this table.
    pub(super) fn claim(&self, cells: &[&'a str], claimant: &mut Claimant<'_, '_>) -> bool {
        if cells.len() != self.names.len() {
            return false;
        }
        let mut nodes: Vec<Node<'a>> = Vec::new();
        for (place, (name, cell)) in self.names.iter().zip(cells).enumerate() {
            let (name, cell) = (*name, bare(cell));
            let is_left_out = match Field::of(name) {
                _ if place == self.id => false,
                Field::Score { .. } => !self.is_in_order || is_time(cell),
                Field::Goals { surety: Surety::Bare, .. } => self.is_of_prices && goals(cell).is_some(),
                // Another id than that of the match, such as that of the row.
                Field::MatchId | Field::Id => true,
                _ => false,
            };
            if cell.is_empty() || is_left_out {
                continue;
            }
            if is_told_twice(&nodes, name, cell) {
                return true;
            }
            let key = if place == self.id { "match_id" } else { name };
            nodes.push(Node { key: Some(key), content: Content::Bare(cell) });
        }
        claimant.claim(&nodes);
        true
    }
}

/// Claims what a row without a heading says, such as `"m1", 2, 1` or `m1, 2-1`, whose first cell is an asked id.
pub(super) fn claim_plain(cells: &[&str], claimant: &mut Claimant<'_, '_>) {
    match cells {
        [_, home, away] if goals(bare(home)).is_some() && goals(bare(away)).is_some() => {
            Heading::plain().claim(cells, claimant);
        }
        [id, said] if score(bare(said)).is_some() && !is_time(bare(said)) => {
            let nodes = [("match_id", bare(id)), ("score", bare(said))];
            claimant.claim(&nodes.map(|(key, value)| Node { key: Some(key), content: Content::Bare(value) }));
        }
        _ => {}
    }
}

/// Whether the first cell is an asked id.
pub(super) fn begins_with_id(cells: &[&str], asked: &Asked<'_>) -> bool {
    cells.len() > 1 && cells.first().is_some_and(|cell| id_in(cell, asked).is_some())
}

/// Whether two columns of one name hold scores or goals that differ.
fn is_told_twice(nodes: &[Node<'_>], name: &str, cell: &str) -> bool {
    let is_number = |text: &str| goals(text).is_some() || score(text).is_some();
    let is_other = |node: &Node<'_>| {
        node.key == Some(name) && matches!(node.content, Content::Bare(known) if is_number(known) && known != cell)
    };
    is_number(cell) && nodes.iter().any(is_other)
}

/// Whether what looks like a score is the time of a day.
fn is_time(cell: &str) -> bool {
    cell.split_once([':', '：']).is_some_and(|(_, minutes)| minutes.trim().len() > 1)
}

/// Whether a column is that of a draw.
pub(super) fn is_draw(name: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(name, &mut buffer)
        .is_some_and(|name| matches!(name, "draw" | "x" | "tie" | "drawprob" | "drawodds" | "drawprobability"))
}
