//! Recording: the answers of a tenant as they were written down, with what was asked for each.
//!
//! Reads `highwater-index.json` and the files it names, from the archive in the library or from a folder. Pages of one
//! list become one list again. Answers of which nobody says what was asked are left out.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Error;
use crate::host;
use crate::settings::Profile;

const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tenants.zip"));
const INDEX: &str = "highwater-index.json";

/// One request and what came back.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// Parameters that were sent, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Body that was sent.
    pub(crate) sent: Value,
    pub(crate) status: u16,
    pub(crate) told: Told,
    /// Whether the page behind the last one never came.
    pub(crate) broken: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Nothing: the request never got an answer.
    Silence,
    Document(Value),
    /// Records, with the rest of the envelope.
    List(Arc<Vec<Value>>, Map<String, Value>),
}

/// All exchanges of a tenant, by method, canonical host and path.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) tenant: String,
    pub(crate) exchanges: BTreeMap<String, Vec<Exchange>>,
}

#[derive(Deserialize)]
struct Index {
    tenant: Option<String>,
    exchanges: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: Option<String>,
    status: Option<u16>,
    request: Option<String>,
}

/// Files by their name below the inventory.
type Files = BTreeMap<String, Vec<u8>>;

/// Reads the recording of a profile.
pub(crate) fn read(profile: &Profile) -> Result<Recording, Error> {
    let (place, files) = match profile {
        Profile::Named(name) => (PathBuf::from(name), packed(name)?),
        Profile::Folder(folder) => (folder.clone(), folder_files(folder)?),
        Profile::Made(_) => return Ok(Recording::default()),
    };
    let wrong = |file: &str, reason: String| Error::Recording { path: place.join(file), reason };
    let index = files.get(INDEX).ok_or_else(|| wrong(INDEX, "there is none".to_owned()))?;
    let index: Index =
        serde_json::from_slice(index).map_err(|error| wrong(INDEX, error.to_string()))?;
    let mut reader = Joiner {
        recording: Recording {
            tenant: index.tenant.unwrap_or_default(),
            exchanges: BTreeMap::new(),
        },
        open: BTreeMap::new(),
    };
    for entry in index.exchanges {
        let Some(request) = &entry.request else { continue };
        let file = entry.file.as_deref();
        let body = match file {
            Some(name) => {
                let bytes = files.get(name).ok_or_else(|| {
                    wrong(name, "the index names it, and it is not there".to_owned())
                })?;
                Some(
                    serde_json::from_slice(bytes)
                        .map_err(|error| wrong(name, error.to_string()))?,
                )
            }
            None => None,
        };
        reader
            .add(request, entry.status.unwrap_or(200), body)
            .ok_or_else(|| wrong(INDEX, format!("cannot read the request {request:?}")))?;
    }
    Ok(reader.finish())
}

fn packed(name: &str) -> Result<Files, Error> {
    let wrong = |reason: String| Error::Recording { path: PathBuf::from(name), reason };
    let mut archive =
        zip::ZipArchive::new(Cursor::new(ARCHIVE)).map_err(|error| wrong(error.to_string()))?;
    let head = format!("{name}/");
    let mut files = Files::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|error| wrong(error.to_string()))?;
        let named = file.name().map_err(|error| wrong(error.to_string()))?.into_owned();
        let Some(inner) = named.strip_prefix(&head).map(str::to_owned) else { continue };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
        files.insert(inner, bytes);
    }
    if files.is_empty() { Err(Error::Profile(name.to_owned())) } else { Ok(files) }
}

fn folder_files(folder: &std::path::Path) -> Result<Files, Error> {
    let mut files = Files::new();
    let mut open = vec![folder.to_owned()];
    while let Some(place) = open.pop() {
        let wrong = |error: std::io::Error| Error::Recording {
            path: place.clone(),
            reason: error.to_string(),
        };
        for entry in std::fs::read_dir(&place).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                files.insert(
                    name.to_string_lossy().replace('\\', "/"),
                    std::fs::read(&path).map_err(wrong)?,
                );
            }
        }
    }
    Ok(files)
}

/// Puts pages together: a page whose next link was asked is continued by that answer.
struct Joiner {
    recording: Recording,
    /// What would ask for the page behind, and where the list that waits for it is.
    open: BTreeMap<String, (String, usize)>,
}

