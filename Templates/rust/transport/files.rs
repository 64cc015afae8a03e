//! Begin here: the server. As it stands it is a directory of this machine. `Session` is one connection, `OpenFile` one file that is read or
//! written; nothing is kept elsewhere, so that two connections do not meet. Calls of one session come one at a time.

use crate::abi::*;
use crate::host::{Call, Failure, Outcome};
use crate::settings;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub struct Session {
    root: File,
}

pub struct OpenFile {
    file: File,
    parent: File,
    name: String,
    path: String,
    is_new: bool,
}

/// What the host is told of one thing in a directory.
pub struct Entry {
    pub path: String,
    /// 1 file, 2 directory, 3 link, 4 other
    pub kind: u32,
    pub size: i64,
    pub modified_unix_ns: i64,
    pub unix_mode: u32,
}

/// One place that turns your server's errors into statuses. TRANSIENT, TIMEOUT, RATE_LIMIT and NO_SPACE are tried again.
fn failure(error: io::Error, path: &str) -> Failure {
    let status = match error.kind() {
        ErrorKind::NotFound => CH_E_NOT_FOUND,
        ErrorKind::AlreadyExists => CH_E_EXISTS,
        ErrorKind::DirectoryNotEmpty => CH_E_NOT_EMPTY,
        ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::ReadOnlyFilesystem => CH_E_PERMISSION,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CH_E_NO_SPACE,
        ErrorKind::IsADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename => CH_E_CONFIG,
        _ => CH_E_TRANSIENT,
    };
    Failure::new(status, format!("\"{path}\" cannot be used: {error}."))
}

/// What is at `name` in an open directory. The kernel resolves the first part to the directory itself, wherever it has been moved.
fn within(directory: &File, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()))
}

/// Opens what is at `name`, and makes sure that it is what was there and no link that led elsewhere.
fn open_entry(directory: &File, name: &str, options: &OpenOptions) -> io::Result<File> {
    let path = within(directory, name);
    let facts = fs::symlink_metadata(&path)?;
    // Opening a pipe would wait for its other end.
    if !facts.is_file() && !facts.is_dir() {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "it is no regular file"));
    }
    let file = options.open(path)?;
    let opened = file.metadata()?;
    if (opened.dev(), opened.ino()) != (facts.dev(), facts.ino()) {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "it was exchanged while it was opened"));
    }
    Ok(file)
}

fn reading() -> OpenOptions {
    OpenOptions::new().read(true).clone()
}

pub fn directory_setting(json: &str) -> Outcome<String> {
    match settings::text(json, "directory") {
        Some(directory) if directory.starts_with('/') => Ok(directory),
        _ => Err(Failure::new(CH_E_CONFIG, "\"directory\" is a whole path that begins with /.")),
    }
}

impl Session {
    /// Connects.
    pub fn open(settings: &str, call: Call) -> Outcome<Session> {
        call.check_cancelled()?;
        let directory = directory_setting(settings)?;
        match File::open(&directory).and_then(|root| root.metadata().map(|facts| (root, facts.is_dir()))) {
            Ok((root, true)) => Ok(Session { root }),
            Ok(_) => Err(Failure::new(CH_E_CONFIG, format!("\"{directory}\" is no directory."))),
            Err(error) => Err(Failure::new(CH_E_CONFIG, format!("The directory \"{directory}\" cannot be opened: {error}."))),
        }
    }

