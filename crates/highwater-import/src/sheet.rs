//! Sheet: comma-separated values become records with the header's keys.
//!
//! Reads what PowerShell, spreadsheets and the portals write: a `#TYPE` or `sep=` line before the
//! header, commas, semicolons or tabs, quoted line breaks, dates of other forms (`dates.rs`). Rows come in
//! batches, so that a sheet of any size takes little memory. Every cell is text, also one that a spreadsheet
//! would take for a formula; an empty cell is not told: a sheet cannot say the difference between nothing
//! and none.

use std::borrow::Cow;
use std::io::{BufRead, Empty, Read};

use highwater_snapshot::{Json, Text, Value};

use crate::cells::{Batch, MOST_COLUMNS, Row, Splitter};
use crate::dates::{self, DateOrder};
use crate::pieces::BATCH;
use crate::values::{member, object};

/// A sheet whose header was read.
pub(crate) struct Sheet<'t, R> {
    rows: Splitter<'t, R>,
    header: Vec<Name>,
    /// The columns whose cells are read at all.
    wanted: Vec<usize>,
}

/// The name of a column.
struct Name {
    text: String,
    /// Whether its cells may be dates: a version looks like a date and is none.
    dated: bool,
}

/// Whether a file is a sheet, by its name or by PowerShell's first line.
pub(crate) fn is_sheet(extension: Option<&str>, text: &str) -> bool {
    matches!(extension, Some("csv" | "tsv")) || text.starts_with("#TYPE ")
}

/// No line before the header is longer; of a longer header the start tells the delimiter.
const LINE: u64 = 1 << 20;

/// Opens a sheet that is read on the way, of text in UTF-8, or says why it is none.
pub(crate) fn open<'t, R: BufRead>(mut source: R) -> Result<Sheet<'t, R>, String> {
    let (line, delimiter) = begin(&mut source)?;
    headed(Splitter::stream(line, source, delimiter))
}

/// Opens a sheet that is in memory, or says why it is none.
pub(crate) fn whole(text: &str) -> Result<Sheet<'_, Empty>, String> {
    let mut rest = text.as_bytes();
    let (line, delimiter) = begin(&mut rest)?;
    let begun = text.len() - rest.len() - line.len();
    headed(Splitter::whole(text.get(begun..).unwrap_or_default(), delimiter))
}

/// The line with which the header begins, and the delimiter of cells. What stands behind it is left in the source.
fn begin(source: &mut impl BufRead) -> Result<(Vec<u8>, u8), String> {
    let (mut line, mut told) = (Vec::new(), None);
    loop {
        line.clear();
        let read = source.by_ref().take(LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| error.to_string())? == 0 {
            break;
        }
        let start = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line);
        if let Some(rest) = start.strip_prefix(b"sep=") {
            let fits = |mark: &u8| mark.is_ascii() && !matches!(mark, b'"' | b'\r' | b'\n');
            told = rest.first().copied().filter(fits);
        } else if !start.starts_with(b"#TYPE ") && !start.trim_ascii().is_empty() {
            line = start.to_vec();
            break;
        }
    }
    let delimiter = told.unwrap_or_else(|| vote(&line));
    Ok((line, delimiter))
}

/// A sheet with the header that its first row is.
fn headed<'t, R: Read>(mut rows: Splitter<'t, R>) -> Result<Sheet<'t, R>, String> {
    let first = rows.batch(1, Batch::default())?;
    let header: Vec<String> = first.rows().next().map_or_else(Vec::new, |row| {
        (0..row.len()).map(|at| row.cell(at).trim().to_owned()).collect()
    });
    rows.columns = Some(header.len());
    if header.iter().all(String::is_empty) {
        return Err("the sheet has no header".into());
    }
    if header.len() > MOST_COLUMNS {
        return Err(format!("the sheet has more than {MOST_COLUMNS} columns"));
    }
    let twice = (1..header.len())
        .find(|at| !header[*at].is_empty() && header[..*at].contains(&header[*at]));
    if let Some(at) = twice {
        return Err(format!("the column `{}` stands twice", header[at]));
    }
    let named = |text: String| {
        let dated = !text.to_ascii_lowercase().contains("version");
        Name { text, dated }
    };
    let wanted = (0..header.len()).collect();
    Ok(Sheet { rows, header: header.into_iter().map(named).collect(), wanted })
}

