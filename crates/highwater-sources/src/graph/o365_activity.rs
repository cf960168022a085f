//! Activity: `GET {o365}/api/v1.0/{tenant}/activity/feed/subscriptions/content`, then each blob that it lists.
//!
//! Needs ActivityFeed.Read of the Office 365 Management APIs. Seven days are all that the service keeps, a day a list.
//! The feed must have been started before: starting it would be a write, so a tenant without it is refused and the gap
//! says so. Content of other kinds than general audit is left out.

use highwater_http::Paging;
use serde::Deserialize;

use crate::found::{Answer, Found, Object};
use crate::source::{Each, Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "o365.activity",
    about: "audit events of seven days",
    page: "https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference",
    service: "o365",
    requests: &[
        Request {
            path: "/api/v1.0/{tenant}/activity/feed/subscriptions/content",
            query: &[
                ("contentType", "Audit.General"),
                ("startTime", "{day_start}"),
                ("endTime", "{day_end}"),
                ("PublisherIdentifier", "{tenant}"),
            ],
            paging: Paging::NextPageUri,
            each: Each::Days(7),
            ..Request::GET
        },
        Request { path: "{+key}", each: Each::Found("content"), ..Request::GET },
    ],
    grant: Grant::both("ActivityFeed.Read"),
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    content_uri: String,
}

/// Blobs, from the lists; events hold no such field.
fn find(answer: &Answer<'_>, found: &mut Found) {
    if matches!(answer.request.each, Each::Days(_)) {
        for content in answer.list::<Content>() {
            found.key(Object::new("content", content.content_uri));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn blobs_are_asked_at_the_addresses_that_the_service_tells() {
        let address =
            "https://manage.office.com/api/v1.0/t/activity/feed/audit/20261121$audit$general$1";
        let page = format!(
            r#"[{{"contentUri": "{address}", "contentId": "1", "contentType": "Audit.General"}}]"#
        );
        let keys = found(&SOURCE, None, ("", ""), &page).keys;
        assert_eq!(keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), [address]);
        assert!(found(&SOURCE, None, ("", ""), "[]").keys.is_empty());
    }
}
