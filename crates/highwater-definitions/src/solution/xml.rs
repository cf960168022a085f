//! Xml: one pass over an XML document, step by step, with the path of open elements. Names are lower case, without
//! namespace prefix. Entities of documents are not expanded. Deliberately not here: a tree.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::DefinitionError;
use crate::text;

/// One step through a document.
pub(super) enum Step<'s> {
    /// An element opens; it is the last of the path already.
    Open(&'s Element),
    /// An element closes; it is still the last of the path. Its own text, without that of elements inside.
    Close(&'s str),
}

/// An opening element.
pub(super) struct Element {
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute by lower-case name; `None` when missing or blank.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
    }
}

/// Where a step happens.
pub(super) struct Place<'p> {
    path: &'p [Open],
    /// Line, from 1.
    pub(super) line: u32,
}

struct Open {
    name: String,
    text: String,
}

impl Place<'_> {
    /// The name of the element itself.
    pub(super) fn name(&self) -> &str {
        self.path.last().map_or("", |open| &open.name)
    }

    /// The name of the element around it.
    pub(super) fn parent(&self) -> &str {
        self.path.len().checked_sub(2).map_or("", |at| &self.path[at].name)
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }
}

/// Walks a document.
pub(super) fn walk(
    name: &str,
    bytes: &[u8],
    visit: &mut dyn FnMut(&Place<'_>, Step<'_>),
) -> Result<(), DefinitionError> {
    let decoded = text::decode(bytes)?;
    let document = text::unmarked(&decoded);
    let mut reader = Reader::from_str(document);
    let mut walker = Walker { document, path: Vec::new(), counted: 0, line: 1, visit };
    loop {
        let at = reader.buffer_position();
        let broken = || DefinitionError::NotXml { name: name.to_owned(), at };
        match reader.read_event().map_err(|_| broken())? {
            Event::Eof if walker.path.is_empty() => return Ok(()),
            Event::Eof => return Err(broken()),
            event => walker.take(&event, at as usize).ok_or_else(broken)?,
        }
    }
}

struct Walker<'d, 'v> {
    document: &'d str,
    path: Vec<Open>,
    /// Bytes whose lines are counted.
    counted: usize,
    line: u32,
    visit: &'v mut dyn FnMut(&Place<'_>, Step<'_>),
}

impl Walker<'_, '_> {
    fn take(&mut self, event: &Event<'_>, at: usize) -> Option<()> {
        self.count_lines(at);
        match event {
            Event::Start(start) => self.open(start)?,
            Event::Empty(start) => {
                self.open(start)?;
                self.close();
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.add(&text.decode().ok()?),
            Event::CData(text) => self.add(&text.decode().ok()?),
            Event::GeneralRef(reference) => {
                let known = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => predefined(&reference.decode().ok()?).to_owned(),
                };
                self.add(&known);
            }
            _ => {}
        }
        Some(())
    }

    fn count_lines(&mut self, at: usize) {
        if let Some(passed) = self.document.as_bytes().get(self.counted..at) {
            self.line += memchr::memchr_iter(b'\n', passed).count() as u32;
            self.counted = at;
        }
    }

    fn add(&mut self, text: &str) {
        if let Some(open) = self.path.last_mut() {
            open.text.push_str(text);
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Option<()> {
        let name = lower(start.local_name().as_ref());
        let mut attributes = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.ok()?;
            let value = attribute.unescape_value().ok()?.into_owned();
            attributes.push((lower(attribute.key.local_name().as_ref()), value));
        }
        self.path.push(Open { name, text: String::new() });
        let place = Place { path: &self.path, line: self.line };
        (self.visit)(&place, Step::Open(&Element { attributes }));
        Some(())
    }

    fn close(&mut self) {
        if let Some(last) = self.path.last() {
            let place = Place { path: &self.path, line: self.line };
            (self.visit)(&place, Step::Close(&last.text));
            self.path.pop();
        }
    }
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

/// The five entities of XML itself; any other is left out.
fn predefined(name: &str) -> &'static str {
    match name {
        "quot" => "\"",
        "apos" => "'",
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(document: &str) -> Result<Vec<(String, String, u32)>, DefinitionError> {
        let mut found = Vec::new();
        walk("x.xml", document.as_bytes(), &mut |place, step| {
            if let Step::Close(text) = step {
                found.push((place.name().to_owned(), text.to_owned(), place.line));
            }
        })?;
        Ok(found)
    }

    #[test]
    fn entities_and_sections_become_text() {
        let found = texts("\u{FEFF}<A>\n<b:B>&quot;x&#65;&lt;</b:B><![CDATA[<c>]]></A>").unwrap();
        assert_eq!(found[0], ("b".to_owned(), "\"xA<".to_owned(), 2));
        assert_eq!(found[1].1, "\n<c>");
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;&b;</a>";
        assert_eq!(texts(bomb).unwrap()[0].1, "");
    }

    #[test]
    fn broken_documents_are_errors() {
        for document in ["<a>", "<a></b>", "<a b=></a>", "</a>"] {
            assert!(matches!(texts(document), Err(DefinitionError::NotXml { .. })), "{document}");
        }
    }
}
