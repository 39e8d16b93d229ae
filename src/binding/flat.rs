//! How a value is written to cross to JavaScript: as codes, numbers and one text, each read from its beginning to its end.
//! To read that takes the JavaScript thread a fifth of the time in which it parses the same value from JSON.
//!
//! A code says what comes, `crossing.js` reads them:
//!
//! | code | then |
//! | --- | --- |
//! | `NULL`, `UNDEFINED`, `FALSE`, `TRUE` | |
//! | `DOUBLE` | the next of the numbers |
//! | `INTEGER` | the next code |
//! | `ARRAY` | a code, how many; so many values |
//! | `OBJECT` | a code, its shape; a value for each field |
//! | `MAP` | a code, its shape; a code, how many more fields; a value for each field of the shape; so many names and values |
//! | `LONG_TEXT` | the next of the long texts |
//! | `ANOTHER_TEXT` | a value, whose texts and those of all that follow are of the next of the long texts |
//! | `TEXT` and more | so many UTF-16 code units of the text |

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::ser::{self, Serialize};

use super::shapes::Shapes;
use super::strings::{MOST_BESIDE, Strings};

const NULL: i32 = 0;
pub(super) const UNDEFINED: i32 = 1;
const FALSE: i32 = 2;
const TRUE: i32 = 3;
const DOUBLE: i32 = 4;
pub(super) const INTEGER: i32 = 5;
const ARRAY: i32 = 6;
const OBJECT: i32 = 7;
const MAP: i32 = 8;
const LONG_TEXT: i32 = 9;
const ANOTHER_TEXT: i32 = 10;
const TEXT: i32 = 16;

/// What was written.
#[derive(Default)]
pub(super) struct Flat {
    pub(super) codes: Vec<i32>,
    pub(super) doubles: Vec<f64>,
    pub(super) strings: Strings,
}

impl Flat {
    /// Writes a value; null where it cannot be written, which no record is.
    pub(super) fn of(value: &impl Serialize) -> Self {
        let mut writer = Writer { flat: Self::default(), shapes: Shapes::known() };
        match value.serialize(&mut writer) {
            Ok(()) => writer.flat,
            Err(fmt::Error) => Self { codes: vec![NULL], ..Self::default() },
        }
    }

    /// Adds what another has, and leaves that empty.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.codes.append(&mut other.codes);
        self.doubles.append(&mut other.doubles);
        self.strings.append(&mut other.strings);
    }

    /// Begins another text, if the one that is written to is long enough.
    fn make_room(&mut self) {
        if self.strings.make_room() {
            self.codes.push(ANOTHER_TEXT);
        }
    }

    fn text(&mut self, text: &str) {
        if text.len() > MOST_BESIDE {
            self.codes.push(LONG_TEXT);
            self.strings.long.push(text.to_owned());
            return;
        }
        self.make_room();
        let units = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        self.codes.push(TEXT + code(units));
        self.strings.written().push_str(text);
    }
}

/// A length as a code; none that is written here is longer than a code can be.
fn code(length: usize) -> i32 {
    i32::try_from(length).unwrap_or_default()
}

struct Writer {
    flat: Flat,
    shapes: Arc<Shapes>,
}

/// The elements of an array, as they come.
struct ArrayWriter<'w> {
    writer: &'w mut Writer,
    /// Where their number is to stand.
    at: usize,
    count: usize,
}

/// The fields of an object, as they come.
struct ObjectWriter<'w> {
    writer: &'w mut Writer,
    /// Where its shape is to stand.
    at: usize,
    shape: u32,
}

/// The fields of an object whose names are nobody's type, as they come.
struct MapWriter<'w> {
    fields: ObjectWriter<'w>,
    /// How many are not among the shape's.
    more: usize,
}

impl Writer {
    /// Leaves a place for a code that is known later.
    fn place(&mut self) -> usize {
        self.flat.codes.push(0);
        self.flat.codes.len() - 1
    }

    fn elements(&mut self) -> ArrayWriter<'_> {
        self.flat.codes.push(ARRAY);
        ArrayWriter { at: self.place(), writer: self, count: 0 }
    }

    fn fields(&mut self) -> ObjectWriter<'_> {
        self.flat.codes.push(OBJECT);
        ObjectWriter { at: self.place(), writer: self, shape: Shapes::EMPTY }
    }
}

/// The shape of `parent` and a field more; if it is new, `own` gives the field's name.
fn child(shapes: &mut Arc<Shapes>, (parent, key): (u32, &str), own: impl FnOnce() -> Cow<'static, str>) -> Option<u32> {
    shapes.child(parent, key).or_else(|| {
        let child = Shapes::grown(parent, own());
        *shapes = Shapes::known();
        child
    })
}

