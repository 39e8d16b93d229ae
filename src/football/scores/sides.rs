//! How a reply names the sides of a match, and whether that is how they were asked.

use std::borrow::Cow;
use std::cell::Cell;

use super::fields::{Field, LONGEST, Side, Surety, fold};
use super::teams::{Meant, Team};
use crate::parse::relaxed::{Content, Node, siblings, unescape};

/// How deep names are looked for in the records of a match and of its teams.
const DEEPEST_NAMES: u8 = 3;

/// The longest text that is read as the names of two teams.
const LONGEST_TITLE: usize = 1024;

/// What stands between the names of the home and the away side.
const BETWEEN: [&str; 9] = [" vs. ", " vs ", " v. ", " v ", " versus ", " against ", " gegen ", " contra ", " x "];

/// What stands between the names of the away and the home side.
const AT: [&str; 2] = [" @ ", " at "];

/// What may stand between names, and inside names and any other text.
const LOOSE: [char; 7] = ['–', '—', '-', '/', ',', '|', '·'];

/// At how many of them one text is parted.
const MOST_PARTINGS: usize = 8;

/// How many ways of naming the sides are kept of one record: each score in it is compared with all of them.
const MOST_NAMED: usize = 16;

/// How the sides of a score stand to those that were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The same way round, as far as names say.
    Straight,
    /// The other way round.
    Turned,
    /// There is no telling, or it is another match.
    Doubtful,
}

/// One way in which a reply names the sides.
#[derive(Debug)]
struct Named {
    home: Team,
    away: Team,
    /// Whether it may also be another text that is parted like names.
    loose: bool,
}

/// The ways in which a record names the sides.
#[derive(Debug, Default)]
pub(super) struct Sides {
    named: Vec<Named>,
    home: Option<Team>,
    away: Option<Team>,
    /// What was last found out, and for which match.
    found: Cell<Option<(usize, Turn)>>,
}

impl Sides {
    /// Takes the name of one side.
    pub(super) fn name(&mut self, side: Side, name: &str) {
        let team = Some(Team::new(name));
        match side {
            Side::Home => self.home = team,
            Side::Away => self.away = team,
        }
    }

    /// Takes a text such as `Leeds United vs Burnley`, if it is one.
    pub(super) fn title(&mut self, title: &str) {
        if title.len() > LONGEST_TITLE || self.named.len() >= MOST_NAMED {
            return;
        }
        if let Some((home, away, loose)) = parted(title) {
            self.add(home, away, loose);
            return;
        }
        for (at, mark) in title.match_indices(LOOSE).take(MOST_PARTINGS) {
            let (home, away) = title.split_at(at);
            self.add(home, away.strip_prefix(mark).unwrap_or(away), true);
        }
    }

    fn couple(&mut self, [home, away]: [&str; 2]) {
        self.add(home, away, false);
    }

