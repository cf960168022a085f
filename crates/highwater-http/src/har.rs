//! HAR: the shape of a recording, HTTP Archive 1.2.
//!
//! Owns how an exchange becomes an entry and an entry an answer again. What is written has been scrubbed; what is read
//! may come from a browser or a proxy. <http://www.softwareishard.com/blog/har-12-spec/>

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::asked::Asked;
use crate::body::Broken;
use crate::live::Answer;
use crate::record::Keep;
use crate::{scrub, scrub_json};

/// One exchange.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    started_date_time: String,
    time: f64,
    pub(crate) request: Request,
    response: Response,
    cache: Value,
    #[serde(default)]
    timings: Value,
    /// Why there is no answer.
    #[serde(rename = "_broken", default, skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

/// What was asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    http_version: String,
    cookies: Vec<Value>,
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    mime_type: String,
    #[serde(default)]
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status: u16,
    status_text: String,
    http_version: String,
    cookies: Vec<Value>,
    headers: Vec<Pair>,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i64,
    body_size: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    size: i64,
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Pair {
    name: String,
    value: String,
}

impl Entry {
    /// An exchange without its secrets.
    pub(crate) fn new(
        asked: &Asked,
        result: &Result<Answer, Broken>,
        (started, took): (SystemTime, Duration),
        keep: Keep,
    ) -> Self {
        let time = took.as_secs_f64() * 1000.0;
        Self {
            started_date_time: moment(started),
            time,
            request: Request::new(asked),
            response: Response::new(result.as_ref().ok(), keep),
            cache: serde_json::json!({}),
            timings: serde_json::json!({"send": 0, "wait": time, "receive": 0}),
            broken: result.as_ref().err().cloned(),
        }
    }

    /// The answer that was recorded.
    pub(crate) fn answer(self) -> Result<Answer, Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        if self.response.status == 0 {
            return Err(Broken::Lost("the recording says that no answer came".to_owned()));
        }
        let lower = |pair: Pair| (pair.name.to_ascii_lowercase(), pair.value);
        let content = self.response.content;
        let body = match content.encoding.as_deref() {
            Some("base64") => BASE64_STANDARD.decode(content.text).unwrap_or_default().into(),
            _ => Bytes::from(content.text),
        };
        let headers = self.response.headers.into_iter().map(lower).collect();
        Ok(Answer { status: self.response.status, headers, body })
    }
}

impl Request {
    /// A request without its secrets.
    pub(crate) fn new(asked: &Asked) -> Self {
        let url = scrub::url(&asked.url);
        let pairs = url.query_pairs();
        let query_string = pairs
            .map(|(name, value)| Pair { name: name.into_owned(), value: value.into_owned() })
            .collect();
        let mut headers = clean_headers(&asked.headers);
        headers.push(Pair {
            name: "authorization".to_owned(),
            value: format!("Bearer {}", scrub::GONE),
        });
        let post_data = asked.body.as_ref().map(|body| PostData {
            mime_type: "application/json".to_owned(),
            text: scrub_json::document(&String::from_utf8_lossy(body)),
        });
        Self {
            method: asked.verb.to_string(),
            url: url.into(),
            http_version: "HTTP/1.1".to_owned(),
            cookies: Vec::new(),
            headers,
            query_string,
            body_size: post_data.as_ref().map_or(0, |data| length(&data.text)),
            post_data,
            headers_size: -1,
        }
    }

    /// What was posted; equal for bodies that say the same.
    pub(crate) fn posted(&self) -> Value {
        let text = self.post_data.as_ref().map_or("", |data| data.text.as_str());
        serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
    }
}

impl Response {
    fn new(answer: Option<&Answer>, keep: Keep) -> Self {
        let header = |name| answer.and_then(|answer| answer.header(name)).unwrap_or_default();
        let content = Content::new(answer.map(|answer| &answer.body), header("content-type"), keep);
        let status = answer.map_or(0, |answer| answer.status);
        let reason =
            http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
        Self {
            status,
            status_text: reason.unwrap_or_default().to_owned(),
            http_version: "HTTP/1.1".to_owned(),
            cookies: Vec::new(),
            headers: answer.map_or_else(Vec::new, |answer| clean_headers(&answer.headers)),
            redirect_url: scrub::header("location", header("location")).into_owned(),
            headers_size: -1,
            body_size: content.size,
            content,
        }
    }
}

impl Content {
    fn new(body: Option<&Bytes>, mime_type: &str, keep: Keep) -> Self {
        let body = body.map(Bytes::as_ref).unwrap_or_default();
        let kept = || String::from_utf8(keep(body)?).ok();
        let (text, encoding) = match std::str::from_utf8(body) {
            Ok(text) => (kept().unwrap_or_else(|| document(text)), None),
            Err(_) => (BASE64_STANDARD.encode(clean_bytes(body)), Some("base64".to_owned())),
        };
        Self { size: length(&text), mime_type: mime_type.to_owned(), text, encoding }
    }
}

/// A body without its secrets; a byte order mark stays.
fn document(text: &str) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => format!("\u{feff}{}", scrub_json::document(rest)),
        None => scrub_json::document(text),
    }
}

/// Bytes that are no text are kept only if none of the texts in them had to be scrubbed.
fn clean_bytes(body: &[u8]) -> &[u8] {
    let text = String::from_utf8_lossy(body);
    if scrub_json::document(&text) == text { body } else { b"" }
}

fn clean_headers(headers: &[(String, String)]) -> Vec<Pair> {
    let clean = |(name, value): &(String, String)| Pair {
        name: name.clone(),
        value: scrub::header(name, value).into_owned(),
    };
    headers.iter().map(clean).collect()
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// A moment as ISO 8601 wants it, in UTC with milliseconds. Days are counted in eras of 400 years.
fn moment(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Years that begin in March put the leap day at their end.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_they_are() {
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_795_327_199, "2026-11-22T05:59:59.000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(moment(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), wanted);
        }
    }

    #[test]
    fn moments_agree_with_those_of_http() {
        for day in 0..60_000_u64 {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + 3_661);
            let http = httpdate::fmt_http_date(time);
            let ours = moment(time);
            assert_eq!(ours[8..10], http[5..7], "{http}");
            assert_eq!(ours[0..4], http[12..16], "{http}");
            assert_eq!(ours[11..19], http[17..25], "{http}");
        }
    }
}
