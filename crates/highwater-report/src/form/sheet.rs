//! The form as a spreadsheet: a row a question, with answers to choose from, that reads back.
//!
//! Guarantees that a row without an answer is no statement, and that no cell is a formula. The columns are
//! named in [`COLUMNS`]; whoever reads the sheet goes by these names and not by their order.

use highwater_score::Scorecard;
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, XlsxError,
};

use super::{Placed, questions, standing};
use crate::actions::short_title;
use crate::csv::Table;
use crate::words::{clean, sentence};

/// Name of the sheet that holds the statements.
pub const SHEET: &str = "Statements";

/// Names of the columns that are read back, in the order of the form.
pub const COLUMNS: [&str; 7] = ["Indicators", "Answer", "By", "On", "Expires", "Evidence", "Note"];

/// Columns that only help to answer.
const HELP: [&str; 7] =
    ["Is it so", "Where", "Why it is asked", "Seen", "May mislead by", "Usually known by", "Order"];

/// The four answers.
const ANSWERS: [&str; 4] = ["not", "partly", "largely", "fully"];

/// The form as a workbook.
///
/// # Errors
/// When the workbook cannot be put together.
pub fn workbook(scorecard: &Scorecard, most: usize) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created =
        ExcelDateTime::parse_from_str(scorecard.evaluated_at.get(..19).unwrap_or_default())
            .or_else(|_| ExcelDateTime::from_ymd(2000, 1, 1))?;
    workbook.set_properties(
        &DocProperties::new().set_title("Statements").set_creation_datetime(&created),
    );
    let head = Format::new().set_bold().set_background_color("#DCEBEB").set_align(FormatAlign::Top);
    let body = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let fill = body.clone().set_background_color("#FFF9E5");
    let date = fill.clone().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet();
    sheet.set_name(SHEET)?;
    let widths =
        [18.0, 10.0, 22.0, 12.0, 12.0, 40.0, 30.0, 44.0, 30.0, 50.0, 50.0, 40.0, 24.0, 7.0];
    for ((at, name), width) in (0_u16..).zip(COLUMNS.iter().chain(&HELP)).zip(widths) {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, *name, &head)?;
    }
    let asked = questions(scorecard);
    let mut last = 1;
    for (row, (number, it)) in (1_u32..).zip((1_usize..).zip(asked.iter().take(most))) {
        last = row;
        sheet.write_string_with_format(row, 0, id(it), &body)?;
        for at in 1..COLUMNS.len() {
            let format = if at == 3 || at == 4 { &date } else { &fill };
            sheet.write_blank(row, u16::try_from(at).unwrap_or(0), format)?;
        }
        for (at, text) in (7_u16..).zip(help(it, number)) {
            sheet.write_string_with_format(row, at, text, &body)?;
        }
    }
    let answer = DataValidation::new()
        .allow_list_strings(&ANSWERS)?
        .set_error_title("Not one of the answers")?
        .set_error_message(
            "Choose not, partly, largely or fully; leave it empty to say nothing.",
        )?;
    sheet.add_data_validation(1, 1, last, 1, &answer)?;
    sheet.set_freeze_panes(1, 1)?.set_landscape();
    notes(workbook.add_worksheet(), asked.len().saturating_sub(most))?;
    workbook.save_to_buffer()
}

/// What to know before filling the form in.
fn notes(sheet: &mut rust_xlsxwriter::Worksheet, left_out: usize) -> Result<(), XlsxError> {
    sheet.set_name("Read me")?.set_column_width(0, 100)?;
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let mut lines = vec![
        "One row a statement. A row without an answer says nothing, and is left out.".to_owned(),
        "Answer: not, partly, largely or fully. By: who states it. On: the day. Both are needed.".to_owned(),
        "Expires: the first day on which it no longer counts; left empty, the indicator's own time.".to_owned(),
        "Evidence: links or names of documents, a line each (Alt+Enter). Without a link an answer counts as largely at most.".to_owned(),
        "Indicators: one id, or several with spaces between them. Rows may be added; columns may be moved, not renamed.".to_owned(),
        "Then: highwater attest check FILE, and highwater score --attest FILE.".to_owned(),
    ];
    if left_out > 0 {
        lines.push(format!("{left_out} more are open; --limit asks for more."));
    }
    for (row, line) in (0_u32..).zip(&lines) {
        sheet.write_string_with_format(row, 0, line, &wrap)?;
    }
    Ok(())
}

/// The form as comma-separated values.
pub fn csv(scorecard: &Scorecard, most: usize) -> String {
    let names: Vec<&str> = COLUMNS.iter().chain(&HELP).copied().collect();
    let mut table = Table::new(&names);
    for (number, it) in (1_usize..).zip(questions(scorecard).iter().take(most)) {
        let mut row = vec![id(it)];
        row.resize(COLUMNS.len(), String::new());
        row.extend(help(it, number).iter().map(|cell| crate::csv::text(cell)));
        table.row(&row);
    }
    table.text
}

fn id(it: &Placed<'_>) -> String {
    clean(&it.indicator.id, 60)
}

fn help(it: &Placed<'_>, number: usize) -> [String; 7] {
    let indicator = it.indicator;
    let seen: Vec<&str> = indicator.reasons.iter().take(3).map(String::as_str).collect();
    [
        sentence(&indicator.title),
        sentence(&format!(
            "{}: {}, level {}{}",
            short_title(&it.model.title),
            it.capability.title,
            indicator.level,
            standing(it)
        )),
        sentence(&indicator.why),
        sentence(&seen.join("; ")),
        sentence(&indicator.risk),
        sentence(&indicator.owner),
        number.to_string(),
    ]
}
