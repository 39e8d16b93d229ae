//! The values of a text as plain data: JSON, however relaxed, of which nothing is passed over.

use serde_json::{Map, Number, Value};

use super::lex::{Lexer, QuotePlace, Shape, Token};
use super::unescape;

/// How many groups are open at once; what is deeper is none.
const DEEPEST: usize = 64;

/// The most values of a text. One with more is no answer.
const MOST: usize = 1 << 15;

/// Every outermost group of a text as plain data, in order. What was never closed is one only if the text was not cut off by
/// somebody else than its author; else there is none, for it would have stood in the place of those before it.
#[must_use]
pub fn values(text: &str, is_cut: bool) -> Vec<Value> {
    let mut lexer = Lexer::new(text);
    let (mut found, mut left) = (Vec::new(), MOST);
    while let Some((shape, _)) = lexer.open() {
        let (value, is_closed) = Builder::new(&mut lexer, &mut left).run(shape);
        if left == 0 || is_cut && !is_closed {
            return Vec::new();
        }
        found.extend(value);
    }
    found
}

/// The literal or the number that a text is; `None` if it is neither. A number is the nearest that there is.
#[must_use]
pub fn scalar(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        "null" | "None" | "NULL" | "undefined" | "NaN" => return Some(Value::Null),
        _ => {}
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if let Ok(whole) = unsigned.parse::<i64>() {
        return Some(Value::from(whole));
    }
    let is_number = unsigned.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '.'))
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let number = unsigned.parse().ok().filter(|_| is_number).and_then(Number::from_f64)?;
    Some(Value::Number(number))
}

/// A scalar that was read, of which it is not yet known whether it is a key or a value.
enum Pending {
    Nothing,
    Quoted(String),
    /// A run of words: where it starts, where all but the last word end, where the last one starts and ends.
    Bare {
        start: usize,
        head_end: usize,
        last: usize,
        end: usize,
    },
}

/// A group that is open.
struct Group {
    is_list: bool,
    fields: Map<String, Value>,
    elements: Vec<Value>,
    key: Option<String>,
    pending: Pending,
}

/// Builds one outermost group of tokens.
struct Builder<'l, 'a> {
    lexer: &'l mut Lexer<'a>,
    left: &'l mut usize,
    open: Vec<Group>,
    /// How many groups are open beyond those that are built.
    beyond: usize,
    done: Option<Value>,
}

impl<'l, 'a> Builder<'l, 'a> {
    fn new(lexer: &'l mut Lexer<'a>, left: &'l mut usize) -> Self {
        Self { lexer, left, open: Vec::new(), beyond: 0, done: None }
    }

    /// The group, if it is one, and whether it was closed.
    fn run(mut self, shape: Shape) -> (Option<Value>, bool) {
        self.push(shape);
        let (mut place, mut is_deep) = (QuotePlace::Start, false);
        while !self.open.is_empty() && *self.left > 0 {
            let Some(token) = self.lexer.next(place) else { break };
            place = QuotePlace::after(token);
            match token {
                Token::Open(_) if self.open.len() == DEEPEST => {
                    (self.beyond, is_deep) = (self.beyond + 1, true);
                }
                Token::Close(_) if self.beyond > 0 => self.beyond -= 1,
                _ if self.beyond > 0 => {}
                token => self.take(token),
            }
        }
        let is_closed = self.open.is_empty();
        while !self.open.is_empty() {
            self.pop();
        }
        (self.done.filter(|_| !is_deep), is_closed)
    }

    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Open(shape) => self.push(shape),
            Token::Close(shape) => self.close(shape),
            Token::Comma => {
                self.flush();
                if let Some(group) = self.open.last_mut() {
                    group.key = None;
                }
            }
            Token::Colon => self.colon(),
            Token::Quoted(raw) => {
                self.flush();
                self.pend(Pending::Quoted(quoted(raw)));
            }
            Token::Bare { start, end } => {
                let waiting = self.open.last().map(|group| &group.pending);
                let pending = if let Some(&Pending::Bare { start: first, end: head_end, .. }) = waiting {
                    Pending::Bare { start: first, head_end, last: start, end }
                } else {
                    self.flush();
                    Pending::Bare { start, head_end: start, last: start, end }
                };
                self.pend(pending);
            }
        }
    }

    fn pend(&mut self, pending: Pending) {
        if let Some(group) = self.open.last_mut() {
            group.pending = pending;
        }
    }

    fn take_pending(&mut self) -> Pending {
        self.open.last_mut().map_or(Pending::Nothing, |group| std::mem::replace(&mut group.pending, Pending::Nothing))
    }

    /// What came last is a key. Words before it are the value of the key before, which lacks its comma.
    fn colon(&mut self) {
        let key = match self.take_pending() {
            Pending::Nothing => return,
            Pending::Quoted(key) => key,
            Pending::Bare { start, head_end, last, end } => {
                if head_end > start {
                    self.add(bare(self.lexer.slice(start, head_end)));
                }
                self.lexer.slice(last, end).to_owned()
            }
        };
        if let Some(group) = self.open.last_mut() {
            group.key = Some(key);
        }
    }

    /// What came last is a value.
    fn flush(&mut self) {
        match self.take_pending() {
            Pending::Nothing => {}
            Pending::Quoted(text) => self.add(Value::String(text)),
            Pending::Bare { start, end, .. } => self.add(bare(self.lexer.slice(start, end))),
        }
    }

    /// Adds a value to the innermost group: in a record under the key that waits for it, without one it is nobody's.
    fn add(&mut self, value: Value) {
        *self.left = self.left.saturating_sub(1);
        let Some(group) = self.open.last_mut() else {
            self.done = Some(value);
            return;
        };
        match group.key.take() {
            Some(key) if !group.is_list => {
                group.fields.insert(key, value);
            }
            _ if group.is_list => group.elements.push(value),
            _ => {}
        }
    }

    fn push(&mut self, shape: Shape) {
        if let Some(group) = self.open.last_mut()
            && let (false, None, Pending::Quoted(key)) = (group.is_list, &group.key, &mut group.pending)
        {
            // `"m1" {…}`: the colon is missing.
            group.key = Some(std::mem::take(key));
            group.pending = Pending::Nothing;
        }
        self.flush();
        self.open.push(Group {
            is_list: shape == Shape::List,
            fields: Map::new(),
            elements: Vec::new(),
            key: None,
            pending: Pending::Nothing,
        });
    }

    /// Closes the innermost group of this shape and those inside it; without one, the innermost of any shape.
    fn close(&mut self, shape: Shape) {
        let is_list = shape == Shape::List;
        let is_matched = self.open.iter().any(|group| group.is_list == is_list);
        while let Some(closed) = self.pop() {
            if !is_matched || closed == is_list {
                break;
            }
        }
    }

    /// Ends the innermost group; whether it was a list.
    fn pop(&mut self) -> Option<bool> {
        self.flush();
        let Group { is_list, fields, elements, .. } = self.open.pop()?;
        self.add(if is_list { Value::Array(elements) } else { Value::Object(fields) });
        Some(is_list)
    }
}