    /// The directory that holds `path`, and its last name. Goes down by one name at a time and follows no link, so that nothing outside the
    /// root is ever touched. The host refuses ".." as well; both do.
    fn parent<'a>(&self, path: &'a str) -> Outcome<(File, &'a str)> {
        let names: Vec<&str> = path.split('/').collect();
        if names.iter().any(|name| matches!(*name, "" | "." | "..")) {
            return Err(Failure::new(CH_E_CONFIG, format!("\"{path}\" is not a path below the directory.")));
        }
        let mut directory = self.root.try_clone().map_err(|error| failure(error, path))?;
        for name in &names[..names.len() - 1] {
            directory = open_entry(&directory, name, &reading()).map_err(|error| failure(error, path))?;
        }
        Ok((directory, names[names.len() - 1]))
    }

    fn entry(path: String, facts: &fs::Metadata) -> Entry {
        let kind = facts.file_type();
        Entry {
            path,
            kind: if kind.is_file() { 1 } else if kind.is_dir() { 2 } else if kind.is_symlink() { 3 } else { 4 },
            size: facts.len() as i64,
            modified_unix_ns: facts.mtime().saturating_mul(1_000_000_000).saturating_add(facts.mtime_nsec()),
            unix_mode: facts.mode() & 0o7777,
        }
    }

    pub fn stat(&self, path: &str) -> Outcome<Entry> {
        let (parent, name) = self.parent(path)?;
        let facts = fs::symlink_metadata(within(&parent, name)).map_err(|error| failure(error, path))?;
        Ok(Self::entry(path.to_string(), &facts))
    }

    /// One level; each entry goes to the host as it arrives.
    pub fn list(&self, path: &str, call: Call, mut found: impl FnMut(Entry) -> Outcome<()>) -> Outcome<()> {
        let directory = if path.is_empty() {
            self.root.try_clone().map_err(|error| failure(error, path))?
        } else {
            let (parent, name) = self.parent(path)?;
            open_entry(&parent, name, &reading()).map_err(|error| failure(error, path))?
        };
        for item in fs::read_dir(within(&directory, "")).map_err(|error| failure(error, path))? {
            call.check_cancelled()?;
            let item = item.map_err(|error| failure(error, path))?;
            let Ok(name) = item.file_name().into_string() else {
                call.log(CH_LOG_WARN, "A file whose name is not UTF-8 was passed over.");
                continue;
            };
            // Removed by somebody since it was listed: then it is not there.
            let Ok(facts) = fs::symlink_metadata(within(&directory, &name)) else { continue };
            found(Self::entry(if path.is_empty() { name } else { format!("{path}/{name}") }, &facts))?;
        }
        Ok(())
    }

    pub fn open_read(&self, path: &str, offset: i64) -> Outcome<OpenFile> {
        let (parent, name) = self.parent(path)?;
        let file = open_entry(&parent, name, &reading()).map_err(|error| failure(error, path))?;
        let open = OpenFile { file, parent, name: name.to_string(), path: path.to_string(), is_new: false };
        open.check_regular()?;
        open.seek(offset)?;
        Ok(open)
    }

    /// From 0: a new file, or an emptied one. From another offset: goes on with a file of exactly that size, and makes none.
    pub fn open_write(&self, path: &str, offset: i64) -> Outcome<OpenFile> {
        let (parent, name) = self.parent(path)?;
        let made = if offset == 0 { OpenOptions::new().write(true).create_new(true).open(within(&parent, name)) } else { Err(ErrorKind::AlreadyExists.into()) };
        let file = match made {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => open_entry(&parent, name, OpenOptions::new().write(true)),
            other => other,
        };
        let file = file.map_err(|error| failure(error, path))?;
        let open = OpenFile { file, parent, name: name.to_string(), path: path.to_string(), is_new: offset == 0 };
        open.check_regular()?;
        if offset == 0 {
            open.file.set_len(0).map_err(|error| failure(error, path))?;
        } else if open.file.metadata().map_err(|error| failure(error, path))?.len() != offset as u64 {
            return Err(Failure::new(CH_E_DATA, format!("\"{path}\" does not have the {offset} bytes it should go on after.")));
        }
        open.seek(offset)?;
        Ok(open)
    }

    /// Without `replace` an existing target stays: a second name fails there, and rename would not.
    pub fn rename(&self, from: &str, to: &str, replace: bool) -> Outcome<()> {
        let (from_parent, from_name) = self.parent(from)?;
        let (to_parent, to_name) = self.parent(to)?;
        let (source, target) = (within(&from_parent, from_name), within(&to_parent, to_name));
        let result = if replace { fs::rename(source, target) } else { fs::hard_link(&source, target).and_then(|()| fs::remove_file(&source)) };
        result.map_err(|error| {
            let path = if error.kind() == ErrorKind::AlreadyExists { to } else { from };
            failure(error, path)
        })?;
        to_parent.sync_all().and_then(|()| from_parent.sync_all()).map_err(|error| failure(error, to))
    }

    pub fn remove(&self, path: &str) -> Outcome<()> {
        let (parent, name) = self.parent(path)?;
        fs::remove_file(within(&parent, name)).map_err(|error| failure(error, path))
    }

    /// A directory that is there already is fine.
    pub fn make_directory(&self, path: &str) -> Outcome<()> {
        let (parent, name) = self.parent(path)?;
        match fs::create_dir(within(&parent, name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let is_there = fs::symlink_metadata(within(&parent, name)).is_ok_and(|facts| facts.is_dir());
                if is_there { Ok(()) } else { Err(failure(error, path)) }
            }
            other => other.map_err(|error| failure(error, path)),
        }
    }

    pub fn remove_directory(&self, path: &str) -> Outcome<()> {
        let (parent, name) = self.parent(path)?;
        fs::remove_dir(within(&parent, name)).map_err(|error| failure(error, path))
    }
}

impl OpenFile {
    fn check_regular(&self) -> Outcome<()> {
        let is_file = self.file.metadata().is_ok_and(|facts| facts.is_file());
        if is_file { Ok(()) } else { Err(Failure::new(CH_E_CONFIG, format!("\"{}\" is not a regular file.", self.path))) }
    }

    fn seek(&self, offset: i64) -> Outcome<()> {
        let place = SeekFrom::Start(offset.max(0) as u64);
        (&self.file).seek(place).map(|_| ()).map_err(|error| failure(error, &self.path))
    }

    /// How many bytes; 0 at the end. Where you wait for a network, poll `call.cancel_fd()` beside your socket.
    pub fn read(&self, buffer: &mut [u8], call: Call) -> Outcome<usize> {
        call.check_cancelled()?;
        (&self.file).read(buffer).map_err(|error| failure(error, &self.path))
    }

    /// May take fewer bytes than there are; the host comes again with the rest.
    pub fn write(&self, bytes: &[u8], call: Call) -> Outcome<usize> {
        call.check_cancelled()?;
        (&self.file).write(bytes).map_err(|error| failure(error, &self.path))
    }

    /// The only success of a write: after it the file is complete and survives a power cut.
    pub fn commit(self, modified_unix_ns: Option<i64>) -> Outcome<()> {
        if let Some(nanoseconds) = modified_unix_ns {
            let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
            let modified = if nanoseconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance };
            self.file.set_modified(modified).map_err(|error| failure(error, &self.path))?;
        }
        self.file.sync_all().and_then(|()| self.parent.sync_all()).map_err(|error| failure(error, &self.path))
    }

    /// A write without commit leaves nothing; a file that was here before it stays.
    pub fn abort(self) {
        if self.is_new {
            // It cannot be told to anybody when that fails.
            let _ = fs::remove_file(within(&self.parent, &self.name));
        }
    }
}
