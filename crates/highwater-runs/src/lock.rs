//! Lock: one run at a time of one tenant in one folder store.
//!
//! The operating system holds it, so it ends with the process, however that ends. The file says who has it, for people;
//! it stays behind and means nothing by itself. Stores on object storage have a lease instead (`lease.rs`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::Error;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What came of asking for it.
#[derive(Debug)]
pub enum Taken<T = Lock> {
    /// It is ours.
    Ours(T),
    /// Somebody else has it; the text is what they wrote down.
    Busy(String),
}

/// Takes the lock of a tenant, or says who has it. `holder` is one line about us.
///
/// # Errors
/// When the store cannot be written.
pub fn take(store: &Path, tenant: &str, holder: &str) -> Result<Taken, Error> {
    let folder = store.join(".locks");
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let path = folder.join(format!("{tenant}.lock"));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Where a lock also keeps others from reading, nothing is said of the holder.
            let _ = file.read_to_string(&mut text);
            return Ok(Taken::Busy(text.trim().to_owned()));
        }
        Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
    }
    file.set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| writeln!(file, "{holder}"))
        .map_err(Error::io("write", &path))?;
    Ok(Taken::Ours(Lock { _file: file }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_was_first_and_other_tenants_are_free() {
        let store = tempfile::tempdir().unwrap();
        let first = take(store.path(), "t1", "since 06:00").unwrap();
        let Taken::Ours(lock) = first else { panic!("nobody has it") };
        let Taken::Busy(said) = take(store.path(), "t1", "later").unwrap() else {
            panic!("it is taken")
        };
        assert_eq!(said, "since 06:00");
        assert!(matches!(take(store.path(), "t2", "other").unwrap(), Taken::Ours(_)));
        drop(lock);
        assert!(matches!(take(store.path(), "t1", "later").unwrap(), Taken::Ours(_)));
    }
}
