use serde_json::json;
use tempfile::TempDir;

use super::*;

mod kill;
mod taken;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    fn holding(content: impl AsRef<[u8]>) -> Self {
        let place = Self::new();
        fs::write(place.path(), content).expect("the folder can be written");
        place
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder can be read");
        let name =
            |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

fn open(path: &Path) -> Opened {
    StateFile::open(path).expect("the state file can be opened")
}

/// The problem, which must name the path as it was given.
fn problem(path: &Path) -> String {
    let problem = StateFile::open(path).expect_err("the state file cannot be opened");
    assert!(problem.starts_with(&format!("{}: ", path.display())), "{problem}");
    problem
}

#[test]
fn no_file_is_a_first_start_and_what_is_written_is_read_back() {
    let place = Place::new();
    let opened = open(&place.path());
    assert!(opened.state.is_none() && opened.damaged.is_none());
    for state in [json!({ "models": { "größe\n": [1, 2.5, null] } }), json!({})] {
        opened.file.write(&state).expect("the state can be written");
        assert_eq!(serde_json::from_slice::<Value>(&fs::read(place.path()).expect("it is there")).ok(), Some(state));
    }
    opened.file.write(&json!({ "a": 1 })).expect("the state can be written");
    drop(opened);
    let opened = open(&place.path());
    assert_eq!(opened.state, Some(json!({ "a": 1 })));
    assert!(opened.damaged.is_none());
    assert_eq!(place.names(), ["state.json", "state.json.lock"]);
}

#[test]
fn a_damaged_file_is_set_aside_and_reported() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(usize::try_from(LARGEST).expect("it fits")));
    for (content, expected) in [
        (&b"not JSON"[..], "it is not JSON"),
        (b"", "it is not JSON: EOF"),
        (b"{\"a\": 1", "it is not JSON: EOF"),
        (b"{\"a\": 1} {}", "it is not JSON: trailing"),
        (b"{\"a\": \"\xff\"}", "it is not JSON: invalid unicode"),
        (&[b'['; 1000], "it is not JSON: recursion limit"),
        (b"[]", "it holds no JSON object"),
        (b"null", "it holds no JSON object"),
        (large.as_bytes(), "it is larger than"),
    ] {
        let place = Place::holding(content);
        let Opened { file, state, damaged } = open(&place.path());
        let damaged = damaged.expect("it is damaged");
        assert!(damaged.problem.starts_with(expected), "{}", damaged.problem);
        assert!(state.is_none() && !place.path().exists());
        let name = damaged.moved_to.file_name().expect("a name").to_string_lossy().into_owned();
        let stamp: u128 = name.strip_prefix("state.json.damaged-").expect("its name says so").parse().expect("a time");
        assert!(stamp > 1_600_000_000_000, "milliseconds since 1970");
        assert!(fs::read(&damaged.moved_to).expect("it is kept") == content);
        file.write(&json!({ "b": 2 })).expect("the engine goes on");
        assert!(place.path().exists() && damaged.moved_to.exists());
    }
}

#[test]
fn what_was_set_aside_before_is_not_overwritten() {
    let place = Place::holding("newest");
    let aside = |stamp: u32| with_suffix(&place.path(), &format!(".damaged-{stamp}"));
    fs::write(aside(7), "oldest").expect("it can be written");
    fs::create_dir(aside(8)).expect("it can be made");
    assert_eq!(set_aside(&place.path(), 7).ok(), Some(aside(9)));
    assert_eq!(fs::read(aside(7)).ok().as_deref(), Some(&b"oldest"[..]));
    assert_eq!(fs::read(aside(9)).ok().as_deref(), Some(&b"newest"[..]));
}

