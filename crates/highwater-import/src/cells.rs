//! Cells: the text of a sheet, split into rows and cells.
//!
//! Guarantees the rows that the `csv` crate reads: line ends of any system, empty lines left out, quotes only
//! around whole cells, everything else in a cell as it stands. Rows come in batches; only where each cell ends is
//! noted, and a cell that nobody asks for is never looked at. Knows no header and no meaning.

use std::borrow::Cow;
use std::io::Read;

use highwater_snapshot::Text;
use memchr::{memchr, memchr3};

use crate::marks::{BLOCK, Marks, is_plain};

/// Text on its way into rows.
pub(crate) struct Splitter<'t, R> {
    waiting: Waiting<'t, R>,
    delimiter: u8,
    /// Cells that every row has; those with more or fewer are left out and counted.
    pub(crate) columns: Option<usize>,
    pub(crate) ragged: u64,
}

/// Text that is in no row yet.
enum Waiting<'t, R> {
    /// All of it.
    Whole(&'t str),
    /// What was read of it, and whether that is the rest.
    Stream { source: R, pending: Vec<u8>, ended: bool },
}

/// Whole rows of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Batch<'t> {
    text: Cow<'t, str>,
    /// Where cells end: at a delimiter, a line end, or the end of the sheet.
    ends: Vec<usize>,
    rows: Vec<Span>,
}

/// Where a row starts in the text, and its cells among all.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    first: usize,
    last: usize,
}

const QUOTE: u8 = b'"';

/// No sheet has more columns, as no spreadsheet has:
/// <https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3>.
pub(crate) const MOST_COLUMNS: usize = 1 << 14;

impl<'t, R: Read> Splitter<'t, R> {
    /// Splits a text.
    pub(crate) const fn whole(text: &'t str, delimiter: u8) -> Self {
        Self { waiting: Waiting::Whole(text), delimiter, columns: None, ragged: 0 }
    }

    /// Splits a text that was begun to read.
    pub(crate) const fn stream(begun: Vec<u8>, source: R, delimiter: u8) -> Self {
        let waiting = Waiting::Stream { source, pending: begun, ended: false };
        Self { waiting, delimiter, columns: None, ragged: 0 }
    }

    /// The next rows, at least one and about so many bytes; none at the end. They take the place of those before.
    pub(crate) fn batch(
        &mut self,
        bytes: usize,
        mut batch: Batch<'t>,
    ) -> Result<Batch<'t>, String> {
        let Self { waiting, delimiter, columns, ragged } = self;
        let mut split = |text: &[u8], ended, batch: &mut Batch<'t>| {
            let split = Split { text, ended, delimiter: *delimiter, columns: *columns };
            let (at, torn) = split.rows(bytes, batch);
            *ragged += torn;
            at
        };
        match waiting {
            Waiting::Whole(text) => loop {
                let (now, later) = text.split_at(split(text.as_bytes(), true, &mut batch));
                (batch.text, *text) = (Cow::Borrowed(now), later);
                // Rows may all have been left out.
                if !batch.is_empty() || later.is_empty() {
                    return Ok(batch);
                }
            },
            Waiting::Stream { source, pending, ended } => {
                let mut wanted = bytes;
                let split = loop {
                    fill(source, pending, ended, wanted)?;
                    let split = split(pending, *ended, &mut batch);
                    if !batch.is_empty() || (*ended && split == pending.len()) {
                        break split;
                    }
                    // Rows that were all left out, or one that is longer than all that was read.
                    pending.drain(..split);
                    wanted = bytes.max(pending.len().saturating_mul(2)).max(64);
                };
                // What waits goes on in the room of the rows before.
                let mut next = std::mem::take(&mut batch.text).into_owned().into_bytes();
                next.clear();
                next.extend_from_slice(&pending[split..]);
                let mut text = std::mem::replace(pending, next);
                text.truncate(split);
                let text = String::from_utf8(text).map_err(|_| "the text is not UTF-8")?;
                batch.text = Cow::Owned(text);
                Ok(batch)
            }
        }
    }
}

/// Reads on until so many bytes wait.
fn fill(
    source: &mut impl Read,
    pending: &mut Vec<u8>,
    ended: &mut bool,
    wanted: usize,
) -> Result<(), String> {
    let missing = wanted.saturating_sub(pending.len());
    if missing > 0 && !*ended {
        let limit = u64::try_from(missing).unwrap_or(u64::MAX);
        let read = source.by_ref().take(limit).read_to_end(pending);
        *ended = read.map_err(|error| error.to_string())? < missing;
    }
    Ok(())
}

/// A text that is split into rows.
struct Split<'t> {
    text: &'t [u8],
    /// Whether nothing comes behind it.
    ended: bool,
    delimiter: u8,
    columns: Option<usize>,
}