impl Joiner {
    fn add(&mut self, request: &str, status: u16, body: Option<Value>) -> Option<()> {
        let (method, rest) = request.split_once(' ')?;
        let (address, sent) =
            rest.split_once(" {").map_or((rest, Value::Null), |(address, body)| {
                (address, serde_json::from_str(&format!("{{{body}")).unwrap_or(Value::Null))
            });
        let next = body.as_ref().and_then(|body| following(address, &sent, body));
        let told = body.map_or(Told::Silence, split);
        let place = match self.open.remove(&asking(address, &sent)) {
            Some((key, at)) => {
                let held = self.recording.exchanges.get_mut(&key)?.get_mut(at)?;
                if let (Told::List(rows, _), Told::List(more, _)) = (&mut held.told, told) {
                    Arc::make_mut(rows).extend(more.iter().cloned());
                }
                (key, at)
            }
            None => {
                let url = url::Url::parse(address).ok()?;
                let key = key(method, url.host_str()?, url.path());
                let query = url.query_pairs().into_owned().collect();
                let held = self.recording.exchanges.entry(key.clone()).or_default();
                held.push(Exchange { query, sent, status, told, broken: false });
                (key, held.len() - 1)
            }
        };
        if let Some(next) = next {
            self.open.insert(next, place);
        }
        Some(())
    }

    fn finish(mut self) -> Recording {
        for (key, at) in self.open.into_values() {
            if let Some(held) =
                self.recording.exchanges.get_mut(&key).and_then(|held| held.get_mut(at))
            {
                held.broken = true;
            }
        }
        self.recording
    }
}

/// The key of a request: Dataverse by its canonical host, paths without regard to case.
pub(crate) fn key(method: &str, host: &str, path: &str) -> String {
    format!("{method} {}{}", host::canonical(host), path.trim_end_matches('/').to_ascii_lowercase())
}

/// What tells a request of a page apart: its address, and the token in its body.
fn asking(address: &str, sent: &Value) -> String {
    format!("{address} {}", sent["options"]["$skipToken"].as_str().unwrap_or_default())
}

/// What asks for the page behind a body.
fn following(address: &str, sent: &Value, body: &Value) -> Option<String> {
    let link = body.get("nextLink").or_else(|| body.get("@odata.nextLink")).and_then(Value::as_str);
    match (link, body.get("$skipToken").and_then(Value::as_str)) {
        (Some(link), _) => Some(asking(link, &Value::Null)),
        (None, Some(token)) if !sent.is_null() => Some(format!("{address} {token}")),
        _ => None,
    }
}

/// A body as records and envelope, where it is a list.
fn split(body: Value) -> Told {
    match body {
        Value::Array(rows) => Told::List(Arc::new(rows), Map::new()),
        Value::Object(mut fields) => {
            let name = ["value", "data", "collection"]
                .into_iter()
                .find(|name| fields.get(*name).is_some_and(Value::is_array));
            match name.and_then(|name| fields.remove(name)) {
                Some(Value::Array(rows)) => {
                    for link in ["nextLink", "@odata.nextLink", "$skipToken", "continuationToken"] {
                        fields.remove(link);
                    }
                    Told::List(Arc::new(rows), fields)
                }
                _ => Told::Document(Value::Object(fields)),
            }
        }
        other => Told::Document(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_profiles_are_packed_and_say_what_was_asked() {
        for name in Profile::NAMES {
            let recording = read(&Profile::Named(name.to_owned())).unwrap();
            assert!(recording.exchanges.len() > 50, "{name}: {}", recording.exchanges.len());
            assert!(recording.tenant.starts_with("00000000-0000-0000-0000-"), "{name}");
        }
    }

    #[test]
    fn pages_become_one_list_and_a_missing_page_is_remembered() {
        let mut joiner = Joiner { recording: Recording::default(), open: BTreeMap::new() };
        let host = "https://graph.microsoft.com/v1.0/groups";
        joiner
            .add(
                &format!("GET {host}?$top=2"),
                200,
                Some(json!({"value": [1, 2], "@odata.nextLink": format!("{host}?$skiptoken=a")})),
            )
            .unwrap();
        joiner
            .add(
                &format!("GET {host}?$skiptoken=a"),
                200,
                Some(json!({"value": [3], "@odata.nextLink": format!("{host}?$skiptoken=b")})),
            )
            .unwrap();
        let recording = joiner.finish();
        let held = &recording.exchanges["GET graph.microsoft.com/v1.0/groups"];
        assert_eq!(held.len(), 1);
        assert!(held[0].broken);
        assert!(matches!(&held[0].told, Told::List(rows, _) if rows.len() == 3));
    }

    #[test]
    fn a_folder_is_read_like_the_archive() {
        let folder = PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/tenants/denied/inventory"
        ));
        let (one, other) = (
            read(&Profile::Folder(folder)).unwrap(),
            read(&Profile::Named("denied".into())).unwrap(),
        );
        assert_eq!(
            one.exchanges.keys().collect::<Vec<_>>(),
            other.exchanges.keys().collect::<Vec<_>>()
        );
    }
}
