//! What many models say of a match together.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use super::{Match, Score};

/// What the models that answered say of one match.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// The match's id.
    pub id: String,
    /// How many models answered, at least 1.
    pub models: usize,
    /// The share of them that sees the home side win, 0 to 1.
    pub home_win: f64,
    /// The share that sees a draw.
    pub draw: f64,
    /// The share that sees the away side win.
    pub away_win: f64,
    /// The most frequent score; of several the one with the fewest goals, and of those the one with the fewest of the home side.
    pub score: Score,
}

/// What is said of each match that has an answer, in order. Of each the answers are given by its place, with the model that
/// gave them: a model counts once, with the first that is given.
pub fn consensus<M: Copy + Eq + Hash>(
    matches: &[Match],
    answers: impl IntoIterator<Item = (usize, M, Score)>,
) -> Vec<Consensus> {
    let mut seen = HashSet::new();
    let mut scores: BTreeMap<usize, BTreeMap<(u8, u8), usize>> = BTreeMap::new();
    for (place, model, score) in answers {
        if seen.insert((place, model)) {
            *scores.entry(place).or_default().entry((score.home, score.away)).or_default() += 1;
        }
    }
    let of_match = |(place, scores): (usize, BTreeMap<(u8, u8), usize>)| {
        let models = scores.values().sum();
        let share = |is_such: fn(&(u8, u8)) -> bool| {
            let such: usize = scores.iter().filter(|(score, _)| is_such(score)).map(|(_, count)| count).sum();
            proportion(such, models)
        };
        let rank = |(score, count): &(&(u8, u8), &usize)| {
            let fewest = std::cmp::Reverse((u16::from(score.0) + u16::from(score.1), score.0));
            (**count, fewest)
        };
        let (&(home, away), _) = scores.iter().max_by_key(rank)?;
        Some(Consensus {
            id: matches.get(place)?.id.clone(),
            models,
            home_win: share(|(home, away)| home > away),
            draw: share(|(home, away)| home == away),
            away_win: share(|(home, away)| home < away),
            score: Score { home, away },
        })
    };
    scores.into_iter().filter_map(of_match).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of models are far below 2^52")]
fn proportion(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scores: &[(u8, u8)]) -> Consensus {
        let matches = [Match { id: "m".to_owned(), ..Match::default() }];
        let answers = scores.iter().enumerate().map(|(model, &(home, away))| (0, model, Score { home, away }));
        consensus(&matches, answers).pop().expect("it has an answer")
    }

    #[test]
    fn shares_are_of_the_models_and_the_score_is_the_most_frequent() {
        let said = of(&[(2, 1), (2, 1), (0, 0), (3, 0), (0, 1)]);
        assert_eq!((said.models, said.score), (5, Score { home: 2, away: 1 }));
        assert_eq!((said.home_win, said.draw, said.away_win), (0.6, 0.2, 0.2));
    }

    #[test]
    fn of_equally_frequent_scores_the_one_with_the_fewest_goals_stands() {
        assert_eq!(of(&[(3, 1), (1, 1), (2, 0), (4, 4)]).score, Score { home: 1, away: 1 });
        assert_eq!(of(&[(2, 0), (0, 2)]).score, Score { home: 0, away: 2 });
        assert_eq!(of(&[(5, 5), (5, 5), (0, 0)]).score, Score { home: 5, away: 5 });
    }

    #[test]
    fn a_model_counts_once_and_a_match_without_an_answer_is_left_out() {
        let named = |id: &str| Match { id: id.to_owned(), ..Match::default() };
        let (one, other) = (Score { home: 1, away: 0 }, Score { home: 0, away: 3 });
        let said = consensus(
            &[named("a"), named("b"), named("c")],
            [(2, 'x', one), (2, 'x', other), (0, 'x', other), (2, 'y', one)],
        );
        assert_eq!(said.iter().map(|said| (said.id.as_str(), said.models)).collect::<Vec<_>>(), [("a", 1), ("c", 2)]);
        assert_eq!((said[1].score, said[1].home_win), (one, 1.0));
    }
}
