//! Survey: the first look at an import, before any record is read.
//!
//! Finds the files, reads the index, and learns what must be known beforehand: the tenant, the moment,
//! and which environment answers at which address. Parses only files that can tell any of these.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

use aho_corasick::packed::Searcher;
use bumpalo::Bump;
use highwater_snapshot::{Json, Names, Time, Value};

use crate::dates::{DateOrder, Orders};
use crate::envelope::{self, Opened};
use crate::hosts::Hosts;
use crate::index::{self, Exchange, INDEX, Index, is_guid};
use crate::kinds::{self, Source};
use crate::lookups::Lookups;
use crate::sheet::{self, Sheet};
use crate::stream::{self, Pieces};
use crate::walk::{Found, walk};
use crate::{Error, Options, decode, parse, workbook};

/// What is known of an import before its records are read.
#[derive(Debug)]
pub struct Survey {
    /// Directory id of the tenant, lower-case, or `unknown`.
    pub tenant: String,
    /// The moment for which the snapshot stands.
    pub taken_at: Time,
    /// Cloud that the index names, else `import`.
    pub cloud: String,
    /// Who read, as the index says, else `files`.
    pub identity: String,
    /// What could not be told and had to be assumed.
    pub warnings: Vec<String>,
    pub(crate) files: Vec<Found>,
    pub(crate) exchanges: Vec<(usize, Exchange)>,
    pub(crate) hosts: Hosts,
    pub(crate) lookups: Lookups,
    /// Which number of a date is the day.
    pub(crate) date_order: Option<DateOrder>,
    /// Files of so many bytes or more are read in pieces.
    pub(crate) stream_from: u64,
    pub(crate) stated: Option<Stated>,
}

/// What `--as` says.
#[derive(Clone, Debug)]
pub(crate) struct Stated {
    pub(crate) source: &'static Source,
    pub(crate) scope: Option<String>,
}

/// What the content of files says of the tenant and the moment.
#[derive(Debug, Default)]
struct Told {
    tenants: BTreeSet<String>,
    defaults: BTreeSet<String>,
    moments: BTreeSet<Time>,
    newest_file: Option<Time>,
    hosts: Hosts,
    lookups: Lookups,
    orders: Orders,
}

/// Looks at the files of an import.
///
/// # Errors
/// When a path cannot be read, no file is found, the index is not valid, `--as` names no source, or the
/// files are of several tenants.
pub fn survey(paths: &[PathBuf], options: &Options) -> Result<Survey, Error> {
    let stated = options.as_kind.as_deref().map(stated).transpose()?;
    let files = walk(paths)?;
    if files.is_empty() {
        return Err(Error::Nothing {
            paths: paths.iter().map(|path| path.display().to_string()).collect(),
        });
    }
    let indexes = indexes(&files)?;
    let (mut told, marks, mut bytes) = (Told::default(), marks(), Vec::new());
    for file in files.iter().filter(|file| file.skipped.is_none() && file.name != INDEX) {
        look(file, marks.as_ref(), options.stream_from, &mut bytes, &mut told);
    }
    told.lookups.settle();
    let mut warnings = Vec::new();
    if told.orders.is_open() && options.date_order.is_none() {
        warnings.push(
            "dates such as 03/04/2026 can be read in two ways and are not told: say which with --date-order".into(),
        );
    }
    let tenant = tenant(&indexes, options, &told, &mut warnings)?;
    let taken_at = moment(&indexes, options, &told, &mut warnings);
    let first = |pick: fn(&Index) -> Option<&String>| indexes.values().find_map(pick).cloned();
    Ok(Survey {
        tenant,
        taken_at,
        cloud: first(|index| index.cloud.as_ref()).unwrap_or_else(|| "import".into()),
        identity: first(|index| index.identity.as_ref()).unwrap_or_else(|| "files".into()),
        warnings,
        files,
        exchanges: indexes
            .into_iter()
            .flat_map(|(root, index)| {
                index.exchanges.into_iter().map(move |exchange| (root, exchange))
            })
            .collect(),
        hosts: told.hosts,
        lookups: told.lookups,
        date_order: options.date_order.or_else(|| told.orders.order()),
        stream_from: options.stream_from,
        stated,
    })
}

