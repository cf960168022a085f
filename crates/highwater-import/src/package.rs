//! Package: a solution, packed or unpacked, on its way into the writer.
//!
//! Flows and root components go to tables in the words of Dataverse rows. What tables require and a package does not
//! tell (ids of variables, references and agents, when a solution was installed) gives no row and is counted. A package
//! belongs to no environment: the index or `--as` says from which it comes; without that nothing of it is a row.
//! Guarantees: one text in memory at a time; archives that point outside or inflate beyond bounds are refused.
//! Deliberately not here: evidence of absence. A package never says what else an environment holds.

use std::fs::File;
use std::io::{BufReader, Read};

use highwater_definitions::{
    DefinitionError, Solution, WorkflowContent, WorkflowText, solution_folder_texts,
    solution_package_texts,
};
use highwater_snapshot::{Place, Time, Value, Writer};

use crate::Error;
use crate::index::{Exchange, INDEX};
use crate::kinds::PACKAGE;
use crate::pages::{self, Piece};
use crate::read::{Reader, listed};
use crate::report::{FileReport, Outcome, Part};
use crate::values::{member, object};
use crate::walk::Found;

const NO_ENVIRONMENT: &str =
    "a package does not say from which environment it comes: say so in the index or with --as";
const NO_ROW: &str = "gave no row: its definition was not told or cannot be read";
const NO_ID: &str = "a package does not tell the id that it has in an environment";
const DOUBT: &str = "a package does not say what else its environment holds";

/// Parts that could not be read are named up to this number.
const NOTES: usize = 20;

impl Reader<'_> {
    /// Reads a file or folder as a solution; none where it is no solution and nobody said that it is one.
    pub(crate) fn package(
        &mut self,
        found: &Found,
        exchange: Option<(usize, &Exchange)>,
        report: &mut FileReport,
    ) -> Result<Option<Outcome>, Error> {
        let said = exchange.filter(|(_, exchange)| exchange.source.id == PACKAGE).is_some();
        if found.package.is_none() && !begins_like_zip(found) {
            return Ok(said.then(|| Outcome::Failed(not_one())));
        }
        let environment = self.environment_said(exchange);
        let tenant = Some(self.survey.tenant.clone()).filter(|tenant| tenant != "unknown");
        let place = environment.as_ref().map(|environment| Place {
            tenant,
            environment: Some(environment.clone()),
            parent: None,
        });
        let wrapper = if found.package.is_some() { "folder" } else { "zip" };
        let part = Part::of(PACKAGE, wrapper, environment.as_deref().unwrap_or_default());
        let observed_at = self.survey.taken_at;
        let mut hand = Hand { writer: self.writer, place, observed_at, part, failed: None };
        let solution = match open(found, &mut |text| hand.workflow(text)) {
            Ok(solution) => solution,
            Err(DefinitionError::NoSolution | DefinitionError::NotZip { .. }) if !said => {
                return Ok(None);
            }
            Err(reason) => return Ok(Some(Outcome::Failed(reason.to_string()))),
        };
        if let Some((_, exchange)) = exchange.filter(|_| !said) {
            return Err(Error::Contradiction {
                file: found.name.clone(),
                stated: exchange.source.id.into(),
                found: PACKAGE.into(),
            });
        }
        hand.solution(&solution);
        let Hand { part, failed, .. } = hand;
        if let Some(error) = failed {
            return Err(error.into());
        }
        note(&solution, environment.is_none(), report);
        if let Some(environment) = environment {
            self.pieces.push(piece(found, exchange, environment, part.records));
        }
        report.parts.push(part);
        Ok(Some(Outcome::Read))
    }

    /// The environment that the index, else `--as`, names for a package.
    fn environment_said(&self, exchange: Option<(usize, &Exchange)>) -> Option<String> {
        let stated = self.survey.stated.as_ref().filter(|stated| stated.source.id == PACKAGE);
        match exchange {
            Some((_, exchange)) => exchange.environment.clone(),
            None => stated.and_then(|stated| stated.scope.clone()),
        }
    }
}

/// Why something is no package although somebody said so.
fn not_one() -> String {
    format!("{PACKAGE} was said of it, but it is neither a .zip nor a folder with solution.xml")
}

