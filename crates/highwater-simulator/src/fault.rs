//! Fault: what goes wrong on purpose, where, how often; and the text in which people say so.
//!
//! `throttle 2 on graph times 5; html on dataverse:*/workflows* chance 10%`: faults are separated by semicolons, each
//! is a kind, a number where the kind takes one, and clauses in any order.

use crate::Error;
use crate::host::Service;

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// A service (`graph`), a family of them (`azure`), or everything where left out.
    pub service: Option<String>,
    /// Which host and path, with `*` for any run of letters; everything where left out.
    pub pattern: Option<String>,
    /// How often at most, over the whole run.
    pub times: Option<u32>,
    /// How often at most for one and the same request.
    pub each: Option<u32>,
    /// How many fitting requests pass before the first.
    pub after: u32,
    /// How likely it is for a request, from 0 to 1; decided by the seed.
    pub chance: f64,
    /// Field that a change of the schema is about; the seed decides where left out.
    pub field: Option<String>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 429 with `Retry-After` of so many seconds.
    Throttle(u64),
    /// 503.
    Unavailable,
    /// The connection breaks in the middle of the body.
    Reset,
    /// The body is shorter than `Content-Length` says.
    Truncate,
    /// A page for people, with 200.
    Html,
    /// The right body under a content type that says nothing.
    ContentType,
    /// The link to the next page leads to this page.
    Loop,
    /// The link to the next page leads to a foreign host.
    ForeignLink,
    /// 307 to the same address.
    Redirect,
    /// 307 to a foreign host.
    ForeignRedirect,
    /// 401, as if the token had expired.
    Expired,
    /// 403.
    Forbidden,
    /// Fields that nobody has heard of.
    UnknownFields,
    /// A field of another type.
    ChangedType,
    /// A field that is not there.
    MissingField,
    /// The last record of a page comes again on the next.
    Duplicates,
    /// A compressed body that unpacks to so many MiB.
    GzipBomb(u64),
    /// The body comes a few bytes at a time, so many milliseconds apart.
    Drip(u64),
}

/// Words for kinds, and the number of those that take one.
const KINDS: [(&str, Kind); 18] = [
    ("throttle", Kind::Throttle(1)),
    ("unavailable", Kind::Unavailable),
    ("reset", Kind::Reset),
    ("truncate", Kind::Truncate),
    ("html", Kind::Html),
    ("content-type", Kind::ContentType),
    ("loop", Kind::Loop),
    ("foreign-link", Kind::ForeignLink),
    ("redirect", Kind::Redirect),
    ("foreign-redirect", Kind::ForeignRedirect),
    ("expired", Kind::Expired),
    ("forbidden", Kind::Forbidden),
    ("unknown-fields", Kind::UnknownFields),
    ("changed-type", Kind::ChangedType),
    ("missing-field", Kind::MissingField),
    ("duplicates", Kind::Duplicates),
    ("gzip-bomb", Kind::GzipBomb(256)),
    ("drip", Kind::Drip(100)),
];

/// Families of services.
const FAMILIES: [(&str, &[&str]); 4] = [
    ("power_platform", &["bap", "powerapps", "flow", "ppapi", "powerbi", "analytics", "o365"]),
    ("azure", &["arm", "keyvault", "loganalytics"]),
    ("directory", &["graph"]),
    ("devops", &["azure_devops", "github"]),
];

impl Fault {
    /// A fault that strikes always and everywhere.
    #[must_use]
    pub const fn everywhere(kind: Kind) -> Self {
        Self {
            kind,
            service: None,
            pattern: None,
            times: None,
            each: None,
            after: 0,
            chance: 1.0,
            field: None,
        }
    }

    /// Reads a list of faults.
    ///
    /// # Errors
    /// [`Error::Fault`] with the part that was not understood.
    pub fn list(text: &str) -> Result<Vec<Self>, Error> {
        text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
    }

    /// Words for all kinds, as [`Self::list`] reads them.
    #[must_use]
    pub fn kinds() -> Vec<&'static str> {
        KINDS.iter().map(|(word, _)| *word).collect()
    }

    /// Whether a request of a service is one that the fault is about; `place` is host and path.
    pub(crate) fn fits(&self, service: Service, place: &str) -> bool {
        let named = self.service.as_deref().is_none_or(|name| {
            name == service.name()
                || FAMILIES
                    .iter()
                    .any(|(family, services)| *family == name && services.contains(&service.name()))
        });
        named
            && self.pattern.as_deref().is_none_or(|pattern| {
                glob(&pattern.to_ascii_lowercase(), &place.to_ascii_lowercase())
            })
    }
}

