//! XLSX: a workbook to filter, and an action plan to fill in.
//!
//! Guarantees that text is written as text, never as a formula or a link, and that the same dossier gives
//! the same bytes: the workbook's own date is the time of evaluation.

use highwater_score::{CapabilityScore, ModelScore};
use rust_xlsxwriter::{
    ConditionalFormatText, ConditionalFormatTextRule, DataValidation, DocProperties, ExcelDateTime,
    Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use crate::actions::{Action, actions, short_title};
use crate::csv::{settling, word};
use crate::dossier::Dossier;
use crate::effect::{self, Effect, effects};
use crate::findings::{findings, placed};
use crate::steps::How;
use crate::words::sentence;

/// A cell: text or a number.
enum Cell {
    Text(String),
    Number(f64),
    /// A share of one, shown in percent.
    Share(f64),
    Empty,
}

/// A column: its heading and its width in characters.
type Column = (&'static str, f64);

/// The workbook.
///
/// # Errors
/// When the workbook cannot be put together, such as for a sheet with more rows than a sheet may have.
pub fn render(dossier: &Dossier) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let scorecard = &dossier.scorecard;
    let created =
        ExcelDateTime::parse_from_str(scorecard.evaluated_at.get(..19).unwrap_or_default())
            .or_else(|_| ExcelDateTime::from_ymd(2000, 1, 1))?;
    let properties = DocProperties::new()
        .set_title(sentence(&format!(
            "Power Platform maturity of {}",
            scorecard.tenant.name.as_deref().unwrap_or(&scorecard.tenant.id)
        )))
        .set_author("Highwater")
        .set_creation_datetime(&created);
    workbook.set_properties(&properties);
    profile(workbook.add_worksheet(), dossier)?;
    plan(workbook.add_worksheet(), dossier)?;
    indicators(workbook.add_worksheet(), dossier)?;
    subjects(workbook.add_worksheet(), dossier)?;
    evidence(workbook.add_worksheet(), dossier)?;
    gaps(workbook.add_worksheet(), dossier)?;
    statements(workbook.add_worksheet(), dossier)?;
    workbook.save_to_buffer()
}

fn text(text: &str) -> Cell {
    Cell::Text(sentence(text))
}

fn number(value: impl Into<f64>) -> Cell {
    Cell::Number(value.into())
}

/// A count; exact up to 2^53, which no tenant reaches.
fn count(value: u64) -> Cell {
    u32::try_from(value)
        .map_or_else(|_| Cell::Text(value.to_string()), |value| Cell::Number(value.into()))
}

fn length(value: usize) -> Cell {
    count(u64::try_from(value).unwrap_or(u64::MAX))
}

/// Writes a table with frozen headings, filters and wrapped cells.
fn table(
    sheet: &mut Worksheet,
    name: &str,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> Result<(), XlsxError> {
    let head = Format::new().set_bold().set_background_color("#DCEBEB").set_align(FormatAlign::Top);
    let body = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let percent = Format::new().set_num_format("0 %").set_align(FormatAlign::Top);
    sheet.set_name(name)?;
    for (at, (title, width)) in (0_u16..).zip(columns) {
        sheet.set_column_width(at, *width)?;
        sheet.write_string_with_format(0, at, *title, &head)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (at, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Text(text) => sheet.write_string_with_format(line, at, text, &body)?,
                Cell::Number(value) => sheet.write_number_with_format(line, at, *value, &body)?,
                Cell::Share(value) => sheet.write_number_with_format(line, at, *value, &percent)?,
                Cell::Empty => sheet.write_blank(line, at, &body)?,
            };
        }
        sheet.set_row_height(line, LINE * lines(columns, row))?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let (last, wide) = (last(rows), u16::try_from(columns.len()).unwrap_or(1).saturating_sub(1));
    sheet.autofilter(0, 0, last, wide)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    Ok(())
}

/// Height of a line of text, in points.
const LINE: f64 = 15.0;

/// Lines that a row needs, 12 at most: not every program that opens a workbook works them out.
fn lines(columns: &[Column], row: &[Cell]) -> f64 {
    let needed = columns.iter().zip(row).map(|((_, width), cell)| match cell {
        Cell::Text(text) => wrapped(text, *width),
        _ => 1,
    });
    f64::from(needed.max().unwrap_or(1).clamp(1, 12))
}

/// Lines of a text in a column of a width, where words do not break unless they are longer than a line.
fn wrapped(text: &str, width: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "widths are small")]
    let width = (width as usize).max(1);
    let (mut lines, mut used) = (1, 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let room = if used == 0 { length } else { used + 1 + length };
        if room > width && used > 0 {
            lines += 1;
            used = length;
        } else {
            used = room;
        }
        while used > width {
            lines += 1;
            used -= width;
        }
    }
    lines
}

