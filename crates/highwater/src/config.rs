//! Configuration: `highwater.toml`, then `HIGHWATER_*` variables, then flags.
//!
//! Guarantees that an unknown key is an error that names file, line and key. Sections that later parts
//! of the product read are checked here too, so that a file is right or wrong as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use highwater_auth::Cloud;
use highwater_runs::notify::Channel;
use highwater_snapshot::{Config as Evidence, Organisations, Pseudonyms};
use serde::Deserialize;

use crate::args::Global;
use crate::exit::usage_error;

/// The configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Directory id of the tenant.
    pub(crate) tenant: Option<String>,
    /// Store: a folder, or the address of object storage.
    pub(crate) store: Option<PathBuf>,
    /// What a scheduled run does.
    pub(crate) run: Scheduled,
    /// Whom a scheduled run tells, by name.
    pub(crate) notify: BTreeMap<String, Channel>,
    /// Where a scheduled run exports what it measures of itself.
    pub(crate) observe: Observe,
    /// Lists by kind.
    lists: highwater_snapshot::Lists,
    /// Numbers by name.
    numbers: BTreeMap<String, f64>,
    /// Name patterns by stage.
    stages: BTreeMap<String, Vec<String>>,
    /// Organisations of other systems.
    organisations: BTreeMap<String, Organisations>,
    /// Capabilities that are not judged.
    pub(crate) scope: Scope,
    /// Who vouches for statements.
    pub(crate) attestations: Vouching,
    /// How people appear.
    privacy: Privacy,
    /// Clouds by name: hosts and audiences, see docs/sign-in.md.
    cloud: BTreeMap<String, toml::Table>,
    /// Requests that a run may spend, by service.
    budget: BTreeMap<String, u64>,
    /// Objects of a kind that are asked one by one at most.
    most: BTreeMap<String, u64>,
}

/// `[run]`: what `highwater run` does where no flag says otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scheduled {
    /// Formats of the report.
    pub(crate) formats: Vec<String>,
    /// Folder that gets a copy of the newest report.
    pub(crate) out: Option<PathBuf>,
    /// Snapshots to keep, the newest.
    pub(crate) keep: Option<usize>,
    /// Days for which snapshots are kept.
    pub(crate) keep_days: Option<u32>,
    /// Least proven levels, `model=level`.
    pub(crate) require: Vec<String>,
    /// Statements of people.
    pub(crate) attest: Option<PathBuf>,
    /// The day on which the client secret of the sign-in ends, `2027-03-01`.
    pub(crate) secret_expires: Option<String>,
}

/// `[observe]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Observe {
    /// Address of a collector of OpenTelemetry that takes OTLP over HTTP.
    pub(crate) otlp: Option<String>,
}

/// `[scope]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scope {
    /// Capabilities as `model.capability`.
    pub(crate) out_of_scope: Vec<String>,
    /// A reason for each.
    pub(crate) reasons: BTreeMap<String, String>,
}

/// `[attestations]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Vouching {
    /// Public keys whose signatures are trusted.
    pub(crate) trusted_keys: Vec<PathBuf>,
    /// Whether statements without a trusted signature are refused.
    pub(crate) require_signature: bool,
}

/// `[privacy]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Privacy {
    people: People,
}

/// How people appear in a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum People {
    /// As keyed hashes; the key stays in the store.
    #[default]
    Pseudonyms,
    /// As the services name them.
    Plain,
}

