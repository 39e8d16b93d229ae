//! The file in which an engine's state survives a crash: one JSON object, one owner, replaced whole or not at all; a leaf.
//!
//! The owner holds a lock on a second file beside it, for every write puts another file in the place of the first. The
//! system drops that lock when the process ends, however it ends; the lock file itself stays and means nothing.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// The most bytes that a state may have: 64 MiB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A state file that this process, and nobody else, may write until this is dropped.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    folder: PathBuf,
    temporary: PathBuf,
    lock_path: PathBuf,
    /// The lock that is held; whoever writes has it.
    lock: Mutex<File>,
}

/// What [`StateFile::open`] found.
#[derive(Debug)]
pub struct Opened {
    /// The file, now locked.
    pub file: StateFile,
    /// The object that was written last; `None` on a first start or if the file was damaged.
    pub state: Option<Value>,
    /// What became of a file that could not be used, if there was one.
    pub damaged: Option<Damaged>,
}

/// A file that held no state and was set aside.
#[derive(Debug)]
pub struct Damaged {
    /// Where it is now.
    pub moved_to: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

impl StateFile {
    /// Locks the state file at `path` and reads it. No file is a first start; a file without a JSON object is moved
    /// aside under a name that is free.
    ///
    /// # Errors
    /// What is wrong, with the path: the folder does not exist or may not be written, something else than a file has
    /// the name, the file cannot be read, or another engine has it open.
    pub fn open(path: &Path) -> Result<Opened, String> {
        let at = |problem: &str, error: &io::Error| format!("{}: {problem}: {error}", path.display());
        let path_in_full = in_full(path)?;
        if has_other_names(&path_in_full) {
            return Err(format!(
                "{}: is a hard link, and another engine may use the file by its other name",
                path.display()
            ));
        }
        let beside = |suffix: &str| with_suffix(&path_in_full, suffix);
        let lock_path = beside(".lock");
        let lock = lock(&lock_path).map_err(|problem| format!("{}: {problem}", path.display()))?;
        let (state, damaged) = match read(&path_in_full).map_err(|error| at("cannot be read", &error))? {
            FileContent::Missing => (None, None),
            FileContent::State(state) => (Some(state), None),
            FileContent::Damaged(problem) => {
                let moved_to = set_aside(&path_in_full, now_ms())
                    .map_err(|error| at(&format!("is damaged ({problem}) and cannot be set aside"), &error))?;
                (None, Some(Damaged { moved_to, problem }))
            }
        };
        let folder = path_in_full.parent().map(Path::to_path_buf).unwrap_or_default();
        let temporary = beside(".tmp");
        let file = Self { path: path_in_full, folder, temporary, lock_path, lock: lock.into() };
        Ok(Opened { file, state, damaged })
    }

    /// Moves the file aside, for what it holds cannot be used; returns where it is then.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn set_aside(&self) -> io::Result<PathBuf> {
        set_aside(&self.path, now_ms())
    }

    /// Replaces the state. Blocks until it is on the disk; a crash at any moment leaves the old state or the new one.
    ///
    /// # Errors
    /// If `state` is no object or is larger than 64 MiB, another engine has taken the file, or the file system refuses;
    /// the old state remains, unless it was only the folder that could not be brought to the disk.
    pub fn write(&self, state: &Value) -> io::Result<()> {
        let bytes = serialize(state)?;
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.hold(&mut held)?;
        let replaced = create(&self.temporary, &bytes).and_then(|()| fs::rename(&self.temporary, &self.path));
        if let Err(error) = replaced {
            // A full disk is not to be kept full; the first error says more than a second one would.
            let _ = fs::remove_file(&self.temporary);
            return Err(error);
        }
        sync_folder(&self.folder)
    }
}

impl StateFile {
    /// Makes sure that the lock that is held is the one that others ask for. If somebody has removed or replaced its file
    /// or the folder around it, the one that is there now is locked instead, unless another engine has it.
    fn hold(&self, held: &mut File) -> io::Result<()> {
        if !is_at(held, &self.lock_path) {
            *held = lock(&self.lock_path).map_err(io::Error::other)?;
        }
        Ok(())
    }
}

