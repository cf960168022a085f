//! Stream: large files in pieces, so that memory does not grow with them.
//!
//! [`Decoded`] is the text of a file as UTF-8, whatever its encoding; [`Pieces`] are the records of a JSON
//! document in batches, with what stands around them. Guarantees that a file gives the same records in
//! pieces as in one. Reads lists, envelopes around a list and one object a line; a document of another
//! form has to fit into memory, and is refused above a bound.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of a stream as UTF-8, without byte order mark.
pub(crate) struct Decoded<R> {
    source: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// What was read and not decoded yet.
    raw: Range<usize>,
    output: Vec<u8>,
    /// What was decoded and not taken yet.
    text: Range<usize>,
    ended: bool,
    done: bool,
}

/// Bytes that are read at once.
const CHUNK: usize = if cfg!(test) { 64 } else { 1 << 20 };

/// Opens the text of a stream that can be read again, and says what had to be assumed.
pub(crate) fn decoded<R: Read>(
    mut open: impl FnMut() -> io::Result<R>,
) -> io::Result<(Decoded<R>, Option<&'static str>)> {
    let mut start = Vec::new();
    open()?.take(4).read_to_end(&mut start)?;
    let marked = Encoding::for_bom(&start).map(|(encoding, _)| encoding);
    let (encoding, note) = match (marked, start.as_slice()) {
        (Some(encoding), _) => (encoding, None),
        (None, [b'[' | b'{' | b'"', 0, ..]) => (UTF_16LE, None),
        (None, [0, b'[' | b'{' | b'"', ..]) => (UTF_16BE, None),
        (None, _) if is_utf8(open()?)? => (UTF_8, None),
        (None, _) => {
            (WINDOWS_1252, Some("not UTF-8: read as Windows-1252, letters outside it may be wrong"))
        }
    };
    let text = Decoded {
        source: open()?,
        decoder: encoding.new_decoder_with_bom_removal(),
        input: vec![0; CHUNK],
        raw: 0..0,
        output: vec![0; CHUNK],
        text: 0..0,
        ended: false,
        done: false,
    };
    Ok((text, note))
}