impl Split<'_> {
    /// Splits rows off, up to so many bytes. Returns where the last whole row ends, and how many were left out.
    fn rows(&self, bytes: usize, batch: &mut Batch<'_>) -> (usize, u64) {
        let Batch { ends, rows, .. } = batch;
        ends.clear();
        rows.clear();
        let (text, mut block, mut start, mut ragged) = (self.text, 0, 0, 0);
        let mut marks = self.marks(block);
        let mut first = 0;
        while block < text.len() {
            while marks.others != 0 {
                let bit = marks.others.trailing_zeros() as usize;
                let at = block + bit;
                note(ends, block, marks.before(bit));
                marks = marks.from(bit);
                marks.others &= marks.others - 1;
                if text[at] == QUOTE {
                    // Inside a cell it is a byte as any other.
                    if at != ends.get(first..).and_then(<[_]>::last).map_or(start, |end| end + 1) {
                        continue;
                    }
                    let end = self.short(block, marks.others).or_else(|| self.quoted(at + 1));
                    let Some(end) = end else {
                        ends.truncate(first);
                        return (start, ragged);
                    };
                    if end >= block + BLOCK {
                        self.bound(first, ends);
                        block = end - end % BLOCK;
                        marks = self.marks(block);
                    }
                    marks = marks.from(end - block);
                    continue;
                }
                ends.push(at);
                ragged += self.close(start, first, ends, rows);
                (start, first) = (at + 1, ends.len());
                if start >= bytes.max(1) {
                    return (start, ragged);
                }
            }
            note(ends, block, marks.delimiters);
            self.bound(first, ends);
            block += BLOCK;
            marks = self.marks(block);
        }
        if self.ended && start < text.len() {
            ends.push(text.len());
            ragged += self.close(start, first, ends, rows);
            return (text.len(), ragged);
        }
        ends.truncate(first);
        (start, ragged)
    }

    #[inline]
    fn marks(&self, block: usize) -> Marks {
        Marks::of(self.text, block, self.delimiter)
    }

    /// Forgets all but the last of the cells that a row has too many, so that it takes no room.
    #[inline]
    fn bound(&self, first: usize, ends: &mut Vec<usize>) {
        let most = first + self.columns.unwrap_or(MOST_COLUMNS);
        if ends.len() > most + BLOCK {
            ends.drain(most + 1..ends.len() - 1);
        }
    }

    /// Ends a row. Returns how many rows were left out because of their number of cells.
    #[inline]
    fn close(
        &self,
        start: usize,
        first: usize,
        ends: &mut Vec<usize>,
        rows: &mut Vec<Span>,
    ) -> u64 {
        let last = ends.len();
        let empty = last - first == 1 && ends[first] == start;
        let fits = self.columns.is_none_or(|columns| columns == last - first);
        if fits && !empty {
            rows.push(Span { start, first, last });
            return 0;
        }
        ends.truncate(first);
        u64::from(!empty)
    }

    /// Where a cell in quotes ends if the next mark but delimiters is the quote that closes it, as mostly.
    #[inline]
    fn short(&self, block: usize, others: u64) -> Option<usize> {
        if others == 0 {
            return None;
        }
        let at = block + others.trailing_zeros() as usize;
        let closes =
            self.text[at] == QUOTE && self.text.get(at + 1).is_some_and(|byte| self.is_end(*byte));
        closes.then_some(at + 1)
    }

    /// Where a cell in quotes ends, from behind the first of them; none where it does not end yet.
    #[inline(never)]
    fn quoted(&self, mut at: usize) -> Option<usize> {
        let text = self.text;
        let end = || self.ended.then_some(text.len());
        loop {
            let Some(length) = memchr(QUOTE, &text[at..]) else { return end() };
            let behind = at + length + 1;
            match text.get(behind) {
                None => return end(),
                Some(&QUOTE) => at = behind + 1,
                Some(byte) if self.is_end(*byte) => return Some(behind),
                // Text goes on behind the quotes.
                Some(_) => {
                    let mark = memchr3(self.delimiter, b'\n', b'\r', &text[behind..]);
                    return mark.map(|length| behind + length).or_else(end);
                }
            }
        }
    }

    const fn is_end(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'\n' | b'\r')
    }
}

/// Notes the ends of cells in a block: a bit a byte.
#[inline]
fn note(ends: &mut Vec<usize>, block: usize, mut delimiters: u64) {
    while delimiters != 0 {
        ends.push(block + delimiters.trailing_zeros() as usize);
        delimiters &= delimiters - 1;
    }
}

impl Batch<'_> {
    /// Whether there are no rows.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, each with its cells in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|row| Row {
            text: &self.text,
            start: row.start,
            ends: self.ends.get(row.first..row.last).unwrap_or_default(),
        })
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'b> {
    text: &'b str,
    start: usize,
    ends: &'b [usize],
}

