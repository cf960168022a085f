//! Replay: answers come from a recording alone.
//!
//! Guarantees that nothing is sent, and that a request that the recording does not hold is a failure rather than a
//! guess. Requests are found by method, address and posted body, secrets aside; repeated ones are answered in the order
//! in which they were recorded, and no oftener. Holds the recording in memory.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use crate::asked::Asked;
use crate::body::Broken;
use crate::har::{Entry, Request};
use crate::live::Answer;
use crate::{Error, Failure};

/// A recording that is being replayed.
#[derive(Debug)]
pub struct Replay {
    entries: Mutex<BTreeMap<(String, String), VecDeque<Entry>>>,
    is_cut_off: bool,
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

impl Replay {
    /// Opens a recording. One that a kill cut off is read as far as it goes.
    ///
    /// # Errors
    /// [`Error::Recording`] if it cannot be read or is no HAR.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |reason: String| Error::Recording { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        // A recording can be cut off within a character.
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(failed)
    }

    /// Whether the recording was cut off, so that what was asked last is missing.
    pub const fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (found, is_cut_off) = match serde_json::from_str::<Har>(text) {
            Ok(har) => (har.log.entries, false),
            Err(error) if error.is_eof() => (rescued(text).ok_or_else(|| error.to_string())?, true),
            Err(error) => return Err(format!("no HAR: {error}")),
        };
        let mut entries: BTreeMap<_, VecDeque<Entry>> = BTreeMap::new();
        for entry in found {
            let key = (entry.request.method.clone(), entry.request.url.clone());
            entries.entry(key).or_default().push_back(entry);
        }
        Ok(Self { entries: Mutex::new(entries), is_cut_off })
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, asked: &Asked) -> Result<Result<Answer, Broken>, Failure> {
        let request = Request::new(asked);
        let posted = request.posted();
        let key = (request.method, request.url);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries.get_mut(&key).and_then(|same| {
            let at = same.iter().position(|entry| entry.request.posted() == posted)?;
            same.remove(at)
        });
        match found {
            Some(entry) => Ok(entry.answer()),
            None => Err(Failure::NotRecorded { request: format!("{} {}", key.0, key.1) }),
        }
    }
}

/// Entries of a recording of ours that was cut off: one stands on each line after the first.
fn rescued(text: &str) -> Option<Vec<Entry>> {
    let mut lines = text.lines();
    lines.next().filter(|head| head.starts_with("{\"log\":") && head.ends_with("\"entries\":["))?;
    let whole = |line: &str| serde_json::from_str(line.strip_suffix(',').unwrap_or(line)).ok();
    Some(lines.map_while(whole).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = concat!(
        r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":["#,
        "\n",
        r#"{"startedDateTime":"2026-11-22T06:00:00.000Z","time":1.0,"request":{"method":"GET","url":"https://a.example/","#,
        r#""httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},"#,
        r#""response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"#,
        r#""content":{"size":2,"mimeType":"application/json","text":"{}"},"redirectURL":"","headersSize":-1,"bodySize":2},"#,
        r#""cache":{},"timings":{}}"#,
        "\n]}}\n"
    );

    proptest! {
        #[test]
        fn nothing_that_is_read_breaks_it(at in 0..WHOLE.len(), byte in 32_u8..127, cut in any::<bool>()) {
            let mut bytes = WHOLE.as_bytes().to_vec();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let _ = Replay::parse(&String::from_utf8(bytes).unwrap());
        }
    }

    #[test]
    fn what_is_whole_is_not_cut_off() {
        assert!(!Replay::parse(WHOLE).unwrap().is_cut_off());
        assert!(Replay::parse(WHOLE.trim_end().trim_end_matches(['}', ']'])).unwrap().is_cut_off());
    }
}
