//! A score.

/// The most goals of one side that are believed.
pub(super) const MOST_GOALS: u8 = 20;

/// A final score: goals of the home side and of the away side, 0 to 20 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Score {
    /// Goals of the home side.
    pub home: u8,
    /// Goals of the away side.
    pub away: u8,
}