fn stated(text: &str) -> Result<Stated, Error> {
    let (id, scope) = text.split_once('@').map_or((text, None), |(id, scope)| (id, Some(scope)));
    let source = kinds::source(id.trim()).ok_or_else(|| Error::Kind {
        given: id.to_owned(),
        known: kinds::sources().collect::<Vec<_>>().join(", "),
    })?;
    Ok(Stated {
        source,
        scope: scope.map(|scope| scope.trim().to_lowercase()).filter(|scope| !scope.is_empty()),
    })
}

/// The index of every given folder, at its top only.
fn indexes(files: &[Found]) -> Result<BTreeMap<usize, Index>, Error> {
    let tops = files.iter().filter(|file| file.name == INDEX && file.skipped.is_none());
    tops.map(|file| Ok((file.root, index::read(&file.path)?))).collect()
}

/// Texts without which a file says nothing that is needed beforehand.
const MARKS: [&str; 12] = [
    "linkedEnvironmentMetadata",
    "environmentSku",
    "defaultEnvironmentGeo",
    "timestamp_zulu",
    "EnvironmentUrl",
    "dataverseInstanceUrl",
    "allowedTenants",
    "microsoft.powerplatform/environments",
    "admin_environmentname",
    "admin_connectorid",
    "admin_flowid",
    "tenantGuid",
];

/// Whether any of [`MARKS`] stands in a text.
fn is_marked(text: &str, marks: Option<&Searcher>) -> bool {
    let alone = |mark: &&str| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    marks.map_or_else(
        || MARKS.iter().any(alone),
        |marks| marks.find_iter(text).any(|found| found.pattern().as_usize() < MARKS.len()),
    )
}

/// What stands before the tenant's id in the id of its default environment.
const DEFAULT: &str = "efault-";

/// A search for [`DEFAULT`] and all of [`MARKS`] in one pass.
fn marks() -> Option<Searcher> {
    Searcher::new(MARKS.into_iter().chain([DEFAULT]))
}

fn look(
    found: &Found,
    marks: Option<&Searcher>,
    stream_from: u64,
    bytes: &mut Vec<u8>,
    told: &mut Told,
) {
    let path = found.path.as_path();
    let about = std::fs::metadata(path).ok();
    if let Some(written) = about.as_ref().and_then(|data| data.modified().ok()).and_then(time_of) {
        told.newest_file = told.newest_file.max(Some(written));
    }
    if found.extension().as_deref() == Some("zip") {
        return; // a package, which may be large, tells none of it
    }
    if found.inside.is_none() && about.is_some_and(|about| about.len() >= stream_from) {
        // What cannot be read says so when it is imported.
        let _ = look_through(found, marks, told);
        return;
    }
    if found.read(bytes).is_err() {
        return;
    }
    for page in workbook::pages_of(bytes).into_iter().flatten().flatten() {
        told.orders.learn(page.text.as_bytes());
        sheet::whole(&page.text).into_iter().for_each(|sheet| rows_tell(sheet, None, told));
    }
    let narrow = decode::is_narrow(bytes);
    let sheet = narrow && is_sheet(found, "");
    if sheet {
        told.orders.learn(bytes);
    }
    // Most files tell nothing, or not yet, and are not even decoded.
    if narrow && marks.is_some_and(|marks| marks.find(&*bytes).is_none()) {
        return;
    }
    if sheet
        && let Ok(mut sheet) = sheet::open(bytes.as_slice())
        && waits(&mut sheet, found, told)
    {
        told.defaults.extend(default_environments(bytes));
        return;
    }
    let Ok(decoded) = decode::decode(bytes) else { return };
    let text = decoded.text.as_ref();
    if is_sheet(found, text) && !narrow {
        told.orders.learn(text.as_bytes());
    }
    told.defaults.extend(default_environments(text.as_bytes()));
    if !is_marked(text, marks) {
        return;
    }
    if is_sheet(found, text) {
        sheet::whole(text).into_iter().for_each(|sheet| rows_tell(sheet, Some(found), told));
        return;
    }
    let arena = Bump::new();
    let Ok(parsed) = parse::parse(text, &arena, &mut Names::new(&arena)) else { return };
    for document in &parsed.documents {
        document_tells(document, told);
    }
}