    fn add(&mut self, home: &str, away: &str, loose: bool) {
        if self.named.len() < MOST_NAMED {
            self.named.push(Named { home: Team::new(home), away: Team::new(away), loose });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.home.is_none() && self.away.is_none()
    }

    /// How the sides stand to those of the asked match with this index.
    pub(super) fn turn(&self, index: usize, [home, away]: &[Team; 2]) -> Turn {
        if let Some((_, turn)) = self.found.get().filter(|&(known, _)| known == index) {
            return turn;
        }
        let meant = |team: &Team| team.among(home, away);
        let by_fields = turned(
            self.home.as_ref().map_or(Meant::Nothing, meant),
            self.away.as_ref().map_or(Meant::Nothing, meant),
            false,
        );
        let by_titles = self.named.iter().map(|named| turned(meant(&named.home), meant(&named.away), named.loose));
        let mut turns = by_titles.chain([by_fields]).flatten();
        let first = turns.next();
        let turn = if turns.all(|turn| first == Some(turn)) { first.unwrap_or(Turn::Straight) } else { Turn::Doubtful };
        self.found.set(Some((index, turn)));
        turn
    }

    /// Takes what a field says of the sides; `depth` is how deep it lies in the record of the match.
    pub(super) fn field(&mut self, nodes: &[Node<'_>], place: usize, node: &Node<'_>, field: Field, depth: u8) {
        match field {
            Field::Team(side) | Field::Goals { side, surety: Surety::Bare } => {
                if let Some(name) = name_of(nodes, place, node, 0) {
                    self.name(side, &name);
                }
            }
            Field::Match => self.titled(nodes, place, node, depth),
            Field::Other if node.key.is_some_and(is_title) => self.titled(nodes, place, node, depth),
            _ => {}
        }
    }

    /// Takes a field that holds the names of both sides.
    fn titled(&mut self, nodes: &[Node<'_>], place: usize, node: &Node<'_>, depth: u8) {
        match node.content {
            Content::Quoted(raw) => self.title(&unescape(raw)),
            Content::Bare(bare) => self.title(bare),
            Content::Pair(names) if node.score().is_none() => {
                let [home, away] = names.map(unescape);
                self.couple([&home, &away]);
            }
            Content::Group { end, list: true, .. } => {
                let mut records = siblings(nodes, place + 1, end);
                if let (Some(first), Some(second), None) = (records.next(), records.next(), records.next())
                    && let (Some(home), Some(away)) =
                        (name_of(nodes, first.0, first.1, 0), name_of(nodes, second.0, second.1, 0))
                {
                    let is_turned = says_away(nodes, first.0, first.1);
                    self.couple(if is_turned { [&away, &home] } else { [&home, &away] });
                }
            }
            Content::Group { end, .. } if depth < DEEPEST_NAMES => {
                for (place, inner) in siblings(nodes, place + 1, end) {
                    let field = inner.key.map_or(Field::Other, |key| Field::of(&unescape(key)));
                    self.field(nodes, place, inner, field, depth + 1);
                }
            }
            Content::Group { .. } | Content::Pair(_) | Content::Prose => {}
        }
    }
}

/// What the names of both sides say; `None` if nothing.
fn turned(home: Meant, away: Meant, loose: bool) -> Option<Turn> {
    use Meant::{Either, First, Neither, Nothing, Second};
    match (home, away) {
        (First, Second) => Some(Turn::Straight),
        (Second, First) => Some(Turn::Turned),
        _ if loose => None,
        (First, Either | Neither | Nothing) | (Either | Neither | Nothing, Second) => Some(Turn::Straight),
        (Nothing | Either, Nothing | Either | Neither) | (Neither, Nothing | Either) => None,
        (Neither, Neither) | (Second, _) | (_, First) => Some(Turn::Doubtful),
    }
}

/// The names in a text such as `Leeds United vs Burnley` or `Burnley @ Leeds United`, the home side first, and whether
/// the text may be another.
fn parted(title: &str) -> Option<(&str, &str, bool)> {
    let lower = title.to_ascii_lowercase();
    let cut = |between: &&str| {
        let at = lower.find(between)?;
        Some((title.get(..at)?, title.get(at + between.len()..)?))
    };
    let straight = BETWEEN.iter().find_map(cut).map(|(home, away)| (home, away, false));
    straight.or_else(|| AT.iter().find_map(cut).map(|(away, home)| (home, away, true)))
}

/// The name of a side: a text that is no number, or what a record has as its name.
fn name_of<'n>(nodes: &[Node<'n>], place: usize, node: &Node<'n>, depth: u8) -> Option<Cow<'n, str>> {
    let text = match node.content {
        Content::Quoted(raw) => unescape(raw),
        Content::Bare(bare) => Cow::Borrowed(bare),
        Content::Group { end, list: false, .. } if depth < DEEPEST_NAMES => {
            let mut names = siblings(nodes, place + 1, end).filter(|(_, inner)| inner.key.is_some_and(is_name));
            return names.find_map(|(place, inner)| name_of(nodes, place, inner, depth + 1));
        }
        _ => return None,
    };
    text.contains(char::is_alphabetic).then_some(text)
}

/// Whether a record says that it is about the away side.
fn says_away(nodes: &[Node<'_>], place: usize, node: &Node<'_>) -> bool {
    let Content::Group { end, .. } = node.content else { return false };
    siblings(nodes, place + 1, end).any(|(_, inner)| {
        let mut buffer = [0; LONGEST];
        let is_side = inner.key.and_then(|key| fold(key, &mut buffer)).is_some_and(|name| {
            matches!(name, "side" | "homeaway" | "location" | "venue" | "role" | "type" | "qualifier")
        });
        let away = |text: &str| text.trim().eq_ignore_ascii_case("away");
        is_side && matches!(inner.content, Content::Quoted(text) | Content::Bare(text) if away(text))
    })
}

/// Whether a field holds the names of both sides.
fn is_title(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(key, &mut buffer).is_some_and(|name| {
        matches!(
            name,
            "clubs"
                | "competitors"
                | "event"
                | "eventname"
                | "fixturename"
                | "gamename"
                | "matchname"
                | "matchtitle"
                | "matchup"
                | "name"
                | "opponents"
                | "pairing"
                | "participants"
                | "sides"
                | "teams"
                | "title"
        )
    })
}

/// Whether a field of the record of a side holds its name.
fn is_name(key: &str) -> bool {
    let mut buffer = [0; LONGEST];
    fold(key, &mut buffer).is_some_and(|name| {
        matches!(name, "club" | "displayname" | "fullname" | "name" | "shortname" | "team" | "teamname" | "title")
            || name.starts_with("home") && name.ends_with("name")
            || name.starts_with("away") && name.ends_with("name")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_score_is_compared_with_has_a_bound() {
        let mut sides = Sides::default();
        for _ in 0..100 {
            sides.title("Leeds United vs Burnley");
            sides.title("a-b-c-d-e-f-g-h-i-j-k");
            sides.couple(["Leeds United", "Burnley"]);
        }
        assert_eq!(sides.named.len(), MOST_NAMED);
    }
}
