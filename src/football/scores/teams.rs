//! Names of teams, compared as people compare them: without case, marks and affixes, in part, and abbreviated.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// What clubs are called beside their names.
const AFFIXES: [&str; 32] = [
    "ac", "afc", "and", "as", "bc", "bk", "cd", "cf", "club", "de", "fc", "ff", "fk", "futbol", "football", "if", "kf",
    "nk", "rc", "rcd", "sad", "sc", "sd", "sk", "ss", "ssc", "sv", "the", "tsg", "ud", "vfb", "vfl",
];

/// What a template has in the place of a name.
const PLACEHOLDERS: [&str; 13] =
    ["1", "2", "a", "away", "b", "guest", "home", "host", "name", "null", "team", "string", "unknown"];

/// The longest name that is compared, in bytes; a name has at most 256 characters.
const LONGEST: usize = 1024;

/// The most words of a name that are compared, each with those of another.
const MOST_WORDS: usize = 32;

/// The name of a team, made ready.
#[derive(Debug)]
pub(super) struct Team {
    /// All its words, without marks and in lower case.
    words: Vec<String>,
    /// Those that are no affixes and no numbers; all of them if no other is left.
    core: Vec<String>,
}

/// Which of two teams a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    First,
    Second,
    /// Both alike.
    Either,
    /// Another one.
    Neither,
    /// There is no name, or one that cannot be compared with these, such as one in another script.
    Nothing,
}

/// How much a name is that of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    No,
    /// An abbreviation, or a word in common.
    Some,
    /// All the words of the one among those of the other.
    Part,
    /// But for affixes.
    Core,
    Whole,
}

impl Team {
    pub(super) fn new(name: &str) -> Self {
        let words = if name.len() > LONGEST { Vec::new() } else { words(name) };
        let is_core =
            |word: &&String| !AFFIXES.contains(&word.as_str()) && !word.bytes().all(|byte| byte.is_ascii_digit());
        let core: Vec<String> = words.iter().filter(is_core).cloned().collect();
        let core = if core.is_empty() { words.clone() } else { core };
        Self { words, core }
    }

    /// Which of two teams this name means.
    pub(super) fn among(&self, first: &Self, second: &Self) -> Meant {
        let nothing = self.core.iter().all(|word| PLACEHOLDERS.contains(&word.as_str()));
        if nothing || first.words.is_empty() || second.words.is_empty() {
            return Meant::Nothing;
        }
        let (is_first, is_second) = (self.likeness(first), self.likeness(second));
        let clear = |more: Likeness, less: Likeness| more > less && (more > Likeness::Some || less == Likeness::No);
        if clear(is_first, is_second) {
            Meant::First
        } else if clear(is_second, is_first) {
            Meant::Second
        } else if is_first.max(is_second) > Likeness::No {
            Meant::Either
        } else if [self, first, second].into_iter().all(Self::is_latin) {
            Meant::Neither
        } else {
            Meant::Nothing
        }
    }

    /// Whether a name consists of nothing but that of this team, in whole, in part or abbreviated.
    pub(super) fn is_only(&self, team: &Self) -> bool {
        let is_known = |word: &String| team.words.contains(word);
        let is_number = |word: &&String| word.bytes().any(|byte| byte.is_ascii_digit());
        let mut words = self.words.iter();
        !self.core.is_empty()
            && words.clone().filter(is_number).all(is_known)
            && (words.all(|word| is_known(word) || AFFIXES.contains(&word.as_str()))
                || abbreviates(&self.core, &team.core))
    }

    fn is_latin(&self) -> bool {
        self.words.iter().all(|word| word.is_ascii())
    }

    fn likeness(&self, team: &Self) -> Likeness {
        if self.words == team.words {
            return Likeness::Whole;
        }
        if self.core == team.core {
            return Likeness::Core;
        }
        let within = |few: &[String], many: &[String]| few.iter().all(|word| many.contains(word));
        if within(&self.core, &team.core) || within(&team.core, &self.core) {
            return Likeness::Part;
        }
        let common = self.core.iter().any(|word| team.core.iter().any(|other| is_begun(word, other)));
        let abbreviated = abbreviates(&self.core, &team.core) || abbreviates(&team.core, &self.core);
        if common || abbreviated { Likeness::Some } else { Likeness::No }
    }
}

