//! Where prompts come from: the built-in files, a folder, or an object of the configuration.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::template;
use crate::check::{Faults, Object, rule};
use crate::football;
use crate::watch::Layout;

/// The manifest, as the built-in one is embedded and as a folder holds it.
const MANIFEST: &str = "manifest.json";
/// The folder within a folder of prompts that may hold components too, so that overrides can be kept apart.
const SUBFOLDER: &str = "overrides";
/// How the name of a component's file ends.
const ENDING: &str = ".md";

/// The most components of one source, and the most bytes of a file.
const MOST_COMPONENTS: usize = 1000;
const MOST_BYTES: u64 = 1 << 20;
/// How often a folder is read anew because it changed meanwhile.
const MOST_READINGS: usize = 8;

const BUILTIN_OVERRIDES: [(&str, &str); 3] = [
    ("english-enforced", include_str!("../../catalog/prompts/overrides/english-enforced.md")),
    ("json-strict", include_str!("../../catalog/prompts/overrides/json-strict.md")),
    ("thinking-aside", include_str!("../../catalog/prompts/overrides/thinking-aside.md")),
];

/// Manifest and components as they were found, not yet checked against each other. Equal sources make equal prompts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// The `versions` of the manifest, with their path.
    pub(super) versions: Option<(String, Value)>,
    /// The components; two of one name are a fault.
    pub(super) components: Vec<FoundComponent>,
    /// Begins the path of a fault of the whole.
    pub(super) path: String,
    /// What could not be read.
    pub(super) faults: Faults,
}

/// A component as it was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoundComponent {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// The prompts that ship.
    #[must_use]
    pub fn builtin() -> Self {
        let mut source = Self { path: "built-in prompts".to_owned(), ..Self::default() };
        source.read_manifest(&format!("built-in prompts/{MANIFEST}: "), football::PROMPT_MANIFEST);
        for (name, text) in football::PROMPT_COMPONENTS {
            source.add(name, format!("built-in prompts/{name}{ENDING}: "), text);
        }
        source.with_builtin_overrides()
    }

    /// An object like the manifest, with the texts of its components in it; `path` begins that of each fault.
    #[must_use]
    pub fn given(value: &Value, path: &str) -> Self {
        let mut source = Self { path: path.to_owned(), ..Self::default() };
        let mut faults = Faults::new();
        Object::read(value, path, &mut faults, |fields| {
            source.versions = fields.raw("versions").map(|versions| (fields.path_of("versions"), versions.clone()));
            if source.versions.is_none() {
                let path = fields.path_of("versions");
                fields.faults().push(&path, "is required");
            }
            for (path, name, value) in fields.record("components") {
                if let Some(text) = fields.faults().check(value, &path, rule::text) {
                    source.add(name, path, &text);
                }
            }
        });
        source.faults.extend(faults);
        source.with_builtin_overrides()
    }

    /// A folder with a manifest and its components: Markdown files in it or in its folder `overrides`, each named by its
    /// file without `.md`. Hidden files and a README are none. `path` is that of a fault of the folder.
    ///
    /// The folder is read until two readings in a row are equal, so that what is replaced meanwhile, such as the target
    /// of a symbolic link, is not read half from before and half from after.
    #[must_use]
    pub fn folder(folder: &Path, path: &str) -> Self {
        settled(|| Self::read_once(folder, path)).with_builtin_overrides()
    }

    /// The names that a model's `promptOverrides` may hold.
    pub fn override_names(&self) -> impl Iterator<Item = &str> {
        let listing = template::listing();
        let is_override = move |component: &&FoundComponent| !component.text.contains(&listing);
        self.components.iter().filter(is_override).map(|component| component.name.as_str())
    }

    fn read_once(folder: &Path, path: &str) -> Self {
        let mut source = Self { path: path.to_owned(), ..Self::default() };
        let manifest = folder.join(MANIFEST);
        match read_text(&manifest) {
            Ok(text) => source.read_manifest(&format!("{}: ", manifest.display()), &text),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                let problem = format!("must be a folder that holds {MANIFEST}");
                source.faults.push_got(path, problem, &Value::from(folder.to_string_lossy()));
                if !folder.is_dir() {
                    return source;
                }
            }
            Err(error) => source.refuse_file(&manifest, &error),
        }
        let (files, unlisted) = component_files(folder);
        for (directory, error) in unlisted {
            source.refuse_file(&directory, &error);
        }
        for file in files {
            let Some(name) = component_name(&file) else { continue };
            if source.components.len() >= MOST_COMPONENTS {
                source.faults.push(path, format!("has more than {MOST_COMPONENTS} components"));
                break;
            }
            match read_text(&file) {
                Ok(text) => source.add(&name, format!("{}: ", file.display()), &text),
                Err(error) => source.refuse_file(&file, &error),
            }
        }
        source
    }

    fn read_manifest(&mut self, root: &str, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return self.faults.push(root, format!("is not JSON: {error}")),
        };
        let mut faults = Faults::new();
        self.versions = Object::read(&value, root, &mut faults, |fields| {
            fields.raw("$schema");
            let versions = fields.raw("versions").cloned();
            let path = fields.path_of("versions");
            if versions.is_none() {
                fields.faults().push(&path, "is required");
            }
            versions.map(|versions| (path, versions))
        })
        .flatten();
        self.faults.extend(faults);
    }

    fn add(&mut self, name: &str, path: String, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        self.components.push(FoundComponent { name: name.to_owned(), path, text });
    }

    fn refuse_file(&mut self, file: &Path, error: &Error) {
        self.faults.push(&format!("{}: ", file.display()), format!("cannot be read: {error}"));
    }

    /// The catalogue that ships names these overrides, so they are there whatever the source; it may have its own of
    /// the same name.
    fn with_builtin_overrides(mut self) -> Self {
        for (name, text) in BUILTIN_OVERRIDES {
            if !self.components.iter().any(|component| component.name == name) {
                self.add(name, format!("built-in prompts/{SUBFOLDER}/{name}{ENDING}: "), text);
            }
        }
        self
    }
}

