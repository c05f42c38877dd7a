//! The server's own secret, mixed into what is stored of a key: a stolen database alone tells nothing.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::{hmac, rand};

/// Length of the pepper, in bytes.
const BYTES: usize = 32;

/// What is stored of a key's plaintext.
pub(super) type Fingerprint = [u8; 32];

/// The server's own secret.
#[derive(Clone)]
pub(super) struct Pepper(hmac::Key);

/// Why there is no pepper.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file cannot be made or read.
    #[error("cannot open the pepper {path}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file has another length: it is not a pepper, or was cut off.
    #[error("the pepper {path} has {length} bytes instead of {BYTES}", path = path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// The system has no random numbers.
    #[error("no random numbers")]
    Random,
}

impl Pepper {
    /// The pepper in the data folder; made at the first start, readable by its owner only.
    pub(super) fn open(data: &Path) -> Result<Self, PepperError> {
        let path = data.join("pepper");
        let failed = |source| PepperError::Open {
            path: path.clone(),
            source,
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(data, &path)?;
                // Read back, for another process may have been first.
                fs::read(&path).map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        };
        if bytes.len() != BYTES {
            return Err(PepperError::Length {
                path,
                length: bytes.len(),
            });
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// What is stored of a plaintext: HMAC-SHA256. Two thousand nanoseconds.
    pub(super) fn fingerprint(&self, plaintext: &str) -> Fingerprint {
        let tag = hmac::sign(&self.0, plaintext.as_bytes());
        let mut fingerprint = [0; 32];
        for (to, from) in fingerprint.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        fingerprint
    }
}

/// Makes the file whole or not at all: it is written under another name, then linked to its own.
fn make(data: &Path, path: &Path) -> Result<(), PepperError> {
    let failed = |source| PepperError::Open {
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| PepperError::Random)?;
    let scratch = data.join(format!("pepper.{}.new", std::process::id()));
    let written = write(&scratch, &bytes).and_then(|()| match fs::hard_link(&scratch, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&scratch);
    written.and(removed).map_err(failed)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pepper(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_pepper_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Pepper::open(folder.path()).unwrap().fingerprint("x");
        assert_eq!(Pepper::open(folder.path()).unwrap().fingerprint("x"), first);
        let mode = fs::metadata(folder.path().join("pepper"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "the scratch file is gone"
        );
    }

    #[test]
    fn two_folders_have_two_peppers() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let fingerprint = |folder: &Path| Pepper::open(folder).unwrap().fingerprint("x");
        assert_ne!(fingerprint(one.path()), fingerprint(other.path()));
    }

    #[test]
    fn a_pepper_that_was_cut_off_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pepper"), b"short").unwrap();
        let error = Pepper::open(folder.path()).unwrap_err();
        assert!(
            matches!(error, PepperError::Length { length: 5, .. }),
            "{error}"
        );
    }
}
