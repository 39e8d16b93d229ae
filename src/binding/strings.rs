//! The texts of what crosses to JavaScript. Short ones stand in one string, from which JavaScript cuts them; who keeps a piece of
//! a string keeps all of it, so no string is much longer than what is worth keeping.

use super::node::Text;

/// A longer text, in bytes, is a string of its own: who keeps it shall not keep what stood beside it.
pub(super) const MOST_BESIDE: usize = 1024;

/// So many bytes of text stand in one string; then another is begun, for who keeps a part of a string keeps all of it.
pub(super) const MOST_TEXT: usize = 1 << 15;

/// The texts that were written.
#[derive(Default)]
pub(super) struct Strings {
    /// The one that is read first.
    pub(super) first: String,
    /// Those that are read whole, and those that are read after the first, as the codes say.
    pub(super) long: Vec<String>,
    /// Which of them is written to now; `None`: the first.
    another: Option<usize>,
}

impl Strings {
    /// The text that is written to.
    pub(super) fn written(&mut self) -> &mut String {
        self.another.and_then(|place| self.long.get_mut(place)).unwrap_or(&mut self.first)
    }

    /// Begins another text, if the one that is written to is long enough; whether it did.
    pub(super) fn make_room(&mut self) -> bool {
        let is_full = self.written().len() >= MOST_TEXT;
        if is_full {
            self.another = Some(self.long.len());
            self.long.push(String::with_capacity(MOST_TEXT + MOST_BESIDE));
        }
        is_full
    }

    /// Adds what another has, and leaves that empty.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.written().push_str(&std::mem::take(&mut other.first));
        if let Some(place) = other.another.take() {
            self.another = Some(self.long.len() + place);
        }
        self.long.append(&mut other.long);
    }

    /// Takes the first and the others, after which it is written from the beginning.
    pub(super) fn take(&mut self) -> (Text, Vec<Text>) {
        self.another = None;
        (Text(std::mem::take(&mut self.first)), self.long.drain(..).map(Text).collect())
    }
}
