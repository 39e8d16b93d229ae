use std::fs;
use std::sync::mpsc;

use super::*;

/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A manifest, and every other file of a folder.
const MANIFEST: &str = "manifest.json";

fn layout(folder: &Path) -> Layout {
    let listed = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    Layout { folders: vec![folder.to_owned()], files: listed.chain([folder.join(MANIFEST)]).collect(), complete: true }
}

/// A folder with a manifest and a component in a directory of its own, watched; `texts` receives the component's text
/// after each change.
struct Scene {
    root: PathBuf,
    texts: mpsc::Receiver<String>,
    watcher: Option<Watcher>,
}

impl Scene {
    /// `lay` puts the folder `prompts` into a root.
    fn new(name: &str, lay: impl FnOnce(&Path)) -> Self {
        let root = std::env::temp_dir().join(format!("fallcast-watch-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        lay(&root);
        let (sender, texts) = mpsc::channel();
        let file = root.join("prompts/a.md");
        let changed = move || sender.send(fs::read_to_string(&file).unwrap_or_default()).is_ok();
        let watcher = Some(Watcher::start("watch-test", &root.join("prompts"), layout, changed).unwrap());
        let scene = Self { root, texts, watcher };
        scene.sees("1");
        scene
    }

    fn plain(root: &Path) {
        Self::fill(&root.join("prompts"), "1");
    }

    fn fill(folder: &Path, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(MANIFEST), "{}").unwrap();
        fs::write(folder.join("a.md"), text).unwrap();
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Waits until the text is seen.
    fn sees(&self, text: &str) {
        while self.texts.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{text} was not seen")) != text {}
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

#[test]
fn a_file_written_in_place_and_one_renamed_over_it_are_seen() {
    let scene = Scene::new("files", Scene::plain);
    for text in ["2", "3"] {
        fs::write(scene.at("prompts/a.md"), text).unwrap();
        scene.sees(text);
    }
    for text in ["4", "5"] {
        fs::write(scene.at("prompts/a.md.new"), text).unwrap();
        fs::rename(scene.at("prompts/a.md.new"), scene.at("prompts/a.md")).unwrap();
        scene.sees(text);
    }
}

#[test]
fn a_folder_that_is_replaced_is_seen_and_watched_on() {
    let scene = Scene::new("folder", Scene::plain);
    Scene::fill(&scene.at("next"), "2");
    fs::rename(scene.at("prompts"), scene.at("last")).unwrap();
    fs::rename(scene.at("next"), scene.at("prompts")).unwrap();
    scene.sees("2");
    fs::write(scene.at("prompts/a.md"), "3").unwrap();
    scene.sees("3");
    fs::remove_dir_all(scene.at("prompts")).unwrap();
    scene.sees("");
    Scene::fill(&scene.at("prompts"), "4");
    scene.sees("4");
}

#[cfg(unix)]
#[test]
fn a_config_map_is_seen_each_time_its_link_is_swapped() {
    use std::os::unix::fs::symlink;

    let scene = Scene::new("config-map", |root| {
        Scene::fill(&root.join("prompts/..1"), "1");
        symlink("..1", root.join("prompts/..data")).unwrap();
        for name in [MANIFEST, "a.md"] {
            symlink(Path::new("..data").join(name), root.join("prompts").join(name)).unwrap();
        }
    });
    for version in ["2", "3", "4"] {
        Scene::fill(&scene.at(&format!("prompts/..{version}")), version);
        symlink(format!("..{version}"), scene.at("prompts/..data_tmp")).unwrap();
        fs::rename(scene.at("prompts/..data_tmp"), scene.at("prompts/..data")).unwrap();
        scene.sees(version);
        let earlier = version.parse::<u32>().unwrap() - 1;
        fs::remove_dir_all(scene.at(&format!("prompts/..{earlier}"))).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_release_and_a_link_to_a_shared_file_are_followed() {
    use std::os::unix::fs::symlink;

    let scene = Scene::new("links", |root| {
        Scene::fill(&root.join("releases/1"), "1");
        Scene::fill(&root.join("releases/2"), "unused");
        fs::create_dir(root.join("shared")).unwrap();
        fs::write(root.join("shared/a.md"), "2").unwrap();
        fs::remove_file(root.join("releases/2/a.md")).unwrap();
        symlink("../../shared/a.md", root.join("releases/2/a.md")).unwrap();
        symlink("releases/1", root.join("prompts")).unwrap();
    });
    symlink("releases/2", scene.at("prompts.new")).unwrap();
    fs::rename(scene.at("prompts.new"), scene.at("prompts")).unwrap();
    scene.sees("2");
    fs::write(scene.at("shared/a.md"), "3").unwrap();
    scene.sees("3");
}

#[cfg(unix)]
#[test]
fn a_link_above_the_folder_is_followed_and_so_is_one_that_it_leads_through() {
    use std::os::unix::fs::symlink;

    let put = |root: &Path, number: &str| {
        Scene::fill(&root.join("releases").join(number).join("text"), number);
        symlink(number, root.join("releases/next")).unwrap();
        fs::rename(root.join("releases/next"), root.join("releases/latest")).unwrap();
    };
    let scene = Scene::new("above", |root| {
        put(root, "1");
        // As the items of a `ConfigMap` lie in a folder: a link to a place below a link.
        symlink("releases/latest/", root.join("current")).unwrap();
        symlink("current/text/", root.join("prompts")).unwrap();
    });
    for number in ["2", "3"] {
        put(&scene.root, number);
        scene.sees(number);
    }
    Scene::fill(&scene.at("beta/text"), "4");
    symlink("beta", scene.at("next")).unwrap();
    fs::rename(scene.at("next"), scene.at("current")).unwrap();
    scene.sees("4");
}

#[cfg(unix)]
#[test]
fn the_way_is_the_same_with_a_slash_at_its_end_and_a_loop_on_it_is_not_complete() {
    use std::os::unix::fs::symlink;

    let scene = Scene::new("way", |root| {
        Scene::fill(&root.join("a/b"), "1");
        symlink("a/../a/b", root.join("prompts")).unwrap();
        symlink("loop/x", root.join("loop")).unwrap();
    });
    let root = scene.root.canonicalize().unwrap();
    let places = Places::of(&root.join("prompts"), layout);
    assert!(places.complete);
    assert_eq!(Places::of(&root.join("prompts/"), layout), places);
    let directories = [root.clone(), root.join("a"), root.join("a/b")];
    assert_eq!(places.directories, directories.into());
    assert!(!Places::of(&root.join("loop/prompts"), layout).complete);
}

#[test]
fn what_does_not_concern_the_folder_is_not_looked_at() {
    let scene = Scene::new("others", Scene::plain);
    let places = Places::of(&scene.at("prompts").canonicalize().unwrap(), layout);
    let root = scene.root.canonicalize().unwrap();
    let concerns = |path: &str| places.concern(&[root.join(path)]);
    assert!(places.complete);
    assert!(concerns("prompts") && concerns("prompts/new.md") && concerns("prompts/overrides"));
    assert!(!concerns("prompt") && !concerns("other/a.md") && !concerns("prompts/.git/index"));
    assert!(!Places::of(&root.join("nowhere/prompts"), layout).complete);
}

#[test]
fn reading_is_no_change() {
    let message = |kind| Message::of(Ok(Event::new(kind).add_path(PathBuf::from("a.md"))));
    assert!(message(EventKind::Access(AccessKind::Open(AccessMode::Read))).is_none());
    assert!(message(EventKind::Access(AccessKind::Close(AccessMode::Read))).is_none());
    let written = message(EventKind::Access(AccessKind::Close(AccessMode::Write)));
    assert!(matches!(written, Some(Message::Changed(paths)) if paths == [Path::new("a.md")]));
    assert!(matches!(Message::of(Err(notify::Error::generic("overflow"))), Some(Message::Lost)));
}

#[test]
fn where_the_system_cannot_watch_the_folder_is_read_again_and_again() {
    let scene = Scene::new("poll", Scene::plain);
    let (stop, inbox) = channel();
    let (sender, texts) = mpsc::channel();
    let file = scene.at("prompts/a.md");
    let watch = Watch { watcher: None, ..Watch::new((scene.at("prompts"), layout), inbox, stop.clone()) };
    let thread = thread::spawn(move || watch.run(move || sender.send(fs::read_to_string(&file).unwrap()).is_ok()));
    assert_eq!(texts.recv_timeout(PATIENCE).unwrap(), "1");
    fs::write(scene.at("prompts/a.md"), "2").unwrap();
    while texts.recv_timeout(PATIENCE).unwrap() != "2" {}
    stop.send(Message::Stop).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_change_that_is_not_over_is_not_looked_at() {
    let scene = Scene::new("quiet", Scene::plain);
    let (sender, inbox) = channel();
    let watch = Watch::new((scene.at("prompts"), layout), inbox, sender.clone());
    // The file is truncated when the watch begins, and written after that.
    sender.send(Message::Changed(vec![scene.at("prompts/a.md").canonicalize().unwrap()])).unwrap();
    sender.send(Message::Stop).unwrap();
    watch.run(|| panic!("looked at before it was quiet"));
}

#[test]
fn it_ends_when_dropped_and_when_nobody_listens() {
    let mut scene = Scene::new("end", Scene::plain);
    drop(scene.watcher.take());
    // The closure is dropped with the thread, and the sender with it.
    while scene.texts.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Disconnected) {}

    let (sender, ended) = mpsc::channel::<()>();
    let _watcher = Watcher::start("watch-test", &scene.at("prompts"), layout, move || {
        let _ = &sender;
        false
    });
    assert_eq!(ended.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}