fn is_utf8(mut source: impl Read) -> io::Result<bool> {
    let mut buffer: Vec<u8> = std::iter::repeat_n(0, CHUNK).collect();
    let mut kept = 0;
    loop {
        let read = source.read(&mut buffer[kept..])?;
        let all = kept + read;
        let valid = Encoding::utf8_valid_up_to(&buffer[..all]);
        if read == 0 || all - valid >= 4 {
            return Ok(valid == all);
        }
        buffer.copy_within(valid..all, 0);
        kept = all - valid;
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.text.is_empty() && !self.done {
            if self.raw.is_empty() && !self.ended {
                let read = self.source.read(&mut self.input)?;
                (self.raw, self.ended) = (0..read, read == 0);
            }
            let input = &self.input[self.raw.clone()];
            let (result, read, written, broken) =
                self.decoder.decode_to_utf8(input, &mut self.output, self.ended);
            self.raw.start += read;
            self.text = 0..written;
            if broken {
                let name = self.decoder.encoding().name();
                let reason = format!("not valid {name}: the file is damaged or cut off");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            self.done = self.ended && result == CoderResult::InputEmpty;
        }
        Ok(&self.output[self.text.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.text.start = self.text.end.min(self.text.start + amount);
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// The records of a JSON document, in batches.
pub(crate) struct Pieces<R> {
    source: R,
    buffer: Vec<u8>,
    at: usize,
    /// Where what was read ends in the buffer.
    end: usize,
    state: State,
    /// Members of the envelope beside its list, each with a comma behind it.
    around: Vec<u8>,
    /// Whether a document without a list came: then each is a record.
    pub(crate) lines: bool,
    /// Whether text before the JSON was left out.
    pub(crate) banner: bool,
    documents: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a document.
    Between,
    /// In a list; whether an envelope stands around it.
    List {
        enveloped: bool,
    },
    /// In an envelope, before a key.
    Members,
    End,
}

/// A record, or what stands around a list, is not larger.
const MOST: usize = 128 << 20;

impl<R: Read> Pieces<R> {
    pub(crate) const fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            at: 0,
            end: 0,
            state: State::Between,
            around: Vec::new(),
            lines: false,
            banner: false,
            documents: 0,
        }
    }

    /// What stands around the records, without them, as JSON.
    pub(crate) fn envelope(&self) -> String {
        let told = self.around.strip_suffix(LISTED).unwrap_or(&self.around);
        let members = String::from_utf8_lossy(told);
        format!("{{{members}\"value\":[]}}")
    }

    /// The next records as a JSON list, about so many bytes of them; none at the end.
    pub(crate) fn batch(&mut self, bytes: usize) -> Result<Option<String>, String> {
        let mut out = vec![b'['];
        while (out.len() == 1 || out.len() < bytes) && self.state != State::End {
            let before = out.len();
            if before > 1 {
                out.push(b',');
            }
            if !self.step(&mut out)? {
                out.truncate(before);
            }
        }
        if out.len() == 1 && self.state == State::End {
            return Ok(None);
        }
        out.push(b']');
        String::from_utf8(out).map(Some).map_err(|error| error.to_string())
    }

    /// Goes on by one token; whether it wrote a record.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<bool, String> {
        match (self.state, self.peek()?) {
            (State::Between, None) => self.state = State::End,
            (State::Between, Some(b'[')) if !self.lines => {
                self.at += 1;
                self.state = State::List { enveloped: false };
            }
            (State::Between, Some(b'{')) if self.lines => {
                self.value(out)?;
                return Ok(true);
            }
            (State::Between, Some(b'{')) => {
                self.at += 1;
                self.around.clear();
                self.state = State::Members;
            }
            // What tools print before and after their output.
            (State::Between, Some(_)) if self.banner && self.documents > 0 => {
                self.state = State::End;
            }
            (State::Between, Some(_)) if self.documents == 0 => self.skip_banner()?,
            (State::Between, Some(_)) => return Err("text beside the JSON".into()),
            (State::List { .. } | State::Members, Some(b',')) => self.at += 1,
            (State::List { enveloped }, Some(b']')) => {
                self.at += 1;
                self.documents += u64::from(!enveloped);
                self.state = if enveloped { State::Members } else { State::Between };
            }
            (State::List { .. }, Some(_)) => {
                self.value(out)?;
                return Ok(true);
            }
            (State::Members, Some(b'}')) => return self.close(out),
            (State::Members, Some(b'"')) => self.member()?,
            (State::Members, Some(_)) => return Err("not valid JSON: a key was expected".into()),
            (_, None) => {
                return Err(
                    "the file ends before its JSON does: it is cut off, export it again".into()
                );
            }
            (State::End, Some(_)) => {}
        }
        Ok(false)
    }

    /// Goes on to the next line that starts like JSON: a bracket before a word in capitals is a log line.
    fn skip_banner(&mut self) -> Result<(), String> {
        self.banner = true;
        let mut fresh = false;
        for _ in 0..BANNER {
            if self.at == self.end && !self.fill()? {
                break;
            }
            let byte = self.buffer[self.at];
            self.at += 1;
            if fresh && matches!(byte, b'[' | b'{') {
                let next = self.peek()?;
                if byte == b'[' && next.is_some_and(|next| br#"{["]"#.contains(&next)) {
                    self.state = State::List { enveloped: false };
                    return Ok(());
                }
                if byte == b'{' && matches!(next, Some(b'"' | b'}')) {
                    self.state = State::Members;
                    return Ok(());
                }
            }
            fresh = byte == b'\n' || (fresh && byte.is_ascii_whitespace());
        }
        Err("it holds no JSON".into())
    }

    /// Ends a document; one that held no list is a record itself.
    fn close(&mut self, out: &mut Vec<u8>) -> Result<bool, String> {
        self.at += 1;
        self.state = State::Between;
        self.documents += 1;
        if self.around.ends_with(LISTED) {
            let end = self.around.len() - LISTED.len();
            self.around.truncate(end);
            return Ok(false);
        }
        if self.documents > 1 {
            return Err("lists and single objects are mixed: split the file".into());
        }
        self.lines = true;
        out.push(b'{');
        out.extend_from_slice(self.around.strip_suffix(b",").unwrap_or(&self.around));
        out.push(b'}');
        self.around.clear();
        Ok(true)
    }

    fn member(&mut self) -> Result<(), String> {
        let mut key = Vec::new();
        self.value(&mut key)?;
        if self.peek()? != Some(b':') {
            return Err("not valid JSON: a colon was expected".into());
        }
        self.at += 1;
        let listed = self.around.ends_with(LISTED);
        if listed {
            let end = self.around.len() - LISTED.len();
            self.around.truncate(end);
        }
        let record = [b"\"id\":".as_slice(), b"\"name\":", b"\"properties\":", b"\"type\":"];
        let is_record =
            record.iter().any(|mark| memchr::memmem::find(&self.around, mark).is_some());
        let lists = key == b"\"value\"" || (key == b"\"data\"" && !self.around.is_empty());
        if self.peek()? == Some(b'[') && lists && !listed && !is_record {
            self.at += 1;
            self.around.extend_from_slice(LISTED);
            self.state = State::List { enveloped: true };
            return Ok(());
        }
        let mut member = key;
        member.push(b':');
        self.value(&mut member)?;
        self.around.extend_from_slice(&member);
        self.around.push(b',');
        if listed {
            self.around.extend_from_slice(LISTED);
        }
        if self.around.len() > MOST { Err(too_large()) } else { Ok(()) }
    }

    /// The next byte that is no space; none at the end.
    fn peek(&mut self) -> Result<Option<u8>, String> {
        loop {
            let rest = &self.buffer[self.at..self.end];
            if let Some(skip) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
                self.at += skip;
                return Ok(Some(self.buffer[self.at]));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn fill(&mut self) -> Result<bool, String> {
        self.buffer.resize(CHUNK, 0);
        self.end = self.source.read(&mut self.buffer).map_err(|error| error.to_string())?;
        self.at = 0;
        Ok(self.end > 0)
    }

    /// Copies one value; whether it is valid inside is judged when it is parsed.
    fn value(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        self.peek()?;
        let start = out.len();
        let mut scan = Scan::default();
        loop {
            let rest = &self.buffer[self.at..self.end];
            let (taken, ended) = scan.run(rest);
            out.extend_from_slice(&rest[..taken]);
            self.at += taken;
            if ended {
                let none = || "not valid JSON: a value was expected".to_owned();
                return if out.len() > start { Ok(()) } else { Err(none()) };
            }
            if out.len() - start > MOST {
                return Err(too_large());
            }
            if !self.fill()? {
                let scalar = scan.depth == 0 && !scan.text && out.len() > start;
                return if scalar {
                    Ok(())
                } else {
                    Err("the file ends before its JSON does: it is cut off, export it again".into())
                };
            }
        }
    }
}

/// More text before the JSON is no banner.
const BANNER: usize = 1 << 16;

/// Stands behind the members around a list once the list was met.
const LISTED: &[u8] = b"\0";

fn too_large() -> String {
    format!("one record, or what stands around the list, is larger than {} MiB", MOST >> 20)
}

/// Where a value ends.
#[derive(Default)]
struct Scan {
    depth: usize,
    text: bool,
    escaped: bool,
}

impl Scan {
    /// Bytes that belong to the value, and whether it ends with them.
    fn run(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.text {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let Some(next) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
                    return (bytes.len(), false);
                };
                at += next + 1;
                if bytes[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.text = false;
                    if self.depth == 0 {
                        return (at, true);
                    }
                }
                continue;
            }
            match byte {
                b'"' => self.text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return (at, true),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                b',' if self.depth == 0 => return (at, true),
                _ if self.depth == 0 && byte.is_ascii_whitespace() => return (at, true),
                _ => {}
            }
            at += 1;
        }
        (bytes.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives a few bytes at a time, as a slow disk does.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(out.len()).min(self.0.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn pieces(
        text: &str,
        step: usize,
        bytes: usize,
    ) -> Result<(Vec<serde_json::Value>, serde_json::Value), String> {
        let mut pieces = Pieces::new(Slow(text.as_bytes(), step));
        let mut records = Vec::new();
        while let Some(batch) = pieces.batch(bytes)? {
            let batch: Vec<serde_json::Value> =
                serde_json::from_str(&batch).map_err(|error| error.to_string())?;
            records.extend(batch);
        }
        Ok((records, serde_json::from_str(&pieces.envelope()).unwrap()))
    }

    #[test]
    fn lists_envelopes_and_lines_are_read_in_pieces() {
        let wanted: Vec<serde_json::Value> =
            serde_json::from_str(r#"[{"a": "x]},\"{"}, {"b": [1, {"c": null}]}, 7]"#).unwrap();
        let list = r#"[{"a": "x]},\"{"}, {"b": [1, {"c": null}]}, 7]"#;
        for text in [
            list.to_owned(),
            format!(r#"{{"@odata.context": "c", "value": {list}, "nextLink": "n"}}"#),
            format!(r#"{{"count": 3, "skip_token": null, "data": {list}}}"#),
        ] {
            for (step, bytes) in [(1, 1), (3, 10), (1000, 1 << 20)] {
                let (records, _) = pieces(&text, step, bytes).unwrap();
                assert_eq!(records, wanted, "{text} {step}");
            }
        }
        let (_, around) =
            pieces(r#"{"@odata.context": "c", "value": [], "nextLink": "n"}"#, 2, 9).unwrap();
        assert_eq!(
            around,
            serde_json::json!({"@odata.context": "c", "nextLink": "n", "value": []})
        );
        let lines = "{\"id\": 1, \"value\": [1]}\n{\"id\": 2}\r\n";
        assert_eq!(pieces(lines, 2, 9).unwrap().0.len(), 2);
    }

    #[test]
    fn banners_are_left_out() {
        let text = "Connected as x\n[INFO] 12:00\n[{\"EnvironmentId\": \"e\"}]\ndone.";
        for step in [1, 7, 1000] {
            assert_eq!(pieces(text, step, 9).unwrap().0.len(), 1);
        }
        assert!(pieces("just text", 3, 9).is_err());
    }

    #[test]
    fn what_is_cut_off_is_said() {
        for text in ["[{\"a\": 1}, {\"a\":", "{\"value\": [1, 2]", "[\"x", "{\"a\" 1}", "[1] x"] {
            assert!(pieces(text, 3, 9).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_encoding_gives_the_same_text(tail in "\\PC{0,200}", step in 1_usize..9) {
            let text = format!("[{tail}");
            let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
            let units = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
            let little = [b"\xff\xfe".as_slice(), &units(u16::to_le_bytes)].concat();
            let big = [b"\xfe\xff".as_slice(), &units(u16::to_be_bytes)].concat();
            for bytes in [text.as_bytes(), &marked, &little, &big] {
                let (mut source, note) = decoded(|| Ok(Slow(bytes, step))).unwrap();
                let mut read = String::new();
                source.read_to_string(&mut read).unwrap();
                prop_assert_eq!((read.as_str(), note), (text.as_str(), None));
            }
        }

        #[test]
        fn pieces_are_the_whole(
            rows in proptest::collection::vec("\\PC{0,12}", 0..12),
            step in 1_usize..40,
            bytes in 1_usize..80,
            enveloped in any::<bool>(),
        ) {
            let records: Vec<serde_json::Value> =
                rows.iter().map(|row| serde_json::json!({"a": row, "b": [row, {"c": row}]})).collect();
            let text = if enveloped {
                serde_json::json!({"count": 1, "data": records}).to_string()
            } else {
                serde_json::to_string_pretty(&records).unwrap()
            };
            prop_assert_eq!(pieces(&text, step, bytes).unwrap().0, records);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:0-9a-z\\\\ \n\u{fc}]{0,80}", bytes in 1_usize..20) {
            let mut pieces = Pieces::new(text.as_bytes());
            while let Ok(Some(_)) = pieces.batch(bytes) {}
        }
    }
}
