//! How long it takes to compose a prompt, and to plan a request along its whole chain.
//!
//! `cargo bench --bench plan`

mod work;

use divan::{Bencher, black_box};
use fallcast::football::Question;
use fallcast::request::RawOptions;
use work::{MODEL, engine, matches};

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 10, 100])]
fn prompt(bencher: Bencher<'_, '_>, count: usize) {
    let (engine, matches) = (engine(), matches(count));
    bencher.bench(|| engine.build_prompt(MODEL, black_box(&matches), None));
}

#[divan::bench(args = [1, 10, 100])]
fn plan(bencher: Bencher<'_, '_>, count: usize) {
    let engine = engine();
    let request = Question { model_id: MODEL.to_owned(), items: matches(count), prompt: None, prompt_version: None };
    bencher
        .with_inputs(|| request.clone())
        .bench_values(|request| engine.call(request, RawOptions::default()).map(|call| call.explain()));
}
