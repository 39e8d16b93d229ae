//! What the half of the crossing that runs in JavaScript calls. It takes both functions and the method away from what the
//! package exports.

use napi::bindgen_prelude::Object;
use napi::{Env, Unknown};
use napi_derive::napi;

use super::error::into_engine_error;
use super::fallcast::Fallcast;
use super::football::TEXTS_OF_ITEM;
use super::functions::shared;
use super::gathered::Gathered;
use super::handle::Handle;
use super::mistake::Mistake;
use super::realm::Realm;

/// Joins the half of the crossing that runs in this thread; returns the one that came first.
#[napi(skip_typescript)]
pub fn receive<'env>(env: &'env Env, half: Object<'env>) -> napi::Result<Object<'env>> {
    Realm::join(env, half)
}

/// Begins the calls of the shared engine that were gathered: their texts as one, how many numbers there are to it, and how
/// many calls.
#[napi(skip_typescript)]
pub fn submit(env: &Env, texts: Unknown<'_>, numbers: u32, calls: u32) -> napi::Result<()> {
    submit_to(env, shared(env), texts, numbers, calls)
}

#[napi]
impl Fallcast {
    /// Begins the calls of this engine that were gathered, as above.
    #[napi(skip_typescript)]
    pub fn submit(&self, env: &Env, texts: Unknown<'_>, numbers: u32, calls: u32) -> napi::Result<()> {
        submit_to(env, Ok(self.handle.clone()), texts, numbers, calls)
    }
}

fn submit_to(
    env: &Env,
    handle: Result<Handle, Mistake>,
    texts: Unknown<'_>,
    numbers: u32,
    calls: u32,
) -> napi::Result<()> {
    let realm = Realm::current(env)?;
    let gathered = Gathered::new(env, texts, realm.asked(numbers as usize), calls as usize, TEXTS_OF_ITEM)?;
    let deliveries = realm.deliveries(env, gathered.promises());
    match handle {
        Ok(handle) => handle.submit(gathered, deliveries, realm.call_token()),
        Err(mistake) => {
            let (error, _) = into_engine_error(env, mistake);
            for delivery in deliveries {
                delivery.fail(&error);
            }
        }
    }
    Ok(())
}
