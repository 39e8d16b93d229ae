//! How many tokens a text takes, without a tokenizer.

/// Hundredths of a token that a character costs, by its class. English prose has about four letters a token, German
/// about three; names of players and clubs split finer, so letters are priced at three and a half a token. Digits and
/// punctuation often stand alone, and outside ASCII a character takes a token or more in most vocabularies.
const LETTER: u64 = 28;
const DIGIT: u64 = 60;
const PUNCTUATION: u64 = 70;
const LATIN: u64 = 80;
const OTHER: u64 = 120;

/// Estimate of the tokens of `text`, meant to lie a little above the truth.
#[must_use]
pub fn estimate_tokens(text: &str) -> u64 {
    let hundredths: u64 = text.chars().map(hundredths).sum();
    hundredths.div_ceil(100)
}

fn hundredths(character: char) -> u64 {
    match character {
        'a'..='z' | 'A'..='Z' | ' ' | '\n' => LETTER,
        '0'..='9' => DIGIT,
        '\0'..='\u{7f}' => PUNCTUATION,
        '\u{80}'..='\u{24f}' => LATIN,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_the_text_and_is_nothing_for_none() {
        assert_eq!(estimate_tokens(""), 0);
        assert_eq!(estimate_tokens("a"), 1);
        assert_eq!(estimate_tokens(&"goal ".repeat(200)), 280);
        assert!(estimate_tokens("拜仁慕尼黑") >= 5, "a Chinese character takes a token or more");
    }
}
