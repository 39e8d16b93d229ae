//! Requests that crossed together, as `crossing.js` gathered them: one text, and for each request the number of its promise,
//! how many items it has, and how long its texts are.

use std::fmt::Display;

use napi::{Env, Unknown};

use super::node::units;
use crate::check::Faults;

/// How long a text is that is not there.
const ABSENT: i32 = -1;
/// The numbers of a request beside those of its items: its promise, how many items it has, and two texts.
const NUMBERS: usize = 4;

/// What was gathered.
pub(super) struct Gathered {
    units: Vec<u16>,
    numbers: Vec<i32>,
    /// Where each request begins among the numbers.
    begins: Vec<usize>,
}

/// What was gathered, as it is read from its beginning to its end.
pub(super) struct Texts<'g> {
    units: &'g [u16],
    numbers: &'g [i32],
}

impl Gathered {
    /// Takes over a text and what is to be read of so many requests, whose items have `texts_of_item` each.
    pub(super) fn new(
        env: &Env,
        text: Unknown<'_>,
        numbers: &[i32],
        requests: usize,
        texts_of_item: usize,
    ) -> napi::Result<Self> {
        let numbers = numbers.get(1..).unwrap_or_default().to_vec();
        let (mut begins, mut length, mut at) = (Vec::with_capacity(requests), 0, 0);
        for _ in 0..requests {
            begins.push(at);
            let items = numbers.get(at + 1).and_then(|&items| usize::try_from(items).ok()).unwrap_or_default();
            let end = at + NUMBERS + texts_of_item * items;
            let lengths = numbers.get(at + 2..end).unwrap_or_default();
            length += lengths.iter().filter_map(|&length| usize::try_from(length).ok()).sum::<usize>();
            at = end;
        }
        Ok(Self { units: units(env, text, length)?, numbers, begins })
    }

    /// The numbers of the promises, in the order of the requests.
    pub(super) fn promises(&self) -> impl ExactSizeIterator<Item = u32> {
        self.begins.iter().map(|&at| self.numbers[at].cast_unsigned())
    }

    /// What is to be read of them, in their order.
    pub(super) fn texts(&self) -> Texts<'_> {
        Texts { units: &self.units, numbers: &self.numbers }
    }
}

impl<'g> Texts<'g> {
    fn number(&mut self) -> i32 {
        let (first, others) = self.numbers.split_first().unwrap_or((&ABSENT, &[]));
        self.numbers = others;
        *first
    }

    /// Begins the next request; returns how many items it has.
    pub(super) fn begin(&mut self) -> usize {
        self.number();
        usize::try_from(self.number()).unwrap_or_default()
    }

    fn units(&mut self) -> Option<&'g [u16]> {
        let length = usize::try_from(self.number()).ok()?;
        let (text, others) = self.units.split_at_checked(length)?;
        self.units = others;
        Some(text)
    }

    /// The next text, with something in the place of each half of a surrogate pair.
    pub(super) fn text(&mut self) -> Option<String> {
        self.units().map(|units| ascii(units).unwrap_or_else(|| String::from_utf16_lossy(units)))
    }

    /// The next text, which stands at `path`; half of a surrogate pair in it is a fault, and it reads as absent.
    pub(super) fn whole(&mut self, path: &dyn Display, faults: &mut Faults) -> Option<String> {
        let units = self.units()?;
        ascii(units).or_else(|| {
            let text = String::from_utf16(units).ok();
            if text.is_none() {
                faults.push(&path.to_string(), "must not contain half a surrogate pair");
            }
            text
        })
    }
}

/// A text that is nothing but ASCII.
#[expect(clippy::cast_possible_truncation, reason = "checked before")]
fn ascii(units: &[u16]) -> Option<String> {
    // Without a branch in the loop, so that it is done for many units at once.
    if units.iter().fold(0, |all, unit| all | unit) >= 0x80 {
        return None;
    }
    String::from_utf8(units.iter().map(|&unit| unit as u8).collect()).ok()
}
