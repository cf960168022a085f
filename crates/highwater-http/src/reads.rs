//! Reads that are posted: the only paths to which anything but GET is sent.
//!
//! Guarantees that nothing that could change a tenant leaves this crate: the path has to stand in `config/reads.toml`
//! as a whole, the body has to be JSON, and a batch may hold nothing but GET.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

const LIST: &str = include_str!("../../../config/reads.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[expect(dead_code, reason = "says how the file is to be read")]
    format: u32,
    post: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    #[serde(default)]
    gets: bool,
}

/// A list that cannot be read allows nothing; a test reads it.
static READS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| toml::from_str(LIST).map(|list: List| list.post).unwrap_or_default());

/// Why a body must not be posted to `path`, if it must not.
pub(crate) fn refusal(path: &str, body: &[u8]) -> Option<String> {
    let Some(entry) = READS.iter().find(|entry| same_path(&entry.path, path)) else {
        return Some(format!("POST {path} is not on the list of reads"));
    };
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Some(format!("POST {path}: the body is not JSON"));
    };
    if entry.gets { batch_fault(&body).map(|fault| format!("POST {path}: {fault}")) } else { None }
}

fn same_path(pattern: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len()
        && wanted.iter().zip(&given).all(|(wanted, given)| match wanted.strip_prefix('{') {
            Some(_) => {
                !given.is_empty()
                    && given.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            }
            None => wanted == given,
        })
}

/// What is wrong with a batch: a part that is not GET, carries a body, or points anywhere but below the batch.
fn batch_fault(body: &Value) -> Option<String> {
    let Some(parts) = body.get("requests").and_then(Value::as_array) else {
        return Some("the batch has no requests".to_owned());
    };
    if body.as_object().is_some_and(|object| object.len() != 1) {
        return Some("the batch holds more than requests".to_owned());
    }
    parts.iter().find_map(part_fault)
}

fn part_fault(part: &Value) -> Option<String> {
    let text = |name| part.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("method") != "GET" || part.get("body").is_some() {
        return Some("a part of the batch is not a GET".to_owned());
    }
    let url = text("url");
    let relative = url.starts_with('/') && !url.starts_with("//") && !url.contains("://");
    (!relative).then(|| "a part of the batch has an address of its own".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(path: &str, body: &str) -> bool {
        refusal(path, body.as_bytes()).is_none()
    }

    #[test]
    fn the_list_is_readable_and_as_long_as_it_should_be() {
        assert_eq!(READS.len(), 6);
    }

    #[test]
    fn whole_paths_are_compared() {
        assert!(allowed("/providers/Microsoft.ResourceGraph/resources", "{}"));
        assert!(allowed("/v1/workspaces/00000000-0000-0000-0000-000000000101/query", "{}"));
        for path in [
            "/providers/Microsoft.ResourceGraph/resources/",
            "/x/providers/Microsoft.ResourceGraph/resources",
            "/providers/Microsoft.ResourceGraph/resources/delete",
            "/v1/workspaces/a/b/query",
            "/v1/workspaces//query",
            "/v1/workspaces/a%2fb/query",
            "/v1.0/users",
            "",
        ] {
            assert!(!allowed(path, "{}"), "{path}");
        }
        assert!(!allowed("/resourcequery/resources/query", "not json"));
    }

    #[test]
    fn a_batch_holds_nothing_but_gets() {
        let batch = |part: &str| allowed("/v1.0/$batch", &format!(r#"{{"requests":[{part}]}}"#));
        assert!(batch(r#"{"id":"1","method":"GET","url":"/users"}"#));
        assert!(batch(""));
        for part in [
            r#"{"id":"1","method":"DELETE","url":"/users/1"}"#,
            r#"{"id":"1","method":"get","url":"/users"}"#,
            r#"{"id":"1","url":"/users"}"#,
            r#"{"id":"1","method":"GET","url":"/users","body":{}}"#,
            r#"{"id":"1","method":"GET","url":"https://evil.example/"}"#,
            r#"{"id":"1","method":"GET","url":"//evil.example/"}"#,
            r#"{"id":"1","method":"GET"}"#,
            "1",
        ] {
            assert!(!batch(part), "{part}");
        }
        assert!(!allowed("/v1.0/$batch", "{}"));
        assert!(!allowed("/v1.0/$batch", r#"{"requests":[],"x":1}"#));
    }
}
