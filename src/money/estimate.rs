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
    let (mut state, mut hundredths) = (FIRST, 0);
    let mut rest = text;
    loop {
        let (plain, others) = rest.split_at(ascii_length(rest));
        let cost;
        (state, cost) = of_ascii(plain.as_bytes(), state);
        hundredths += cost;
        let mut characters = others.chars();
        let Some(character) = characters.next() else { break };
        let cost;
        (state, cost) = of_other(character, state);
        hundredths += cost;
        rest = characters.as_str();
    }
    hundredths.div_ceil(100)
}

/// The last position that is told apart: of the first six, at which letters cost less than later in a run, and of one
/// whole [`PERIOD`] after them.
const LAST: usize = 53;
/// After so many positions the costs of a long run repeat, whatever its class: three digits are one token, and so are
/// sixteen spaces, and this is a multiple of both. The digit at position 54, say, begins a token as that at 6 does, and
/// costs as much.
const PERIOD: usize = 48;

/// A position up to [`LAST`] at which a character costs what it does at this one.
const fn folded(position: usize) -> usize {
    if position <= LAST { position } else { LAST + 1 - PERIOD + (position - LAST - 1) % PERIOD }
}

// Almost all text is ASCII. A step for each of its characters is looked up, because where a run ends is nothing that a
// processor can foresee, and four parts of a text are looked up beside one another, because each step waits for the last.

/// How many parts of a text are looked up beside one another.
const LANES: usize = 4;
/// A text of fewer bytes is not worth being parted.
const WORTH_PARTING: usize = 128;

/// The classes, each at the place of its number.
const CLASSES: [Class; 7] =
    [Class::Upper, Class::Lower, Class::Digit, Class::Space, Class::LineBreak, Class::Mark, Class::Dense];
/// The steps of one state stand so far apart.
const STRIDE: usize = 8;

/// The class of each ASCII character.
static ASCII: [Class; 128] = {
    let mut classes = [Class::Mark; 128];
    let mut code = 0_u8;
    while code < 128 {
        classes[code as usize] = class(code as char);
        code += 1;
    }
    classes
};

/// What follows on an ASCII character of one class in one state.
#[derive(Clone, Copy)]
struct Transition {
    /// The state after it.
    next: u16,
    /// What it costs, in hundredths of a token.
    cost: u16,
}

/// The state after a character of this class at this position of its run, which is a name or not.
const fn state(class: Class, position: usize, in_name: bool) -> usize {
    ((class as usize * (LAST + 1) + position) * 2 + in_name as usize) * STRIDE
}

/// The state before a text: after a character of the class whose characters cost the same at any position.
const FIRST: usize = state(Class::Dense, 0, false);

/// The step for each class in each state.
#[expect(clippy::cast_possible_truncation, reason = "there are some six thousand states, and nothing costs 500")]
static TRANSITIONS: [Transition; state(Class::Dense, LAST, true) + STRIDE] = {
    let mut steps = [Transition { next: 0, cost: 0 }; state(Class::Dense, LAST, true) + STRIDE];
    let mut index = 0;
    while index < steps.len() {
        let place = index / STRIDE;
        let (before, position, in_name) = (CLASSES[place / 2 / (LAST + 1)], place / 2 % (LAST + 1), place % 2 == 1);
        if index % STRIDE < CLASSES.len() {
            let class = CLASSES[index % STRIDE];
            let (position, in_name) = if continues(before, class) {
                (folded(position + 1), in_name)
            } else {
                (0, !matches!(class, Class::Lower))
            };
            let cost = cost('a', class, position, in_name) + space_before(before, class);
            steps[index] = Transition { next: state(class, position, in_name) as u16, cost: cost as u16 };
        }
        index += 1;
    }
    steps
};

/// Whether a character belongs to the run of the one before it.
const fn continues(before: Class, class: Class) -> bool {
    before as usize == class as usize || matches!((before, class), (Class::Upper, Class::Lower))
}

/// What the space before a character costs: it is part of the word or the mark that follows it, but of nothing else.
const fn space_before(before: Class, class: Class) -> u64 {
    if matches!((before, class), (Class::Space, Class::Digit | Class::Dense)) { 100 } else { 0 }
}

/// How many bytes of ASCII a text begins with.
fn ascii_length(text: &str) -> usize {
    const AT_ONCE: usize = 32;
    let bytes = text.as_bytes();
    let whole = bytes.chunks(AT_ONCE).take_while(|chunk| chunk.is_ascii()).map(<[u8]>::len).sum();
    bytes.iter().skip(whole).position(|byte| !byte.is_ascii()).map_or(bytes.len(), |more| whole + more)
}