/// What is read of a folder of prompts.
#[must_use]
pub fn layout(folder: &Path) -> Layout {
    let (mut files, unlisted) = component_files(folder);
    files.push(folder.join(MANIFEST));
    Layout { folders: vec![folder.to_owned(), folder.join(SUBFOLDER)], files, complete: unlisted.is_empty() }
}

/// What is read twice in a row, or what was read last.
fn settled<T: PartialEq>(mut read: impl FnMut() -> T) -> T {
    let mut latest = read();
    for _ in 1..MOST_READINGS {
        let again = read();
        if again == latest {
            break;
        }
        latest = again;
    }
    latest
}

/// The files of a folder of prompts that hold components, in a stable order, and the directories that could not be
/// listed whole, where there may be more. A directory that there is not holds none.
fn component_files(folder: &Path) -> (Vec<PathBuf>, Vec<(PathBuf, Error)>) {
    let (mut files, mut unlisted) = (Vec::new(), Vec::new());
    for directory in [folder.to_owned(), folder.join(SUBFOLDER)] {
        let listed = std::fs::read_dir(&directory).and_then(|mut entries| {
            entries.try_for_each(|entry| {
                files.push(entry?.path());
                Ok(())
            })
        });
        match listed {
            // A link that leads nowhere is not found either, but something was meant to be there.
            Err(error) if error.kind() != ErrorKind::NotFound || directory.is_symlink() => {
                unlisted.push((directory, error));
            }
            _ => {}
        }
    }
    files.retain(|file| component_name(file).is_some());
    files.sort_unstable();
    (files, unlisted)
}

/// The name of the component in a file, if there is one.
fn component_name(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy();
    let name = name.strip_suffix(ENDING)?;
    (!name.is_empty() && !name.starts_with('.') && !name.eq_ignore_ascii_case("readme")).then(|| name.to_owned())
}

fn read_text(file: &Path) -> std::io::Result<String> {
    let metadata = std::fs::metadata(file)?;
    if !metadata.is_file() {
        return Err(Error::other("it is no file"));
    }
    if metadata.len() > MOST_BYTES {
        return Err(Error::other("it is larger than 1 MiB"));
    }
    std::fs::read_to_string(file)
}

#[cfg(test)]
mod tests;