/// The separator that the header has most of.
fn vote(header: &[u8]) -> u8 {
    let count = |mark: u8| memchr::memchr_iter(mark, header).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

impl<'t, R: Read> Sheet<'t, R> {
    /// The columns as a record without values.
    pub(crate) fn columns(&self) -> Value<'_> {
        let named = self.header.iter().filter(|name| !name.text.is_empty());
        object(named.map(|name| member(&name.text, Value::Null)).collect())
    }

    /// Whether no record can have a key twice: only columns without a name stand beside each other.
    pub(crate) fn is_unique(&self) -> bool {
        self.header.iter().filter(|name| name.text.is_empty()).count() < 2
    }

    /// Leaves all columns but these unread, whatever the case of their names; whether there are any.
    pub(crate) fn only(&mut self, names: &[&str]) -> bool {
        let asked = |at: &usize| {
            let name = self.header[*at].text.as_str();
            names.iter().any(|other| other.eq_ignore_ascii_case(name))
        };
        self.wanted = (0..self.header.len()).filter(asked).collect();
        !self.wanted.is_empty()
    }

    /// The names of all columns.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.header.iter().map(|name| name.text.as_str()).collect()
    }

    /// Rows so far that do not have one cell for each column.
    pub(crate) const fn ragged(&self) -> u64 {
        self.rows.ragged
    }

    /// The next rows, about so many bytes of them; none at the end. They take the places of those before.
    pub(crate) fn batch(&mut self, bytes: usize, rows: Batch<'t>) -> Result<Batch<'t>, String> {
        self.rows.batch(bytes, rows)
    }

    /// Rows as records, empty cells left out.
    pub(crate) fn records<'s>(
        &'s self,
        rows: &'s Batch<'_>,
        order: Option<DateOrder>,
    ) -> Vec<Value<'s>> {
        let record = |row: Row<'s>| {
            let told = |at: &usize| {
                let told = Value::Str(self.told(row, *at, order)?);
                Some(member(&self.header[*at].text, told))
            };
            object(self.wanted.iter().filter_map(told).collect())
        };
        rows.rows().map(record).collect()
    }

    /// What the cell of a row in a column tells; none where it is empty.
    #[inline]
    pub(crate) fn told<'s>(
        &self,
        row: Row<'s>,
        at: usize,
        order: Option<DateOrder>,
    ) -> Option<Text<'s>> {
        self.header.get(at)?.told(row.cell(at), order)
    }
}

impl Name {
    /// What a cell of the column tells.
    #[inline]
    fn told<'s>(&self, cell: Text<'s>, order: Option<DateOrder>) -> Option<Text<'s>> {
        Some(match cell.as_bytes().first()? {
            b'0'..=b'9' if self.dated => match dates::plain(&cell, order) {
                Cow::Borrowed(_) => cell,
                Cow::Owned(moment) => Text::Made(moment.into()),
            },
            b'A'..=b'Z' => truth(&cell).map_or(cell, |word| Text::read(word, true)),
            // The admin centre writes a dash for what it does not know.
            _ if *cell == *"\u{2013}" => return None,
            _ => cell,
        })
    }
}

/// Shows the rows of a sheet as records, as far as it can be read.
pub(crate) fn each_row<R: Read>(sheet: &mut Sheet<'_, R>, mut show: impl FnMut(Json<'_>)) {
    let mut rows = Batch::default();
    while let Ok(read) = sheet.batch(BATCH, rows) {
        if read.is_empty() {
            return;
        }
        sheet.records(&read, None).iter().for_each(|row| show(Json::new(row)));
        rows = read;
    }
}

