//! Page: `docs/permissions.md`.
//!
//! Least privilege first: each right with what it unlocks, then each source with its alternatives.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Evidence, Unlocks, least_of};
use crate::grants::{Plane, Right, Ways, needs};

/// The whole page.
pub(super) fn page(evidence: &Evidence) -> String {
    let mut text = String::from(INTRODUCTION);
    for plane in Plane::ALL {
        let rights = least_of(*plane);
        if rights.is_empty() {
            continue;
        }
        let (title, about) = described(*plane);
        let _ = write!(text, "\n### {title}\n\n{about}\n\n");
        text.push_str("| Right | Sources | Tables | Facts | Indicators |\n|---|---|---|---|---|\n");
        let mut together: BTreeSet<&'static str> = BTreeSet::new();
        for (right, sources) in &rights {
            together.extend(sources);
            row(&mut text, &format!("`{}`", right.name), &evidence.unlocks(sources), true);
        }
        if rights.len() > 1 {
            row(&mut text, "all of them", &evidence.unlocks(&together), false);
        }
    }
    text.push_str(BY_SOURCE);
    for need in needs() {
        let (application, person) = (say(need.application), say(need.delegated));
        let unlocked = evidence.unlocks(&BTreeSet::from([need.source]));
        let tables = names(unlocked.tables.iter().map(String::as_str));
        let _ = writeln!(text, "| `{}` | {application} | {person} | {tables} |", need.source);
    }
    text
}

/// One right. Facts count when they look at one of the tables, indicators when they rest on one of the facts.
fn row(text: &mut String, right: &str, unlocks: &Unlocks, listed: bool) {
    let Unlocks { sources, tables, facts, indicators } = unlocks;
    let (named, filled) = if listed {
        (names(sources.iter().copied()), names(tables.iter().map(String::as_str)))
    } else {
        (sources.len().to_string(), tables.len().to_string())
    };
    let _ =
        writeln!(text, "| {right} | {named} | {filled} | {} | {} |", facts.len(), indicators.len());
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

/// Alternatives in words.
fn say(ways: Ways) -> String {
    let way = |rights: &&[Right]| {
        let rights: Vec<&str> = rights.iter().map(|right| right.name).collect();
        rights.join(" with ")
    };
    let ways: Vec<String> = ways.iter().map(way).collect();
    if ways.is_empty() { "not let in".to_owned() } else { ways.join(", or ") }
}

const INTRODUCTION: &str = "# Permissions

Generated from the declarations of the sources (`HIGHWATER_BLESS=1 cargo test -p highwater-sources`).

Highwater reads and never writes. It works with whatever it is given: what was refused is a named gap, never a failure and
never a reason for a lower level, so begin with the first tables below and look at the report, which says what each
further grant would unlock. `highwater doctor` tells which of them are missing.

Two kinds of identity can read. An **application** (service principal, managed or workload identity) reads unattended.
A **person** who signs in reads what the person may see: the same permissions, delegated, and a role such as Global Reader
beside them. A few sources serve only one of the two.

The scripts of `deploy/permissions` grant all of this. Each prints what it would do and does it only when told so
(`--apply`), and each may be run again.

| Script | Grants |
|---|---|
| `grant-power-platform.sh`, `.ps1` | the reading role of Power Platform, for the tenant |
| `grant-graph.sh`, `.ps1` | permissions of Microsoft Graph and of the activity feed |
| `grant-azure.sh`, `.ps1` | roles of Azure at a management group |
| `dataverse-application-user.sh`, `.ps1` | a reading security role and an application user in environments |
| `register-management-app.sh`, `.ps1` | registration with Power Platform, which is more than reading: see below |

`azure-devops.md`, `github.md` and `dataverse-role.md` say what to do where a script cannot. Two more scripts let an
identity be used and keep what it read: `federate.sh`, `.ps1` (trust in a workload, so that no secret is needed) and
`grant-store.sh`, `.ps1` (one container of a storage account).

## What each right unlocks

The smallest right that suffices for each source. Facts count when they look at one of the tables, indicators when they
rest on one of those facts: several rights often have to come together before one is decided.
";

const BY_SOURCE: &str = "
## What each source needs

Alternatives stand in the order of their size; the first one is enough.

| Source | Application | Person | Tables |
|---|---|---|---|
";

/// Title and explanation of a plane.
const fn described(plane: Plane) -> (&'static str, &'static str) {
    match plane {
        Plane::Graph => (
            "Microsoft Graph",
            "Application permissions, each with the consent of an administrator; the same names serve people who sign in. None of\n\
             them writes. Of people only ids, the kind of account, department and licences are asked for. Directory.Read.All would\n\
             replace several of them and read more than is needed. Intune, entitlement management and Defender for Cloud Apps also\n\
             need their licences.",
        ),
        Plane::Activity => (
            "Office 365 Management APIs",
            "An application permission. The feed has to be running already: starting it would be a write, which Highwater never does.",
        ),
        Plane::Azure => (
            "Azure",
            "Roles at the management group that is audited; what lies outside of it is not seen, and the report lists the\n\
             subscriptions that were. Reader alone suffices for every table; the other roles serve those who would not give Reader, or\n\
             two optional sources. No role here reads the value of a secret: never give Key Vault Secrets User.",
        ),
        Plane::PlatformRole => (
            "Power Platform, reading role",
            "A role assignment of Power Platform itself, for the Power Platform API. It only reads, and is the first thing to give;\n\
             the older administration services do not know it yet.",
        ),
        Plane::PlatformApi => (
            "Power Platform API, permissions",
            "Permissions of the Power Platform API (application id `8578e004-a5c6-46e7-913e-12f58912df43`), for single sources.",
        ),
        Plane::ManagementApplication => (
            "Power Platform, management application",
            "The administration services know two kinds of readers: administrators, and applications that an administrator registered.\n\
             A registered application may do what an administrator may do. There is no smaller form; weigh it, give the\n\
             identity a certificate or a federated credential instead of a secret, and take the registration back where you read rarely.",
        ),
        Plane::DirectoryRole => (
            "Roles of the directory",
            "For people. What stands here serves people only, or nobody knows yet what an application gets.",
        ),
        Plane::PowerBi => (
            "Gateways",
            "For people who administer gateways; a Fabric administrator sees all of them.",
        ),
        Plane::Dataverse => (
            "Dataverse",
            "Privileges of a security role in each environment that has Dataverse, all of them to read, at the level of the\n\
             organisation. `dataverse-role.md` describes the role. Names that end in `*` stand for all that begin so.",
        ),
        Plane::AzureDevOps => (
            "Azure DevOps",
            "An application is a member of the organisation and of the group Readers in each project; scopes bound the token of a\n\
             person. See `azure-devops.md`.",
        ),
        Plane::GitHub => (
            "GitHub",
            "A GitHub app or a fine-grained token with these permissions of repositories. See `github.md`.",
        ),
    }
}