impl Config {
    /// Reads the file that was named, or `highwater.toml` of this folder when there is one.
    pub(crate) fn load(global: &Global) -> anyhow::Result<Self> {
        let named = global.config.clone();
        let path = named.clone().unwrap_or_else(|| PathBuf::from("highwater.toml"));
        let mut config = match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text)?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::default()
            }
            Err(error) => {
                return Err(usage_error(format!(
                    "cannot read {}: {error}; check the path of --config",
                    path.display()
                )));
            }
        };
        if let Some(tenant) =
            std::env::var("HIGHWATER_TENANT").ok().filter(|tenant| !tenant.is_empty())
        {
            config.tenant = Some(tenant);
        }
        if let Some(store) = std::env::var_os("HIGHWATER_STORE").filter(|store| !store.is_empty()) {
            config.store = Some(store.into());
        }
        Ok(config)
    }

    /// Reads the text of a configuration; `path` names it in errors.
    pub(crate) fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            usage_error(format!(
                "{}:{line}: {}",
                path.display(),
                error.message().replace('\n', " ")
            ))
        })?;
        config.evidence().check().map_err(|problem| {
            let key = problem.split('`').nth(1).unwrap_or_default();
            let line =
                text.lines().position(|line| !key.is_empty() && line.trim_start().starts_with(key));
            usage_error(format!(
                "{}:{}: {problem}",
                path.display(),
                line.map_or(0, |line| line + 1)
            ))
        })?;
        Ok(config)
    }

    /// The part that tables need.
    pub(crate) fn evidence(&self) -> Evidence {
        Evidence {
            lists: self.lists.clone(),
            numbers: self.numbers.clone(),
            stages: self.stages.clone(),
            organisations: self.organisations.clone(),
        }
    }

    /// A cloud by its name: built in, or one of `[cloud.NAME]`.
    pub(crate) fn cloud(&self, name: Option<&str>) -> anyhow::Result<Cloud> {
        let name = name.unwrap_or("public");
        let cloud = match self.cloud.get(name) {
            Some(table) => Cloud::with_overrides(name, table),
            None => Cloud::named(name),
        };
        cloud.map_err(|error| usage_error(&error))
    }

    /// Requests that a run may spend, by service.
    pub(crate) fn budgets(&self) -> BTreeMap<String, u64> {
        self.budget.clone()
    }

    /// How many objects of a kind (`flow`, `app`) are asked one by one at most.
    ///
    /// # Errors
    /// When nothing is asked of a kind: a mistyped one would silently bound nothing.
    pub(crate) fn most(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let kinds: BTreeSet<&str> = highwater_sources::sources()
            .filter_map(|source| match source.scope {
                highwater_sources::Scope::Each(kind) => Some(kind),
                _ => None,
            })
            .collect();
        match self.most.keys().find(|kind| !kinds.contains(kind.as_str())) {
            None => Ok(self.most.clone()),
            Some(kind) => Err(usage_error(format!(
                "[most] names `{kind}`, of which nothing is asked one by one: these are {}",
                kinds.into_iter().collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// What is read because configuration names it, by kind: organisations of source control, groups.
    pub(crate) fn named(&self) -> BTreeMap<String, Vec<String>> {
        let systems = [("github", "github.com"), ("azure_devops", "dev.azure.com")];
        let organisations = systems.iter().flat_map(|(system, host)| {
            let names = match self.organisations.get(*system) {
                Some(Organisations::Names(names)) => names.as_slice(),
                _ => &[],
            };
            names.iter().map(move |name| format!("{host}/{name}"))
        });
        let groups = self.lists.iter().filter(|(kind, _)| kind.ends_with("_group"));
        let groups = groups.flat_map(|(_, ids)| ids.iter().filter(|id| is_guid(id)).cloned());
        let named =
            [("organisation", organisations.collect()), ("group", groups.collect::<Vec<_>>())];
        named
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(kind, ids)| (kind.to_owned(), ids))
            .collect()
    }

    /// Environments that are read first: hosts of pipelines, production.
    pub(crate) fn first(&self) -> BTreeSet<String> {
        let kinds = ["central_pipelines_host", "production_environment"];
        let ids = kinds.iter().filter_map(|kind| self.lists.get(*kind)).flatten();
        ids.filter(|id| is_guid(id)).cloned().collect()
    }

    /// The store: a flag, the configuration, or `highwater-data`. It may be the address of object storage.
    pub(crate) fn store(&self, flag: Option<&Path>) -> PathBuf {
        flag.map(Path::to_owned)
            .or_else(|| self.store.clone())
            .unwrap_or_else(|| PathBuf::from("highwater-data"))
    }

    /// A store that is a folder, for what writes snapshots by hand.
    pub(crate) fn folder(&self, flag: Option<&Path>) -> anyhow::Result<PathBuf> {
        let store = self.store(flag);
        match crate::place::address(&store)? {
            None => Ok(store),
            Some(address) => Err(usage_error(format!(
                "{address} is no folder: only `highwater run` writes to object storage; give --store DIR"
            ))),
        }
    }

    /// Whether people are replaced by pseudonyms.
    pub(crate) fn hides_people(&self) -> bool {
        self.privacy.people == People::Pseudonyms
    }

    /// How people are hidden; makes the store's key on first use.
    pub(crate) fn people(&self, store: &Path) -> anyhow::Result<Pseudonyms> {
        match self.privacy.people {
            People::Plain => Ok(Pseudonyms::plain()),
            People::Pseudonyms => Ok(Pseudonyms::keyed(pseudonym_key(store)?)),
        }
    }
}

/// Whether a text is an id and not a name or a pattern.
pub(crate) fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// The store's key, 32 random bytes in hexadecimal that only the owner may read.
fn pseudonym_key(store: &Path) -> anyhow::Result<Vec<u8>> {
    let path = store.join("pseudonym.key");
    if let Ok(text) = std::fs::read_to_string(&path) {
        let key = text.trim();
        if key.len() < 32 {
            return Err(usage_error(format!(
                "{} is damaged: restore it, or remove it and accept new pseudonyms",
                path.display()
            )));
        }
        return Ok(key.as_bytes().to_vec());
    }
    std::fs::create_dir_all(store)
        .with_context(|| format!("cannot create the store {}", store.display()))?;
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random)
        .map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let key: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(&path, &format!("{key}\n"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key.into_bytes())
}

/// Writes a file that only its owner may read, where the system knows such a thing.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Config::parse(Path::new("highwater.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let said = problem("tenant = \"t\"\n\n[scope]\nout_of_scop = []\n");
        assert!(said.starts_with("highwater.toml:4:") && said.contains("out_of_scop"), "{said}");
        let said = problem("[lists]\ncoe_groups = []\n");
        assert!(said.starts_with("highwater.toml:2:") && said.contains("coe_groups"), "{said}");
    }

    #[test]
    fn what_configuration_names_is_read() {
        let text = "[organisations]\ngithub = [\"contoso\"]\nazure_devops = \"none\"\n[lists]\ncoe_group = \
            [\"00000000-0000-0000-0000-000000000001\", \"makers\"]\ncommunity_group = []\n";
        let named = Config::parse(Path::new("h"), text).unwrap().named();
        assert_eq!(named["organisation"], ["github.com/contoso"]);
        assert_eq!(named["group"], ["00000000-0000-0000-0000-000000000001"]);
    }

    #[test]
    fn a_cloud_is_built_in_or_described() {
        let text = "[cloud.own]\nlike = \"public\"\n";
        let config = Config::parse(Path::new("h"), text).unwrap();
        assert_eq!(config.cloud(Some("own")).unwrap().name, "own");
        assert_eq!(config.cloud(None).unwrap().name, "public");
        assert!(config.cloud(Some("mars")).is_err());
    }

    #[test]
    fn a_system_is_listed_or_unused() {
        let said = problem("[organisations]\ngithub = \"contoso\"\n");
        assert!(said.contains("none"), "{said}");
        Config::parse(
            Path::new("h"),
            "[organisations]\ngithub = [\"contoso\"]\nazure = \"none\"\n",
        )
        .unwrap();
    }
}
