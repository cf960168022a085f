//! Cells: the cells of one column while records stream by.
//!
//! Guarantees that any row may be left out, told later than its neighbours or taken back, and that a cell
//! never changes its type on the way. A text that follows itself stands once, and so does one that was met
//! before where the column is kept with a memory. Leaves trust, secrets and people to [`crate::Rows`].

use std::collections::HashMap;

use polars::prelude::*;

use crate::Time;
use crate::merge::data_type;
use crate::names::same;
use crate::table::Type;

/// The cells of one column. Rows that are not told need no room behind the last that is.
pub(crate) enum Cells {
    Text(Texts),
    Bool(Vec<Option<bool>>),
    Int(Numbers),
    Time(Numbers),
    Float(Vec<Option<f64>>),
    List(Lists),
}

/// Texts, each with the rows in which it stands.
pub(crate) struct Texts {
    texts: StringChunkedBuilder,
    /// How many there are.
    length: u32,
    /// The last of them.
    last: String,
    /// The text of each row; [`Self::NONE`] where none is told.
    rows: Vec<u32>,
    /// Texts that are likely to come again, by what they were before they were hidden.
    met: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
}

/// Whole numbers.
#[derive(Default)]
pub(crate) struct Numbers {
    values: Vec<i64>,
    told: Vec<bool>,
}

/// Lists of texts.
#[derive(Default)]
pub(crate) struct Lists {
    /// One item behind the other, and where each ends.
    text: String,
    ends: Vec<usize>,
    /// Where the items of each row end, and whether it is told.
    rows: Vec<(usize, bool)>,
}

impl Cells {
    /// No cells yet.
    pub(crate) fn new(kind: Type) -> Self {
        match kind {
            Type::Text => Self::Text(Texts::new()),
            Type::Bool => Self::Bool(Vec::new()),
            Type::Int => Self::Int(Numbers::default()),
            Type::Time => Self::Time(Numbers::default()),
            Type::Float => Self::Float(Vec::new()),
            Type::List => Self::List(Lists::default()),
        }
    }

    /// Rows up to the last that is told.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.rows.len(),
            Self::Bool(flags) => flags.len(),
            Self::Int(numbers) | Self::Time(numbers) => numbers.values.len(),
            Self::Float(numbers) => numbers.len(),
            Self::List(lists) => lists.rows.len(),
        }
    }

    /// Takes back what was told of a row and of those behind it.
    pub(crate) fn untell(&mut self, row: usize) {
        if self.len() <= row {
            return;
        }
        match self {
            Self::Text(texts) => texts.rows.truncate(row),
            Self::Bool(flags) => flags.truncate(row),
            Self::Int(numbers) | Self::Time(numbers) => numbers.truncate(row),
            Self::Float(numbers) => numbers.truncate(row),
            Self::List(lists) => lists.rows.truncate(row),
        }
    }

    /// The column of so many rows.
    pub(crate) fn finish(mut self, name: &str, rows: usize) -> PolarsResult<Column> {
        self.resize(rows);
        let name = PlSmallStr::from(name);
        Ok(match self {
            Self::Text(texts) => texts.finish(name)?,
            Self::Bool(flags) => Column::new(name, flags),
            Self::Int(numbers) => numbers.finish(name),
            Self::Time(numbers) => numbers.finish(name).cast(&data_type(Type::Time))?,
            Self::Float(numbers) => Column::new(name, numbers),
            Self::List(lists) => lists.finish(name),
        })
    }

    /// Adds rows of which nothing is told, up to so many.
    fn resize(&mut self, rows: usize) {
        match self {
            Self::Text(texts) => texts.rows.resize(rows, Texts::NONE),
            Self::Bool(flags) => flags.resize(rows, None),
            Self::Int(numbers) | Self::Time(numbers) => numbers.resize(rows),
            Self::Float(numbers) => numbers.resize(rows, None),
            Self::List(lists) => lists.resize(rows),
        }
    }
}

impl Texts {
    /// What stands for a row that is not told.
    const NONE: u32 = u32::MAX;

    /// Texts that are remembered at most.
    const MEMORY: usize = 1 << 16;

    /// No texts yet.
    pub(crate) fn new() -> Self {
        Self {
            texts: StringChunkedBuilder::new(PlSmallStr::EMPTY, 0),
            length: 0,
            last: String::new(),
            rows: Vec::new(),
            met: HashMap::default(),
        }
    }

    /// Tells a row that comes behind all that were told.
    pub(crate) fn tell(&mut self, row: usize, text: &str) {
        if self.tell_again(row, text) {
            return;
        }
        self.texts.append_value(text);
        self.length += 1;
        self.last.clear();
        self.last.push_str(text);
        self.point(row, self.length - 1);
    }

    /// Tells a row the text that was told last, if that is the one.
    pub(crate) fn tell_again(&mut self, row: usize, text: &str) -> bool {
        let again = self.length > 0 && same(self.last.as_bytes(), text.as_bytes());
        if again {
            self.point(row, self.length - 1);
        }
        again
    }

    /// Tells a row what a text became when it was met before, if it was.
    pub(crate) fn tell_met(&mut self, row: usize, text: &str) -> bool {
        let met = self.met.get(text).copied();
        if let Some(at) = met {
            self.point(row, at);
        }
        met.is_some()
    }

    /// Remembers that a text became the one that was told last.
    pub(crate) fn remember(&mut self, text: &str) {
        if self.met.len() >= Self::MEMORY {
            self.met.clear();
        }
        self.met.insert(text.into(), self.length.saturating_sub(1));
    }

    fn point(&mut self, row: usize, at: u32) {
        self.rows.resize(row, Self::NONE);
        self.rows.push(at);
    }

