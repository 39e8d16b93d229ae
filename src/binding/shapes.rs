//! The shapes of objects that have crossed to JavaScript: which fields, in which order. A shape is another one and a field
//! more, so that it is found while an object is written, and JavaScript has to be told the names of each only once.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arc_swap::ArcSwap;

/// Most shapes that are made for objects whose fields are no type's: their names may be anybody's data.
const MOST_OF_MAPS: usize = 512;

static KNOWN: LazyLock<ArcSwap<Shapes>> = LazyLock::new(ArcSwap::default);
static GROWING: Mutex<()> = Mutex::new(());

/// Every shape that is known. It only grows, so a number means the same shape for ever.
#[derive(Clone)]
pub(super) struct Shapes {
    all: Vec<Shape>,
    of_maps: usize,
}

#[derive(Clone)]
struct Shape {
    parent: u32,
    key: Cow<'static, str>,
    /// The first shape that has one field more, if that is a type's: nearly always there is no other. It stands here too, so that
    /// while an object is written nothing but one entry is looked at for a field.
    first: Option<(&'static str, u32)>,
    /// The shapes that have one field more.
    children: Vec<u32>,
}

impl Default for Shapes {
    fn default() -> Self {
        let empty = Shape { parent: Self::EMPTY, key: Cow::Borrowed(""), first: None, children: Vec::new() };
        Self { all: vec![empty], of_maps: 0 }
    }
}

impl Shapes {
    /// The shape without any field.
    pub(super) const EMPTY: u32 = 0;

    /// What is known now.
    pub(super) fn known() -> Arc<Self> {
        KNOWN.load_full()
    }

    /// The shape of `parent` and a field more, if it is known.
    pub(super) fn child(&self, parent: u32, key: &str) -> Option<u32> {
        // Nearly always it is the very text of the type's from which the shape was made.
        let is = |known: &str| std::ptr::eq(known, key) || known == key;
        let Shape { first, children, .. } = &self.all[parent as usize];
        match first {
            Some((known, child)) if is(known) => Some(*child),
            _ => children.iter().copied().find(|&child| is(&self.all[child as usize].key)),
        }
    }

    /// The shape of `parent` and a field more, new if need be; `None` if its name is anybody's data and there are too many.
    pub(super) fn grown(parent: u32, key: Cow<'static, str>) -> Option<u32> {
        let is_map = matches!(key, Cow::Owned(_));
        let _growing = GROWING.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Self::known();
        if let Some(child) = known.child(parent, &key) {
            return Some(child);
        }
        if is_map && known.of_maps >= MOST_OF_MAPS {
            return None;
        }
        let mut grown = Self::clone(&known);
        let child = u32::try_from(grown.all.len()).ok()?;
        let before = &mut grown.all[parent as usize];
        if let (Cow::Borrowed(key), true) = (&key, before.children.is_empty()) {
            before.first = Some((key, child));
        }
        before.children.push(child);
        grown.all.push(Shape { parent, key, first: None, children: Vec::new() });
        grown.of_maps += usize::from(is_map);
        KNOWN.store(Arc::new(grown));
        Some(child)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The shapes from a number on: of each, the one that has a field less, and that field.
    pub(super) fn since(&self, number: usize) -> impl Iterator<Item = (u32, &str)> {
        self.all.iter().skip(number).map(|shape| (shape.parent, shape.key.as_ref()))
    }
}
