//! Cells: the text of a sheet, split into rows and cells.
//!
//! Guarantees the rows that the `csv` crate reads: line ends of any system, empty lines left out, quotes only
//! around whole cells, everything else in a cell as it stands. Text comes in batches of whole rows, each checked
//! to be UTF-8 once; a cell is a place in that text, and only one with quotes inside is written anew. Knows no
//! header and no meaning.

use std::io::Read;

use memchr::{memchr, memchr3};

use crate::marks::Marks;

/// Text on its way into rows.
pub(crate) struct Splitter<R> {
    source: R,
    delimiter: u8,
    /// Text that was read and is in no row yet.
    pending: Vec<u8>,
    ended: bool,
    /// Cells that every row has; those with more or fewer are left out and counted.
    pub(crate) columns: Option<usize>,
    /// Places of cells that nobody asks for; they are in no row.
    pub(crate) unwanted: Vec<bool>,
    pub(crate) ragged: u64,
}

/// Whole rows of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    text: String,
    /// Cells that do not stand in the text as they are.
    rewritten: String,
    cells: Vec<Cell>,
    /// Where the cells of each row end.
    rows: Vec<usize>,
}

/// Where a cell stands.
#[derive(Clone, Copy, Debug)]
struct Cell {
    start: usize,
    end: usize,
    rewritten: bool,
}

const QUOTE: u8 = b'"';

impl<R: Read> Splitter<R> {
    /// Splits a text that was begun to read.
    pub(crate) const fn new(begun: Vec<u8>, source: R, delimiter: u8) -> Self {
        Self {
            source,
            delimiter,
            pending: begun,
            ended: false,
            columns: None,
            unwanted: Vec::new(),
            ragged: 0,
        }
    }

    /// The next rows, at least one and about so many bytes; none at the end. They take the place of those before.
    pub(crate) fn batch(&mut self, bytes: usize, mut batch: Batch) -> Result<Batch, String> {
        batch.clear();
        let mut wanted = bytes;
        let split = loop {
            self.fill(wanted)?;
            let split = self.split(bytes, &mut batch);
            if !batch.rows.is_empty() || (self.ended && split == self.pending.len()) {
                break split;
            }
            // Rows that were all left out, or one that is longer than all that was read.
            self.pending.drain(..split);
            wanted = bytes.max(self.pending.len().saturating_mul(2)).max(64);
        };
        // What waits goes on in the room of the rows before.
        let mut next = std::mem::take(&mut batch.text).into_bytes();
        next.extend_from_slice(&self.pending[split..]);
        let mut text = std::mem::replace(&mut self.pending, next);
        text.truncate(split);
        let wrong = || "the text is not UTF-8".to_owned();
        batch.text = String::from_utf8(text).map_err(|_| wrong())?;
        Ok(batch)
    }

    /// Reads on until so many bytes wait.
    fn fill(&mut self, wanted: usize) -> Result<(), String> {
        let missing = wanted.saturating_sub(self.pending.len());
        if missing > 0 && !self.ended {
            let limit = u64::try_from(missing).unwrap_or(u64::MAX);
            let read = self.source.by_ref().take(limit).read_to_end(&mut self.pending);
            self.ended = read.map_err(|error| error.to_string())? < missing;
        }
        Ok(())
    }

    /// Splits what waits into rows, up to so many bytes. Returns where the last whole row ends.
    fn split(&mut self, bytes: usize, batch: &mut Batch) -> usize {
        let mut at = 0;
        batch.clear_cells();
        let mut rewritten = std::mem::take(&mut batch.rewritten).into_bytes();
        let mut marks = Marks::new(&self.pending, self.delimiter);
        let mut ragged = 0;
        loop {
            let blank = self.pending[at..].iter().take_while(|byte| is_line_end(**byte)).count();
            at += blank;
            if at >= bytes.max(1) || at == self.pending.len() {
                break;
            }
            let (first, before) = (batch.cells.len(), rewritten.len());
            let row = self.row(at, &mut marks, &mut batch.cells, &mut rewritten);
            let fits = row.is_some_and(|(_, told)| self.columns.is_none_or(|all| all == told));
            if fits {
                batch.rows.push(batch.cells.len());
            } else {
                batch.cells.truncate(first);
                rewritten.truncate(before);
            }
            let Some((next, _)) = row else { break };
            ragged += u64::from(!fits);
            at = next;
        }
        self.ragged += ragged;
        // What was rewritten are whole pieces between marks of one byte.
        batch.rewritten = String::from_utf8(rewritten).unwrap_or_default();
        at
    }

