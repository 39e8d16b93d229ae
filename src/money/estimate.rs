//! How many tokens a text takes, without a tokenizer.

/// What a character is to a tokenizer, which cuts a text into runs before it looks for tokens in each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    /// Letters, other than `A` to `Z`, of the Latin script.
    Lower,
    Digit,
    Space,
    LineBreak,
    /// Punctuation and symbols.
    Mark,
    /// Whatever is written without spaces or rarely seen: Chinese characters, kana, other scripts, emoji.
    Dense,
}

/// Estimate of the tokens of `text`.
///
/// It follows the runs into which byte-pair encodings cut a text; what a run costs is fitted to `cl100k_base` and
/// `o200k_base`, whichever takes more. On a few hundred characters about football, be it English, German or Chinese
/// prose, lists of names, line-ups and injuries, matches as JSON, ids or odds, it is at most 5 % below the truth, and at
/// most 40 % above it, as `tests/tokens` measures; the most for English, which cannot be told from German and is priced
/// like it. Vocabularies that cut numbers into single digits take more for odds and ids.
#[must_use]
pub fn estimate_tokens(text: &str) -> u64 {
    let mut hundredths = 0;
    // The class before the first character is one whose characters cost the same at any position.
    let (mut before, mut position, mut in_name) = (Class::Dense, 0, 0);
    for character in text.chars() {
        let class = if character.is_ascii() { ASCII[character as usize & 127] } else { class(character) };
        let continues = class == before || (before == Class::Upper && class == Class::Lower);
        // Where a run ends is nothing that a processor can foresee, so this is arithmetic instead of branches.
        let (stays, is_capital) = (usize::from(continues), usize::from(!character.is_ascii_lowercase()));
        position = (position + 1) * stays;
        in_name = in_name * stays + is_capital * (1 - stays);
        hundredths += if character.is_ascii() {
            COSTS[in_name][class as usize][folded(position)]
        } else {
            cost(character, class, position, in_name == 1)
        };
        // A space is part of the word or the mark that follows it, but of nothing else.
        hundredths += 100 * u64::from((before == Class::Space) & matches!(class, Class::Digit | Class::Dense));
        before = class;
    }
    hundredths.div_ceil(100)
}

/// The last position whose costs are looked up: of the first six, at which letters cost less than later in a run, and of
/// one whole [`PERIOD`] after them.
const LAST: usize = 53;
/// After so many positions the costs of a long run repeat, whatever its class: three digits are one token, and so are
/// sixteen spaces, and this is a multiple of both. The digit at position 54, say, begins a token as that at 6 does, and
/// costs as much.
const PERIOD: usize = 48;

/// A position up to [`LAST`] at which a character costs what it does at this one.
fn folded(position: usize) -> usize {
    if position <= LAST { position } else { LAST + 1 - PERIOD + (position - LAST - 1) % PERIOD }
}

// Almost all text is ASCII: looked up, it takes half of the time that the branches take.

/// The class of each ASCII character.
const ASCII: [Class; 128] = {
    let mut classes = [Class::Mark; 128];
    let mut code = 0_u8;
    while code < 128 {
        classes[code as usize] = class(code as char);
        code += 1;
    }
    classes
};

/// What an ASCII character of each class costs at each position, outside of a name and in one.
const COSTS: [[[u64; LAST + 1]; 7]; 2] = {
    let mut costs = [[[0; LAST + 1]; 7]; 2];
    let mut index = 0;
    while index < 128 {
        let class = ASCII[index];
        let mut position = 0;
        while position <= LAST {
            costs[0][class as usize][position] = cost('a', class, position, false);
            costs[1][class as usize][position] = cost('a', class, position, true);
            position += 1;
        }
        index += 1;
    }
    costs
};

const fn class(character: char) -> Class {
    match character {
        'A'..='Z' => Class::Upper,
        'a'..='z' | '\u{c0}'..='\u{24f}' => Class::Lower,
        '0'..='9' => Class::Digit,
        ' ' | '\t' => Class::Space,
        '\n' | '\r' => Class::LineBreak,
        '\0'..='\u{bf}' | '\u{2010}'..='\u{2027}' => Class::Mark,
        _ => Class::Dense,
    }
}

/// Hundredths of a token that a character costs at `position` in its run. A word that begins with a capital or with a
/// letter beyond ASCII is taken for a name: vocabularies know few of them whole.
const fn cost(character: char, class: Class, position: usize, in_name: bool) -> u64 {
    match (class, position) {
        // Rare enough, above all beyond Latin-1, to cut the word in two and to take a token or two for itself.
        (Class::Lower, _) if !character.is_ascii() => {
            (if character <= '\u{ff}' { 150 } else { 220 }) + cost('a', class, position, in_name)
        }
        // Three letters of a plain word are mostly one token, six not much more; longer words are cut ever finer.
        (Class::Lower, 1 | 2) if !in_name => 0,
        (Class::Lower, 1..=5) => 22,
        (Class::Lower, 6..) | (Class::Upper, 1..) => 40,
        (Class::Digit, _) if !position.is_multiple_of(3) => 0,
        (Class::Space, _) if position % 16 != 1 => 0,
        (Class::LineBreak, 1..) | (Class::Mark, 1 | 2) => 10,
        (Class::Mark, 3..) => 50,
        // Greek to Arabic, kana, Hangul; then Chinese above all.
        (Class::Dense, _) => match character {
            '\u{370}'..='\u{7ff}' => 85,
            '\u{3040}'..='\u{30ff}' => 115,
            '\u{ac00}'..='\u{d7a3}' => 145,
            '\0'..='\u{ffff}' => 165,
            _ => 300,
        },
        _ => 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_any_length_costs_what_its_positions_do() {
        for character in ['A', 'a', '7', ' ', '\n', '-'] {
            for length in [53, 54, 55, 101, 102, 103, 500] {
                let class = class(character);
                let in_name = !character.is_ascii_lowercase();
                let run: u64 = (0..length).map(|position| cost(character, class, position, in_name)).sum();
                let text = character.to_string().repeat(length);
                assert_eq!(estimate_tokens(&text), run.div_ceil(100), "{length} of {character:?}");
            }
        }
    }

    #[test]
    fn a_run_is_priced_as_a_whole() {
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("the cup", 2),
            ("2026", 2),
            ("10 10", 3),
            ("\n\n  \"", 4),
            ("madrid", 2),
            ("Madrid", 3),
            ("McGregor", 4),
            ("müller", 4),
            ("šulc", 4),
            ("拜仁慕尼黑", 9),
            ("울산 현대", 7),
            ("⚽🔥", 5),
        ] {
            assert_eq!(estimate_tokens(text), tokens, "{text:?}");
        }
    }
}
