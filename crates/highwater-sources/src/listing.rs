//! Listing: the registry as a table, for `highwater sources` and `docs/sources.md`.

use std::fmt::Write;

use serde::Serialize;

use crate::source::{Each, Request, Scope, Source};

/// One source of the registry, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Source id.
    pub id: &'static str,
    /// What it reads.
    pub about: &'static str,
    /// Service by its name in `config/clouds.toml`.
    pub service: &'static str,
    /// For what it is asked once each: `tenant`, `environment`, `Dataverse environment`, `policy` …
    pub scope: String,
    /// The requests, without base address: `GET /providers/…`.
    pub requests: Vec<String>,
    /// What an application needs; none where applications are not let in.
    pub application: Option<&'static str>,
    /// What a person needs.
    pub delegated: Option<&'static str>,
    /// Whether it is only read on demand.
    pub on_demand: bool,
    /// Vendor's page.
    pub page: &'static str,
}

/// All sources of the registry, in its order.
pub fn listing() -> Vec<Listed> {
    crate::sources().map(listed).collect()
}

fn listed(source: &'static Source) -> Listed {
    Listed {
        id: source.id,
        about: source.about,
        service: source.service,
        scope: scope(source.scope),
        requests: source.requests.iter().map(request).collect(),
        application: source.grant.application,
        delegated: source.grant.delegated,
        on_demand: source.on_demand,
        page: source.page,
    }
}

fn scope(scope: Scope) -> String {
    match scope {
        Scope::Tenant => "tenant".to_owned(),
        Scope::Environment => "environment".to_owned(),
        Scope::Dataverse => "Dataverse environment".to_owned(),
        Scope::Each(kind) => kind.replace('_', " "),
        Scope::Batch { of, size } => format!("tenant, {size} {}s a request", of.replace('_', " ")),
    }
}

fn request(request: &Request) -> String {
    let verb = if request.body.is_some() { "POST" } else { "GET" };
    let mut text = format!("{verb} {}", request.path);
    let shown = request.query.iter().filter(|(name, _)| *name != "$select");
    for (number, (name, value)) in shown.enumerate() {
        let mark = if number == 0 { '?' } else { '&' };
        // Writing into a text does not fail.
        let _ = write!(text, "{mark}{name}={value}");
    }
    let each = match request.each {
        Each::Once => None,
        Each::Found(kind) => Some(format!("for each {}", kind.replace('_', " "))),
        Each::Of(keys) => Some(format!("for each of {} keys", keys.len())),
        Each::Days(days) => Some(format!("for each of the last {days} days")),
    };
    match (each, request.otherwise) {
        (Some(each), false) => format!("{text} ({each})"),
        (Some(each), true) => format!("{text} ({each}, where the one before is refused)"),
        (None, true) => format!("{text} (where the one before is refused)"),
        (None, false) => text,
    }
}

/// `docs/sources.md`.
pub fn markdown() -> String {
    let mut sources = listing();
    sources.sort_by_key(|source| source.id.split('.').next());
    let mut text = format!(
        "# Sources\n\n\
         Made from the declarations in `crates/highwater-sources`; a test holds it fresh. {} sources. Each page of an answer\n\
         goes into the recording as it came, after secrets were dropped; [import.md](import.md) says what is made of it. Columns\n\
         that are selected are left out here; the file of each source names them.\n\n\
         `{{…}}` is filled while reading. \"Dataverse environment\" means the address of the organisation.\n",
        sources.len()
    );
    let mut family = "";
    for source in &sources {
        let own = source.id.split('.').next().unwrap_or_default();
        if own != family {
            family = own;
            let _ = write!(text, "\n## {family}\n");
        }
        let _ = write!(text, "\n### `{}`\n\n{}", source.id, sentence(source.about));
        let demand = if source.on_demand { " Read on demand only." } else { "" };
        let _ = write!(text, "{demand} [Vendor's page]({}).\n\n", source.page);
        let _ = match source.scope.as_str() {
            "tenant" => writeln!(text, "- Service `{}`, asked once", source.service),
            scope => writeln!(text, "- Service `{}`, asked once for each {scope}", source.service),
        };
        for request in &source.requests {
            let _ = match request.split_once(" (") {
                Some((request, when)) => writeln!(text, "- `{request}` ({when}"),
                None => writeln!(text, "- `{request}`"),
            };
        }
        let _ = writeln!(text, "- Application: {}", source.application.unwrap_or("not let in"));
        let _ = writeln!(text, "- Person: {}", source.delegated.unwrap_or("not served"));
    }
    text
}

/// A few words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