fn is_sheet(found: &Found, text: &str) -> bool {
    sheet::is_sheet(found.extension().as_deref(), text)
}

/// What the rows of a sheet tell; those of one that tells of flows alone wait until a row points to a flow.
fn rows_tell<R: Read>(mut sheet: Sheet<'_, R>, found: Option<&Found>, told: &mut Told) {
    if found.is_some_and(|found| waits(&mut sheet, found, told)) {
        return;
    }
    let asked = [Hosts::COLUMNS, Lookups::COLUMNS, &["tenantGuid"]].concat();
    if sheet.only(&asked) {
        sheet::each_row(&mut sheet, |row| row_tells(row, told));
    }
}

/// Whether the rows of a sheet are not needed before a row of another points to them, if at all.
fn waits<R: Read>(sheet: &mut Sheet<'_, R>, found: &Found, told: &mut Told) -> bool {
    let beyond = [Hosts::COLUMNS, Lookups::BEYOND_FLOWS, &["tenantGuid"]].concat();
    let waits = found.inside.is_none() && !sheet.only(&beyond);
    if waits && sheet.only(Lookups::COLUMNS) {
        told.lookups.later.add(found);
    }
    waits
}

/// Bytes of a large file that are looked at together.
const PIECE: usize = 8 << 20;

/// A large file, piece by piece: first for its marks, then, where it has any, for its records.
fn look_through(found: &Found, marks: Option<&Searcher>, told: &mut Told) -> std::io::Result<()> {
    let (mut source, _) = stream::decoded(|| File::open(&found.path))?;
    let sheet = is_sheet(found, "");
    let (mut buffer, mut kept, mut marked) = (vec![0; PIECE], 0, false);
    loop {
        let read = source.read(&mut buffer[kept..])?;
        let piece = &buffer[..kept + read];
        marked |= marks.is_some_and(|marks| marks.find(piece).is_some());
        told.defaults.extend(default_environments(piece));
        if sheet {
            told.orders.learn(piece);
        }
        if read == 0 {
            break;
        }
        // A mark may lie across two pieces.
        kept = piece.len().min(128);
        let all = piece.len();
        buffer.copy_within(all - kept..all, 0);
    }
    if marked {
        let (source, _) = stream::decoded(|| File::open(&found.path))?;
        if sheet {
            sheet::open(source).into_iter().for_each(|sheet| rows_tell(sheet, Some(found), told));
        } else {
            records_tell(source, told);
        }
    }
    Ok(())
}

fn records_tell(source: impl Read, told: &mut Told) {
    let mut pieces = Pieces::new(source);
    while let Ok(Some(batch)) = pieces.batch(PIECE) {
        let Ok(records) = serde_json::from_str::<Vec<Value<'_>>>(&batch) else { return };
        records.iter().for_each(|record| record_tells(Json::new(record), told));
    }
}

/// A moment of the file system.
pub(crate) fn time_of(moment: SystemTime) -> Option<Time> {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Time)
}

/// Tenant ids inside the ids of default environments.
fn default_environments(text: &[u8]) -> impl Iterator<Item = String> {
    memchr::memmem::find_iter(text, DEFAULT).filter_map(|at| {
        let guid = text.get(at + DEFAULT.len()..at + DEFAULT.len() + 36)?;
        let guid = str::from_utf8(guid).ok()?.to_lowercase();
        is_guid(&guid).then_some(guid)
    })
}

