//! Refusal: how each vendor says no, in its own words' shape: missing and wrong tokens, unknown paths and parameters.

use serde_json::json;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::host::Service;

/// What is wrong with the token of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    Invalid,
    Expired,
    Audience,
}

/// 401, with the challenge of the service.
pub(crate) fn unauthorised(service: Service, fault: Fault, tenant: &str, host: &str) -> Answer {
    let entra = format!("https://login.microsoftonline.com/{tenant}");
    let description = match fault {
        Fault::Missing => "the authorization header is missing",
        Fault::Invalid => "the token cannot be read",
        Fault::Expired => "the token has expired",
        Fault::Audience => "the token is meant for another audience",
    };
    let by = |missing: &'static str, expired: &'static str, audience: &'static str| match fault {
        Fault::Missing => missing,
        Fault::Expired => expired,
        Fault::Invalid | Fault::Audience => audience,
    };
    match service {
        Service::Dataverse => Answer::empty(401)
            .header("www-authenticate", format!("Bearer authorization_uri={entra}/oauth2/authorize, resource_id=https://{}/", crate::host::canonical(host))),
        Service::Graph => Answer::error(401, "InvalidAuthenticationToken", &format!("Access token was refused: {description}."))
            .header("www-authenticate", format!("Bearer realm=\"\", authorization_uri=\"{entra}/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"")),
        Service::Arm => Answer::error(401, by("AuthenticationFailed", "ExpiredAuthenticationToken", "InvalidAuthenticationTokenAudience"), &format!("Authentication failed: {description}."))
            .header("www-authenticate", format!("Bearer authorization_uri=\"{entra}\", error=\"invalid_token\", error_description=\"{description}\"")),
        Service::KeyVault => Answer::error(401, "Unauthorized", &format!("AKV10000: {description}."))
            .header("www-authenticate", format!("Bearer authorization=\"{entra}\", resource=\"https://vault.azure.net\"")),
        Service::Analytics => Answer::text(401, "text/plain", "Unauthorized".to_owned()).header("www-authenticate", "Bearer"),
        Service::GitHub => Answer::with(401, json!({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"})),
        Service::LogAnalytics => Answer::error(401, by("AuthorizationRequiredError", "InvalidTokenError", "InvalidTokenError"), &format!("Valid authentication was not provided: {description}."))
            .header("www-authenticate", "Bearer"),
        Service::AzureDevOps => Answer::empty(401).header("www-authenticate", format!("Bearer authorization_uri={entra}")),
        _ => Answer::error(401, by("MissingAuthenticationToken", "ExpiredAuthenticationToken", "InvalidAuthenticationAudience"), &format!("The request was refused: {description}."))
            .header("www-authenticate", format!("Bearer authorization_uri=\"{entra}\"")),
    }
}

/// 404 for a path that there is none of, or for a thing that there is none of.
pub(crate) fn nowhere(service: Option<Service>, asked: &Asked) -> Answer {
    let last = asked.path.rsplit('/').next().unwrap_or_default();
    match service {
        Some(Service::Dataverse) => Answer::error(
            404,
            "0x8006088a",
            &format!("Resource not found for the segment '{last}'."),
        ),
        Some(Service::Graph) => Answer::with(
            404,
            json!({"error": {"code": "ResourceNotFound", "message": format!("Resource not found for the segment '{last}'."),
            "innerError": {"request-id": NOBODY, "client-request-id": NOBODY, "date": "2026-11-01T06:00:00"}}}),
        ),
        Some(Service::Arm) => Answer::error(
            404,
            "ResourceNotFound",
            &format!("The Resource '{}' was not found.", asked.path),
        )
        .header("x-ms-failure-cause", "gateway"),
        Some(Service::KeyVault) => {
            Answer::error(404, "ResourceNotFound", "There is no such resource in this vault.")
        }
        Some(Service::GitHub) => Answer::with(
            404,
            json!({"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}),
        ),
        Some(Service::AzureDevOps) => Answer::with(
            404,
            json!({"$id": "1", "message": format!("The resource {last} cannot be found."), "typeKey": "NotFoundException", "errorCode": 0}),
        ),
        Some(Service::Entra) => Answer::with(404, json!({"error": "not_found"})),
        // The Power Platform hosts answer an unknown route with nothing at all.
        _ => Answer::empty(404),
    }
}

/// 404 for a thing on a path that is known.
pub(crate) fn missing(service: Service, asked: &Asked) -> Answer {
    match service {
        Service::Bap
        | Service::PowerApps
        | Service::Flow
        | Service::PpApi
        | Service::PowerBi
        | Service::O365
        | Service::Analytics => {
            Answer::error(404, "ResourceNotFound", &format!("There is nothing at {}.", asked.path))
        }
        _ => nowhere(Some(service), asked),
    }
}

/// 400 for a parameter that the path does not take, or cannot read.
pub(crate) fn parameter(service: Service, name: &str, value: &str) -> Answer {
    match service {
        Service::Dataverse => Answer::error(
            400,
            "0x80060888",
            &format!(
                "The query parameter '{name}' is not supported, or its value '{value}' cannot be read."
            ),
        ),
        Service::Graph => Answer::error(
            400,
            "BadRequest",
            &format!("Invalid or unknown query option '{name}' ('{value}')."),
        ),
        Service::Arm => Answer::error(
            400,
            "InvalidQueryParameter",
            &format!("The query parameter '{name}' is not valid: '{value}'."),
        ),
        Service::KeyVault => Answer::error(
            400,
            "BadParameter",
            &format!("The parameter '{name}' is not valid: '{value}'."),
        ),
        Service::GitHub => Answer::with(
            422,
            json!({"message": "Validation Failed", "errors": [{"field": name, "code": "invalid"}]}),
        ),
        _ => Answer::error(
            400,
            "InvalidQueryParameter",
            &format!("The query parameter '{name}' is not valid: '{value}'."),
        ),
    }
}

/// 400 for a request without `api-version`.
pub(crate) fn version(service: Service) -> Answer {
    match service {
        Service::KeyVault => Answer::error(400, "BadParameter", "api-version must be specified"),
        Service::Arm => Answer::error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ),
        _ => Answer::error(400, "InvalidApiVersion", "The api-version query parameter is missing."),
    }
}

/// 403, as the service refuses a caller without rights.
pub(crate) fn forbidden(service: Service) -> Answer {
    match service {
        Service::Dataverse => Answer::error(
            403,
            "0x80040220",
            "Principal user is missing a privilege that this read needs.",
        ),
        Service::Graph => Answer::with(
            403,
            json!({"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation.",
            "innerError": {"request-id": NOBODY, "client-request-id": NOBODY, "date": "2026-11-01T06:00:00"}}}),
        ),
        Service::Arm => Answer::error(
            403,
            "AuthorizationFailed",
            "The client does not have authorization to perform the action over the scope, or the scope is invalid.",
        ),
        Service::KeyVault => Answer::error(
            403,
            "Forbidden",
            "Caller is not authorized to perform action on resource.",
        ),
        Service::GitHub => Answer::with(
            403,
            json!({"message": "Resource not accessible by integration", "documentation_url": "https://docs.github.com/rest", "status": "403"}),
        ),
        Service::Flow => Answer::error(
            403,
            "ConnectionAuthorizationFailed",
            "x-ms-client-scope header must not be null or empty.",
        ),
        Service::PowerBi => Answer::error(
            403,
            "PowerBINotAuthorizedException",
            "The tenant does not let applications use this API.",
        ),
        Service::O365 => Answer::error(
            401,
            "AF10001",
            "The permission set () sent in the request does not include the expected permission.",
        ),
        _ => Answer::error(
            403,
            "Forbidden",
            "The caller does not have permission to access the path.",
        ),
    }
}

/// 405 for whatever is not a read.
pub(crate) fn method(asked: &Asked) -> Answer {
    Answer::error(
        405,
        "MethodNotAllowed",
        &format!("The method {} is not allowed for this resource.", asked.method),
    )
    .header("allow", "GET")
}

/// 429 with the headers and the body of the service.
pub(crate) fn throttled(service: Service, seconds: u64) -> Answer {
    let answer = match service {
        Service::Dataverse => Answer::error(
            429,
            "0x80072322",
            "Number of requests exceeded the limit of 6000, measured over time window of 300 seconds.",
        ),
        Service::Graph => Answer::error(429, "TooManyRequests", "Too many requests."),
        Service::Arm => Answer::error(
            429,
            "RateLimiting",
            "Please provide below info when asking for support: too many requests.",
        ),
        Service::GitHub => Answer::with(
            429,
            json!({"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com/rest", "status": "429"}),
        ),
        Service::KeyVault => Answer::error(
            429,
            "Throttled",
            "Request was not processed because too many requests were received.",
        ),
        _ => Answer::error(429, "TooManyRequests", "Rate limit is exceeded. Try again later."),
    };
    answer.header("retry-after", seconds.to_string())
}

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
