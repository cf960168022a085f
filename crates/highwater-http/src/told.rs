//! Told: what a service says of its limits beside its answer.
//!
//! Reads the headers of all vendors into one shape. Decides nothing: the limiter does.

use std::time::{Duration, SystemTime};

use crate::retry_after;

/// What an answer says of the limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// To come back after this time; on success too, where a vendor asks to slow down.
    pub(crate) retry_after: Option<Duration>,
    /// Requests left.
    pub(crate) remaining: Option<u64>,
    /// When they are filled up again.
    pub(crate) resets_after: Option<Duration>,
    /// Share of the limit that is used; 1 is the point at which requests are refused.
    pub(crate) used: Option<f64>,
}

/// Reads the headers of an answer, names in lower case.
pub(crate) fn read(headers: &[(String, String)], now: SystemTime) -> Told {
    let header =
        |name: &str| headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.trim());
    let now = header("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    let number = |name: &str| header(name).and_then(leading_number);
    Told {
        retry_after: retry_after(header, now),
        remaining: REMAINING.iter().filter_map(|name| number(name)).min(),
        resets_after: resets_after(header, now),
        used: used(header),
    }
}

/// Seconds of work that Dataverse does for one user in five minutes:
/// <https://learn.microsoft.com/power-apps/developer/data-platform/api-limits>
const WORK: f64 = 1200.0;

/// Share of a limit that is used: Graph says it, Dataverse counts the seconds of its work down, and Azure DevOps says
/// for how long it held the answer back, which it only does beyond its limit.
fn used<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<f64> {
    let number = |name| {
        let plain = header(name)?.replace(',', "");
        plain.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
    };
    let worked = number("x-ms-ratelimit-time-remaining-xrm-requests")
        .map(|left| (1.0 - left / WORK).max(0.0));
    let delayed = number("x-ratelimit-delay").filter(|delay| *delay > 0.0).map(|_| 1.0);
    let told = [number("x-ms-throttle-limit-percentage"), worked, delayed];
    told.into_iter().flatten().reduce(f64::max)
}

/// Headers that count what is left, each the count of the one request:
/// <https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests>
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>
/// <https://learn.microsoft.com/power-apps/developer/data-platform/api-limits>
/// <https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits>
/// <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>
const REMAINING: [&str; 7] = [
    "x-ms-user-quota-remaining",
    "x-ms-ratelimit-remaining-tenant-reads",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-tenant-resource-requests",
    "x-ms-ratelimit-burst-remaining-xrm-requests",
    "x-ratelimit-remaining",
    "ratelimit-remaining",
];

fn retry_after<'h>(header: impl Fn(&str) -> Option<&'h str>, now: SystemTime) -> Option<Duration> {
    let millis = |name| header(name).and_then(leading_number).map(Duration::from_millis);
    millis("retry-after-ms")
        .or_else(|| millis("x-ms-retry-after-ms"))
        .or_else(|| header("retry-after").and_then(|value| retry_after::parse(value, now)))
}

/// Graph's `ratelimit-reset` counts seconds; `x-ratelimit-reset` of GitHub and Azure DevOps is a moment in Unix time.
fn resets_after<'h>(header: impl Fn(&str) -> Option<&'h str>, now: SystemTime) -> Option<Duration> {
    let span = |name| header(name).and_then(|value: &str| retry_after::parse(value, now));
    let moment = || {
        let at = Duration::from_secs(header("x-ratelimit-reset").and_then(leading_number)?);
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Some(at.saturating_sub(now))
    };
    span("x-ms-user-quota-resets-after").or_else(|| span("ratelimit-reset")).or_else(moment)
}

/// Digits at the beginning: some vendors add a unit or a list of policies.
fn leading_number(value: &str) -> Option<u64> {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    value[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&str, &str)]) -> Told {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&headers, SystemTime::UNIX_EPOCH)
    }

    const fn secs(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn each_vendor_is_understood() {
        let graph_query = told(&[
            ("x-ms-user-quota-remaining", "0"),
            ("x-ms-user-quota-resets-after", "00:00:05"),
        ]);
        assert_eq!((graph_query.remaining, graph_query.resets_after), (Some(0), secs(5)));
        let arm = told(&[
            ("x-ms-ratelimit-remaining-subscription-reads", "249"),
            ("x-ms-ratelimit-remaining-tenant-reads", "17"),
        ]);
        assert_eq!(arm.remaining, Some(17));
        let dataverse = told(&[
            ("x-ms-ratelimit-burst-remaining-xrm-requests", "5999"),
            ("x-ms-ratelimit-time-remaining-xrm-requests", "1,199.98"),
        ]);
        assert_eq!(dataverse.remaining, Some(5999));
        assert!(dataverse.used.is_some_and(|used| used < 0.001), "{:?}", dataverse.used);
        let worked = told(&[("x-ms-ratelimit-time-remaining-xrm-requests", "120.00")]);
        assert_eq!(worked.used, Some(0.9));
        let github = told(&[
            ("date", "Thu, 01 Jan 1970 01:00:00 GMT"),
            ("x-ratelimit-remaining", "12"),
            ("x-ratelimit-reset", "3660"),
        ]);
        assert_eq!((github.remaining, github.resets_after), (Some(12), secs(60)));
        let graph = told(&[
            ("x-ms-throttle-limit-percentage", "0.9"),
            ("ratelimit-remaining", "3"),
            ("ratelimit-reset", "4"),
        ]);
        assert_eq!(
            (graph.used, graph.remaining, graph.resets_after),
            (Some(0.9), Some(3), secs(4))
        );
        let devops = told(&[("retry-after", "3"), ("x-ratelimit-delay", "1.5")]);
        assert_eq!((devops.retry_after, devops.used), (secs(3), Some(1.0)));
        assert_eq!(told(&[("x-ratelimit-delay", "0")]).used, None);
    }

    #[test]
    fn the_date_of_the_answer_is_its_clock() {
        let told = told(&[
            ("date", "Thu, 01 Jan 1970 01:00:00 GMT"),
            ("retry-after", "Thu, 01 Jan 1970 01:00:09 GMT"),
        ]);
        assert_eq!(told.retry_after, secs(9));
    }

    #[test]
    fn nonsense_is_not_understood() {
        let told = told(&[
            ("x-ms-user-quota-remaining", "-1"),
            ("x-ms-throttle-limit-percentage", "NaN"),
            ("retry-after", "soon"),
            ("ratelimit-reset", ""),
        ]);
        assert_eq!(told, Told::default());
    }
}
