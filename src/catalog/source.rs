//! Where the layers of a catalogue come from: the built-in files and the user's folder.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use serde_json::Value;

use super::entries::Layer;
use crate::check::{Faults, Object, path};
use crate::config;
use crate::watch::Layout;

/// The files of a catalogue, as the built-in ones are embedded and as a user's folder holds them.
pub(super) const MODELS: &str = "models.json";
pub(super) const PROVIDERS: &str = "providers.json";

/// The most bytes of a file.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How often a folder is read anew because it changed meanwhile.
const MOST_READINGS: usize = 8;

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

    /// What the files contain.
    pub(super) fn layer(&self, faults: &mut Faults) -> Layer<'_> {
        Layer {
            providers: self.providers.as_ref().and_then(|file| content(file, "providers", faults)),
            models: self.models.as_ref().and_then(|file| content(file, "models", faults)),
            fallbacks: None,
        }
    }
}

/// The files of a user's folder as they were found, and what could not be read.
pub struct FolderFiles {
    files: Files,
    faults: Faults,
    digest: u64,
}

impl FolderFiles {
    /// Reads a folder, of whose files there must be at least one, until two readings in a row are equal: so what is replaced
    /// meanwhile is not read half from before and half from after.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let mut texts = texts_of(folder);
        for _ in 1..MOST_READINGS {
            let again = texts_of(folder);
            let is_settled = digest_of(&again) == digest_of(&texts);
            texts = again;
            if is_settled {
                break;
            }
        }
        Self::of(folder, &texts)
    }

    /// A number that is the same for the same files.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// What the files contain; what could not be read is a fault.
    pub(super) fn layer(&self, faults: &mut Faults) -> Layer<'_> {
        faults.extend(self.faults.clone());
        self.files.layer(faults)
    }

    fn of(folder: &Path, texts: &[(&str, FileText)]) -> Self {
        let mut faults = Faults::new();
        let mut parsed = texts.iter().map(|(name, found)| {
            let root = format!("{}: ", folder.join(name).display());
            match found {
                Ok(Some(text)) => parse(root, text, &mut faults),
                Ok(None) => None,
                Err(problem) => {
                    faults.push(&root, format!("cannot be read: {problem}"));
                    None
                }
            }
        });
        let files = Files { providers: parsed.next().flatten(), models: parsed.next().flatten() };
        drop(parsed);
        if texts.iter().all(|(_, found)| matches!(found, Ok(None))) {
            let got = Value::from(folder.to_string_lossy());
            let path = path::field(config::ROOT, "catalog");
            faults.push_got(&path, format!("must be a folder that holds {MODELS} or {PROVIDERS}"), &got);
        }
        Self { files, faults, digest: digest_of(texts) }
    }
}

/// What is read of a catalogue's folder.
#[must_use]
pub fn layout(folder: &Path) -> Layout {
    let files = [PROVIDERS, MODELS].map(|name| folder.join(name));
    Layout { folders: vec![folder.to_owned()], files: files.into(), complete: true }
}

/// The text of a file; `None` if it is not there; or why it cannot be read.
type FileText = Result<Option<String>, String>;

fn texts_of(folder: &Path) -> [(&'static str, FileText); 2] {
    [PROVIDERS, MODELS].map(|name| {
        let found = match read_text(&folder.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        (name, found)
    })
}

fn digest_of(texts: &[(&str, FileText)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    hasher.finish()
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
