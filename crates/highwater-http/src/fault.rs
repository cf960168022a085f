//! Fault: what a service says of its refusal, in one shape.
//!
//! Guarantees a code and a message that are short and hold no secret, whatever the service wrote. Reads the dialects of
//! all vendors; judges none of them.

use serde_json::Value;

use crate::live::Answer;
use crate::scrub;

/// Longest message that is kept, in characters.
const SHORT: usize = 300;

/// The vendor's code and message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// Reads what an answer with an error status says.
pub(crate) fn read(answer: &Answer) -> Fault {
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    let told = match serde_json::from_slice::<Value>(body) {
        Ok(value) => in_json(&value, 0),
        Err(_) => Fault { code: String::new(), message: in_text(body) },
    };
    let cause =
        || answer.header("x-ms-failure-cause").map(|cause| format!("no body, cause {cause}"));
    let message = if told.message.is_empty() { cause().unwrap_or_default() } else { told.message };
    Fault { code: short(&told.code, 80), message: short(&message, SHORT) }
}

/// A status in words that stand where a reason is asked for.
pub(crate) fn status(status: u16) -> String {
    format!("HTTP {status}")
}

/// `error.code` and `error.message` of most of Microsoft, `Code` and `Message` of old APIs, `typeKey` of Azure DevOps,
/// `message` of GitHub and API Management, `error_description` of OAuth, and lists of any of them.
fn in_json(value: &Value, depth: u8) -> Fault {
    match value {
        Value::String(text) => Fault { code: String::new(), message: text.clone() },
        Value::Array(items) => items.first().map(|first| in_json(first, depth)).unwrap_or_default(),
        Value::Object(_) if depth < 4 => in_object(value, depth),
        _ => Fault::default(),
    }
}

fn in_object(value: &Value, depth: u8) -> Fault {
    let own = Fault {
        code: text(value, &["code", "errorCode", "typeKey", "error"]),
        message: text(value, &["message", "error_description", "detail", "title"]),
    };
    let inner = ["error", "odata.error", "errors", "innererror", "innerError", "details"]
        .iter()
        .filter_map(|name| value.get(name).filter(|inner| inner.is_object() || inner.is_array()))
        .map(|inner| in_json(inner, depth + 1))
        .find(|inner| !inner.code.is_empty() || !inner.message.is_empty());
    let Some(inner) = inner else { return own };
    // Some codes only wrap the reason; elsewhere the outer words are the better ones.
    let wrapper = own.code.ends_with("RequestFailed") || own.code == "BadRequest";
    let wrapped = own.code.is_empty() || wrapper;
    if wrapped && !inner.code.is_empty() {
        Fault {
            code: inner.code,
            message: if inner.message.is_empty() { own.message } else { inner.message },
        }
    } else if own.message.is_empty() {
        Fault { code: own.code, message: inner.message }
    } else {
        own
    }
}

/// The first of these keys whose value is a text or a number; vendors do not agree on capitals, and some put the text
/// one level deeper (`message.value`).
fn text(value: &Value, names: &[&str]) -> String {
    let Some(object) = value.as_object() else { return String::new() };
    let of = |name: &&str| {
        let (_, found) = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        match found {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) if number.as_i64() != Some(0) => Some(number.to_string()),
            Value::Object(deeper) => deeper.get("value").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        }
    };
    names.iter().find_map(of).unwrap_or_default()
}

/// A text that is no page: pages of gateways say nothing that helps.
fn in_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).trim().to_owned();
    if looks_like_html(body) { "a page of a gateway".to_owned() } else { text }
}

/// Whether a body is a page for people rather than an answer.
pub(crate) fn looks_like_html(body: &[u8]) -> bool {
    let start = &body[..body.len().min(256)];
    let start = String::from_utf8_lossy(start)
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

/// One line, without secrets, shortened.
fn short(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = scrub::text(&line);
    if clean.chars().count() <= longest {
        return clean.into_owned();
    }
    clean.chars().take(longest).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> (String, String) {
        let fault = read(&Answer {
            status: 400,
            headers: vec![("x-ms-failure-cause".to_owned(), "gateway".to_owned())],
            body: body.to_owned().into(),
        });
        (fault.code, fault.message)
    }

    #[test]
    fn every_vendor_is_understood() {
        for (body, code, message) in [
            (r#"{"error":{"code":"Forbidden","message":"no"}}"#, "Forbidden", "no"),
            (
                r#"{"error":{"code":"0x80040220","message":"missing prvReadRole"}}"#,
                "0x80040220",
                "missing prvReadRole",
            ),
            (
                r#"{"error":{"code":"BusinessAppPlatformRequestFailed","message":"failed","innererror":{"code":"EnvironmentNotFound","message":"gone"}}}"#,
                "EnvironmentNotFound",
                "gone",
            ),
            (
                r#"{"error":{"code":"BadRequest","message":"","details":[{"code":"InvalidQuery","message":"bad query"}]}}"#,
                "InvalidQuery",
                "bad query",
            ),
            (r#"{"code":"X","message":"flat"}"#, "X", "flat"),
            (r#"{"Message":"The request was denied."}"#, "", "The request was denied."),
            (
                r#"{"$id":"1","message":"TF200016: gone","typeKey":"ProjectDoesNotExist","errorCode":0}"#,
                "ProjectDoesNotExist",
                "TF200016: gone",
            ),
            (
                r#"{"message":"Not Found","documentation_url":"https://docs.example"}"#,
                "",
                "Not Found",
            ),
            (
                r#"{"statusCode":429,"message":"Try again in 2 seconds."}"#,
                "",
                "Try again in 2 seconds.",
            ),
            (
                r#"{"error":"invalid_grant","error_description":"expired"}"#,
                "invalid_grant",
                "expired",
            ),
            (r#"{"odata.error":{"code":"Q","message":{"lang":"en","value":"old"}}}"#, "Q", "old"),
            (r#"[{"code":"A","message":"bare list"}]"#, "A", "bare list"),
            (r#"{"errors":[{"code":"E","detail":"listed"}]}"#, "E", "listed"),
            ("not allowed\n here", "", "not allowed here"),
            ("<!DOCTYPE html><html>", "", "a page of a gateway"),
            ("", "", "no body, cause gateway"),
            ("{}", "", "no body, cause gateway"),
        ] {
            assert_eq!(fault(body), (code.to_owned(), message.to_owned()), "{body}");
        }
    }

    #[test]
    fn messages_are_short_and_hold_no_secret() {
        let (_, message) = fault(&format!(
            r#"{{"message":"at https://x.example/?sig=CANARY&a=1 {}"}}"#,
            "é".repeat(500)
        ));
        assert!(!message.contains("CANARY"), "{message}");
        assert_eq!(message.chars().count(), 301);
    }
}
