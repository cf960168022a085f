//! Activity: the audit feed, whose events come in blobs that a list of a time window names.
//!
//! Recorded events are cut into blobs of an hour, so that a window holds what happened in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::asked::Asked;
use crate::paging::{List, Rows};

/// Events by the hour in which they happened, `2026-10-31T07`.
pub(crate) struct Feed {
    hours: BTreeMap<String, Vec<Value>>,
}

impl Feed {
    /// The feed of recorded events.
    pub(crate) fn new(events: impl IntoIterator<Item = Value>) -> Self {
        let mut hours: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for event in events {
            let hour = event["CreationTime"]
                .as_str()
                .and_then(|time| time.get(..13))
                .unwrap_or_default()
                .to_owned();
            hours.entry(hour).or_default().push(event);
        }
        Self { hours }
    }

    /// The blobs of a window; of the day before `now` where none is given.
    pub(crate) fn blobs(&self, asked: &Asked, now: i64) -> List {
        let told = |name| asked.parameter(name).and_then(moment);
        let end =
            told("endTime").or_else(|| Timestamp::from_second(now).ok()).unwrap_or(Timestamp::MAX);
        let start = told("startTime")
            .or_else(|| end.checked_sub(SignedDuration::from_hours(24)).ok())
            .unwrap_or(Timestamp::MIN);
        let wanted = asked
            .parameter("contentType")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("Audit.General"));
        let within = |hour: &&String| {
            wanted
                && moment(&format!("{hour}:00:00"))
                    .is_some_and(|created| created >= start && created < end)
        };
        let tenant = asked.path.trim_matches('/').split('/').nth(2).unwrap_or_default();
        let rows = self.hours.keys().filter(within).map(|hour| blob(tenant, hour)).collect();
        List { rows: Rows::Held(Arc::new(rows)), envelope: Map::new(), broken: false }
    }

    /// The events of a blob.
    pub(crate) fn events(&self, path: &str) -> Option<List> {
        let hour = path.rsplit('/').next()?.strip_prefix("hour-")?;
        let rows = self.hours.get(hour)?.clone();
        Some(List { rows: Rows::Held(Arc::new(rows)), envelope: Map::new(), broken: false })
    }
}

fn blob(tenant: &str, hour: &str) -> Value {
    json!({
        "contentUri": format!("https://manage.office.com/api/v1.0/{tenant}/activity/feed/audit/hour-{hour}"), "contentId": format!("hour-{hour}"),
        "contentType": "Audit.General", "contentCreated": format!("{hour}:00:00.000Z"), "contentExpiration": format!("{hour}:00:00.000Z"),
    })
}

/// A moment as clients write it, with or without a zone.
fn moment(text: &str) -> Option<Timestamp> {
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        _ if text.ends_with('Z') => text.to_owned(),
        _ => format!("{text}Z"),
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;

    #[test]
    fn a_window_holds_what_happened_in_it() {
        let event = |time: &str| json!({"CreationTime": time, "Id": time});
        let feed = Feed::new([
            event("2026-10-31T06:10:00"),
            event("2026-10-31T06:50:00"),
            event("2026-10-30T09:00:00"),
        ]);
        let asked = |query: &str| {
            let uri = format!(
                "https://manage.office.com/api/v1.0/t/activity/feed/subscriptions/content?contentType=Audit.General{query}"
            );
            Asked::new(Method::GET, &uri.parse().unwrap(), HeaderMap::new(), Bytes::new())
        };
        let day = asked("&startTime=2026-10-31T06:00:00&endTime=2026-11-01T06:00");
        let blobs = feed.blobs(&day, 0).rows.cut(0, 9);
        assert_eq!(blobs.len(), 1);
        assert_eq!(feed.events(blobs[0]["contentUri"].as_str().unwrap()).unwrap().rows.len(), 2);
        assert_eq!(feed.blobs(&asked("&startTime=2026-10-01&endTime=2026-11-01"), 0).rows.len(), 2);
        assert!(feed.events("/audit/hour-2020-01-01T00").is_none());
    }
}
