//! Gateway clusters: `GET {powerbi}/v2.0/myorg/gatewayClusters`, else the reader's own, `GET {powerbi}/v1.0/myorg/gateways`.
//!
//! Needs a Power BI or Fabric administrator; applications need a setting of the Power BI tenant. Public keys of the
//! gateways are dropped.

use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "powerbi.gateway_clusters",
    about: "on-premises gateway clusters and their members",
    page: "https://learn.microsoft.com/data-integration/gateway/service-gateway-onprem",
    service: "powerbi",
    requests: &[
        Request {
            path: "/v2.0/myorg/gatewayClusters",
            query: &[("$expand", "permissions,memberGateways")],
            ..Request::GET
        },
        Request { path: "/v1.0/myorg/gateways", otherwise: true, ..Request::GET },
    ],
    grant: Grant {
        application: Some(
            "Power BI tenant setting for service principals (not documented for clusters)",
        ),
        delegated: Some("Fabric Administrator, or administrator of the gateways"),
    },
    ..Source::DEFAULT
};