/// A string as it was meant.
fn quoted(raw: &str) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    let strict = serde_json::from_str(&format!("\"{raw}\""));
    strict.unwrap_or_else(|_| unescape(raw).into_owned())
}

/// What a run of words without quotes is: a literal, a number, else a text.
fn bare(text: &str) -> Value {
    scalar(text).unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_whole_however_relaxed_it_is() {
        let wanted =
            json!({ "title": "A \"late\" win", "tags": ["a", "b", "c"], "odds": 1.5, "live": false, "by": null });
        for text in [
            r#"{"title":"A \"late\" win","tags":["a","b","c"],"odds":1.5,"live":false,"by":null}"#,
            "Here it is:\n```json\n{\n  // a comment\n  \"title\": \"A \\\"late\\\" win\", \"tags\": [\"a\", \"b\", \"c\",],\n  \"odds\": 1.5, \"live\": false, \"by\": null,\n}\n```\nDone.",
            r#"{title: 'A "late" win', tags: [a, b, c], odds: +1.5, live: False, by: None}"#,
            "{“title”：“A \"late\" win”，“tags”：[“a”、“b”、“c”]，odds: 1.5\nlive: false\nby: null}",
        ] {
            assert_eq!(values(text, false), std::slice::from_ref(&wanted), "{text}");
        }
    }

    #[test]
    fn every_outermost_group_is_one() {
        assert_eq!(
            values("{\"a\":1} and [2, [3]] and {b: {c: 4}}", true),
            [json!({"a":1}), json!([2, [3]]), json!({"b":{"c":4}})]
        );
        assert_eq!(values("no groups", false), Vec::<Value>::new());
    }

    #[test]
    fn what_was_not_closed_is_one_only_if_its_author_ended_it() {
        let text = r#"{"list": [{"a": 1}, {"a": 2}"#;
        assert_eq!(values(text, true), Vec::<Value>::new());
        assert_eq!(values(text, false), [json!({"list": [{"a": 1}, {"a": 2}]})]);
        assert_eq!(values(r#"{"list": [1, 2}"#, true), [json!({"list": [1, 2]})], "it was closed");
        assert_eq!(values(r#"{"a": "draft"} {"a": "fin"#, true), Vec::<Value>::new(), "a draft is no answer");
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_none() {
        let deep = |depth: usize| format!("{}1,{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!((values(&deep(64), false).len(), values(&deep(65), false).len()), (1, 0));
        assert_eq!(values(&format!("[{}]", "1,".repeat(MOST)), false), Vec::<Value>::new());
        assert_eq!(values(&format!("[{}1]", "1,".repeat(MOST)), false), Vec::<Value>::new());
    }

    #[test]
    fn the_work_grows_with_the_length_of_the_text() {
        for part in ["[[", "{\"a\":", "[1,", "{\"a\":1} ", "\"{", "{'", "[\"a\" "] {
            let _ = values(&part.repeat(200_000), false);
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |number| Number::from_f64(number).map(Value::from)),
            "(?s).{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("(?s).{0,8}", inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn numbers_are_the_nearest_that_there_are(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            let read = scalar(&Value::from(number).to_string()).and_then(|value| value.as_f64());
            prop_assert_eq!(read.map(f64::to_bits), Some(number.to_bits()));
        }

        #[test]
        fn strict_json_is_read_as_it_is(value in any_json(), before in "[a-z .\n]{0,20}", after in "[a-z .\n]{0,20}") {
            prop_assume!(value.is_array() || value.is_object());
            prop_assert_eq!(values(&format!("{before}{value}{after}"), true), [value]);
        }

        #[test]
        fn any_text_has_values(text in "[\\[\\]{}:,\"'\\\\a1 \n]{0,60}", is_cut: bool) {
            let _ = values(&text, is_cut);
        }
    }
}
