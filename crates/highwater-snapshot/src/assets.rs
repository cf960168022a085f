//! Assets: sources that answer for one flow, app, workspace or repository at a time.
//!
//! Guarantees that such a source counts as read in a scope (an environment, a subscription, an
//! organisation) only when every asset that was due there was read. An asset is its id *and* its scope: a
//! solution keeps the ids of its flows wherever it is installed. Flows answer to two ids, their own and that
//! of the flow service. Does not judge whether the assets themselves were listed to their end.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use crate::coverage::{Said, Status};
use crate::frames::Frames;
use crate::{Claim, Error};

/// Sources that are read once an asset, and the table whose rows are due.
const SOURCES: &[(&str, &str)] = &[
    ("ado.commits", "source_control_repos"),
    ("ado.items", "source_control_repos"),
    ("ado.policies", "source_control_repos"),
    ("arm.sentinel", "log_analytics_workspaces"),
    ("flow.definition", "cloud_flows"),
    ("flow.permissions", "cloud_flows"),
    ("flow.runs", "cloud_flows"),
    ("github.commits", "source_control_repos"),
    ("github.protection", "source_control_repos"),
    ("github.teams", "source_control_repos"),
    ("github.trees", "source_control_repos"),
    ("github.workflows", "source_control_repos"),
    ("powerapps.app_permissions", "apps"),
    ("ppapi.flow_runs", "cloud_flows"),
];

/// The Dataverse list that gives the whole definition of every flow in it.
const DATAVERSE_LIST: &str = "dv.workflows";

/// What was read of single assets, by source and scope.
pub(crate) type Read = BTreeMap<(String, String), Tally>;

/// Assets of one scope, as one source was asked for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// All that the source can answer for.
    pub(crate) all: Share,
    /// Those that no row of Dataverse stands for.
    pub(crate) elsewhere: Share,
}

/// How many were due, how many of these were asked for, and how many were read to their end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Share {
    due: u64,
    asked: u64,
    read: u64,
    /// The worst of those that were asked for, and why.
    worst: Option<Answer>,
}

/// How far one asset was read, and why not in full.
type Answer = (Status, Option<String>);

/// One asset that is due, with the ids by which a request may have named it.
#[derive(Clone)]
struct Asset<'f> {
    scope: Cow<'f, str>,
    ids: [Option<&'f str>; 2],
    elsewhere: bool,
}

/// The table whose rows a source of single assets is due for.
pub(crate) fn table(source: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(name, _)| *name == source).map(|(_, table)| *table)
}

/// Turns claims of single assets into what was read of each scope.
pub(crate) fn collapse(said: &mut Said, frames: &Frames) -> Result<(), Error> {
    let tables: BTreeSet<&'static str> = SOURCES.iter().map(|(_, table)| *table).collect();
    for table in tables {
        let sources = || SOURCES.iter().filter(|(_, of)| *of == table).map(|(source, _)| source);
        // Most imports hold no answer for a single asset: what is due is only counted.
        let claimed = sources().any(|source| claims(said, source).next().is_some());
        let frame = match claimed {
            true => frames.columns(table, columns(table)).map_err(Error::table(table))?,
            false => None,
        };
        let assets: Vec<Asset<'_>> = match &frame {
            Some(frame) => due(frame, table).map_err(Error::table(table))?.collect(),
            None => Vec::new(),
        };
        let unread = unread(frames, table).map_err(Error::table(table))?;
        for source in sources() {
            let read = take_claims(said, source, &assets);
            let tallies = match read.is_empty() {
                true => unread.clone(),
                false => tally(assets.iter().cloned(), &read),
            };
            for (scope, tally) in tallies {
                if tally.all.asked > 0 {
                    let (status, reason) = tally.all.told(source);
                    let (scope, pages) = (scope.clone(), tally.all.read);
                    let source = (*source).to_owned();
                    said.claim(Claim {
                        source,
                        scope,
                        status,
                        pages,
                        expected: None,
                        reason,
                        observed_at: None,
                    });
                }
                said.assets.insert(((*source).to_owned(), scope), tally);
            }
        }
    }
    Ok(())
}

/// What is due of a table, by scope, where nothing was read one by one.
fn unread(frames: &Frames, table: &'static str) -> PolarsResult<BTreeMap<String, Tally>> {
    let mut unread: BTreeMap<String, Tally> = BTreeMap::new();
    for frame in frames.batches(table, columns(table)) {
        for (scope, more) in tally(due(&frame?, table)?, &BTreeMap::new()) {
            let known = unread.entry(scope).or_default();
            known.all.due += more.all.due;
            known.elsewhere.due += more.elsewhere.due;
        }
    }
    Ok(unread)
}

/// Whether sources read beside this one leave it only the assets outside Dataverse.
pub(crate) fn is_relieved(source: &str, beside: &[&str]) -> bool {
    source == "flow.definition" && beside.contains(&DATAVERSE_LIST)
}

