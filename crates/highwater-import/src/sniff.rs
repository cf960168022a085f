//! Sniff: what a record is, by what it says of itself.
//!
//! Asks in the order of certainty: the context of its answer, its type, the wrapper of a tool, its keys.
//! Says "several" rather than choosing, and "nothing" rather than guessing.

use highwater_snapshot::{Json, Value};

use crate::kinds::{Class, Hand};
use crate::odata::{self, Context};
use crate::{arm, automation_kit, coe, dialects, keys, known_sheets, lake, values};

/// What a record turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    Is(Class),
    /// Several kinds fit: their source ids.
    Several(Vec<&'static str>),
    /// No kind fits, and why.
    Nothing(String),
}

/// Sniffs one record of an answer. `list` says whether it came in a list.
pub(crate) fn sniff(record: &Value<'_>, context: Option<&Context>, list: bool) -> Sniffed {
    let json = Json::new(record);
    if let Some(context) = context {
        if let Some(class) = odata::classify(context, Some(json)) {
            return Sniffed::Is(class);
        }
        if context.dataverse {
            return Sniffed::Nothing(format!("no table needs the Dataverse set `{}`", context.set));
        }
    }
    // What the lake keeps is flat, and may bear the types of the services.
    if !json.key("properties").is_present()
        && let Some(class) = lake::classify(json)
    {
        return Sniffed::Is(class);
    }
    if let Some(class) = arm::classify(json).or_else(|| dialects::classify(json, list)) {
        return Sniffed::Is(class);
    }
    let mut found = keys::classify(json);
    if found.is_empty() && context.is_some_and(|context| context.set == "directoryobjects") {
        return Sniffed::Several(vec!["graph.users", "graph.group_members"]);
    }
    match found.len() {
        0 if !matches!(record, Value::Object(_)) => {
            Sniffed::Nothing("its members are no objects".into())
        }
        0 => Sniffed::Nothing(format!(
            "no kind of record has the keys {}",
            values::first_keys(record)
        )),
        1 => Sniffed::Is(found.remove(0)),
        _ => Sniffed::Several(found.iter().map(|class| class.what).collect()),
    }
}

/// Sniffs one row of a sheet. Sheets of other tools keep too few columns to be evidence.
pub(crate) fn cells(record: &Value<'_>) -> Sniffed {
    if values::first_keys(record).is_empty() {
        return Sniffed::Nothing("its rows are empty: export JSON, which tells more".into());
    }
    let json = Json::new(record);
    let inventory = || json.key("type").word().and_then(|kind| arm::inventory(&kind));
    let own = || keys::classify(json).into_iter().find(|class| is_sheet_of(class.what));
    let audit = || {
        dialects::classify(json, true)
            .filter(|class| class.what == "o365.activity" || class.unused.is_some())
    };
    match dialects::powershell(json).or_else(inventory).or_else(own).or_else(audit) {
        Some(class) if class.what.starts_with("dv.") => Sniffed::Is(class.hand(Hand::Columns)),
        Some(class) => Sniffed::Is(class),
        None => Sniffed::Nothing(format!(
            "no kind of sheet has the columns {}: export JSON, which tells more",
            values::first_keys(record)
        )),
    }
}

/// Sources whose records a sheet can hold: own ones, flat ones, and tables of Dataverse.
fn is_sheet_of(source: &str) -> bool {
    matches!(source, "tags" | "training" | "bap.management_apps") || source.starts_with("dv.")
}

/// What the columns of a sheet say of all its rows; none where only the rows tell.
pub(crate) fn header(columns: &Value<'_>) -> Option<Class> {
    let json = Json::new(columns);
    let kit = coe::classify(json).or_else(|| automation_kit::classify(json));
    kit.or_else(|| lake::classify(json)).or_else(|| known_sheets::classify(json))
}

/// The class of an empty answer that names its set.
pub(crate) fn empty(context: Option<&Context>) -> Option<Class> {
    odata::classify(context?, None)
}
