//! Sheet: a filled-in form (`.xlsx` or `.csv`) becomes the text of `attestations.toml`.
//!
//! Guarantees that there is one strict reader of statements: a sheet is written out as TOML, a line a cell,
//! and every mistake that the reader finds is told by sheet, row and column. Reads values, never formulas;
//! a file that unpacks to more than a form can hold is refused before it is read.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use highwater_report::form::sheet::{COLUMNS, SHEET};
use highwater_score::{Error, Problem};

use crate::exit::usage_error;

/// A form may not unpack to more bytes than this.
const MOST_BYTES: u64 = 64 << 20;
/// Rows that are read.
const MOST_ROWS: usize = 10_000;

/// The statements of a sheet as TOML, and where each line comes from.
pub(crate) struct Form {
    /// The text.
    pub(crate) text: String,
    /// Place by line, counted from 1.
    places: BTreeMap<usize, String>,
    file: String,
}

/// Whether a file is read as a sheet, by its ending.
pub(crate) fn is_sheet(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["xlsx", "csv"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Reads a filled-in form.
pub(crate) fn read(file: &Path, bytes: &[u8]) -> anyhow::Result<Form> {
    let shown = file.display().to_string();
    let is_csv = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let (place, rows) = if is_csv {
        (shown.clone(), values(&shown, bytes)?)
    } else {
        (format!("{shown}, sheet {SHEET}"), workbook(&shown, bytes)?)
    };
    write_out(&shown, &place, &rows)
}

impl Form {
    /// An error of the reader in terms of the sheet.
    pub(crate) fn told(&self, error: Error) -> Error {
        match error {
            Error::Attestations(problems) => Error::Attestations(
                problems
                    .into_iter()
                    .map(|problem| Problem {
                        file: self.places.get(&problem.line).unwrap_or(&self.file).clone(),
                        line: 0,
                        reason: problem.reason,
                    })
                    .collect(),
            ),
            other => other,
        }
    }
}

/// A cell: nothing, text, or a day.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Empty,
    Text(String),
    Day(String),
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Day(text) => text,
        }
    }
}

fn workbook(file: &str, bytes: &[u8]) -> anyhow::Result<Vec<Vec<Cell>>> {
    let refuse = |problem: String| {
        usage_error(format!(
            "{file}: {problem}; give a workbook such as `highwater attest init --format xlsx` writes"
        ))
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| refuse(format!("is no workbook ({error})")))?;
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| refuse(error.to_string()))?;
        // What an entry claims is not believed: it is unpacked into nothing, up to the bound.
        let mut bounded = std::io::Read::take(&mut entry, MOST_BYTES + 1 - unpacked);
        unpacked += std::io::copy(&mut bounded, &mut std::io::sink())
            .map_err(|error| refuse(error.to_string()))?;
        if unpacked > MOST_BYTES {
            return Err(refuse(format!("unpacks to more than {} MiB", MOST_BYTES >> 20)));
        }
    }
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))
        .map_err(|error| refuse(format!("cannot be read ({error})")))?;
    let names = book.sheet_names();
    if !names.iter().any(|name| name == SHEET) {
        return Err(refuse(format!("has no sheet `{SHEET}`, only {}", names.join(", "))));
    }
    let range = book
        .worksheet_range(SHEET)
        .map_err(|error| refuse(format!("sheet `{SHEET}` cannot be read ({error})")))?;
    let (skipped, _) = range.start().unwrap_or_default();
    if range.height() > MOST_ROWS {
        return Err(refuse(format!("has more than {MOST_ROWS} rows")));
    }
    // Rows above the first that is written keep their numbers.
    let above = vec![Vec::new(); usize::try_from(skipped).unwrap_or(0).min(MOST_ROWS)];
    let rows = range.rows().map(|row| row.iter().map(cell).collect());
    Ok(above.into_iter().chain(rows).collect())
}