fn document_tells(document: &Value<'_>, told: &mut Told) {
    let json = Json::new(document);
    if let Some(export) = crate::scuba::export(json) {
        told.tenants.extend(
            export.key("tenant_id").id().map(std::borrow::Cow::into_owned).filter(|id| is_guid(id)),
        );
        told.moments.extend(export.key("timestamp_zulu").time());
        for record in export.key("environment_list").items() {
            told.hosts.learn(record);
        }
        return;
    }
    if let Opened::Records(envelope) = envelope::open(document) {
        for record in envelope.records {
            record_tells(Json::new(record), told);
        }
    }
}

/// What a row of a kit or of the lake tells.
fn row_tells(row: Json<'_>, told: &mut Told) {
    told.hosts.learn(row);
    told.lookups.learn(row);
    let tenant = row.key("tenantGuid").id().map(std::borrow::Cow::into_owned);
    told.tenants.extend(tenant.filter(|id| is_guid(id)));
}

fn record_tells(record: Json<'_>, told: &mut Told) {
    row_tells(record, told);
    let internal = record.key("Internal");
    let resource = if internal.is_object() { internal } else { record };
    let environment = resource.at("properties.environmentSku").is_told()
        || record
            .key("type")
            .word()
            .is_some_and(|kind| kind == "microsoft.powerplatform/environments");
    let single = record.key("defaultEnvironmentGeo").is_told()
        || record.at("properties.allowedTenants").is_present();
    if environment || single {
        let ids = [resource.key("tenantId"), resource.at("properties.tenantId")];
        let id = ids.into_iter().find_map(Json::id).map(std::borrow::Cow::into_owned);
        told.tenants.extend(id.filter(|id| is_guid(id)));
    }
}