/// What a spreadsheet of another language writes for true and false.
fn truth(cell: &str) -> Option<&'static str> {
    match cell {
        "WAHR" | "VRAI" | "VERDADERO" | "VERDADEIRO" | "VERO" | "WAAR" | "SANT" | "PRAWDA" => {
            Some("true")
        }
        "FALSCH" | "FAUX" | "FALSO" | "ONWAAR" | "FALSKT" | "FAŁSZ" => Some("false"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        let mut sheet = whole(text).unwrap();
        let rows = sheet.batch(usize::MAX, Batch::default()).unwrap();
        serde_json::to_string(&sheet.records(&rows, None)).unwrap()
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
        assert_eq!(read("\u{feff}\r\na,b\n1,\"x, y\"\n\u{2013},2\n"), wanted);
    }

    #[test]
    fn dates_are_read_and_versions_left() {
        assert_eq!(
            read("Created,Version\n22.11.2026 06:00,1.0.2026\n"),
            r#"[{"Created":"2026-11-22T06:00:00Z","Version":"1.0.2026"}]"#
        );
    }

    #[test]
    fn columns_that_nobody_asks_for_are_left_unread() {
        let mut sheet = whole("a,B,b2,,\n1,2,3,4,5\n").unwrap();
        assert!(!sheet.is_unique() && sheet.only(&["b", "c"]));
        let rows = sheet.batch(usize::MAX, Batch::default()).unwrap();
        assert_eq!(serde_json::to_string(&sheet.records(&rows, None)).unwrap(), r#"[{"B":"2"}]"#);
        assert!(!sheet.only(&["c"]));
    }

    #[test]
    fn formulas_are_text() {
        let cells = r#"[{"a":"=cmd|'/c calc'!A0","b":"@SUM(1)"}]"#;
        assert_eq!(read("a,b\n=cmd|'/c calc'!A0,@SUM(1)\n"), cells);
    }

    #[test]
    fn broken_sheets_are_said_or_counted() {
        let problem = |text: &str| whole(text).err().unwrap_or_default();
        assert!(problem("").contains("header"));
        assert!(problem("a,a\n1,2").contains("twice"));
        let many: Vec<String> = (0..=MOST_COLUMNS).map(|at| format!("c{at}")).collect();
        assert!(problem(&many.join(",")).contains("16384 columns"));
        assert!(whole(&many[1..].join(",")).is_ok());
        let mut sheet = whole("a,b\n1\n1,2\n1,2,3").unwrap();
        let rows = sheet.batch(usize::MAX, Batch::default()).unwrap();
        assert_eq!((rows.rows().count(), sheet.ragged()), (1, 2));
    }

    proptest! {
        #[test]
        fn batches_are_the_whole(cells in proptest::collection::vec("[a-z\", \n]{0,6}", 0..40), bytes in 1_usize..64) {
            let mut text = Vec::new();
            {
                let mut writer = csv::Writer::from_writer(&mut text);
                writer.write_record(["a", "b"]).unwrap();
                cells.chunks_exact(2).for_each(|row| writer.write_record(row).unwrap());
            }
            let mut sheet = whole(std::str::from_utf8(&text).unwrap()).unwrap();
            let all = sheet.batch(usize::MAX, Batch::default()).unwrap();
            let mut pieces = open(text.as_slice()).unwrap();
            let (mut records, mut batch) = (Vec::new(), Batch::default());
            loop {
                batch = pieces.batch(bytes, batch).unwrap();
                if batch.is_empty() {
                    break;
                }
                let told = pieces.records(&batch, None);
                records.extend(told.iter().map(|record| serde_json::to_string(record).unwrap()));
            }
            let all: Vec<String> =
                sheet.records(&all, None).iter().map(|record| serde_json::to_string(record).unwrap()).collect();
            prop_assert_eq!(all, records);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(|sep=.|sep=\n)(|\n)[a-c,;\"\\t\\n\u{fc}=#TYPE ]{0,60}") {
            if let Ok(mut sheet) = whole(&text) {
                let rows = sheet.batch(usize::MAX, Batch::default()).unwrap_or_default();
                let _ = sheet.records(&rows, None);
            }
        }
    }
}
