use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Map, json};

use super::*;

mod builtin;
mod entries;
mod keys;
mod layers;
mod references;
mod updates;

const OVERRIDES: &[&str] = &["english-enforced", "json-strict", "thinking-aside"];

/// Reads a configuration and the catalogue that it describes.
fn configure(value: &Value, variables: Variables<'_>, known_overrides: &[&str]) -> Result<(Config, Catalog), Faults> {
    let mut faults = Faults::new();
    let config = Config::read(value, &mut faults);
    let files = config.catalog.as_deref().map(FolderFiles::read);
    match load(&config, files.as_ref(), variables, known_overrides) {
        Ok(catalog) => faults.into_result((config, catalog)),
        Err(others) => {
            faults.extend(others);
            Err(faults)
        }
    }
}

fn no_variables(_: &str) -> Option<String> {
    None
}

fn model(id: &str) -> Value {
    json!({ "id": id, "provider": "p", "upstreamModel": "u", "promptUsdPer1M": 1, "completionUsdPer1M": 2 })
}

/// An object with more fields, or others.
fn with(mut base: Value, fields: Value) -> Value {
    if let (Value::Object(base), Value::Object(fields)) = (&mut base, fields) {
        base.extend(fields);
    }
    base
}

fn provider() -> Value {
    json!({ "id": "p", "baseUrl": "https://p.example/v1" })
}

/// A configuration with one provider and these models.
fn models(models: &[Value]) -> Value {
    json!({ "builtinCatalog": false, "providers": [provider()], "models": models })
}

fn loaded(config: &Value) -> Catalog {
    configure(config, &no_variables, OVERRIDES).unwrap_or_else(|faults| panic!("{faults}")).1
}

fn lines(faults: &Faults) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn faults(config: &Value) -> Vec<String> {
    lines(&configure(config, &no_variables, OVERRIDES).expect_err("it was accepted"))
}

/// The faults of one provider with these fields.
fn provider_faults(fields: Value) -> Vec<String> {
    faults(&json!({ "builtinCatalog": false, "providers": [with(provider(), fields)] }))
}

fn ids(catalog: &Catalog) -> Vec<&str> {
    catalog.models().map(|model| model.id.as_str()).collect()
}

/// A folder that is removed with its files when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("fallcast-catalog-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn ten_thousand_models_in_one_chain_load() {
    let count = 10_000;
    let chain = |index: usize| {
        let next = if index + 1 < count { json!([format!("m{}", index + 1)]) } else { json!([]) };
        with(model(&format!("m{index}")), json!({ "fallbacks": next }))
    };
    let mut config = models(&(0..count).map(chain).collect::<Vec<_>>());
    let catalog = loaded(&config);
    assert_eq!(catalog.models().len(), count);
    let last = catalog.get("m9999").unwrap();
    config["fallbacks"] = Value::Object(Map::from_iter([("m9999".to_owned(), json!("m0"))]));
    let faults = faults(&config);
    assert_eq!((last.get(), faults.len()), (9_999, 1));
    assert!(faults[0].starts_with("config.fallbacks.m9999: the fallbacks form a cycle: m0 → m1 → "));
    assert!(faults[0].ends_with(" → m9999 → m0"));
}