impl<'b> Row<'b> {
    /// The text of a cell; empty where there is none.
    #[inline]
    pub(crate) fn cell(self, at: usize) -> Text<'b> {
        let end = self.ends.get(at).copied().unwrap_or_default();
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).map_or(end, |end| end + 1),
            None => self.start,
        };
        let cell = self.text.get(start..end).unwrap_or_default();
        match cell.as_bytes() {
            [] => Text::read("", true),
            [QUOTE, ..] => unquoted(self.text, start + 1, end),
            _ => Text::read(cell, is_plain(self.text.as_bytes(), start, end)),
        }
    }

    /// How many cells there are.
    pub(crate) const fn len(self) -> usize {
        self.ends.len()
    }
}

/// A cell in quotes, from behind the first of them: in its place, unless there are quotes inside.
#[inline(never)]
fn unquoted(text: &str, start: usize, end: usize) -> Text<'_> {
    let bytes = &text.as_bytes()[..end];
    let quote = |from: usize| memchr(QUOTE, &bytes[from..]).map_or(end, |length| from + length);
    let first = quote(start);
    if first + 1 >= end {
        return Text::read(&text[start..first], is_plain(bytes, start, first));
    }
    let (mut cell, mut piece, mut at) = (String::new(), start, first);
    while bytes.get(at + 1) == Some(&QUOTE) {
        cell.push_str(&text[piece..=at]);
        piece = at + 2;
        at = quote(piece);
    }
    cell.push_str(&text[piece..at]);
    // What goes on behind the quotes belongs to the cell as it stands.
    cell.push_str(text.get(at + 1..end).unwrap_or_default());
    Text::Made(cell.into())
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
        (0..row.len()).map(|at| row.cell(at).to_string()).collect()
    }

    /// The rows of a text that is read a few bytes at a time, and of the same text in memory.
    fn split(text: &str, begun: usize, bytes: usize, delimiter: u8) -> [Vec<Vec<String>>; 2] {
        let (begun, rest) = text.as_bytes().split_at(begun.min(text.len()));
        let stream = Splitter::stream(begun.to_vec(), Slow(rest), delimiter);
        let whole: Splitter<'_, Slow<'_>> = Splitter::whole(text, delimiter);
        [stream, whole].map(|splitter| rows(splitter, bytes))
    }

    fn rows(mut splitter: Splitter<'_, Slow<'_>>, bytes: usize) -> Vec<Vec<String>> {
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
        let text = "1\n1,2\n\n1,2,3\n3,\"4";
        let mut splitter: Splitter<'_, Slow<'_>> = Splitter::whole(text, b',');
        splitter.columns = Some(2);
        let batch = splitter.batch(usize::MAX, Batch::default()).unwrap();
        let rows: Vec<_> = batch.rows().map(cells).collect();
        assert_eq!(
            (rows, splitter.ragged),
            (vec![vec!["1".into(), "2".into()], vec!["3".into(), "4".into()]], 2)
        );
    }

    #[test]
    fn rows_with_far_too_many_cells_take_no_room() {
        for cell in
            ["x,", "\"a long cell in quotes, which goes on beyond the block that it starts in\","]
        {
            let text = format!("a,b\n{}\n1,2", cell.repeat(100_000));
            let mut splitter: Splitter<'_, Slow<'_>> = Splitter::whole(&text, b',');
            splitter.columns = Some(2);
            let batch = splitter.batch(usize::MAX, Batch::default()).unwrap();
            assert_eq!((batch.rows().count(), splitter.ragged), (2, 1));
            assert!(batch.ends.capacity() < 1000, "{}", batch.ends.capacity());
        }
    }

    #[test]
    fn what_is_not_utf_8_is_said() {
        let mut splitter = Splitter::stream(Vec::new(), b"a,\xff\n".as_slice(), b',');
        assert!(splitter.batch(64, Batch::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_gives_the_rows_of_the_csv_crate(
            text in prop_oneof!["[ab\u{e9},;\"\n\r\t]{0,40}", "[a,\"\n]{0,200}", "(\"[ab,\n]{0,30}\"|[ab]{0,30})(,(\"([ab,]|\"\"){0,30}\"|[ab]{0,30}|\n)){0,30}"],
            begun in 0_usize..8,
            bytes in 1_usize..200,
            delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        ) {
            let wanted = known(&text, delimiter);
            for rows in split(&text, begun, bytes, delimiter) {
                prop_assert_eq!(&rows, &wanted);
            }
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
            for read in split(std::str::from_utf8(&text).unwrap(), 0, bytes, b',') {
                prop_assert_eq!(&read, &rows);
            }
        }
    }
}