impl Drop for StateFile {
    /// Closing the file would not do: a process that is just being started holds a copy of it for a moment.
    fn drop(&mut self) {
        let _ = self.lock.get_mut().unwrap_or_else(PoisonError::into_inner).unlock();
    }
}

/// The absolute path of the file itself, through symbolic links, so that two ways to one file share one lock.
fn in_full(path: &Path) -> Result<PathBuf, String> {
    let shown = path.display();
    match fs::canonicalize(path) {
        Ok(found) if found.is_file() => return Ok(found),
        Ok(_) => return Err(format!("{shown}: must be a file, but something else has that name")),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{shown}: {error}")),
    }
    let name = path.file_name().ok_or_else(|| format!("{shown}: must name a file"))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let found = fs::canonicalize(folder).map_err(|error| format!("{shown}: its folder cannot be used: {error}"))?;
    Ok(found.join(name))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn lock(path: &Path) -> Result<File, String> {
    // Opening a pipe would wait for whoever reads it.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(format!("cannot be locked: {} is no regular file", path.display()));
    }
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(path)
        .map_err(|error| format!("cannot be locked: {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err("is in use by another engine, of this process or of another".to_owned()),
        Err(TryLockError::Error(error)) => Err(format!("cannot be locked: {}: {error}", path.display())),
    }
}

/// What is at the path of a state file.
enum FileContent {
    Missing,
    State(Value),
    Damaged(String),
}

fn read(path: &Path) -> io::Result<FileContent> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FileContent::Missing),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() > LARGEST {
        return Ok(FileContent::Damaged(format!("it is larger than {LARGEST} bytes")));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(match serde_json::from_slice(&bytes) {
        Ok(state @ Value::Object(_)) => FileContent::State(state),
        Ok(_) => FileContent::Damaged("it holds no JSON object".to_owned()),
        Err(error) => FileContent::Damaged(format!("it is not JSON: {error}")),
    })
}

/// Moves a damaged file to the first free name from `now_ms` on; the lock keeps others from taking it meanwhile.
fn set_aside(path: &Path, now_ms: u128) -> io::Result<PathBuf> {
    let mut stamp = now_ms;
    loop {
        let aside = with_suffix(path, &format!(".damaged-{stamp}"));
        match fs::symlink_metadata(&aside) {
            Ok(_) => stamp = stamp.saturating_add(1),
            Err(error) if error.kind() == ErrorKind::NotFound => return fs::rename(path, &aside).map(|()| aside),
            Err(error) => return Err(error),
        }
    }
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

fn serialize(state: &Value) -> io::Result<Vec<u8>> {
    if !state.is_object() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "a state is an object"));
    }
    let bytes = serde_json::to_vec(state)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::InvalidInput, format!("the state is larger than {LARGEST} bytes")));
    }
    Ok(bytes)
}

/// Creates a file anew, for its owner alone, and brings it to the disk. What a killed process left there is removed
/// first rather than overwritten, for it might be a link to somewhere else.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether the file that is open is the one that has this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let is_same = |open: fs::Metadata, found: fs::Metadata| (open.dev(), open.ino()) == (found.dev(), found.ino());
    file.metadata().and_then(|open| fs::metadata(path).map(|found| is_same(open, found))).unwrap_or_default()
}

/// Whether the file that is open, and locked, is the one that has this path: then that one is locked.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    File::open(path).is_ok_and(|found| matches!(found.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Whether the file has another name, under which another engine may use it: a hard link.
#[cfg(unix)]
fn has_other_names(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| std::os::unix::fs::MetadataExt::nlink(&found) > 1)
}

#[cfg(not(unix))]
fn has_other_names(_path: &Path) -> bool {
    false
}

/// Makes files that are created readable and writable for their owner alone.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Brings a rename to the disk, where the file system can do that at all.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
