//! Watches a folder and says when to read it again; a leaf.
//!
//! A change may be a file written in place or renamed over another, the folder itself replaced, or a symbolic link
//! somewhere on the way that now leads elsewhere, as Kubernetes changes a `ConfigMap`. So every directory that holds a
//! file or a link on the way to it is watched, and found anew after each change. Where the system cannot watch, the
//! folder is read twice a second.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// The folder is read when nothing has changed in it for this long: an editor that writes three files one after the other
/// causes one reading.
const QUIET: Duration = Duration::from_millis(50);
/// The folder is read this long after its first change at the latest, though it goes on changing.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long the folder is not read where it cannot be watched; with [`QUIET`], half a second.
const POLL: Duration = Duration::from_millis(450);
/// The most symbolic links that are followed from one path, as in Linux.
const MOST_LINKS: usize = 40;
/// How often the way is looked at anew because it changed meanwhile.
const MOST_LOOKS: usize = 8;

/// What is read of a folder, as it is now.
#[derive(Debug, Default)]
pub struct Layout {
    /// The folders in which every name counts; they need not be there.
    pub folders: Vec<PathBuf>,
    /// The files that are read; they need not be there.
    pub files: Vec<PathBuf>,
    /// Whether these are all: false if something could not be listed.
    pub complete: bool,
}

/// Says what is read of a folder.
pub type LayoutOf = fn(&Path) -> Layout;

/// A watch over a folder; it ends when this is dropped.
#[derive(Debug)]
pub struct Watcher {
    messages: Sender<Message>,
}

enum Message {
    Changed(Vec<PathBuf>),
    /// Something was missed, or may have been.
    Lost,
    Stop,
}

impl Message {
    /// `None` where nothing changed: a file was read, by us perhaps.
    fn of(event: notify::Result<Event>) -> Option<Self> {
        match event {
            Ok(event) if event.need_rescan() => Some(Self::Lost),
            Ok(Event { kind: EventKind::Access(kind), .. }) if kind != AccessKind::Close(AccessMode::Write) => None,
            Ok(event) => Some(Self::Changed(event.paths)),
            Err(_) => Some(Self::Lost),
        }
    }
}

impl Watcher {
    /// Calls `changed` from a thread of its own, named `name`, as soon as the folder is quiet and whenever it may have changed, until
    /// it returns false.
    ///
    /// # Errors
    ///
    /// If there can be no such thread.
    pub fn start(
        name: &str,
        folder: &Path,
        layout: LayoutOf,
        changed: impl FnMut() -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let (messages, inbox) = channel();
        let sender = messages.clone();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || Watch::new((folder, layout), inbox, sender).run(changed))?;
        Ok(Self { messages })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.messages.send(Message::Stop);
    }
}

struct Watch {
    folder: PathBuf,
    layout: LayoutOf,
    inbox: Receiver<Message>,
    /// `None` where the system cannot watch.
    watcher: Option<RecommendedWatcher>,
    places: Places,
    /// The directories that are watched.
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    fn new((folder, layout): (PathBuf, LayoutOf), inbox: Receiver<Message>, sender: Sender<Message>) -> Self {
        let watcher = notify::recommended_watcher(move |event| {
            if let Some(message) = Message::of(event) {
                // The watch may have ended.
                let _ = sender.send(message);
            }
        });
        Self { folder, layout, inbox, watcher: watcher.ok(), places: Places::default(), watched: BTreeSet::new() }
    }

    fn run(mut self, mut changed: impl FnMut() -> bool) {
        // A file may be half written already.
        self.look_around();
        while self.settle() {
            let all_watched = self.look_around();
            if !changed() || !self.wait(if all_watched { None } else { Some(POLL) }) {
                return;
            }
        }
    }