fn cell(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            Cell::Day(format!("{year:04}-{month:02}-{day:02}"))
        }
        Data::DateTimeIso(text) => Cell::Day(text.get(..10).unwrap_or(text).to_owned()),
        other => match other.to_string().trim() {
            "" => Cell::Empty,
            text => Cell::Text(text.to_owned()),
        },
    }
}

fn values(file: &str, bytes: &[u8]) -> anyhow::Result<Vec<Vec<Cell>>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| usage_error(format!("{file} is not UTF-8: save it as CSV UTF-8")))?;
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let semicolons = first.matches(';').count() > first.matches(',').count();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(if semicolons { b';' } else { b',' })
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| usage_error(format!("{file}: {error}")))?;
        if rows.len() > MOST_ROWS {
            return Err(usage_error(format!("{file} has more than {MOST_ROWS} rows")));
        }
        // Blank lines are no records, and are rows of a sheet nevertheless.
        let begins = record.position().and_then(|at| usize::try_from(at.byte()).ok());
        let rest = begins.and_then(|at| text.get(at..)).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let blank = rest.bytes().take(blank).filter(|byte| *byte == b'\n').count();
        rows.extend(std::iter::repeat_n(Vec::new(), blank.min(MOST_ROWS)));
        rows.push(record.iter().map(plain).collect());
    }
    Ok(rows)
}

/// A cell of a CSV file; the apostrophe before what looks like a formula is taken off again.
fn plain(text: &str) -> Cell {
    let text = text.trim();
    let text = match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '|', '%']) => rest,
        _ => text,
    };
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

/// Writes the rows that have an answer as TOML, a line a cell.
fn write_out(file: &str, place: &str, rows: &[Vec<Cell>]) -> anyhow::Result<Form> {
    let head = rows.iter().position(|row| row.iter().any(|cell| cell.text() == "Indicators"));
    let Some(head) = head else {
        return Err(usage_error(format!(
            "{place}: no row names the columns {}; keep the first row of the form",
            COLUMNS.join(", ")
        )));
    };
    let columns = columns(place, &rows[head])?;
    let mut form =
        Form { text: "format = 1\n".to_owned(), places: BTreeMap::new(), file: place.to_owned() };
    let mut problems = Vec::new();
    for (at, row) in rows.iter().enumerate().skip(head + 1) {
        let of = |name: &str| columns.get(name).and_then(|at| row.get(*at)).unwrap_or(&Cell::Empty);
        if of("Answer") == &Cell::Empty {
            let begun = ["By", "On", "Evidence"].iter().any(|name| of(name) != &Cell::Empty);
            if begun {
                problems.push(Problem {
                    file: format!("{place}, row {}, column Answer", at + 1),
                    line: 0,
                    reason: "is empty, yet other cells of the row are filled in; write not, partly, largely or fully, or clear them".to_owned(),
                });
            }
            continue;
        }
        let here = format!("{place}, row {}", at + 1);
        form.line("[[attestation]]", here.clone());
        for name in COLUMNS {
            match toml_value(name, of(name)) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    let key = name.to_lowercase();
                    form.line(&format!("{key} = {value}"), format!("{here}, column {name}"));
                }
                Err(reason) => problems.push(Problem {
                    file: format!("{here}, column {name}"),
                    line: 0,
                    reason,
                }),
            }
        }
    }
    if problems.is_empty() {
        form.file = file.to_owned();
        Ok(form)
    } else {
        Err(Error::Attestations(problems).into())
    }
}

impl Form {
    fn line(&mut self, text: &str, place: String) {
        let line = self.text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        self.places.insert(line, place);
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// Position of each column by its name.
fn columns<'a>(place: &str, head: &'a [Cell]) -> anyhow::Result<BTreeMap<&'a str, usize>> {
    let mut found = BTreeMap::new();
    for (at, cell) in head.iter().enumerate() {
        let name = cell.text();
        if COLUMNS.contains(&name) && found.insert(name, at).is_some() {
            return Err(usage_error(format!("{place}: the column {name} stands twice; keep one")));
        }
    }
    let missing: Vec<&str> = COLUMNS
        .into_iter()
        .filter(|name| !["Expires", "Evidence", "Note"].contains(name) && !found.contains_key(name))
        .collect();
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(usage_error(format!("{place}: no column is called {}", missing.join(" or "))))
    }
}

