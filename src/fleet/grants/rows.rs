//! The rows of a day as they were read last, so that they can be written back to a server that has lost them.

use std::collections::{BTreeMap, HashSet};

use crate::outcome::NanoUsd;

/// How the field of a member's row begins.
const ROW: &str = "m:";
/// How a field begins that says that a share of the budget was told.
const SHARE: &str = "t:";
/// The most characters of a field or a value.
const LONGEST: usize = 100;
/// How a field begins that says that a member lapsed.
const LAPSE: &str = "l:";

/// What is known of the hash of one day.
#[derive(Clone, Debug, Default)]
pub(super) struct DayRows {
    fields: BTreeMap<String, String>,
    /// The fields that this member has told of.
    heard: HashSet<String>,
}

/// Something that the fleet tells once.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::fleet) enum Notice {
    /// A share of the day's budget is gone.
    Share {
        /// The share.
        share: f64,
        /// What was spent then.
        spent: NanoUsd,
        /// The member whose report passed it.
        origin: String,
    },
    /// A member that held money is no longer living.
    Lapse {
        /// The member.
        member: String,
        /// What it holds.
        held: NanoUsd,
        /// The member that noticed it.
        origin: String,
    },
}

impl DayRows {
    /// Takes over what was read. Returns what the server has lost: rows of which a later copy is known here, and shares
    /// that were told.
    pub(super) fn read<'a>(&mut self, fields: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
        let mut read: BTreeMap<String, String> =
            fields.map(|(field, value)| (field.to_owned(), value.to_owned())).collect();
        let is_lost = |field: &str, value: &str| match read.get(field) {
            None => field.starts_with(ROW) || field.starts_with(SHARE),
            Some(known) => field.starts_with(ROW) && number(value) > number(known),
        };
        let lost = self.fields.iter().filter(|(field, value)| is_lost(field, value));
        let lost: Vec<_> = lost.map(|(field, value)| (field.clone(), value.clone())).collect();
        read.extend(lost.iter().cloned());
        self.fields = read;
        lost
    }

    /// What another engine has saved, as far as it can be read: nothing else may reach the server.
    pub(super) fn saved<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let is_good = |(field, value): &(&str, &str)| {
            let is_amount =
                |text: &str| text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
            let is_row = field.starts_with(ROW) && value.split(' ').count() == 4 && value.split(' ').all(is_amount);
            field.len() <= LONGEST && value.len() <= LONGEST && (is_row || mark(field, value).is_some())
        };
        let fields = fields.filter(is_good).map(|(field, value)| (field.to_owned(), value.to_owned()));
        Self { fields: fields.collect(), heard: HashSet::new() }
    }

    /// Everything that is to be written back to a server that has nothing.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let is_kept = |field: &str| [ROW, SHARE, LAPSE].iter().any(|kind| field.starts_with(kind));
        let kept = self.fields.iter().filter(|(field, _)| is_kept(field));
        kept.map(|(field, value)| (field.clone(), value.clone())).collect()
    }

    /// Takes over a row that this member was answered.
    pub(super) fn set_row(&mut self, member: &str, value: String) {
        self.fields.insert(format!("{ROW}{member}"), value);
    }

    /// What was marked and not heard of yet. From then on it is heard of. A lapse is heard of again once it was over.
    pub(super) fn news(&mut self) -> Vec<Notice> {
        self.heard.retain(|field| self.fields.contains_key(field));
        let marks: Vec<_> =
            self.fields.iter().filter_map(|(field, value)| Some((field, mark(field, value)?))).collect();
        let mut news = Vec::new();
        for (field, mark) in marks {
            if self.heard.insert(field.clone()) {
                news.push(mark);
            }
        }
        news
    }
}

fn mark(field: &str, value: &str) -> Option<Notice> {
    let (first, second) = value.split_once(' ')?;
    if let Some(share) = field.strip_prefix(SHARE) {
        let spent = NanoUsd::micro(second.parse().ok()?);
        return Some(Notice::Share { share: share.parse().ok()?, spent, origin: first.to_owned() });
    }
    let member = field.strip_prefix(LAPSE)?.to_owned();
    Some(Notice::Lapse { member, held: NanoUsd::micro(first.parse().ok()?), origin: second.to_owned() })
}

/// The number of a row.
fn number(row: &str) -> Option<u64> {
    row.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &mut DayRows, fields: &[(&'static str, &'static str)]) -> Vec<String> {
        rows.read(fields.iter().copied()).into_iter().map(|(field, value)| format!("{field}={value}")).collect()
    }

    #[test]
    fn what_a_server_has_lost_is_known_by_the_number_of_the_row() {
        let mut rows = DayRows::default();
        assert!(
            read(&mut rows, &[("m:a", "9 5 4 0"), ("m:b", "1 1 1 1"), ("t:0.5", "a 4"), ("l:b", "3 a"), ("v", "7")])
                .is_empty()
        );
        let lost = read(&mut rows, &[("m:a", "10 5 5 0"), ("m:c", "1 0 0 0"), ("v", "3")]);
        assert_eq!(lost, ["m:b=1 1 1 1", "t:0.5=a 4"], "a lapse that is over is not brought back");
        let lost = read(&mut rows, &[("m:a", "9 9 9 9"), ("m:b", "2 0 0 0"), ("m:c", "1 0 0 0"), ("t:0.5", "a 4")]);
        assert_eq!(lost, ["m:a=10 5 5 0"], "9 is less than 10");
        assert_eq!(rows.all().len(), 4);
    }

    #[test]
    fn each_mark_is_heard_of_once_and_a_lapse_again_when_it_was_over() {
        let mut rows = DayRows::default();
        read(&mut rows, &[("t:0.8", "a 800000"), ("l:b", "30 c"), ("t:odd", "x y")]);
        let share = Notice::Share { share: 0.8, spent: NanoUsd::micro(800_000), origin: "a".to_owned() };
        let lapse = Notice::Lapse { member: "b".to_owned(), held: NanoUsd::micro(30), origin: "c".to_owned() };
        assert_eq!(rows.news(), [lapse.clone(), share]);
        assert_eq!(rows.news(), []);
        read(&mut rows, &[("t:0.8", "a 800000")]);
        assert_eq!(rows.news(), []);
        read(&mut rows, &[("t:0.8", "a 800000"), ("l:b", "30 c")]);
        assert_eq!(rows.news(), [lapse]);
    }

    #[test]
    fn what_was_saved_is_taken_over_only_as_far_as_it_can_be_read() {
        let fields = [
            ("m:a", "1 2 3 4"),
            ("m:b", "1 2 3"),
            ("m:c", "1 2 3 -4"),
            ("m:d", "1 2 3 1234567890123456"),
            ("t:0.5", "a 7"),
            ("t:half", "a 7"),
            ("l:x", "7 a"),
            ("v", "1"),
            ("", ""),
        ];
        let fields = DayRows::saved(fields.into_iter()).all();
        let names: Vec<&str> = fields.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(names, ["l:x", "m:a", "t:0.5"]);
    }
}
