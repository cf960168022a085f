//! Discovery of applications: `GET {graph}/beta/security/dataDiscovery/cloudAppDiscovery/uploadedStreams`.
//!
//! Needs CloudApp-Discovery.Read.All and Defender for Cloud Apps. The streams and when data last arrived. The
//! applications of a stream (`aggregatedAppsDetails`) are left out: they tell what people use, and the facts ask only
//! whether anybody looks.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.app_discovery",
    about: "streams of discovered applications",
    page: "https://learn.microsoft.com/graph/api/security-datadiscoveryreport-list-uploadedstreams",
    service: "graph",
    requests: &[Request {
        path: "/beta/security/dataDiscovery/cloudAppDiscovery/uploadedStreams",
        ..LIST
    }],
    grant: Grant::both("CloudApp-Discovery.Read.All"),
    ..Source::DEFAULT
};