    /// Waits until nothing more happens, but no longer than [`PATIENCE`]; false if the watch has ended.
    fn settle(&self) -> bool {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match self.inbox.recv_timeout(QUIET) {
                Ok(Message::Changed(_) | Message::Lost) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    /// Waits for a change or for the time to poll; false if the watch has ended.
    fn wait(&self, poll: Option<Duration>) -> bool {
        let end = poll.map(|poll| Instant::now() + poll);
        loop {
            let message = match end {
                Some(end) => self.inbox.recv_timeout(end.saturating_duration_since(Instant::now())),
                None => self.inbox.recv().map_err(RecvTimeoutError::from),
            };
            match message {
                Ok(Message::Changed(paths)) if !self.places.concern(&paths) => {}
                Ok(Message::Changed(_) | Message::Lost) | Err(RecvTimeoutError::Timeout) => return true,
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Watches every directory on the way to the files, as the way is now; false if one cannot be watched.
    fn look_around(&mut self) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        for _ in 0..MOST_LOOKS {
            self.places = Places::of(&self.folder, self.layout);
            for directory in self.watched.difference(&self.places.directories) {
                // It may be gone, and its watch with it.
                let _ = watcher.unwatch(directory);
            }
            // One that was replaced under the same name is another, of which the old watch tells nothing.
            let is_watched = |directory: &&PathBuf| watcher.watch(directory, RecursiveMode::NonRecursive).is_ok();
            self.watched = self.places.directories.iter().filter(is_watched).cloned().collect();
            // What changed before the watch began is seen now.
            if Places::of(&self.folder, self.layout) == self.places {
                break;
            }
        }
        self.places.complete && self.watched == self.places.directories
    }
}

/// Where a change may show.
#[derive(Debug, Default, PartialEq)]
struct Places {
    /// The directories to watch, without symbolic links in their paths.
    directories: BTreeSet<PathBuf>,
    /// Those of them in which every name counts.
    folders: BTreeSet<PathBuf>,
    /// The names that count in the others.
    names: BTreeSet<PathBuf>,
    /// Whether all of them are there.
    complete: bool,
}

impl Places {
    fn of(folder: &Path, layout: LayoutOf) -> Self {
        let Layout { folders, files, complete } = layout(folder);
        let mut places = Self { complete, ..Self::default() };
        for folder in &folders {
            if let Ok(folder) = folder.canonicalize() {
                places.directories.insert(folder.clone());
                places.folders.insert(folder);
            }
        }
        for path in folders.into_iter().chain(files) {
            places.follow(path);
        }
        places
    }

    /// Adds the directory of what `path` leads to, and of each symbolic link on the way there.
    fn follow(&mut self, mut path: PathBuf) {
        for _ in 0..MOST_LINKS {
            // Without what a path may end with, such as a slash, behind which a link does not show.
            path = path.components().collect();
            let Some((link, target)) = first_link(&path) else {
                self.add(&path);
                return;
            };
            let Some(parent) = self.add(link) else { return };
            let mut next = parent.join(target);
            next.extend(path.strip_prefix(link).unwrap_or(Path::new("")));
            path = next;
        }
        self.complete = false;
    }

    /// Adds a name and its directory; the directory, if it is there.
    fn add(&mut self, path: &Path) -> Option<PathBuf> {
        let (parent, name) = (path.parent()?, path.file_name()?);
        let Ok(parent) = parent.canonicalize() else {
            self.complete = false;
            return None;
        };
        self.names.insert(parent.join(name));
        // In macOS a watch of the root tells of every change on the disk, and what the root holds is sealed.
        if !(cfg!(target_os = "macos") && parent.parent().is_none()) {
            self.directories.insert(parent.clone());
        }
        Some(parent)
    }

    fn concern(&self, paths: &[PathBuf]) -> bool {
        paths.iter().any(|path| {
            let counts = |parent: &Path| self.folders.contains(parent);
            self.names.contains(path) || self.directories.contains(path) || path.parent().is_some_and(counts)
        })
    }
}

/// The symbolic link that comes first on the way to `path`, and its target.
fn first_link(path: &Path) -> Option<(&Path, PathBuf)> {
    let ancestors: Vec<&Path> = path.ancestors().collect();
    ancestors.into_iter().rev().find_map(|ancestor| Some((ancestor, std::fs::read_link(ancestor).ok()?)))
}

#[cfg(test)]
mod tests;