/// Whether one word begins with at least four letters of the other, such as `inter` and `internazionale`.
fn is_begun(word: &str, other: &str) -> bool {
    word.len().min(other.len()) >= 4 && (word.starts_with(other) || other.starts_with(word))
}

/// Whether words are short for others: each for one, in order (`man utd`), or one for all (`psg`, `lee`).
fn abbreviates(short: &[String], long: &[String]) -> bool {
    let each = short.len() == long.len() && short.iter().zip(long).all(|(short, long)| is_short_for(short, long));
    let [code] = short else { return each };
    let initials = || long.iter().filter_map(|word| word.chars().next());
    let is_initials = code.len() > 1 && code.chars().eq(initials());
    let is_code = code.len() == 3 && is_short_for(code, &long.concat());
    each || is_initials || is_code
}

/// Whether a word has the first letter of another, and its other letters in their order.
fn is_short_for(short: &str, long: &str) -> bool {
    let mut letters = long.chars();
    short.chars().next() == long.chars().next()
        && short.len() > 1
        && short.chars().all(|letter| letters.any(|other| other == letter))
}

/// The words of a name, in lower case and without marks.
fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let mut plain = String::with_capacity(lower.len());
    for char in const { DecomposingNormalizerBorrowed::new_nfkd() }.normalize(&lower).chars() {
        match char {
            // Marks, and what stands inside words and abbreviations.
            '\u{300}'..='\u{36F}' | '\'' | '’' | '.' => {}
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            'þ' => plain.push_str("th"),
            _ if char.is_alphanumeric() => plain.push(char),
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().take(MOST_WORDS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_team_that_it_is_more_like() {
        use Meant::{Either, First, Neither, Nothing, Second};
        let pairs = [
            ("Leeds United", "Burnley"),
            ("Manchester United", "Manchester City"),
            ("FC Bayern München", "1. FC Köln"),
            ("Paris Saint-Germain", "Olympique de Marseille"),
            ("Internazionale", "AC Milan"),
            ("Barcelona", "Barcelona B"),
            ("", "Burnley"),
        ];
        let table: [(usize, &str, Meant); 44] = [
            (0, "Leeds United", First),
            (0, "LEEDS UNITED F.C.", First),
            (0, "Leeds", First),
            (0, "Burnley FC", Second),
            (0, "AFC Burnley", Second),
            (0, "BURNLEY (away)", Second),
            (0, "Burnle\u{301}y", Second),
            (0, "LEE", First),
            (0, "BUR", Second),
            (0, "LU", First),
            (0, "Arsenal", Neither),
            (0, "Home", Nothing),
            (0, "Team A", Nothing),
            (0, "", Nothing),
            (0, "Лидс", Nothing),
            (1, "Manchester United FC", First),
            (1, "Man Utd", First),
            (1, "Man City", Second),
            (1, "City", Second),
            (1, "Manchester", Either),
            (1, "Man", Either),
            (1, "MUN", First),
            (1, "MCI", Either),
            (1, "Manchester Town", Either),
            (2, "Bayern Munich", First),
            (2, "FC Bayern Munchen", First),
            (2, "Bayern Mu\u{308}nchen", First),
            (2, "Bayern", First),
            (2, "Koln", Second),
            (2, "Koeln", Second),
            (2, "1. FC", Neither),
            (2, "FC Köln", Second),
            (3, "PSG", First),
            (3, "Paris SG", First),
            (3, "Marseille", Second),
            (3, "OM", Second),
            (3, "Paris Saint Germain FC", First),
            (4, "Inter", First),
            (4, "Milan", Second),
            (4, "AC Milan", Second),
            (5, "Barcelona", First),
            (5, "Barcelona B", Second),
            (5, "FC Barcelona", First),
            (6, "Burnley", Nothing),
        ];
        for (pair, name, expected) in table {
            let (first, second) = pairs[pair];
            let meant = Team::new(name).among(&Team::new(first), &Team::new(second));
            assert_eq!(meant, expected, "{name}: {first} or {second}");
        }
    }
}
