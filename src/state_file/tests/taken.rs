//! Locks that somebody has removed or replaced, and things that are no files.

use super::*;

#[cfg(unix)]
#[test]
fn a_lock_that_was_removed_is_taken_again_unless_another_engine_has_it() {
    let place = Place::holding("{}");
    let lock = place.folder.path().join("state.json.lock");
    let first = open(&place.path());
    fs::remove_file(&lock).expect("the lock can be removed");
    first.file.write(&json!({ "a": 1 })).expect("nobody else has it");
    assert!(problem(&place.path()).contains("is in use by another engine"), "the new lock is held");

    fs::rename(&lock, place.folder.path().join("moved")).expect("the lock can be moved");
    let second = open(&place.path());
    let refused = first.file.write(&json!({ "a": 2 })).expect_err("another engine has the file");
    assert!(refused.to_string().contains("is in use by another engine"), "{refused}");
    second.file.write(&json!({ "b": 1 })).expect("the state can be written");
    drop(second);
    first.file.write(&json!({ "a": 3 })).expect("it is free again");
}

#[cfg(unix)]
#[test]
fn a_folder_that_was_made_anew_has_one_owner() {
    let place = Place::new();
    let folder = place.folder.path().join("folder");
    let path = folder.join("state.json");
    fs::create_dir(&folder).expect("a folder can be made");
    let first = open(&path);
    fs::remove_dir_all(&folder).expect("the folder can be removed");
    first.file.write(&json!({})).expect_err("there is no folder");
    fs::create_dir(&folder).expect("a folder can be made");
    let second = open(&path);
    first.file.write(&json!({ "a": 1 })).expect_err("another engine has the file");
    second.file.write(&json!({})).expect("the state can be written");
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_refused() {
    let place = Place::holding("{}");
    fs::hard_link(place.path(), place.folder.path().join("other.json")).expect("a link can be made");
    assert!(problem(&place.path()).contains("hard link"));
    assert!(problem(&place.folder.path().join("other.json")).contains("hard link"));
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_and_never_waited_for() {
    for name in ["state.json", "state.json.lock"] {
        let place = Place::new();
        let pipe = place.folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo runs").success());
        assert!(problem(&place.path()).contains("file"), "{name}");
    }
}