#[cfg(test)]
impl Tally {
    /// One asset that was due and read.
    pub(crate) fn one_read() -> Self {
        let share = Share { due: 1, asked: 1, read: 1, worst: Some((Status::Full, None)) };
        Self { all: share.clone(), elsewhere: share }
    }
}

impl Share {
    fn count(&mut self, told: Option<&Answer>) {
        self.due += 1;
        self.asked += u64::from(told.is_some());
        self.read += u64::from(told.is_some_and(|told| told.0 == Status::Full));
        if told > self.worst.as_ref() {
            self.worst = told.cloned();
        }
    }

    /// Whether nothing was due.
    pub(crate) const fn is_empty(&self) -> bool {
        self.due == 0
    }

    /// How far the assets were read, and why not in full.
    pub(crate) fn told(&self, source: &str) -> (Status, Option<String>) {
        if self.read == self.due {
            return (Status::Full, None);
        }
        let (status, why) = match &self.worst {
            None => (Status::None, None),
            Some((worst, why)) if self.read == 0 && self.asked == self.due => {
                (*worst, why.as_ref())
            }
            Some((_, why)) => (Status::Partial, why.as_ref()),
        };
        let mut reason = format!("{source} was read for {} of {} assets", self.read, self.due);
        if let Some(why) = why {
            reason.push_str(": ");
            reason.push_str(why);
        }
        (status, Some(reason))
    }
}

/// Takes the claims of assets that are known out of what was said; the status by position of the asset. A
/// claim that several assets could mean stays where it is: it proves nothing.
fn take_claims(said: &mut Said, source: &str, assets: &[Asset<'_>]) -> BTreeMap<usize, Answer> {
    let claimed: Vec<String> = claims(said, source).cloned().collect();
    let mut read = BTreeMap::new();
    if claimed.is_empty() {
        return read;
    }
    let names = names(assets);
    for scope in claimed {
        let Some(at) = names.get(&scope).copied().flatten() else { continue };
        let told = said.of(source, &scope).map_or((Status::None, None), |told| (told.0, told.2));
        said.claims.remove(&(source.to_owned(), scope));
        // Two requests may name one asset by its two ids: either answer is the answer.
        let known = read.entry(at).or_insert_with(|| told.clone());
        if told.0 < known.0 {
            *known = told;
        }
    }
    read
}

/// What a source was claimed to be read for, other than everything.
fn claims<'s>(said: &'s Said, source: &'s str) -> impl Iterator<Item = &'s String> {
    let from = said.claims.range((source.to_owned(), String::new())..).map(|(key, _)| key);
    let own = from.take_while(move |(of, _)| of == source).map(|(_, scope)| scope);
    own.filter(|scope| !scope.is_empty())
}

/// Positions of assets by every name that a claim may give them; none where a name means several.
fn names(assets: &[Asset<'_>]) -> BTreeMap<String, Option<usize>> {
    let mut names: BTreeMap<String, Option<usize>> = BTreeMap::new();
    let mut add = |name: String, at: usize| {
        let meant = names.entry(name).or_insert(Some(at));
        *meant = meant.filter(|known| *known == at);
    };
    for (at, asset) in assets.iter().enumerate() {
        for id in asset.ids.into_iter().flatten() {
            add(format!("{}/{id}", asset.scope), at);
            add(id.to_owned(), at);
        }
    }
    names
}

fn tally<'a>(
    assets: impl Iterator<Item = Asset<'a>>,
    read: &BTreeMap<usize, Answer>,
) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    // Rows of a scope stand together.
    let mut last: Option<(Cow<'a, str>, Tally)> = None;
    for (at, asset) in assets.enumerate() {
        if last.as_ref().is_none_or(|(scope, _)| *scope != asset.scope) {
            let known = tallies.remove(asset.scope.as_ref()).unwrap_or_default();
            let before = last.replace((asset.scope, known));
            tallies.extend(before.map(|(scope, tally)| (scope.into_owned(), tally)));
        }
        let Some((_, tally)) = &mut last else { continue };
        tally.all.count(read.get(&at));
        if asset.elsewhere {
            tally.elsewhere.count(read.get(&at));
        }
    }
    tallies.extend(last.map(|(scope, tally)| (scope.into_owned(), tally)));
    tallies
}

/// Assets one after the other.
type Assets<'f> = Box<dyn Iterator<Item = Asset<'f>> + 'f>;

/// The columns that say which rows of a table are due.
fn columns(table: &str) -> &'static [&'static str] {
    match table {
        "log_analytics_workspaces" => &["workspace_id"],
        "source_control_repos" => &["repo_id"],
        "apps" => &["environment_id", "app_id", "kind", "shared_users", "shared_groups"],
        _ => &["environment_id", "flow_id", "resource_id", "is_solution_aware"],
    }
}

/// The rows of a table that are due for reading one by one.
fn due<'f>(frame: &'f DataFrame, table: &str) -> PolarsResult<Assets<'f>> {
    match table {
        "log_analytics_workspaces" => by_path(frame, "workspace_id", subscription),
        "source_control_repos" => by_path(frame, "repo_id", organisation),
        "apps" => apps(frame),
        _ => flows(frame),
    }
}