    /// The cells of the row that starts somewhere. Returns where the next starts, and how many cells there are;
    /// none where it does not end yet.
    #[inline(never)]
    fn row(
        &self,
        mut at: usize,
        seen: &mut Marks<'_>,
        cells: &mut Vec<Cell>,
        rewritten: &mut Vec<u8>,
    ) -> Option<(usize, usize)> {
        let (text, delimiter) = (self.pending.as_slice(), self.delimiter);
        let (mut marks, mut place) = (*seen, 0);
        marks.skip(at);
        loop {
            let (cell, mut end) = if text.get(at) == Some(&QUOTE) {
                let (cell, end) = self.quoted(at + 1, rewritten)?;
                marks.skip(end + 1);
                (cell, end)
            } else {
                let end = marks.next().or_else(|| self.end())?;
                (Cell { start: at, end, rewritten: false }, end)
            };
            self.keep(place, cell, cells);
            place += 1;
            // Most cells stand behind one another without a quote.
            while text.get(end) == Some(&delimiter) && text.get(end + 1) != Some(&QUOTE) {
                at = end + 1;
                end = marks.next().or_else(|| self.end())?;
                self.keep(place, Cell { start: at, end, rewritten: false }, cells);
                place += 1;
            }
            at = end + 1;
            if text.get(end) != Some(&delimiter) {
                *seen = marks;
                return Some((text.len().min(at), place));
            }
        }
    }

    /// Keeps a cell, unless nobody asks for it.
    #[inline(always)]
    fn keep(&self, place: usize, cell: Cell, cells: &mut Vec<Cell>) {
        if self.unwanted.get(place) != Some(&true) {
            cells.push(cell);
        }
    }

    /// Where the last cell ends that nothing follows; none where more may come.
    fn end(&self) -> Option<usize> {
        self.ended.then_some(self.pending.len())
    }

    /// A cell in quotes, from the byte after the first of them, and where what follows stands.
    #[inline(never)]
    fn quoted(&self, start: usize, rewritten: &mut Vec<u8>) -> Option<(Cell, usize)> {
        let text = self.pending.as_slice();
        let (mut piece, before) = (start, rewritten.len());
        loop {
            let Some(length) = memchr(QUOTE, &text[piece..]) else {
                // The sheet ends inside a cell.
                let end = self.end()?;
                return Some((written(text, start, piece, end, before, rewritten), end));
            };
            let quote = piece + length;
            match text.get(quote + 1) {
                None if !self.ended => return None,
                Some(&QUOTE) => {
                    rewritten.extend_from_slice(&text[piece..=quote]);
                    piece = quote + 2;
                }
                Some(byte) if *byte != self.delimiter && !is_line_end(*byte) => {
                    // Text goes on behind the quotes.
                    let mark = memchr3(self.delimiter, b'\n', b'\r', &text[quote + 1..]);
                    let end = mark.map(|length| quote + 1 + length).or_else(|| self.end())?;
                    rewritten.extend_from_slice(&text[piece..quote]);
                    rewritten.extend_from_slice(&text[quote + 1..end]);
                    let cell = Cell { start: before, end: rewritten.len(), rewritten: true };
                    return Some((cell, end));
                }
                _ => {
                    let cell = written(text, start, piece, quote, before, rewritten);
                    return Some((cell, quote + 1));
                }
            }
        }
    }
}

