//! Recommendations: `GET {ppapi}/analytics/advisorRecommendations`, then `/{scenario}/resources` of each.
//!
//! Needs an identity that may read recommendations; whether applications are let in is not documented, so they are
//! tried. Actions and scenarios that name no resource are left out.

use serde::Deserialize;

use crate::found::{Answer, Found, Object};
use crate::source::{Each, Grant, Request, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "ppapi.advisor",
    about: "resources that recommendations name, with their last use",
    page: "https://learn.microsoft.com/power-platform/admin/power-platform-advisor",
    service: "ppapi",
    requests: &[
        Request {
            path: "/analytics/advisorRecommendations",
            query: &[("api-version", "2024-10-01")],
            paging: Paging::NextLink,
            evidence: false,
            ..Request::GET
        },
        Request {
            path: "/analytics/advisorRecommendations/{key}/resources",
            query: &[("api-version", "2024-10-01")],
            paging: Paging::NextLink,
            each: Each::Found("scenario"),
            ..Request::GET
        },
    ],
    grant: Grant {
        application: Some("registered management app (not documented for applications)"),
        delegated: Some("Power Platform Administrator with Analytics.AdvisorRecommendations.Read"),
    },
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Recommendation {
    scenario: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    if answer.key.is_empty() {
        for recommendation in answer.list::<Recommendation>() {
            found.key(Object::new("scenario", recommendation.scenario));
        }
    }
}
