//! Where the layers of a catalogue come from: the built-in files and the user's folder.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use serde_json::Value;

use super::entries::Layer;
use crate::check::{Faults, Object};

/// The files of a catalogue, as the built-in ones are embedded and as a user's folder holds them.
pub(super) const MODELS: &str = "models.json";
pub(super) const PROVIDERS: &str = "providers.json";

/// The most bytes of a file.
const LARGEST: u64 = 64 * 1024 * 1024;

const BUILTIN_MODELS: &str = include_str!("../../catalog/models.json");
const BUILTIN_PROVIDERS: &str = include_str!("../../catalog/providers.json");

/// The parsed files of one layer, each with the root of its paths.
pub(super) struct Files {
    providers: Option<(String, Value)>,
    models: Option<(String, Value)>,
}

impl Files {
    /// The catalogue that ships.
    pub(super) fn builtin(faults: &mut Faults) -> Self {
        let parse = |name: &str, text, faults: &mut _| parse(format!("built-in {name}: "), text, faults);
        Self { providers: parse(PROVIDERS, BUILTIN_PROVIDERS, faults), models: parse(MODELS, BUILTIN_MODELS, faults) }
    }

    /// The files of a folder, of which there must be at least one.
    pub(super) fn folder(folder: &Path, path: &str, faults: &mut Faults) -> Self {
        let before = faults.len();
        let providers = read(&folder.join(PROVIDERS), faults);
        let models = read(&folder.join(MODELS), faults);
        if providers.is_none() && models.is_none() && faults.len() == before {
            let got = Value::from(folder.to_string_lossy());
            faults.push_got(path, format!("must be a folder that holds {MODELS} or {PROVIDERS}"), &got);
        }
        Self { providers, models }
    }

    /// What the files contain.
    pub(super) fn layer(&self, faults: &mut Faults) -> Layer<'_> {
        Layer {
            providers: self.providers.as_ref().and_then(|file| content(file, "providers", faults)),
            models: self.models.as_ref().and_then(|file| content(file, "models", faults)),
            fallbacks: None,
        }
    }
}

/// A file that is not there is `None` without a fault.
fn read(file: &Path, faults: &mut Faults) -> Option<(String, Value)> {
    let root = format!("{}: ", file.display());
    match read_text(file) {
        Ok(text) => parse(root, &text, faults),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            faults.push(&root, format!("cannot be read: {error}"));
            None
        }
    }
}

/// Reads a regular file of a bounded size: a pipe or a device might never end.
fn read_text(file: &Path) -> io::Result<String> {
    let refuse = |problem: &str| Err(io::Error::new(ErrorKind::InvalidInput, problem));
    let metadata = fs::metadata(file)?;
    if !metadata.is_file() {
        return refuse("it is no regular file");
    }
    let mut text = String::new();
    fs::File::open(file)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return refuse("it is larger than 64 MiB");
    }
    Ok(text)
}

fn parse(root: String, text: &str, faults: &mut Faults) -> Option<(String, Value)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str(text) {
        Ok(value) => Some((root, value)),
        Err(error) => {
            faults.push(&root, format!("is not JSON: {error}"));
            None
        }
    }
}

fn content<'v>(file: &'v (String, Value), name: &'static str, faults: &mut Faults) -> Option<(String, &'v Value)> {
    let (root, value) = file;
    let content = Object::read(value, root, faults, |fields| {
        fields.raw("$schema");
        let content = fields.raw(name);
        if content.is_none() {
            let path = fields.path_of(name);
            fields.faults().push(&path, "is required");
        }
        content.map(|content| (fields.path_of(name), content))
    });
    content.flatten()
}