fn open(
    found: &Found,
    shown: &mut dyn FnMut(&WorkflowText<'_>),
) -> Result<Solution, DefinitionError> {
    if let Some(folder) = &found.package {
        return solution_folder_texts(folder, shown);
    }
    let io = |source| DefinitionError::Io { path: found.name.clone(), source };
    solution_package_texts(BufReader::new(File::open(&found.path).map_err(io)?), shown)
}

fn begins_like_zip(found: &Found) -> bool {
    let mut start = [0u8; 4];
    let read = File::open(&found.path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"PK\x03\x04"
}

/// What a package proves: that this much is there.
fn piece(
    found: &Found,
    exchange: Option<(usize, &Exchange)>,
    environment: String,
    records: u64,
) -> Piece {
    Piece {
        source: PACKAGE,
        part: "",
        scope: environment,
        chain: match exchange {
            Some((at, exchange)) => listed(at, found.root, exchange),
            None => pages::chain(found.root, &found.name),
        },
        open: false,
        paged: false,
        list: false,
        doubt: Some(DOUBT.to_owned()),
        remark: None,
        expected: None,
        records,
        asked: true,
        observed_at: None,
    }
}

fn note(solution: &Solution, nowhere: bool, report: &mut FileReport) {
    if nowhere {
        report.notes.push(format!(
            "no environment is named, so nothing of it was kept: list it in {INDEX}, or import it with --as {PACKAGE}@ENVIRONMENT"
        ));
    }
    for (entry, reason) in solution.unread.iter().take(NOTES) {
        report.notes.push(format!("{entry}: {reason}"));
    }
    let more = solution.unread.len().saturating_sub(NOTES);
    if more > 0 {
        report.notes.push(format!("{more} more parts could not be read"));
    }
}

/// Hands the parts of one package to the writer, and counts them.
struct Hand<'w> {
    writer: &'w mut Writer,
    /// Where the package comes from; none where nobody says.
    place: Option<Place>,
    observed_at: Time,
    part: Part,
    failed: Option<highwater_snapshot::Error>,
}

impl Hand<'_> {
    /// A flow, in the words of its Dataverse row.
    fn workflow(&mut self, text: &WorkflowText<'_>) {
        let told = |text: Option<&str>| text.map_or(Value::Null, |text| text.to_owned().into());
        let record = object(vec![
            member("workflowid", told(Some(text.id))),
            member("category", u64::from(text.category).into()),
            member("type", 1.into()),
            member("name", told(text.name)),
            member("clientdata", told(text.clientdata)),
            member("definition", told(text.definition)),
        ]);
        self.record(&record, NO_ROW);
    }

    fn record(&mut self, record: &Value<'_>, no_row: &str) {
        self.part.records += 1;
        let Some(place) = &self.place else { return self.drop(1, NO_ENVIRONMENT) };
        let scope = place.environment.as_deref().unwrap_or_default();
        match self.writer.record(PACKAGE, scope, place, self.observed_at, record) {
            Ok(0) => self.drop(1, no_row),
            Ok(rows) => self.part.rows += rows as u64,
            Err(error) => self.failed = self.failed.take().or(Some(error)),
        }
    }

    fn drop(&mut self, count: u64, reason: &str) {
        *self.part.dropped.entry(reason.to_owned()).or_default() += count;
    }

    /// Counts what gives no row, for the reason given.
    fn leave(&mut self, count: usize, reason: &str) {
        if count > 0 {
            self.part.records += count as u64;
            self.drop(count as u64, reason);
        }
    }

    /// Everything but the texts of flows, which were handed on while the package was read.
    fn solution(&mut self, solution: &Solution) {
        self.leave(1, "a package does not say when its solution was installed");
        self.components(solution);
        let classic = solution.workflows.iter().filter(|it| !matches!(it.category, 5 | 6)).count();
        self.leave(classic, "no table reads classic processes");
        let flows = solution.workflows.iter().filter(|it| matches!(it.category, 5 | 6));
        let without = |it: &highwater_definitions::Workflow| {
            it.entry.is_none() && matches!(it.content, WorkflowContent::Unknown)
        };
        let missing = flows.filter(|it| it.category == 5 && without(it)).count();
        self.leave(missing, "a flow whose definition is not in the package");
        let nameless = solution.environment_variables.len()
            + solution.connection_references.len()
            + solution.bots.len()
            + solution.plugin_assemblies.len()
            + solution.code_components.len();
        self.leave(nameless, NO_ID);
    }

    /// Root components, in the words of a summary of solution components.
    fn components(&mut self, solution: &Solution) {
        let Some(name) = solution.unique_name.as_deref() else {
            return self.leave(solution.components.len(), "the package does not tell its name");
        };
        for component in &solution.components {
            let Some(id) = component.id.as_deref() else {
                self.leave(1, NO_ID);
                continue;
            };
            let mut members = vec![
                member("msdyn_objectid", id.into()),
                member("msdyn_solutionid", name.into()),
                member("msdyn_componenttype", u64::from(component.component_type).into()),
            ];
            members.extend(component.name.as_deref().map(|name| member("msdyn_name", name.into())));
            let workflow = solution.workflows.iter().find(|workflow| workflow.id == id);
            if let Some(workflow) = workflow.filter(|workflow| workflow.category != u32::MAX) {
                members.push(member("msdyn_workflowcategory", u64::from(workflow.category).into()));
                let name = workflow.name.as_deref().filter(|_| component.name.is_none());
                members.extend(name.map(|name| member("msdyn_name", name.into())));
            }
            self.record(&object(members), NO_ROW);
        }
    }
}