/// A cell as the value of its key; nothing for an empty one.
fn toml_value(column: &str, cell: &Cell) -> Result<Option<String>, String> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    // A quoted text may hold no line break, or lines would no longer tell cells.
    let one_line = |text: &str| quoted(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let list = |parts: Vec<&str>| {
        format!("[{}]", parts.into_iter().map(one_line).collect::<Vec<_>>().join(", "))
    };
    let text = cell.text();
    Ok(match (column, cell) {
        (_, Cell::Empty) => None,
        ("On" | "Expires", _) => Some(day(text)?),
        ("Indicators", _) => {
            let ids = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
            Some(list(ids.filter(|id| !id.is_empty()).collect()))
        }
        ("Evidence", _) => {
            let links = text.lines().map(str::trim).filter(|link| !link.is_empty());
            Some(list(links.collect()))
        }
        ("Answer", _) => Some(one_line(&text.to_lowercase())),
        _ => Some(one_line(text)),
    })
}

/// A day as TOML takes it.
fn day(text: &str) -> Result<String, String> {
    text.parse::<jiff::civil::Date>()
        .ok()
        .filter(|_| text.len() == 10)
        .map(|day| day.to_string())
        .ok_or_else(|| "must be a date, or a text such as 2026-10-01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Indicators,Answer,By,On,Expires,Evidence,Note\n";

    fn form(rows: &str) -> anyhow::Result<Form> {
        read(Path::new("f.csv"), format!("{HEAD}{rows}").as_bytes())
    }

    fn problem(rows: &str) -> String {
        form(rows).err().unwrap().to_string()
    }

    #[test]
    fn rows_with_an_answer_become_statements() {
        let form = form(
            "AUT-A; AUT-B,Fully,\"A \"\"B\"\"\",2026-10-01,,\"https://a\nb\",'=1\nAUT-C,,,,,,\n",
        )
        .unwrap();
        assert_eq!(
            form.text,
            "format = 1\n[[attestation]]\nindicators = [\"AUT-A\", \"AUT-B\"]\nanswer = \"fully\"\nby = 'A \"B\"'\non = 2026-10-01\nevidence = [\"https://a\", \"b\"]\nnote = \"=1\"\n"
        );
    }

    #[test]
    fn mistakes_name_row_and_column() {
        assert!(
            problem("AUT-A,fully,B,yesterday,,,\n")
                .contains("f.csv, row 2, column On: must be a date")
        );
        assert!(problem("\nAUT-A,,B,,,,\n").contains("row 3, column Answer: is empty"));
        assert!(
            read(Path::new("f.csv"), b"a,b\n")
                .err()
                .unwrap()
                .to_string()
                .contains("names the columns")
        );
        let twice = read(Path::new("f.csv"), b"Indicators,Answer,By,On,By\n");
        assert!(twice.err().unwrap().to_string().contains("By stands twice"));
        let error = Error::Attestations(vec![Problem {
            file: String::new(),
            line: 4,
            reason: "x".to_owned(),
        }]);
        let told = form("AUT-A,fully,B,2026-10-01,,,\n").unwrap().told(error).to_string();
        assert!(told.contains("f.csv, row 2, column Answer: x"), "{told}");
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        for bytes in [b"".as_slice(), b"PK\x03\x04", b"hello"] {
            let said = read(Path::new("f.xlsx"), bytes).err().unwrap().to_string();
            assert!(said.contains("f.xlsx: is no workbook"), "{said}");
        }
    }

    #[test]
    fn a_text_cannot_leave_its_line() {
        let form =
            form("\"AUT-A\",fully,\"B\"\"\n[[attestation]]\",2026-10-01,,,\"a\nb'''\"\n").unwrap();
        assert_eq!(form.text.matches("\n[[attestation]]\n").count(), 1, "{}", form.text);
        assert_eq!(form.text.lines().count(), 7, "{}", form.text);
    }
}