fn one(text: &str) -> Result<Fault, Error> {
    let wrong = |reason: String| Error::Fault { spec: text.to_owned(), reason };
    let mut words = text.split_whitespace().peekable();
    let word = words.next().unwrap_or_default();
    let kind = KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| {
        wrong(format!("there is no kind {word:?}; there are {}", Fault::kinds().join(", ")))
    })?;
    let number = words.next_if(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let mut fault = Fault::everywhere(match number.map(str::parse) {
        None => kind,
        Some(Ok(number)) => {
            numbered(kind, number).ok_or_else(|| wrong(format!("{word} takes no number")))?
        }
        Some(Err(_)) => return Err(wrong("the number is too large".to_owned())),
    });
    while let Some(clause) = words.next() {
        let value =
            words.next().ok_or_else(|| wrong(format!("{clause:?} is followed by nothing")))?;
        set(&mut fault, clause, value).map_err(wrong)?;
    }
    Ok(fault)
}

const fn numbered(kind: Kind, number: u64) -> Option<Kind> {
    match kind {
        Kind::Throttle(_) => Some(Kind::Throttle(number)),
        Kind::GzipBomb(_) => Some(Kind::GzipBomb(number)),
        Kind::Drip(_) => Some(Kind::Drip(number)),
        _ => None,
    }
}

fn set(fault: &mut Fault, clause: &str, value: &str) -> Result<(), String> {
    let count = || value.parse::<u32>().map_err(|_| format!("{value:?} is no number"));
    match clause {
        "on" => {
            let (service, pattern) = value
                .split_once(':')
                .map_or((value, None), |(service, pattern)| (service, Some(pattern)));
            fault.service = (service != "*").then(|| known(service)).transpose()?;
            fault.pattern = pattern.map(str::to_owned);
        }
        "times" => fault.times = Some(count()?),
        "each" => fault.each = Some(count()?),
        "after" => fault.after = count()?,
        "field" => fault.field = Some(value.to_owned()),
        "chance" => {
            let percent: f64 = value
                .trim_end_matches('%')
                .parse()
                .map_err(|_| format!("{value:?} is no share"))?;
            if !(0.0..=100.0).contains(&percent) {
                return Err(format!("{value:?} is not between 0% and 100%"));
            }
            fault.chance = percent / 100.0;
        }
        _ => return Err(format!("{clause:?} is none of on, times, each, after, chance, field")),
    }
    Ok(())
}

fn known(service: &str) -> Result<String, String> {
    let families = FAMILIES.iter().map(|(family, _)| *family);
    let services = FAMILIES.iter().flat_map(|(_, services)| services.iter().copied());
    let all: Vec<&str> =
        ["entra", "dataverse"].into_iter().chain(families).chain(services).collect();
    if all.contains(&service) {
        Ok(service.to_owned())
    } else {
        Err(format!("there is no service {service:?}; there are {}", all.join(", ")))
    }
}

/// Whether a text fits a pattern in which `*` stands for any run of letters.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| glob(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read() {
        let faults = Fault::list("throttle 2 on graph times 5; html on dataverse:*/workflows* chance 10%; drip on azure:* after 3 each 1;").unwrap();
        assert_eq!(faults.len(), 3);
        assert_eq!(
            faults[0],
            Fault {
                service: Some("graph".into()),
                times: Some(5),
                ..Fault::everywhere(Kind::Throttle(2))
            }
        );
        assert_eq!(faults[1].pattern.as_deref(), Some("*/workflows*"));
        assert!((faults[1].chance - 0.1).abs() < 1e-9);
        assert_eq!(
            (faults[2].after, faults[2].each, faults[2].kind),
            (3, Some(1), Kind::Drip(100))
        );
        assert_eq!(Fault::list("").unwrap(), []);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, part) in [
            ("throtle", "throtle"),
            ("html 3", "takes no number"),
            ("html on", "followed by nothing"),
            ("html on moon", "moon"),
            ("html chance 200%", "between"),
            ("html when now", "when"),
            ("throttle 99999999999999999999", "too large"),
        ] {
            let error = Fault::list(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn the_reference_has_every_kind_and_service() {
        let reference = include_str!("../../../docs/simulator.md");
        for kind in Fault::kinds() {
            assert!(
                reference.contains(&format!("\n| `{kind}")),
                "{kind} is not in docs/simulator.md"
            );
        }
        for name in FAMILIES.iter().flat_map(|(family, services)| services.iter().chain([family])) {
            assert!(reference.contains(&format!("`{name}`")), "{name} is not in docs/simulator.md");
        }
    }

    #[test]
    fn a_fault_fits_by_service_family_and_place() {
        let fault = |text: &str| Fault::list(text).unwrap().remove(0);
        assert!(fault("html on azure").fits(Service::KeyVault, "kv.vault.azure.net/secrets"));
        assert!(!fault("html on azure").fits(Service::Graph, "graph.microsoft.com/v1.0/groups"));
        assert!(
            fault("html on *:*/V1.0/groups")
                .fits(Service::Graph, "graph.microsoft.com/v1.0/groups")
        );
        assert!(
            !fault("html on graph:*/users").fits(Service::Graph, "graph.microsoft.com/v1.0/groups")
        );
    }
}