/// A cell whose last piece ends somewhere: in its place, unless pieces before it were written anew.
fn written(
    text: &[u8],
    start: usize,
    piece: usize,
    end: usize,
    before: usize,
    rewritten: &mut Vec<u8>,
) -> Cell {
    if piece == start {
        return Cell { start, end, rewritten: false };
    }
    rewritten.extend_from_slice(&text[piece..end]);
    Cell { start: before, end: rewritten.len(), rewritten: true }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

impl Batch {
    /// Whether there are no rows.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, each with its cells in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let starts = std::iter::once(0).chain(self.rows.iter().copied());
        let ends = starts.zip(&self.rows);
        ends.map(|(start, end)| Row { batch: self, cells: &self.cells[start..*end] })
    }

    fn clear(&mut self) {
        self.text.clear();
        self.clear_cells();
    }

    fn clear_cells(&mut self) {
        self.rewritten.clear();
        self.cells.clear();
        self.rows.clear();
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'b> {
    batch: &'b Batch,
    cells: &'b [Cell],
}

impl<'b> Row<'b> {
    /// The text of a cell, counted among those that are asked for; empty where there is none.
    pub(crate) fn cell(self, at: usize) -> &'b str {
        let Some(Cell { start, end, rewritten }) = self.cells.get(at).copied() else { return "" };
        let text = if rewritten { &self.batch.rewritten } else { &self.batch.text };
        text.get(start..end).unwrap_or_default()
    }

    /// How many cells there are.
    pub(crate) const fn len(self) -> usize {
        self.cells.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A source that gives its text a few bytes at a time.
    struct Slow<'t>(&'t [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(self.0.len()).min(3);
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn cells(row: Row<'_>) -> Vec<String> {
        (0..row.len()).map(|at| row.cell(at).to_owned()).collect()
    }

    fn split(text: &str, begun: usize, bytes: usize, delimiter: u8) -> Vec<Vec<String>> {
        let (begun, rest) = text.as_bytes().split_at(begun.min(text.len()));
        let mut splitter = Splitter::new(begun.to_vec(), Slow(rest), delimiter);
        let (mut rows, mut batch) = (Vec::new(), Batch::default());
        loop {
            batch = splitter.batch(bytes, batch).unwrap();
            if batch.is_empty() {
                return rows;
            }
            rows.extend(batch.rows().map(cells));
        }
    }

    /// What the crate reads that everybody else reads sheets with.
    fn known(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.delimiter(delimiter).flexible(true).has_headers(false);
        let rows = reader.from_reader(text.as_bytes()).into_records();
        rows.map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect()).collect()
    }

    #[test]
    fn rows_with_other_numbers_of_cells_are_counted() {
        let mut splitter = Splitter::new(Vec::new(), "1\n1,2\n\n1,2,3\n3,\"4".as_bytes(), b',');
        splitter.columns = Some(2);
        let batch = splitter.batch(usize::MAX, Batch::default()).unwrap();
        let rows: Vec<_> = batch.rows().map(cells).collect();
        assert_eq!(
            (rows, splitter.ragged),
            (vec![vec!["1".into(), "2".into()], vec!["3".into(), "4".into()]], 2)
        );
    }

    #[test]
    fn cells_that_nobody_asks_for_are_in_no_row() {
        let mut splitter = Splitter::new(Vec::new(), "a,\"b\"\"\",c\n1,2\n,,3".as_bytes(), b',');
        (splitter.columns, splitter.unwanted) = (Some(3), vec![true, false, false]);
        let batch = splitter.batch(usize::MAX, Batch::default()).unwrap();
        let rows: Vec<String> = batch.rows().map(|row| cells(row).join("|")).collect();
        assert_eq!((rows.join(" "), splitter.ragged), ("b\"|c |3".into(), 1));
    }

    #[test]
    fn what_is_not_utf_8_is_said() {
        let mut splitter = Splitter::new(Vec::new(), b"a,\xff\n".as_slice(), b',');
        assert!(splitter.batch(64, Batch::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_gives_the_rows_of_the_csv_crate(
            text in "[ab\u{e9},;\"\n\r\t]{0,40}",
            begun in 0_usize..8,
            bytes in 1_usize..48,
            delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        ) {
            prop_assert_eq!(split(&text, begun, bytes, delimiter), known(&text, delimiter));
        }

        #[test]
        fn written_sheets_are_read_back(
            rows in proptest::collection::vec(proptest::collection::vec("[a-c\"\r\n, \u{e9}]{0,12}", 3), 1..12),
            bytes in 1_usize..200,
        ) {
            let mut text = Vec::new();
            let mut writer = csv::Writer::from_writer(&mut text);
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            drop(writer);
            prop_assert_eq!(split(std::str::from_utf8(&text).unwrap(), 0, bytes, b','), rows);
        }
    }
}
