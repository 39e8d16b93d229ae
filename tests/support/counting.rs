//! An allocator that counts what one thread holds, for tests of how much memory something takes.
#![expect(unsafe_code, reason = "an allocator is unsafe to write; it hands every call on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counted.
pub struct Counting;

/// What `run` gives, and how many more bytes than before the thread held at the most while it ran.
pub fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = run();
    (result, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

fn count(bytes: usize, sign: isize) {
    // A thread that ends frees after its counters are gone.
    let held = HELD.try_with(|held| {
        held.set(held.get() + sign * isize::try_from(bytes).unwrap_or(0));
        held.get()
    });
    let _ = held.and_then(|held| PEAK.try_with(|peak| peak.set(peak.get().max(held))));
}

// SAFETY: every call is handed on as it came. A block that grows is a new one for the default `realloc`, so that both
// are counted at once, as the worst may be.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
