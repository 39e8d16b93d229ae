//! Whatever is said to a question, few values are found in it, each once, each JSON, and the same ones the next time.
//!
//! The first byte of an input chooses where the text stands and whether it was cut off; the rest is the text.
//!
//! `cargo +nightly fuzz run questions fuzz/corpus/questions fuzz/seeds/questions -- -dict=fuzz/questions.dict`

#![no_main]

use std::borrow::Cow;
use std::collections::HashSet;
use std::future::ready;
use std::sync::{Arc, Mutex};

use fallcast::ask::{AnswerText, Form, Judge, Judgement, OpenQuestion};
use fallcast::protocol::{Found, Said};
use fallcast::request::OwnPrompt;
use fallcast::task::Item;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The most values that are judged.
const MOST: usize = 8;

/// Keeps what it is given to judge, and takes the likeliest.
#[derive(Default)]
struct Keeps(Mutex<Vec<String>>);

impl Judge for Keeps {
    fn judge(&self, candidates: Vec<String>) -> Judgement {
        *self.0.lock().unwrap() = candidates;
        Box::pin(ready(Ok(0)))
    }
}

fn said(manner: u8, text: &str) -> Said<'_> {
    let mut said = Said { spoken: [const { Cow::Borrowed("") }; 3], thoughts: Vec::new(), is_cut: manner % 2 == 1 };
    match manner / 2 % 4 {
        3 => said.thoughts.push(text.into()),
        place => said.spoken[usize::from(place)] = text.into(),
    }
    said
}

/// What is found for a question, and what of it is put to the judge.
fn found(form: bool, said: &Said<'_>) -> (Found<Vec<Option<AnswerText>>>, Vec<String>) {
    let judge = Arc::<Keeps>::default();
    let form = form.then(|| Form::new("answer", None, judge.clone()));
    let question = OpenQuestion::new(&OwnPrompt { user: "Who?".to_owned(), ..OwnPrompt::default() }, form);
    let found = OpenQuestion::find(&[&question], said);
    if let Some(answer) = &found.answer {
        drop(OpenQuestion::judge(&[&question], answer));
    }
    let candidates = judge.0.lock().unwrap().clone();
    (found, candidates)
}

fuzz_target!(|input: &[u8]| {
    let [manner, text @ ..] = input else { return };
    let text = String::from_utf8_lossy(text);
    let said = said(*manner, &text);

    let (first, candidates) = found(true, &said);
    let (again, same) = found(true, &said);
    assert_eq!(candidates, same);
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
    assert_eq!(first.answer.is_some(), !candidates.is_empty());
    assert!(candidates.len() <= MOST);
    assert_eq!(candidates.iter().collect::<HashSet<_>>().len(), candidates.len());
    assert!(candidates.iter().all(|candidate| serde_json::from_str::<Value>(candidate).is_ok()));
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(&text) {
        let is_plain = !said.is_cut && !text.contains('<');
        assert!(!is_plain || candidates[0] == value.to_string(), "{candidates:?} of {text:?}");
    }

    let (plain, _) = found(false, &said);
    let answer = plain.answer.into_iter().flatten().flatten().map(AnswerText::into_text).next();
    assert!(answer.is_none_or(|answer| !said.is_cut && !answer.is_empty() && answer == answer.trim()));
});