    fn finish(mut self, name: PlSmallStr) -> PolarsResult<Column> {
        self.texts.append_null();
        let texts = self.texts.finish().with_name(name.clone());
        let in_order = self.rows.iter().zip(0..).all(|(row, at): (&u32, u32)| *row == at);
        if in_order {
            return Ok(texts.slice(0, self.rows.len()).into_column());
        }
        // What is not told is the null behind all texts.
        let none = self.length;
        let rows = self.rows.iter().map(|row| if *row == Self::NONE { none } else { *row });
        let rows = IdxCa::from_iter_values(name, rows);
        Ok(texts.take(&rows)?.into_column())
    }
}

impl Numbers {
    /// Tells a row that comes behind all that were told.
    pub(crate) fn tell(&mut self, row: usize, number: i64) {
        self.resize(row);
        self.values.push(number);
        self.told.push(true);
    }

    fn resize(&mut self, rows: usize) {
        self.values.resize(rows, 0);
        self.told.resize(rows, false);
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.told.truncate(rows);
    }

    fn finish(self, name: PlSmallStr) -> Column {
        if self.told.iter().all(|told| *told) {
            return Column::new(name, self.values);
        }
        let told = self.values.iter().zip(&self.told);
        let numbers = told.map(|(number, told)| told.then_some(*number));
        Int64Chunked::from_iter_options(name, numbers).into_column()
    }
}

impl Lists {
    /// Tells a row that comes behind all that were told.
    pub(crate) fn tell(&mut self, row: usize, list: &[String]) {
        self.resize(row);
        // What was taken back is written over.
        self.ends.truncate(self.end());
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
        for item in list {
            self.text.push_str(item);
            self.ends.push(self.text.len());
        }
        self.rows.push((self.ends.len(), true));
    }

    fn end(&self) -> usize {
        self.rows.last().map_or(0, |(end, _)| *end)
    }

    fn resize(&mut self, rows: usize) {
        self.rows.resize(rows, (self.end(), false));
    }

    fn finish(self, name: PlSmallStr) -> Column {
        let mut lists = ListStringChunkedBuilder::new(name, self.rows.len(), self.ends.len());
        let (mut start, mut first) = (0, 0);
        for (end, told) in &self.rows {
            if *told {
                lists.append_values_iter(self.ends[first..*end].iter().map(|end| {
                    let item = &self.text[start..*end];
                    start = *end;
                    item
                }));
            } else {
                lists.append_null();
            }
            first = *end;
        }
        lists.finish().into_column()
    }
}

/// Tells a row of a column that holds no texts.
pub(crate) fn tell<T>(cells: &mut Vec<Option<T>>, row: usize, value: T)
where
    T: Clone,
{
    cells.resize(row, None);
    cells.push(Some(value));
}

/// A column of moments, all of them told.
pub(crate) fn moments(name: &str, times: impl Iterator<Item = Time>) -> PolarsResult<Column> {
    let values: Vec<i64> = times.map(|time| time.0).collect();
    Column::new(name.into(), values).cast(&data_type(Type::Time))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_column_holds_what_was_told_of_each_row(
            told in proptest::collection::vec((0_usize..4, "[ab]{0,2}", 0_u8..4), 0..40),
        ) {
            let mut cells = Cells::new(Type::Text);
            let mut wanted: Vec<Option<String>> = Vec::new();
            for (skip, text, how) in told {
                let row = wanted.len() + skip;
                let Cells::Text(texts) = &mut cells else { unreachable!() };
                let hidden = format!("p{text}");
                let met = how < 2 && texts.tell_met(row, &text);
                if how < 2 && !met {
                    texts.tell(row, &hidden);
                    texts.remember(&text);
                } else if how >= 2 && !texts.tell_again(row, &text) {
                    texts.tell(row, &text);
                }
                if how == 3 {
                    cells.untell(row);
                } else {
                    wanted.resize(row, None);
                    wanted.push(Some(if how < 2 { hidden } else { text }));
                }
            }
            wanted.resize(wanted.len() + 2, None);
            let column = cells.finish("x", wanted.len()).unwrap();
            let found: Vec<Option<String>> =
                column.str().unwrap().iter().map(|text| text.map(ToOwned::to_owned)).collect();
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn lists_are_kept_in_their_rows(
            lists in proptest::collection::vec(proptest::option::of(proptest::collection::vec("[ab]{0,2}", 0..3)), 0..12),
            back in any::<bool>(),
        ) {
            let mut cells = Cells::new(Type::List);
            for (row, list) in lists.iter().enumerate() {
                let Cells::List(column) = &mut cells else { unreachable!() };
                if let Some(list) = list {
                    if back {
                        column.tell(row, &["taken back".to_owned()]);
                        column.rows.truncate(row);
                    }
                    column.tell(row, list);
                }
            }
            let column = cells.finish("x", lists.len()).unwrap();
            let list = |row| match column.get(row).unwrap() {
                AnyValue::List(list) => {
                    Some(list.str().unwrap().iter().flatten().map(ToOwned::to_owned).collect())
                }
                _ => None,
            };
            let found: Vec<Option<Vec<String>>> = (0..lists.len()).map(list).collect();
            prop_assert_eq!(found, lists);
        }
    }

    #[test]
    fn numbers_keep_their_gaps() {
        let mut numbers = Numbers::default();
        numbers.tell(1, 7);
        numbers.tell(2, 8);
        let mut cells = Cells::Int(numbers);
        cells.untell(2);
        let column = cells.finish("x", 3).unwrap();
        let found: Vec<Option<i64>> = column.i64().unwrap().iter().collect();
        assert_eq!(found, [None, Some(7), None]);
        assert_eq!(column.dtype(), &DataType::Int64);
    }
}