/// The last line of a table, its heading at 0.
fn last(rows: &[Vec<Cell>]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

/// Colours cells of a column by the word that they hold; the word itself stays to be read.
fn colour(
    sheet: &mut Worksheet,
    columns: (u16, u16),
    last: u32,
    words: &[(&str, &str, &str)],
) -> Result<(), XlsxError> {
    for (word, ink, paper) in words {
        let format = Format::new().set_font_color(*ink).set_background_color(*paper);
        let rule = ConditionalFormatText::new()
            .set_rule(ConditionalFormatTextRule::BeginsWith((*word).to_owned()))
            .set_format(format);
        sheet.add_conditional_format(1, columns.0, last.max(1), columns.1, &rule)?;
    }
    Ok(())
}

/// Words of a state with ink and paper; what stands against goes before what is met.
const STATES: [(&str, &str, &str); 7] = [
    ("not_met", "#7A2114", "#F8DDD6"),
    ("holds", "#7A2114", "#F8DDD6"),
    ("partly", "#5C4300", "#FBECC4"),
    ("met", "#0B4A50", "#CFE6E6"),
    ("refuted", "#0B4A50", "#CFE6E6"),
    ("unknown", "#444444", "#EEEEEE"),
    ("not_applicable", "#777777", "#FFFFFF"),
];

const LEVELS: [(&str, &str, &str); 5] = [
    ("proven by evidence", "#FFFFFF", "#0F5C63"),
    ("proven with statements", "#FFFFFF", "#3F8489"),
    ("estimated", "#0B4A50", "#CFE6E6"),
    ("possible", "#0B4A50", "#FFFFFF"),
    ("out of reach", "#777777", "#EEEEEE"),
];

fn profile(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let columns: [Column; 13] = [
        ("Model", 14.0),
        ("Capability", 28.0),
        ("100", 22.0),
        ("200", 22.0),
        ("300", 22.0),
        ("400", 22.0),
        ("500", 22.0),
        ("Proven", 8.0),
        ("Best guess", 11.0),
        ("At most", 9.0),
        ("Decided", 9.0),
        ("Limits its model", 17.0),
        ("To settle for the next level", 60.0),
    ];
    let models = &dossier.scorecard.models;
    let rows: Vec<Vec<Cell>> = models
        .iter()
        .flat_map(|model| model.capabilities.iter().map(move |it| profile_row(model, it)))
        .collect();
    table(sheet, "Profile", &columns, &rows)?;
    colour(sheet, (2, 6), last(&rows), &LEVELS)
}

fn profile_row(model: &ModelScore, capability: &CapabilityScore) -> Vec<Cell> {
    let of = capability.level;
    let mut row = vec![text(&short_title(&model.title)), text(&capability.title)];
    for level in [100_u16, 200, 300, 400, 500] {
        row.push(text(match level {
            100 => "entry level",
            level if level <= of.telemetry => "proven by evidence",
            level if level <= of.proven => "proven with statements",
            level if level <= of.estimate => "estimated",
            level if level <= of.possible => "possible",
            _ => "out of reach",
        }));
    }
    row.extend([number(of.proven), number(of.estimate), number(of.possible)]);
    row.push(Cell::Share((capability.coverage.decided * 100.0).round() / 100.0));
    row.push(text(if model.limited_by.contains(&capability.id) { "yes" } else { "no" }));
    row.push(
        capability
            .next
            .as_ref()
            .map_or(Cell::Empty, |next| text(&format!("{}: {}", next.level, next.open.join(", ")))),
    );
    row
}

/// Every step, with columns for the team to fill.
fn plan(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let columns: [Column; 15] = [
        ("Order", 7.0),
        ("Kind", 9.0),
        ("Step", 50.0),
        ("Why", 60.0),
        ("Setting", 44.0),
        ("Where", 50.0),
        ("Command", 50.0),
        ("Moves by itself", 44.0),
        ("Brings closer", 36.0),
        ("Indicators", 24.0),
        ("Usually done by", 20.0),
        ("Owner", 18.0),
        ("Due", 12.0),
        ("Status", 12.0),
        ("Remark", 40.0),
    ];
    let rows: Vec<Vec<Cell>> = actions(&dossier.scorecard)
        .iter()
        .enumerate()
        .map(|(at, step)| {
            vec![
                length(at + 1),
                text(step.kind.word()),
                text(&step.title),
                text(&step.detail),
                text(&each(&step.how, |how| Some(how.setting.clone()))),
                text(&each(&step.how, How::path)),
                text(&each(&step.how, |how| how.command.as_ref().map(|it| it.1.clone()))),
                text(&moves(dossier, step)),
                text(&step.brings.join("; ")),
                text(&step.indicators.join(", ")),
                text(&step.owner),
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
            ]
        })
        .collect();
    table(sheet, "Action plan", &columns, &rows)?;
    let status =
        DataValidation::new().allow_list_strings(&["open", "under way", "done", "declined"])?;
    sheet.add_data_validation(1, 13, last(&rows).max(1), 13, &status)?;
    Ok(())
}

/// What several ways of taking a step say, apart from one another.
fn each(hows: &[How], of: impl Fn(&How) -> Option<String>) -> String {
    hows.iter().filter_map(of).collect::<Vec<_>>().join("; ")
}

fn moves(dossier: &Dossier, step: &Action) -> String {
    let about = (step.kind, step.indicators.as_slice());
    let found = effects(&dossier.models, &dossier.scorecard, about, &Default::default());
    match found.len() {
        0 if dossier.models.is_empty() => String::new(),
        0 => effect::NONE.to_owned(),
        _ => found.iter().map(Effect::words).collect::<Vec<_>>().join("; "),
    }
}

fn indicators(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let columns: [Column; 18] = [
        ("Model", 12.0),
        ("Capability", 22.0),
        ("Level", 7.0),
        ("Indicator", 16.0),
        ("Title", 44.0),
        ("Kind", 12.0),
        ("Role", 11.0),
        ("State", 14.0),
        ("Least", 8.0),
        ("Greatest", 9.0),
        ("Estimate", 9.0),
        ("Source", 12.0),
        ("Confidence", 11.0),
        ("In the way", 10.0),
        ("To settle", 44.0),
        ("To improve", 44.0),
        ("Usually done by", 20.0),
        ("Rule", 60.0),
    ];
    let rows: Vec<Vec<Cell>> = placed(&dossier.scorecard)
        .iter()
        .map(|it| {
            let indicator = it.indicator;
            vec![
                text(&it.model.id),
                text(&it.capability.title),
                number(indicator.level),
                text(&indicator.id),
                text(&indicator.title),
                text(&word(&indicator.polarity)),
                text(&word(&indicator.role)),
                text(&word(&indicator.state)),
                number(indicator.interval[0]),
                number(indicator.interval[1]),
                number(indicator.estimate),
                text(&word(&indicator.source)),
                number(indicator.confidence),
                text(if it.blocks() { "yes" } else { "no" }),
                text(&settling(&indicator.needs)),
                text(&indicator.remediation),
                text(&indicator.owner),
                text(&indicator.rule),
            ]
        })
        .collect();
    table(sheet, "Indicators", &columns, &rows)?;
    colour(sheet, (7, 7), last(&rows), &STATES)
}

fn subjects(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let columns: [Column; 7] = [
        ("Indicator", 16.0),
        ("State", 12.0),
        ("Fact", 30.0),
        ("Name", 40.0),
        ("Subject", 44.0),
        ("Records", 34.0),
        ("Subjects in all", 14.0),
    ];
    let mut rows = Vec::new();
    for it in placed(&dossier.scorecard) {
        for finding in findings(dossier, it.indicator) {
            rows.extend(finding.subjects.iter().map(|subject| {
                vec![
                    text(&it.indicator.id),
                    text(&word(&it.indicator.state)),
                    text(finding.fact),
                    text(&subject.label),
                    text(&subject.id),
                    text(&subject.records.join("; ")),
                    count(finding.count),
                ]
            }));
        }
    }
    table(sheet, "Findings", &columns, &rows)?;
    colour(sheet, (1, 1), last(&rows), &STATES)
}

fn evidence(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let columns: [Column; 10] = [
        ("Fact", 32.0),
        ("Asks", 60.0),
        ("Kind", 10.0),
        ("Least", 10.0),
        ("Greatest", 10.0),
        ("Yes", 9.0),
        ("No", 9.0),
        ("Not told", 9.0),
        ("Tables", 44.0),
        ("Not read", 50.0),
    ];
    let rows: Vec<Vec<Cell>> = dossier
        .scorecard
        .facts
        .iter()
        .map(|fact| {
            let least = fact.value.map_or(Cell::Empty, |(least, _)| number(least));
            let greatest =
                fact.value.and_then(|(_, greatest)| greatest).map_or(Cell::Empty, number);
            vec![
                text(&fact.id),
                text(&fact.about),
                text(fact.kind.as_deref().unwrap_or_default()),
                least,
                greatest,
                count(fact.trues),
                count(fact.falses),
                count(fact.unknowns),
                text(&fact.tables.join(", ")),
                text(&fact.gaps.join("; ")),
            ]
        })
        .collect();
    table(sheet, "Evidence", &columns, &rows)
}

fn gaps(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let columns: [Column; 6] = [
        ("Source", 30.0),
        ("Status", 12.0),
        ("What happened", 50.0),
        ("Grant that closes it", 44.0),
        ("Open indicators", 14.0),
        ("Indicators", 60.0),
    ];
    let rows: Vec<Vec<Cell>> = dossier
        .scorecard
        .gaps
        .iter()
        .map(|gap| {
            vec![
                text(&gap.source),
                text(&gap.status),
                text(&gap.reason),
                text(gap.grant.as_deref().unwrap_or_default()),
                length(gap.unlocks.len()),
                text(&gap.unlocks.join(", ")),
            ]
        })
        .collect();
    table(sheet, "Gaps", &columns, &rows)
}

fn statements(sheet: &mut Worksheet, dossier: &Dossier) -> Result<(), XlsxError> {
    let files = &dossier.scorecard.statement_files;
    let vouched: Vec<String> = files.iter().map(crate::text::signed).collect();
    let columns: [Column; 9] = [
        ("By", 28.0),
        ("Answer", 10.0),
        ("On", 12.0),
        ("Counts until", 12.0),
        ("Standing", 12.0),
        ("Indicators", 50.0),
        ("Evidence", 50.0),
        ("Remark", 44.0),
        ("Signature", 44.0),
    ];
    let rows: Vec<Vec<Cell>> = dossier
        .scorecard
        .attestations
        .iter()
        .map(|it| {
            vec![
                text(&it.by),
                text(&it.answer),
                text(&it.on),
                text(&it.expires),
                text(&it.status),
                text(&it.indicators.join(", ")),
                text(&it.evidence.join(" ")),
                text(it.note.as_deref().unwrap_or_default()),
                text(&vouched.join(" ")),
            ]
        })
        .collect();
    table(sheet, "Statements", &columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_high_as_its_text() {
        assert_eq!(wrapped("", 10.0), 1);
        assert_eq!(wrapped("proven with statements", 22.0), 1);
        assert_eq!(wrapped("proven with statements", 17.0), 2);
        assert_eq!(wrapped(&"x".repeat(45), 10.0), 5);
        let row = [text("a"), text(&"word ".repeat(500)), Cell::Empty];
        assert!((lines(&[("a", 9.0), ("b", 9.0), ("c", 9.0)], &row) - 12.0).abs() < 0.5);
    }
}
