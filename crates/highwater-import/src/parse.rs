//! Parse: text becomes JSON documents.
//!
//! Reads one document, several in a row, or one a line; leaves out the banner that some tools print
//! around their output. A document is whole or the file is refused: a truncated file gives nothing.
//! Nesting is limited to 128 levels and numbers to doubles, by `serde_json`, which judges whatever the
//! fast path leaves.

use bumpalo::Bump;
use highwater_snapshot::{Names, Value};

use crate::fast;

/// The documents of a file.
#[derive(Debug)]
pub(crate) struct Parsed<'t> {
    pub(crate) documents: Vec<Value<'t>>,
    pub(crate) note: Option<&'static str>,
    /// Whether no object is known to have a key twice; false where that was not looked at.
    pub(crate) unique: bool,
}

/// Why a text gives no document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It holds no JSON at all.
    NoJson,
    /// It is JSON, but broken.
    Broken(String),
}

/// All documents of a text; what is made of them lies in the arena.
pub(crate) fn parse<'t, 'n: 't>(
    text: &'t str,
    arena: &'t Bump,
    names: &mut Names<'n>,
) -> Result<Parsed<'t>, Problem> {
    let mut first = None;
    for start in starts(text) {
        match parse_from(text, start, arena, names) {
            Ok(parsed) => return Ok(parsed),
            Err(problem) => first = first.or(Some(problem)),
        }
    }
    Err(first.map_or(Problem::NoJson, Problem::Broken))
}

/// Where the first document may start: at once, else at lines that start like one, else anywhere.
fn starts(text: &str) -> Vec<usize> {
    let opens = |text: &str| text.starts_with(['[', '{']);
    let lead = text.len() - text.trim_start().len();
    if opens(&text[lead..]) {
        return vec![lead];
    }
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if opens(&line[indent..]) {
            starts.push(at + indent);
        }
        at += line.len();
        if starts.len() == 4 {
            return starts;
        }
    }
    starts.extend(text.find(['[', '{']));
    starts.dedup();
    starts
}

fn parse_from<'t, 'n: 't>(
    text: &'t str,
    start: usize,
    arena: &'t Bump,
    names: &mut Names<'n>,
) -> Result<Parsed<'t>, String> {
    let banner = start > text.len() - text.trim_start().len();
    let note = banner.then_some("text before the JSON was left out");
    if let Some(fast::Plain { documents, unique }) = fast::documents(&text[start..], arena, names) {
        return Ok(Parsed { documents, note, unique });
    }
    let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value<'_>>();
    let mut documents = Vec::new();
    loop {
        let at = start + stream.byte_offset();
        let rest = text[at..].trim_start();
        let next = text.len() - rest.len();
        if rest.is_empty() {
            break;
        }
        if !rest.starts_with(['[', '{']) {
            if banner && !documents.is_empty() {
                let note = Some("text around the JSON was left out");
                return Ok(Parsed { documents, note, unique: false });
            }
            return Err(format!("text after the end of the JSON in line {}", line_of(text, next)));
        }
        match stream.next() {
            Some(Ok(document)) => documents.push(document),
            Some(Err(error)) => return Err(explain(text, start, &error)),
            None => break,
        }
    }
    Ok(Parsed { documents, note, unique: false })
}

fn explain(text: &str, start: usize, error: &serde_json::Error) -> String {
    let line = line_of(text, start) + error.line() - 1;
    let place = format!("line {line}, column {}", error.column());
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or(&what);
    if error.is_eof() {
        format!("the file ends before its JSON does ({place}): it is cut off, export it again")
    } else if what.contains("recursion limit") {
        format!("nested deeper than 128 levels ({place})")
    } else {
        format!("not valid JSON: {what} ({place})")
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Number of documents, with what is noted of them.
    fn read(text: &str) -> Result<(usize, Option<&'static str>), Problem> {
        let arena = Bump::new();
        parse(text, &arena, &mut Names::new(&arena))
            .map(|parsed| (parsed.documents.len(), parsed.note))
    }

    fn broken(text: &str) -> String {
        match read(text).unwrap_err() {
            Problem::Broken(reason) => reason,
            Problem::NoJson => panic!("no JSON in {text}"),
        }
    }

    #[test]
    fn banners_and_lines_of_documents_are_read() {
        assert_eq!(read("\n [1]\n").unwrap().0, 1);
        assert_eq!(read("{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}").unwrap().0, 3);
        let (documents, note) =
            read("Connected as x\n[INFO] 12:00\n[{\"EnvironmentId\": \"e\"}]\ndone.").unwrap();
        assert!(documents == 1 && note.is_some());
        assert_eq!(read("output: {\"a\": 1}").unwrap().0, 1);
    }

    #[test]
    fn broken_files_say_where_and_why() {
        assert!(
            broken("[{\"a\": 1}, {\"a\":").contains("cut off"),
            "{}",
            broken("[{\"a\": 1}, {\"a\":")
        );
        assert!(broken("[1]\nx").contains("line 2"));
        assert!(broken("{\"a\": 1e999}").contains("out of range"), "{}", broken("{\"a\": 1e999}"));
        assert!(broken(&format!("{}{}", "[".repeat(200), "]".repeat(200))).contains("128 levels"));
        assert!(broken("{\"a\": 1}\n{\"a\": }").contains("line 2"));
        assert_eq!(read("just text").unwrap_err(), Problem::NoJson);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:0-9a-z\\\\ \n\u{fc}]{0,80}") {
            let _ = read(&text);
        }
    }
}
