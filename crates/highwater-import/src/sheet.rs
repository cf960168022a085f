//! Sheet: comma-separated values become records with the header's keys.
//!
//! Reads what PowerShell, spreadsheets and the portals write: a `#TYPE` or `sep=` line before the
//! header, commas, semicolons or tabs, quoted line breaks. Every cell is text, and an empty cell is not
//! told: a sheet cannot say the difference between nothing and none.

use std::borrow::Cow;

use serde_json_borrow::Value;

use crate::values::object;

/// A sheet in memory.
#[derive(Debug)]
pub(crate) struct Sheet {
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
    /// Rows that do not have one cell for each column.
    pub(crate) ragged: u64,
}

/// Whether a file is a sheet, by its name or by PowerShell's first line.
pub(crate) fn is_sheet(extension: Option<&str>, text: &str) -> bool {
    matches!(extension, Some("csv" | "tsv")) || text.starts_with("#TYPE ")
}

/// Reads a sheet, or says why it is none.
pub(crate) fn sheet(text: &str) -> Result<Sheet, String> {
    let mut rest = text.trim_start_matches(['\u{feff}', '\r', '\n']);
    let mut told = None;
    loop {
        let line = rest.lines().next().unwrap_or_default();
        if let Some(delimiter) = line.strip_prefix("sep=").and_then(|told| told.bytes().next()) {
            told = Some(delimiter);
        } else if !line.starts_with("#TYPE ") {
            break;
        }
        rest = rest[line.len()..].trim_start_matches(['\r', '\n']);
    }
    let delimiter = told.unwrap_or_else(|| vote(rest.lines().next().unwrap_or_default()));
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(rest.as_bytes());
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| error.to_string())?
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    if header.iter().all(String::is_empty) {
        return Err("the sheet has no header".into());
    }
    let twice = (1..header.len())
        .find(|at| !header[*at].is_empty() && header[..*at].contains(&header[*at]));
    if let Some(at) = twice {
        return Err(format!("the column `{}` stands twice", header[at]));
    }
    let (mut rows, mut ragged) = (Vec::new(), 0);
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        if row.len() == header.len() { rows.push(row) } else { ragged += 1 }
    }
    Ok(Sheet { header, rows, ragged })
}

/// The separator that the header has most of.
fn vote(header: &str) -> u8 {
    let count = |mark: u8| header.bytes().filter(|byte| *byte == mark).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

impl Sheet {
    /// The columns as a record without values.
    pub(crate) fn columns(&self) -> Value<'_> {
        let named = self.header.iter().filter(|name| !name.is_empty());
        object(named.map(|name| (name.as_str(), Value::Null)).collect())
    }

    /// The rows as records, empty cells left out.
    pub(crate) fn records(&self) -> Vec<Value<'_>> {
        let cells = |row| {
            self.header
                .iter()
                .zip(csv::StringRecord::iter(row))
                .filter(|(_, cell)| !cell.is_empty())
        };
        let member = |(name, cell)| (String::as_str(name), Value::Str(Cow::Borrowed(cell)));
        self.rows.iter().map(|row| object(cells(row).map(member).collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        serde_json::to_string(&sheet(text).unwrap().records()).unwrap()
    }

    #[test]
    fn the_forms_of_tools_are_one() {
        let wanted = r#"[{"a":"1","b":"x, y"},{"b":"2"}]"#;
        assert_eq!(read("a,b\n1,\"x, y\"\n,2\n"), wanted);
        assert_eq!(
            read(
                "#TYPE System.Management.Automation.PSCustomObject\r\n\"a\",\"b\"\r\n\"1\",\"x, y\"\r\n,\"2\"\r\n"
            ),
            wanted
        );
        assert_eq!(read("sep=;\na;b\n1;x, y\n;2"), wanted);
        assert_eq!(read("a\tb\n1\tx, y\n\t2"), wanted);
    }

    #[test]
    fn broken_sheets_are_said_or_counted() {
        assert!(sheet("").unwrap_err().contains("header"));
        assert!(sheet("a,a\n1,2").unwrap_err().contains("twice"));
        assert_eq!(sheet("a,b\n1\n1,2\n1,2,3").unwrap().ragged, 2);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-c,;\"\\t\\n\u{fc}=#TYPE ]{0,60}") {
            if let Ok(sheet) = sheet(&text) {
                let _ = sheet.records();
            }
        }
    }
}
