//! The half of the crossing that runs in JavaScript, `crossing.js`, as Rust calls it.

use std::cell::{Cell, RefCell};

use napi::bindgen_prelude::{
    Array, Float64Array, FnArgs, FromNapiValue, Function, FunctionRef, Int32Array, JsObjectValue, Object, ObjectRef,
    PromiseRaw,
};
use napi::{Env, JsValue, Unknown};

use super::flat::Flat;
use super::node::{Text, write_codes, write_doubles};
use super::record::{Batch, Record};
use super::shapes::Shapes;

/// A user's function that is told something, while it is at hand.
pub(super) type Listener<'a> = Function<'a, Object<'static>, Unknown<'static>>;

/// The object of JavaScript that an engine is; `None` for the engine that the module's functions share, which is none.
pub(super) type Owner<'a> = Option<Object<'a>>;

/// Codes, texts and causes of a batch.
type Deliver = FunctionRef<FnArgs<(u32, Text, Vec<Text>, Object<'static>)>, ()>;
/// The text and the long texts of a record, and an array with its cause or nothing.
type RefuseNow = FunctionRef<FnArgs<(Text, Vec<Text>, Object<'static>)>, Object<'static>>;
/// The text and the long texts of a record.
type Take = FunctionRef<FnArgs<(Text, Vec<Text>)>, Object<'static>>;

/// Of each shape, the one with a field less, and that field.
type Learn = FunctionRef<FnArgs<(Vec<u32>, Vec<String>)>, ()>;

/// What stands in `crossing.js`, for one thread.
pub(super) struct Half {
    object: ObjectRef<false>,
    deliver: Deliver,
    learn: Learn,
    make_room: FunctionRef<FnArgs<(u32, u32)>, Array<'static>>,
    expect: FunctionRef<Option<Object<'static>>, Array<'static>>,
    refuse: RefuseNow,
    take: Take,
    listen: FunctionRef<FnArgs<(Object<'static>, Option<Object<'static>>)>, u32>,
    let_go: FunctionRef<u32, ()>,
    flush: FunctionRef<(), ()>,
    /// How many calls were gathered there and have not crossed, then what is to be read of them.
    asked: Int32Array,
    codes: RefCell<Int32Array>,
    doubles: RefCell<Float64Array>,
    /// How many shapes it knows.
    shapes: Cell<usize>,
}

impl Half {
    /// Finds what Rust calls.
    pub(super) fn new(object: Object<'_>) -> napi::Result<Self> {
        fn function<Args, Return>(object: &Object<'_>, name: &str) -> napi::Result<FunctionRef<Args, Return>>
        where
            Args: napi::bindgen_prelude::JsValuesTupleIntoVec,
            Return: FromNapiValue,
        {
            object.get_named_property::<Function<'_, Args, Return>>(name)?.create_ref()
        }
        Ok(Self {
            deliver: function(&object, "deliver")?,
            learn: function(&object, "learn")?,
            make_room: function(&object, "makeRoom")?,
            expect: function(&object, "expect")?,
            refuse: function(&object, "refuse")?,
            take: function(&object, "take")?,
            listen: function(&object, "listen")?,
            let_go: function(&object, "letGo")?,
            flush: function(&object, "flush")?,
            asked: object.get_named_property("asked")?,
            codes: RefCell::new(object.get_named_property("codes")?),
            doubles: RefCell::new(object.get_named_property("doubles")?),
            shapes: Cell::new(1),
            object: object.create_ref()?,
        })
    }

    /// It, as JavaScript has it.
    pub(super) fn object<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        self.object.get_value(env)
    }

    /// Has a batch read, and listeners called and promises settled with what is in it; it is empty afterwards.
    pub(super) fn deliver(&self, env: &Env, batch: &mut Batch, causes: Array<'_>) -> napi::Result<()> {
        let length = u32::try_from(batch.0.codes.len()).unwrap_or_default();
        let (text, long_texts) = self.write(env, &mut batch.0)?;
        self.deliver.borrow_back(env)?.call((length, text, long_texts, still(env, &causes)).into())
    }

    /// The object that a record is.
    pub(super) fn take(&self, env: &Env, Record(mut flat): Record) -> napi::Result<Object<'static>> {
        let texts = self.write(env, &mut flat)?;
        self.take.borrow_back(env)?.call(texts.into())
    }

    /// Writes codes and numbers where they are read; returns the text and the long texts, which are given along. It is empty
    /// afterwards.
    fn write(&self, env: &Env, flat: &mut Flat) -> napi::Result<(Text, Vec<Text>)> {
        let (mut codes, mut doubles) = (self.codes.borrow_mut(), self.doubles.borrow_mut());
        if codes.len() < flat.codes.len() || doubles.len() < flat.doubles.len() {
            let [codes_needed, doubles_needed] =
                [flat.codes.len(), flat.doubles.len()].map(|length| u32::try_from(length).unwrap_or_default());
            let room = self.make_room.borrow_back(env)?.call((codes_needed, doubles_needed).into())?;
            if let (Some(more_codes), Some(more_doubles)) = (room.get(0)?, room.get(1)?) {
                (*codes, *doubles) = (more_codes, more_doubles);
            }
        }
        write_codes(&mut codes, &flat.codes);
        write_doubles(&mut doubles, &flat.doubles);
        drop((codes, doubles));
        flat.codes.clear();
        flat.doubles.clear();
        self.teach(env)?;
        Ok(flat.strings.take())
    }

    /// Tells it of the shapes that are new.
    fn teach(&self, env: &Env) -> napi::Result<()> {
        let shapes = Shapes::known();
        if shapes.len() == self.shapes.get() {
            return Ok(());
        }
        let (parents, keys) = shapes.since(self.shapes.get()).map(|(parent, key)| (parent, key.to_owned())).unzip();
        self.shapes.set(shapes.len());
        self.learn.borrow_back(env)?.call(FnArgs::from((parents, keys)))
    }

    /// A promise, and the number with which it is settled.
    pub(super) fn expect<'env, T>(&self, env: &'env Env, owner: Owner<'_>) -> napi::Result<(u32, PromiseRaw<'env, T>)> {
        let made = self.expect.borrow_back(env)?.call(owner.map(|owner| still(env, &owner)))?;
        let (number, promise): (Option<u32>, Option<Object<'_>>) = (made.get(0)?, made.get(1)?);
        let (Some(number), Some(promise)) = (number, promise) else {
            return Err(napi::Error::from_reason("no promise was made"));
        };
        Ok((number, PromiseRaw::new(env.raw(), promise.raw())))
    }

    /// A promise that is rejected already. `cause` is what the user's own code threw, if it did.
    pub(super) fn refuse<'env, T>(
        &self,
        env: &'env Env,
        Record(mut flat): Record,
        cause: Option<Unknown<'_>>,
    ) -> napi::Result<PromiseRaw<'env, T>> {
        let (text, long_texts) = self.write(env, &mut flat)?;
        let mut causes = env.create_array(0)?;
        if let Some(cause) = cause {
            causes.insert(cause)?;
        }
        let promise = self.refuse.borrow_back(env)?.call((text, long_texts, still(env, &causes)).into())?;
        Ok(PromiseRaw::new(env.raw(), promise.raw()))
    }

    /// Has a listener told something from now on, as long as its owner lives; returns its number.
    pub(super) fn listen(&self, env: &Env, listener: Listener<'_>, owner: Owner<'_>) -> napi::Result<u32> {
        let owner = owner.map(|owner| still(env, &owner));
        self.listen.borrow_back(env)?.call((still(env, &listener), owner).into())
    }

    /// Never calls that listener again, whatever waits for it.
    pub(super) fn let_go(&self, env: &Env, listener: u32) -> napi::Result<()> {
        self.let_go.borrow_back(env)?.call(listener)
    }

    /// Has the calls cross that were gathered, if there are any.
    pub(super) fn flush(&self, env: &Env) -> napi::Result<()> {
        if self.asked.first().is_some_and(|&calls| calls > 0) { self.flush.borrow_back(env)?.call(()) } else { Ok(()) }
    }

    /// What is to be read of the calls that cross: so many numbers.
    pub(super) fn asked(&self, length: usize) -> &[i32] {
        self.asked.get(..length).unwrap_or_default()
    }
}

/// A value as the argument of a function that is kept, whose arguments live as long as it does; it is not kept itself.
fn still<'env>(env: &Env, value: &impl JsValue<'env>) -> Object<'static> {
    Object::from_raw(env.raw(), value.raw())
}