/// Writes numbers of other types as doubles, for a JavaScript number is one.
macro_rules! numbers {
    ($($method:ident $type:ty),*) => { $(
        fn $method(self, value: $type) -> Result<(), fmt::Error> {
            self.serialize_f64(value.into())
        }
    )* };
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = ArrayWriter<'w>;
    type SerializeTuple = ArrayWriter<'w>;
    type SerializeTupleStruct = ArrayWriter<'w>;
    type SerializeTupleVariant = ArrayWriter<'w>;
    type SerializeMap = MapWriter<'w>;
    type SerializeStruct = ObjectWriter<'w>;
    type SerializeStructVariant = ObjectWriter<'w>;

    fn serialize_bool(self, value: bool) -> Result<(), fmt::Error> {
        self.flat.codes.push(if value { TRUE } else { FALSE });
        Ok(())
    }

    numbers! { serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_f32 f32 }

    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    fn serialize_i64(self, value: i64) -> Result<(), fmt::Error> {
        self.serialize_f64(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "a JavaScript number is a double")]
    fn serialize_u64(self, value: u64) -> Result<(), fmt::Error> {
        self.serialize_f64(value as f64)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number that is another one as an integer is written as it is"
    )]
    fn serialize_f64(self, value: f64) -> Result<(), fmt::Error> {
        let integer = value as i32;
        if f64::from(integer).to_bits() == value.to_bits() {
            self.flat.codes.extend([INTEGER, integer]);
        } else if value.is_finite() {
            self.flat.codes.push(DOUBLE);
            self.flat.doubles.push(value);
        } else {
            // As in JSON.
            self.flat.codes.push(NULL);
        }
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), fmt::Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), fmt::Error> {
        self.flat.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        self.flat.codes.push(NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), fmt::Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), fmt::Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        let mut fields = self.fields();
        fields.field(variant, value)?;
        fields.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ArrayWriter<'w>, fmt::Error> {
        Ok(self.elements())
    }

    fn serialize_tuple(self, _: usize) -> Result<ArrayWriter<'w>, fmt::Error> {
        Ok(self.elements())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<ArrayWriter<'w>, fmt::Error> {
        Ok(self.elements())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ArrayWriter<'w>, fmt::Error> {
        let mut fields = self.fields();
        fields.name(variant)?;
        fields.close();
        Ok(self.elements())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapWriter<'w>, fmt::Error> {
        self.flat.codes.push(MAP);
        let at = self.place();
        self.place();
        Ok(MapWriter { fields: ObjectWriter { writer: self, at, shape: Shapes::EMPTY }, more: 0 })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<ObjectWriter<'w>, fmt::Error> {
        Ok(self.fields())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ObjectWriter<'w>, fmt::Error> {
        let mut fields = self.fields();
        fields.name(variant)?;
        fields.close();
        Ok(self.fields())
    }
}

impl ArrayWriter<'_> {
    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.count += 1;
        value.serialize(&mut *self.writer)
    }

    fn close(&mut self) {
        self.writer.flat.codes[self.at] = code(self.count);
    }
}

impl ObjectWriter<'_> {
    /// Adds a field to the shape.
    fn name(&mut self, key: &'static str) -> Result<(), fmt::Error> {
        self.shape = child(&mut self.writer.shapes, (self.shape, key), || Cow::Borrowed(key)).ok_or(fmt::Error)?;
        Ok(())
    }

    fn field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), fmt::Error> {
        self.name(key)?;
        value.serialize(&mut *self.writer)
    }

    fn close(&mut self) {
        self.writer.flat.codes[self.at] = code(self.shape as usize);
    }
}

impl MapWriter<'_> {
    fn name<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), fmt::Error> {
        let ObjectWriter { writer, shape, .. } = &mut self.fields;
        writer.flat.make_room();
        let (codes, text) = (writer.flat.codes.len(), writer.flat.strings.written().len());
        key.serialize(&mut **writer)?;
        if self.more == 0 && writer.flat.codes[codes] >= TEXT {
            let Writer { flat, shapes } = &mut **writer;
            let key = flat.strings.written().get(text..).unwrap_or_default();
            if let Some(child) = child(shapes, (*shape, key), || Cow::Owned(key.to_owned())) {
                flat.strings.written().truncate(text);
                flat.codes.truncate(codes);
                *shape = child;
                return Ok(());
            }
        }
        self.more += 1;
        Ok(())
    }
}

macro_rules! compound {
    ($type:ty: $($trait:ident $method:ident($($key:ident: $of:ty)?) by $add:ident),*) => { $(
        impl ser::$trait for $type {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: ?Sized + Serialize>(&mut self, $($key: $of,)? value: &T) -> Result<(), fmt::Error> {
                self.$add($($key,)? value)
            }

            fn end(mut self) -> Result<(), fmt::Error> {
                self.close();
                Ok(())
            }
        }
    )* };
}

compound! { ArrayWriter<'_>:
    SerializeSeq serialize_element() by element,
    SerializeTuple serialize_element() by element,
    SerializeTupleStruct serialize_field() by element,
    SerializeTupleVariant serialize_field() by element
}

compound! { ObjectWriter<'_>:
    SerializeStruct serialize_field(key: &'static str) by field,
    SerializeStructVariant serialize_field(key: &'static str) by field
}

impl ser::SerializeMap for MapWriter<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), fmt::Error> {
        self.name(key)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(&mut *self.fields.writer)
    }

    fn end(mut self) -> Result<(), fmt::Error> {
        self.fields.close();
        self.fields.writer.flat.codes[self.fields.at + 1] = code(self.more);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
