use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    ANOTHER_TEXT, ARRAY, DOUBLE, FALSE, Flat, INTEGER, LONG_TEXT, MAP, NULL, OBJECT, Shapes, TEXT, TRUE, UNDEFINED,
};
use crate::binding::strings::{MOST_BESIDE, MOST_TEXT};

/// Reads what was written, as JavaScript does.
struct Reader<'f> {
    flat: &'f Flat,
    shapes: Arc<Shapes>,
    code: usize,
    double: usize,
    units: Vec<u16>,
    place: usize,
    long: usize,
}

impl<'f> Reader<'f> {
    fn new(flat: &'f Flat) -> Self {
        let units = flat.strings.first.encode_utf16().collect();
        Self { flat, shapes: Shapes::known(), code: 0, double: 0, units, place: 0, long: 0 }
    }

    fn next(&mut self) -> i32 {
        self.code += 1;
        self.flat.codes[self.code - 1]
    }

    fn count(&mut self) -> usize {
        usize::try_from(self.next()).unwrap()
    }

    fn keys(&self, shape: usize) -> Vec<String> {
        if shape == Shapes::EMPTY as usize {
            return Vec::new();
        }
        let (parent, key) = self.shapes.since(shape).next().unwrap();
        let mut keys = self.keys(parent as usize);
        keys.push(key.to_owned());
        keys
    }

    fn read(&mut self) -> Value {
        match self.next() {
            NULL | UNDEFINED => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            DOUBLE => {
                self.double += 1;
                json!(self.flat.doubles[self.double - 1])
            }
            INTEGER => json!(self.next()),
            ARRAY => (0..self.count()).map(|_| self.read()).collect(),
            tag @ (OBJECT | MAP) => {
                let shape = self.count();
                let more = if tag == MAP { self.count() } else { 0 };
                let keys = self.keys(shape);
                let mut object: serde_json::Map<String, Value> =
                    keys.into_iter().map(|key| (key, self.read())).collect();
                for _ in 0..more {
                    let Value::String(key) = self.read() else { panic!("a name is a text") };
                    object.insert(key, self.read());
                }
                object.into()
            }
            LONG_TEXT => {
                self.long += 1;
                self.flat.strings.long[self.long - 1].clone().into()
            }
            ANOTHER_TEXT => {
                self.long += 1;
                self.units = self.flat.strings.long[self.long - 1].encode_utf16().collect();
                self.place = 0;
                self.read()
            }
            tag => {
                let from = self.place;
                self.place += usize::try_from(tag - TEXT).unwrap();
                String::from_utf16(&self.units[from..self.place]).unwrap().into()
            }
        }
    }
}

impl Flat {
    /// What JavaScript makes of it, as JSON.
    pub(in crate::binding) fn json(&self) -> String {
        Reader::new(self).read().to_string()
    }
}

/// A number as JavaScript has it, whatever it is in Rust.
fn as_in_javascript(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            let integer = format!("{number}").parse::<i32>().ok().filter(|_| number.to_bits() != (-0.0f64).to_bits());
            integer.map_or_else(|| json!(number), |integer| json!(integer))
        }
        Value::Array(elements) => elements.iter().map(as_in_javascript).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), as_in_javascript(value))).collect())
        }
        other => other.clone(),
    }
}

fn read(value: &impl Serialize) -> String {
    Flat::of(value).json()
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1000..1000).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[a-z⚽é]{1020,1030}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec(("[a-c]{0,2}|.{0,3}", inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written_in_its_order(value in values()) {
        prop_assert_eq!(read(&value), as_in_javascript(&value).to_string());
    }

    #[test]
    fn records_that_follow_each_other_are_read_one_by_one(all in prop::collection::vec(values(), 0..8)) {
        let mut flat = Flat::default();
        for value in &all {
            flat.append(&mut Flat::of(value));
        }
        let mut reader = Reader::new(&flat);
        for value in &all {
            prop_assert_eq!(reader.read().to_string(), as_in_javascript(value).to_string());
        }
    }
}

#[test]
fn no_string_holds_much_more_than_who_keeps_a_part_of_it_wants() {
    let long = |index: usize| format!("{index} ").repeat(100);
    let texts: Vec<_> = (0..500).map(long).collect();
    let maps: Vec<_> = (0..3000).map(|index| BTreeMap::from([(long(index), "a"), (format!("{index}"), "b")])).collect();
    let mut all = Flat::default();
    for _ in 0..3 {
        for mut flat in [Flat::of(&texts), Flat::of(&maps), Flat::of(&json!({ "a": "b" }))] {
            all.append(&mut flat);
        }
    }
    let most = all.strings.long.iter().map(String::len).max().unwrap();
    assert!(most.max(all.strings.first.len()) <= 2 * (MOST_TEXT + MOST_BESIDE), "{most} {}", all.strings.first.len());
    let mut reader = Reader::new(&all);
    for _ in 0..3 {
        assert_eq!(reader.read().to_string(), serde_json::to_string(&texts).unwrap());
        assert_eq!(reader.read().to_string(), serde_json::to_string(&maps).unwrap());
        assert_eq!(reader.read().to_string(), r#"{"a":"b"}"#);
    }
}

#[derive(Serialize)]
struct Fielded {
    one: Option<u8>,
    two: (f64, &'static str),
    #[serde(skip_serializing_if = "Option::is_none")]
    three: Option<bool>,
    four: Variants,
    five: Vec<Variants>,
}

#[derive(Serialize)]
enum Variants {
    Unit,
    Newtype(u8),
    Tuple(u8, char),
    Struct { a: f32, b: () },
}

#[test]
fn every_kind_of_value_reads_as_json_has_it() {
    for three in [None, Some(true), None] {
        let value = Fielded {
            one: None,
            two: (f64::NAN, "é⚽"),
            three,
            four: Variants::Unit,
            five: vec![Variants::Newtype(1), Variants::Tuple(2, '鹿'), Variants::Struct { a: 0.5, b: () }],
        };
        assert_eq!(read(&value), serde_json::to_string(&value).unwrap());
    }
}

#[test]
fn names_that_are_data_make_only_so_many_shapes() {
    let maps: Vec<BTreeMap<String, usize>> =
        (0..3000).map(|index| BTreeMap::from([(format!("name {index}"), index), ("z".to_owned(), index)])).collect();
    let before = Shapes::known().len();
    assert_eq!(read(&maps), serde_json::to_string(&maps).unwrap());
    assert!(Shapes::known().len() - before <= 512, "{}", Shapes::known().len());
}
