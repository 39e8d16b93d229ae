//! What the script that grants money answers.

use serde::Deserialize;
use serde_json::Value;

use crate::money::Elsewhere;
use crate::outcome::NanoUsd;

/// An answer of `money.lua`; amounts are texts, for a script writes no more than fourteen digits of a number.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::fleet) struct MoneyAnswer {
    #[serde(rename = "g")]
    pub(in crate::fleet) generation: String,
    now: String,
    done: u8,
    opens: f64,
    #[serde(rename = "v")]
    pub(in crate::fleet) version: u64,
    /// How many members that have a row live.
    pub(in crate::fleet) living: u64,
    row: Option<[String; 4]>,
    free: Option<String>,
    spent: String,
    uncertain: String,
    held: String,
    lapsed: String,
    budget: Option<String>,
    /// An empty list is written as an object.
    #[serde(default)]
    rows: Value,
}

impl MoneyAnswer {
    /// The server's time in milliseconds since 1970.
    pub(in crate::fleet) fn now(&self) -> u64 {
        self.now.parse().unwrap_or_default()
    }

    /// Whether the message was applied.
    pub(in crate::fleet) fn is_applied(&self) -> bool {
        self.done != 0
    }

    /// Whether something can be granted; not while members write back what an emptied server knew.
    pub(in crate::fleet) fn is_open(&self) -> bool {
        self.opens <= 0.0
    }

    /// The number of the member's row, and what the member is allowed by it.
    pub(in crate::fleet) fn row(&self) -> Option<(u64, NanoUsd)> {
        let [number, allowed, ..] = self.row.as_ref()?;
        Some((number.parse().ok()?, amount(allowed)))
    }

    /// What nobody is allowed; `None` without a budget.
    pub(in crate::fleet) fn free(&self) -> Option<NanoUsd> {
        self.free.as_deref().map(amount)
    }

    /// The budget that was used last, by whichever member.
    pub(in crate::fleet) fn budget(&self) -> Option<NanoUsd> {
        self.budget.as_deref().map(amount)
    }

    /// What the others have.
    pub(in crate::fleet) fn elsewhere(&self) -> Elsewhere {
        let Self { spent, uncertain, held, lapsed, .. } = self;
        let [spent, uncertain, held, lapsed] = [spent, uncertain, held, lapsed].map(|text| amount(text));
        Elsewhere { spent, uncertain, held, lapsed }
    }

    /// Every field of the day's hash and its value, if the member had not seen them.
    pub(in crate::fleet) fn fields(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        if self.rows.is_null() {
            return None;
        }
        let rows = self.rows.as_array().map(Vec::as_slice).unwrap_or_default();
        Some(rows.chunks_exact(2).filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?))))
    }
}

/// Millionths of a dollar.
fn amount(text: &str) -> NanoUsd {
    NanoUsd::micro(text.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(rows: &str) -> Option<Vec<(String, String)>> {
        let answer = format!(
            r#"{{"g":"x:1","now":"2","done":0,"opens":0,"v":1,"living":0,"spent":"0","uncertain":"0","held":"0","lapsed":"0"{rows}}}"#
        );
        let answer: MoneyAnswer = serde_json::from_str(&answer).expect("it is an answer");
        let owned = |(field, value): (&str, &str)| (field.to_owned(), value.to_owned());
        answer.fields().map(|fields| fields.map(owned).collect())
    }

    #[test]
    fn no_rows_are_told_apart_from_rows_that_are_known() {
        assert_eq!(fields(""), None);
        assert_eq!(fields(r#","rows":{}"#), Some(Vec::new()), "so an empty list is written by the script");
        assert_eq!(fields(r#","rows":["a","1"]"#), Some(vec![("a".to_owned(), "1".to_owned())]));
    }
}