fn tenant(
    indexes: &BTreeMap<usize, Index>,
    options: &Options,
    told: &Told,
    warnings: &mut Vec<String>,
) -> Result<String, Error> {
    let stated: BTreeSet<String> =
        indexes.values().filter_map(|index| index.tenant.clone()).collect();
    let several = |ids: &BTreeSet<String>| Error::Tenants {
        tenants: ids.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let option = options.tenant.as_deref().map(|tenant| tenant.trim().to_lowercase());
    if stated.len() > 1 && option.is_none() {
        return Err(several(&stated));
    }
    let known = if stated.len() == 1 { stated.first().cloned() } else { option };
    let found = if told.tenants.is_empty() { &told.defaults } else { &told.tenants };
    if let Some(tenant) = known {
        let others: Vec<&str> =
            found.iter().filter(|id| **id != tenant).map(String::as_str).collect();
        if !others.is_empty() {
            warnings.push(format!("some files are of other tenants ({}): their records are read as if they were of {tenant}", others.join(", ")));
        }
        return Ok(tenant);
    }
    match found.len() {
        0 => {
            warnings.push("no file says which tenant this is: say so with --tenant".into());
            Ok("unknown".into())
        }
        1 => Ok(found.first().cloned().unwrap_or_default()),
        _ => Err(several(found)),
    }
}

fn moment(
    indexes: &BTreeMap<usize, Index>,
    options: &Options,
    told: &Told,
    warnings: &mut Vec<String>,
) -> Time {
    let stated = indexes.values().filter_map(|index| index.taken_at).max();
    if let Some(moment) = stated.or(options.taken_at).or_else(|| told.moments.last().copied()) {
        return moment;
    }
    warnings.push("no file says when it was taken: the newest file time stands for it; say so with --taken-at".into());
    told.newest_file.unwrap_or(Time::NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_behind_default_environments() {
        let searcher = marks();
        for mark in MARKS {
            let text = format!("Default-default-{mark}");
            assert!(is_marked(&text, searcher.as_ref()) && is_marked(&text, None), "{mark}");
        }
        assert!(!is_marked("Default-0000", searcher.as_ref()) && !is_marked("Default-", None));
    }

    fn surveyed(files: &[(&str, &str)], options: &Options) -> Result<Survey, Error> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        survey(&[folder.path().to_owned()], options)
    }

    const A: &str = "00000000-0000-0000-0000-0000000000aa";

    #[test]
    fn the_tenant_comes_from_index_option_or_content() {
        let record = format!(r#"{{"tenantId": "{A}", "defaultEnvironmentGeo": "Europe"}}"#);
        let found = surveyed(&[("tenant.json", &record)], &Options::default()).unwrap();
        assert_eq!(found.tenant, A);
        let flows = r#"[{"environment": "Default-00000000-0000-0000-0000-0000000000BB"}]"#;
        let found = surveyed(&[("flows.json", flows)], &Options::default()).unwrap();
        assert_eq!(found.tenant, "00000000-0000-0000-0000-0000000000bb");
        let index = format!(r#"{{"format": 1, "tenant": "{A}"}}"#);
        let found =
            surveyed(&[("flows.json", flows), (INDEX, &index)], &Options::default()).unwrap();
        assert_eq!(found.tenant, A);
        assert!(
            found.warnings.iter().any(|warning| warning.contains("other tenants")),
            "{:?}",
            found.warnings
        );
        let found = surveyed(&[("a.json", "[]")], &Options::default()).unwrap();
        assert_eq!(found.tenant, "unknown");
    }

    #[test]
    fn sheets_tell_the_same_in_any_encoding() {
        let text = "\"admin_environmentid\",\"admin_environmentname\"\nr1,Default-Z\u{fc}rich\n";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe], wide.as_slice()].concat();
        let narrow: Vec<u8> =
            text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        for bytes in [text.as_bytes(), &wide, &marked, &narrow] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("environments.csv"), bytes).unwrap();
            let found = survey(&[folder.path().to_owned()], &Options::default()).unwrap();
            assert_eq!(found.lookups.environment("r1"), Some("default-z\u{fc}rich"));
        }
    }

    #[test]
    fn files_of_several_tenants_are_refused() {
        let other = A.replace("aa", "bb");
        let both: Vec<String> = [A, &other]
            .map(|id| format!(r#"{{"tenantId": "{id}", "defaultEnvironmentGeo": "x"}}"#))
            .into();
        let files = [("a.json", both[0].as_str()), ("b.json", both[1].as_str())];
        let error = surveyed(&files, &Options::default()).unwrap_err().to_string();
        assert!(error.contains("--tenant") && error.contains(A), "{error}");
        let named = Options { tenant: Some(A.into()), ..Options::default() };
        assert_eq!(surveyed(&files, &named).unwrap().tenant, A);
    }

    #[test]
    fn the_moment_is_inside_the_files_first() {
        let export = format!(
            r#"{{"module_version": "1.8.0", "timestamp_zulu": "2026-05-04T17:15:48Z", "tenant_id": "{A}"}}"#
        );
        let found = surveyed(&[("scuba.json", &export)], &Options::default()).unwrap();
        assert_eq!(
            (found.taken_at.to_string().as_str(), found.warnings.len()),
            ("2026-05-04T17:15:48Z", 0)
        );
        let told = Options { taken_at: Time::parse("2026-01-01T00:00:00Z"), ..Options::default() };
        assert_eq!(
            surveyed(&[("scuba.json", &export)], &told).unwrap().taken_at.to_string(),
            "2026-01-01T00:00:00Z"
        );
    }

    #[test]
    fn a_source_that_does_not_exist_is_named_with_those_that_do() {
        let options = Options { as_kind: Some("dv.solution".into()), ..Options::default() };
        let error = surveyed(&[("a.json", "[]")], &options).unwrap_err().to_string();
        assert!(error.contains("dv.solutions"), "{error}");
    }
}