#[test]
fn a_state_that_could_not_be_read_again_is_refused_and_the_old_one_stays() {
    let place = Place::new();
    let opened = open(&place.path());
    opened.file.write(&json!({ "a": 1 })).expect("the state can be written");
    let large = json!({ "a": "x".repeat(usize::try_from(LARGEST).expect("it fits")) });
    for state in [json!([1]), json!(null), large] {
        let error = opened.file.write(&state).expect_err("it cannot be written");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    drop(opened);
    assert_eq!(open(&place.path()).state, Some(json!({ "a": 1 })));
}

#[test]
fn what_a_killed_process_left_is_replaced() {
    let place = Place::holding("{}");
    fs::write(with_suffix(&place.path(), ".tmp"), "{\"half\": ").expect("it can be written");
    let opened = open(&place.path());
    assert_eq!(opened.state, Some(json!({})));
    opened.file.write(&json!({ "a": 1 })).expect("the state can be written");
    assert_eq!(place.names(), ["state.json", "state.json.lock"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_state_and_nothing_else() {
    let place = Place::new();
    let opened = open(&place.path());
    fs::create_dir_all(place.path().join("in the way")).expect("it can be made");
    opened.file.write(&json!({})).expect_err("a folder cannot be replaced");
    assert_eq!(place.names(), ["state.json", "state.json.lock"]);
}

#[test]
fn a_path_that_cannot_hold_a_state_is_a_clear_problem() {
    let place = Place::holding("{}");
    let folder = place.folder.path();
    assert!(problem(&folder.join("missing/state.json")).contains("its folder cannot be used: "));
    assert!(problem(folder).contains("must be a file"));
    assert!(problem(&folder.join("missing/..")).contains("must name a file"));
    assert!(problem(Path::new("")).contains("must name a file"));
    problem(&place.path().join("state.json"));
    fs::create_dir(with_suffix(&place.path(), ".lock")).expect("it can be made");
    assert!(problem(&place.path()).contains("cannot be locked: "));
}

#[test]
fn two_engines_of_one_process_are_refused_until_the_first_has_gone() {
    let place = Place::holding("{}");
    let first = open(&place.path());
    assert!(problem(&place.path()).contains("is in use by another engine"));
    assert!(problem(&place.folder.path().join("./state.json")).contains("is in use by another engine"));
    first.file.write(&json!({})).expect("the state can be written");
    assert!(problem(&place.path()).contains("is in use by another engine"), "a write keeps the lock");
    drop(first);
    open(&place.path());
}

#[test]
fn the_lock_ends_with_its_owner_though_a_process_that_is_being_started_has_a_copy() {
    let place = Place::new();
    let first = open(&place.path());
    let _copy = first.file.lock.lock().expect("not poisoned").try_clone().expect("a file can be shared");
    drop(first);
    open(&place.path());
}

#[test]
fn two_threads_may_write_at_once() {
    let place = Place::new();
    let opened = open(&place.path());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let file = &opened.file;
            scope.spawn(move || {
                for _ in 0..20 {
                    file.write(&json!({ "thread": thread })).expect("the state can be written");
                }
            });
        }
    });
    drop(opened);
    assert!(open(&place.path()).state.is_some());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_write_never_touches_the_old_state() {
        let place = Place::holding("{\"old\": true}");
        let mut old = File::open(place.path()).expect("it is there");
        open(&place.path()).file.write(&json!({ "a": 1 })).expect("the state can be written");
        let mut content = String::new();
        old.read_to_string(&mut content).expect("it can still be read");
        assert_eq!(content, "{\"old\": true}");
    }

    #[test]
    fn a_state_is_for_its_owner_alone() {
        let place = Place::new();
        open(&place.path()).file.write(&json!({})).expect("the state can be written");
        for name in place.names() {
            let mode = fs::metadata(place.folder.path().join(&name)).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_link_to_a_file_shares_its_lock_and_stays_a_link() {
        let place = Place::holding("{}");
        let link = place.folder.path().join("link.json");
        symlink(place.path(), &link).expect("it can be linked");
        let first = open(&place.path());
        assert!(problem(&link).contains("is in use by another engine"));
        drop(first);
        open(&link).file.write(&json!({ "a": 1 })).expect("the state can be written");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(open(&place.path()).state, Some(json!({ "a": 1 })));
    }

    #[test]
    fn a_link_in_the_place_of_the_temporary_file_is_not_followed() {
        let place = Place::new();
        let elsewhere = place.folder.path().join("elsewhere");
        fs::write(&elsewhere, "precious").expect("it can be written");
        symlink(&elsewhere, with_suffix(&place.path(), ".tmp")).expect("it can be linked");
        open(&place.path()).file.write(&json!({})).expect("the state can be written");
        assert_eq!(fs::read(&elsewhere).ok().as_deref(), Some(&b"precious"[..]));
    }
}
