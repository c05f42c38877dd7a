//! One writer for a folder: an advisory lock that the kernel drops with the process.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::Error;

/// Takes the lock of a folder.
///
/// # Errors
/// Another process has it.
pub(super) fn acquire(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let io = |doing, source| Error::Io {
        doing,
        path: path.clone(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| io("open", source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io("lock", source)),
    }
}
