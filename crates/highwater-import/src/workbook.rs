//! Workbook: the sheets of an `.xlsx` file become sheets of text.
//!
//! Some tools write nothing else. Values are read, never formulas, macros or links; a moment becomes RFC
//! 3339, a whole number loses its point, an error is not told. A workbook that unpacks to more than a bound
//! is refused before it is read.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx, XlsxError};

use crate::cells::MOST_COLUMNS;

/// A workbook may not unpack to more bytes than this.
const MOST_BYTES: u64 = 512 << 20;
/// No sheet has more rows, and none more columns than [`MOST_COLUMNS`].
const MOST_ROWS: u32 = 1 << 20;

/// One sheet of a workbook, as comma-separated text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The sheets of a file; none where it is no workbook.
pub(crate) fn pages_of(bytes: &[u8]) -> Option<Result<Vec<Page>, String>> {
    is_workbook(bytes).then(|| pages(bytes))
}

fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
        && zip::ZipArchive::new(Cursor::new(bytes))
            .is_ok_and(|archive| archive.index_for_name("xl/workbook.xml").is_some())
}

/// The sheets of a workbook, or why it cannot be read.
fn pages(bytes: &[u8]) -> Result<Vec<Page>, String> {
    bounded(bytes)?;
    let broken = |error: XlsxError| format!("the workbook cannot be read: {error}");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let mut pages = Vec::new();
    for name in book.sheet_names() {
        let mut cells = match book.worksheet_cells_reader(&name) {
            Err(XlsxError::NotAWorksheet(_)) => continue,
            cells => cells.map_err(broken)?,
        };
        let mut sheet = Sheet::new();
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            sheet.put(cell.get_position(), text(&Data::from(cell.get_value().clone())))?;
        }
        let text = sheet.end()?;
        if !text.is_empty() {
            pages.push(Page { name, text });
        }
    }
    Ok(pages)
}

/// A sheet being written, row by row: as large as its cells, wherever they claim to stand.
struct Sheet {
    /// Cells of the row that is being written.
    row: Vec<String>,
    at: u32,
    /// Cells of the first row, which names the columns.
    width: Option<usize>,
    text: csv::Writer<Vec<u8>>,
}

impl Sheet {
    fn new() -> Self {
        let text = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        Self { row: Vec::new(), at: 0, width: None, text }
    }

    fn put(&mut self, (row, column): (u32, u32), text: String) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let column = column as usize;
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            return Err(
                "the workbook cannot be read: a cell stands outside of any sheet".to_owned()
            );
        }
        if row != self.at {
            self.flush()?;
            self.at = row;
        }
        // What stands beyond the named columns makes the row a ragged one, which is counted.
        let column = column.min(self.width.unwrap_or(usize::MAX));
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        self.row[column] = text;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        if self.row.is_empty() {
            return Ok(());
        }
        let width = *self.width.get_or_insert(self.row.len());
        if self.row.len() < width {
            self.row.resize(width, String::new());
        }
        self.text.write_record(&self.row).map_err(|error| error.to_string())?;
        self.row.clear();
        Ok(())
    }

    fn end(mut self) -> Result<String, String> {
        self.flush()?;
        let text = self.text.into_inner().map_err(|error| error.to_string())?;
        String::from_utf8(text).map_err(|error| error.to_string())
    }
}

/// What an entry claims is not believed: it is unpacked into nothing, up to the bound.
fn bounded(bytes: &[u8]) -> Result<(), String> {
    let broken = |error: zip::result::ZipError| format!("the workbook cannot be read: {error}");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut unpacked = 0;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(broken)?;
        let mut entry = entry.take(MOST_BYTES + 1 - unpacked);
        unpacked += std::io::copy(&mut entry, &mut std::io::sink())
            .map_err(|error| format!("the workbook cannot be read: {error}"))?;
        if unpacked > MOST_BYTES {
            return Err(format!("the workbook unpacks to more than {} MiB", MOST_BYTES >> 20));
        }
    }
    Ok(())
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        other => other.to_string().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// A workbook of one sheet, as small as readers accept it.
    fn workbook(rows: &str) -> Vec<u8> {
        let parts = [
            (
                "[Content_Types].xml",
                r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#.to_owned(),
            ),
            (
                "_rels/.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned(),
            ),
            (
                "xl/workbook.xml",
                r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Tags" sheetId="1" r:id="r1"/></sheets></workbook>"#.to_owned(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#.to_owned(),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!(
                    r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
                ),
            ),
        ];
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn cell(at: &str, text: &str) -> String {
        format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    }

    #[test]
    fn values_are_read_and_formulas_are_not() {
        let rows = format!(
            r#"<row r="1">{}{}</row><row r="2">{}<c r="B2"><f>1+1</f><v>2</v></c></row><row r="3"><c r="A3" t="e"><v>#REF!</v></c><c r="B3" t="b"><v>1</v></c></row>"#,
            cell("A1", "asset_id"),
            cell("B1", "tag"),
            cell("A2", "a1")
        );
        let book = workbook(&rows);
        assert!(is_workbook(&book));
        let pages = pages(&book).unwrap();
        assert_eq!(pages.len(), 1);
        let text = pages[0].text.clone();
        assert_eq!(
            (pages[0].name.as_str(), text.as_str()),
            ("Tags", "asset_id,tag\na1,2\n,true\n")
        );
    }

    #[test]
    fn cells_may_stand_anywhere_and_take_no_room() {
        let far = format!(
            r#"<row r="1">{}</row><row r="1048576">{}</row>"#,
            cell("A1", "asset_id") + &cell("B1", "tag"),
            cell("A1048576", "a1") + &cell("XFD1048576", "x")
        );
        let found = pages(&workbook(&far)).unwrap();
        assert_eq!(found[0].text, "asset_id,tag\na1,,x\n");
        for outside in ["XFE1", "A1048577"] {
            let row = outside.trim_start_matches(char::is_alphabetic);
            let book = workbook(&format!(r#"<row r="{row}">{}</row>"#, cell(outside, "x")));
            assert!(pages(&book).unwrap_err().contains("outside of any sheet"), "{outside}");
        }
        // More digits than any number has.
        let _ = pages(&workbook(&cell("A99999999999999999999", "x")));
    }

    #[test]
    fn what_is_no_workbook_is_said() {
        assert!(!is_workbook(b"PK\x03\x04rest"));
        assert!(pages(b"PK\x03\x04rest").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_sheet_makes_it_panic(rows in "(<row>|</row>|<c r=\"[A-Z]{0,3}[0-9]{0,3}\"( t=\"[a-z]{0,3}\")?>|</c>|<v>|</v>|[0-9a-z.&;-]{0,6}){0,20}") {
            let _ = pages(&workbook(&rows));
        }

        #[test]
        fn no_damage_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut book = workbook(&cell("A1", "x"));
            let place = at.index(book.len());
            book[place] = byte;
            let _ = pages(&book);
        }
    }
}