/// The state after some ASCII, and what that costs.
fn of_ascii(bytes: &[u8], before: usize) -> (usize, u64) {
    let parts = parts(bytes);
    let [first, second, third, fourth] = parts;
    let after = |part: &[u8]| part.last().map_or(before, |&last| state(class_of(last), 0, false));
    // A part begins with a run, and before a run nothing counts but the class of the last character.
    let mut states = [before, after(first), after(second), after(third)];
    let mut costs = [0; LANES];
    let common = first.len().min(second.len()).min(third.len()).min(fourth.len());
    let [(first, a), (second, b), (third, c), (fourth, d)] = parts.map(|part| part.split_at(common));
    for (((first, second), third), fourth) in first.iter().zip(second).zip(third).zip(fourth) {
        for (lane, byte) in [first, second, third, fourth].into_iter().enumerate() {
            take(*byte, &mut states[lane], &mut costs[lane]);
        }
    }
    for (lane, rest) in [a, b, c, d].into_iter().enumerate() {
        for byte in rest {
            take(*byte, &mut states[lane], &mut costs[lane]);
        }
    }
    let last = parts.iter().rposition(|part| !part.is_empty());
    (last.map_or(before, |lane| states[lane]), costs.iter().sum())
}

/// Takes one step.
fn take(byte: u8, state: &mut usize, hundredths: &mut u64) {
    let Transition { next, cost } = TRANSITIONS[*state + class_of(byte) as usize];
    *state = next.into();
    *hundredths += u64::from(cost);
}

/// A text in parts of about the same length, each of which begins with a run; all in the last if it is short.
fn parts(bytes: &[u8]) -> [&[u8]; LANES] {
    let mut parts = [&[][..]; LANES];
    let mut rest = bytes;
    let [first @ .., last] = &mut parts;
    for (lane, part) in first.iter_mut().enumerate() {
        // None between two others is empty, so that the state before a part is told by the one before it.
        let about = if bytes.len() < WORTH_PARTING { 0 } else { (rest.len() / (LANES - lane)).max(1) };
        let is_run = |pair: &[u8]| !continues(class_of(pair[0]), class_of(pair[1]));
        let more = rest.get(about.saturating_sub(1)..).unwrap_or_default().windows(2).position(is_run);
        let end = if about == 0 { 0 } else { more.map_or(rest.len(), |more| about + more) };
        (*part, rest) = rest.split_at(end);
    }
    *last = rest;
    parts
}

fn class_of(byte: u8) -> Class {
    ASCII[usize::from(byte & 127)]
}

/// The state after a character beyond ASCII, and what that costs.
fn of_other(character: char, before: usize) -> (usize, u64) {
    let class = class(character);
    let next = usize::from(TRANSITIONS[before + class as usize].next) / STRIDE;
    let position = next / 2 % (LAST + 1);
    let in_name = position == 0 || next % 2 == 1;
    let class_before = CLASSES[before / STRIDE / 2 / (LAST + 1)];
    let cost = cost(character, class, position, in_name) + space_before(class_before, class);
    (state(class, position, in_name), cost)
}

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
    use proptest::prelude::*;

    use super::*;

    /// The estimate without a table, character by character.
    fn plainly(text: &str) -> u64 {
        let mut hundredths = 0;
        let (mut before, mut position, mut in_name) = (Class::Dense, 0, false);
        for character in text.chars() {
            let class = class(character);
            if continues(before, class) {
                position += 1;
            } else {
                (position, in_name) = (0, !character.is_ascii_lowercase());
            }
            hundredths += cost(character, class, position, in_name) + space_before(before, class);
            before = class;
        }
        hundredths.div_ceil(100)
    }

    proptest! {
        #[test]
        fn the_table_gives_what_the_rules_do(
            runs in prop::collection::vec(("[A-Z]{1,3}|[a-z]{1,9}|[0-9]{1,4}| {1,20}|\n{1,3}|[-.,\"{}]{1,5}|é|ß|İ|ł|中|の|한|🔥|–|\u{a0}", 1_usize..40), 0..60),
        ) {
            let text: String = runs.iter().map(|(run, times)| run.repeat(if *times < 30 { 1 } else { *times })).collect();
            prop_assert_eq!(estimate_tokens(&text), plainly(&text));
        }

        #[test]
        fn any_text_is_estimated_alike(text in "(?s).{0,400}") {
            prop_assert_eq!(estimate_tokens(&text), plainly(&text));
        }
    }

    #[test]
    fn a_text_is_parted_where_runs_begin() {
        for text in [
            "",
            "a",
            "Won 3, drawn 1, lost 1. ".repeat(20).as_str(),
            &"a".repeat(500),
            &"aB".repeat(90),
            &(" ".repeat(128) + "0\""),
        ] {
            let parts = parts(text.as_bytes());
            assert_eq!(parts.concat(), text.as_bytes());
            let filled: Vec<bool> = parts.iter().map(|part| !part.is_empty()).collect();
            assert!(filled.is_sorted() || filled.is_sorted_by_key(|filled| !filled), "{text}");
            for pair in parts.windows(2) {
                if let (Some(&before), Some(&first)) = (pair[0].last(), pair[1].first()) {
                    assert!(!continues(class_of(before), class_of(first)), "{text}");
                }
            }
        }
    }

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
