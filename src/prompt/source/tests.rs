use std::fs;

use super::*;

/// A folder that is removed after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("fallcast-source-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join(SUBFOLDER)).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self) -> Source {
        Source::folder(&self.0, "config.prompts")
    }

    /// The faults, with the folder as `~`.
    fn faults(&self) -> Vec<String> {
        let shown = self.0.display().to_string();
        self.read().faults.iter().map(|fault| fault.to_string().replace(&shown, "~")).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const EMPTY: &str = r#"{ "versions": {} }"#;

fn own(source: &Source) -> Vec<(&str, &str)> {
    let own = source.components.iter().filter(|component| !component.path.starts_with("built-in"));
    own.map(|component| (component.name.as_str(), component.text.as_str())).collect()
}

#[test]
fn the_built_in_folder_reads_like_the_built_in_prompts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/prompts");
    let texts = |source: &Source| {
        let mut texts: Vec<_> =
            source.components.iter().map(|component| (component.name.clone(), component.text.clone())).collect();
        texts.sort();
        (texts, source.versions.as_ref().map(|(_, versions)| versions.clone()), source.faults.clone())
    };
    assert_eq!(texts(&Source::folder(&folder, "p")), texts(&Source::builtin()));
    assert!(Source::builtin().faults.is_empty());
}

#[test]
fn components_are_the_markdown_files_of_the_folder_and_of_its_overrides() {
    let folder = Folder::new("components");
    folder.write(MANIFEST, format!("\u{feff}{EMPTY}"));
    folder.write("b.md", "\u{feff}B");
    folder.write("a.b.md", "A");
    folder.write("overrides/json-strict.md", "C");
    for other in [".md", ".hidden.md", "README.md", "b.md~", "b.md.swp", "overrides/.#x.md", "overrides/readme.md"] {
        folder.write(other, "{{no}}");
    }
    let source = folder.read();
    assert_eq!(source.faults, Faults::new());
    assert_eq!(own(&source), [("a.b", "A"), ("b", "B"), ("json-strict", "C")]);
    let mut overrides: Vec<&str> = source.override_names().collect();
    overrides.sort_unstable();
    assert_eq!(overrides, ["a.b", "b", "english-enforced", "json-strict", "thinking-aside"]);
    assert_eq!(source, folder.read());
}

#[test]
fn what_cannot_be_read_is_named_with_its_file() {
    let folder = Folder::new("faults");
    assert_eq!(folder.faults(), ["config.prompts: must be a folder that holds manifest.json, got \"~\""]);
    folder.write(MANIFEST, "{");
    folder.write("a.md", [0xff]);
    fs::create_dir(folder.0.join("b.md")).unwrap();
    fs::File::create(folder.0.join("c.md")).unwrap().set_len(MOST_BYTES + 1).unwrap();
    assert_eq!(
        folder.faults(),
        [
            "~/manifest.json: is not JSON: EOF while parsing an object at line 1 column 1",
            "~/a.md: cannot be read: stream did not contain valid UTF-8",
            "~/b.md: cannot be read: it is no file",
            "~/c.md: cannot be read: it is larger than 1 MiB",
        ]
    );
    folder.write(MANIFEST, "[]");
    assert_eq!(folder.faults()[0], "~/manifest.json: must be an object, got an array of 0");
    folder.write(MANIFEST, r#"{ "version": {} }"#);
    assert_eq!(
        folder.faults()[..2],
        ["~/manifest.json: versions: is required", "~/manifest.json: version: unknown field, did you mean versions?",]
    );
}

#[cfg(unix)]
#[test]
fn what_is_there_and_cannot_be_read_is_a_fault_and_never_absent() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("links");
    folder.write(MANIFEST, EMPTY);
    let link = folder.0.join("overrides/json-strict.md");
    folder.write("a.md", "A");
    symlink("nowhere.md", &link).unwrap();
    let missing = "No such file or directory (os error 2)";
    assert_eq!(folder.faults(), [format!("~/overrides/json-strict.md: cannot be read: {missing}")]);
    fs::remove_file(link).unwrap();
    fs::remove_dir(folder.0.join(SUBFOLDER)).unwrap();
    assert_eq!(folder.read().faults, Faults::new());
    symlink("nowhere", folder.0.join(SUBFOLDER)).unwrap();
    assert_eq!(folder.faults(), [format!("~/overrides: cannot be read: {missing}")]);
    fs::remove_file(folder.0.join(SUBFOLDER)).unwrap();
    symlink(SUBFOLDER, folder.0.join(SUBFOLDER)).unwrap();
    assert!(folder.faults()[0].starts_with("~/overrides: cannot be read: "), "{:?}", folder.faults());
    assert_eq!(own(&folder.read()), [("a", "A")]);
    fs::remove_file(folder.0.join(SUBFOLDER)).unwrap();
    folder.write(SUBFOLDER, "no folder");
    assert!(folder.faults()[0].starts_with("~/overrides: cannot be read: "), "{:?}", folder.faults());
}

#[test]
fn what_is_no_folder_has_one_fault() {
    let folder = Folder::new("file");
    folder.write("file", "");
    for name in ["file", "nowhere"] {
        let source = Source::folder(&folder.0.join(name), "p");
        assert_eq!(source.faults.len(), 1, "{}", source.faults);
    }
}

#[test]
fn a_name_that_two_files_have_is_kept_twice_for_the_check() {
    let folder = Folder::new("twice");
    folder.write(MANIFEST, EMPTY);
    folder.write("calm.md", "1");
    folder.write("overrides/calm.md", "2");
    assert_eq!(own(&folder.read()), [("calm", "1"), ("calm", "2")]);
}

#[test]
fn an_object_holds_versions_and_texts() {
    let value = serde_json::json!({ "versions": { "1": {} }, "components": { "a": "A", "b": 1 }, "other": 0 });
    let source = Source::given(&value, "p");
    assert_eq!(own(&source), [("a", "A")]);
    assert_eq!(source.versions.unwrap().0, "p.versions");
    assert_eq!(source.faults.to_string(), "p.components.b: must be a string, got 1\np.other: unknown field");
}

#[test]
fn what_changes_while_it_is_read_is_read_again() {
    let read = |readings: &[&'static str]| {
        let mut readings = readings.iter().copied().chain(std::iter::repeat("end"));
        settled(|| readings.next())
    };
    assert_eq!(read(&["old", "old"]), Some("old"));
    assert_eq!(read(&["old", "half", "new", "new"]), Some("new"));
    let changing = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    assert_eq!(read(&changing), Some(changing[MOST_READINGS - 1]));
}