/// Assets whose scope stands in their id.
fn by_path<'f>(
    frame: &'f DataFrame,
    column: &str,
    scope: fn(&str) -> Option<String>,
) -> PolarsResult<Assets<'f>> {
    let asset = move |id: &'f str| {
        let scope = Cow::Owned(scope(id)?);
        Some(Asset { scope, ids: [Some(id), None], elsewhere: true })
    };
    Ok(Box::new(frame.column(column)?.str()?.iter().flatten().filter_map(asset)))
}

/// Canvas apps that are shared, or may be: no other kind has a list of permissions.
fn apps(frame: &DataFrame) -> PolarsResult<Assets<'_>> {
    let (environments, ids) =
        (frame.column("environment_id")?.str()?, frame.column("app_id")?.str()?);
    let kinds = frame.column("kind")?.str()?;
    let (users, groups) =
        (frame.column("shared_users")?.i64()?, frame.column("shared_groups")?.i64()?);
    let is_shared = |count: Option<i64>| count.is_none_or(|count| count > 0);
    let asset = move |at: usize| {
        let due = kinds.get(at) == Some("canvas")
            && (is_shared(users.get(at)) || is_shared(groups.get(at)));
        let (scope, id) = (environments.get(at)?, ids.get(at)?);
        due.then_some(Asset { scope: scope.into(), ids: [Some(id), None], elsewhere: true })
    };
    Ok(Box::new((0..frame.height()).filter_map(asset)))
}

fn flows(frame: &DataFrame) -> PolarsResult<Assets<'_>> {
    let (environments, ids) =
        (frame.column("environment_id")?.str()?, frame.column("flow_id")?.str()?);
    let resources = frame.column("resource_id")?.str()?;
    let aware = frame.column("is_solution_aware")?.bool()?;
    let asset = move |at: usize| {
        let (id, resource) = (ids.get(at), resources.get(at));
        Some(Asset {
            scope: environments.get(at)?.into(),
            ids: [id, resource.filter(|_| resource != id)],
            elsewhere: aware.get(at) != Some(true),
        })
    };
    Ok(Box::new((0..frame.height()).filter_map(asset)))
}

/// The subscription in the path of an Azure resource.
fn subscription(id: &str) -> Option<String> {
    id.split('/').nth(2).map(ToOwned::to_owned)
}

/// The organisation of a repository, as scopes name it: `github/contoso`, `azure_devops/contoso`.
fn organisation(repo: &str) -> Option<String> {
    let mut parts = repo.split('/');
    let system = if parts.next()? == "github.com" { "github" } else { "azure_devops" };
    Some(format!("{system}/{}", parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(scope: &str, ids: &[&'static str], elsewhere: bool) -> Asset<'static> {
        let ids = [ids.first().copied(), ids.get(1).copied()];
        Asset { scope: scope.to_owned().into(), ids, elsewhere }
    }

    fn read(status: Status) -> Answer {
        (status, None)
    }

    fn told(claims: &[(&str, Status)], assets: &[Asset<'_>]) -> BTreeMap<usize, Answer> {
        let mut said = Said::default();
        for (scope, status) in claims {
            said.claim(Claim {
                source: "flow.runs".into(),
                scope: (*scope).into(),
                status: *status,
                pages: 1,
                expected: None,
                reason: None,
                observed_at: None,
            });
        }
        take_claims(&mut said, "flow.runs", assets)
    }

    #[test]
    fn copies_of_a_flow_are_told_apart_by_their_environment() {
        let copies = [flow("dev", &["w1"], false), flow("prod", &["w1", "f1"], false)];
        let one = told(&[("prod/w1", Status::Full)], &copies);
        assert_eq!(one, BTreeMap::from([(1, read(Status::Full))]));
        assert_eq!(told(&[("w1", Status::Full)], &copies), BTreeMap::new());
        let by_resource = told(&[("f1", Status::Full), ("dev/w1", Status::Denied)], &copies);
        assert_eq!(
            by_resource,
            BTreeMap::from([(0, read(Status::Denied)), (1, read(Status::Full))])
        );
    }

    #[test]
    fn flows_of_dataverse_are_not_due_where_its_list_was_read() {
        let flows = [flow("e1", &["w1"], false), flow("e1", &["f2"], true)];
        let tallies = tally(flows.into_iter(), &BTreeMap::from([(1, read(Status::Full))]));
        let (all, elsewhere) = (&tallies["e1"].all, &tallies["e1"].elsewhere);
        assert_eq!(all.told("flow.definition").0, Status::Partial);
        assert_eq!(elsewhere.told("flow.definition").0, Status::Full);
    }

    #[test]
    fn assets_that_were_all_refused_are_denied() {
        let mut share = Share::default();
        share.count(Some(&(Status::Denied, Some("HTTP 403".to_owned()))));
        let why = "flow.runs was read for 0 of 1 assets: HTTP 403".to_owned();
        assert_eq!(share.told("flow.runs"), (Status::Denied, Some(why)));
        share.count(None);
        assert_eq!(share.told("flow.runs").0, Status::Partial);
    }
}
