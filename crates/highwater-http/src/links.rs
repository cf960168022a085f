//! Links: the `Link` header of RFC 8288, as far as it says where the next page is.

/// Target of the first link whose relation is `next`.
pub(crate) fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        let (parameters, following) = split_link(after);
        if is_next(parameters) {
            return Some(target);
        }
        rest = following;
    }
    None
}

/// Parameters of a link, and what follows after the comma that ends it; commas in quotes end nothing.
fn split_link(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let header = r#"<https://api.example/x?page=1,2>; rel="prev", <https://api.example/x?page=3>; title="a, b"; rel="next", <https://api.example/x?page=9>; rel="last""#;
        assert_eq!(next(header), Some("https://api.example/x?page=3"));
        assert_eq!(next("<https://a.example/2>;rel=next"), Some("https://a.example/2"));
        assert_eq!(next(r#"</2>; REL="last NEXT""#), Some("/2"));
    }

    #[test]
    fn the_last_page_names_no_next() {
        for header in
            ["", "<", "<a", "<a>", r#"<a>; rel="last""#, r#"<a>; rel="nextish""#, r#"rel="next""#]
        {
            assert_eq!(next(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_breaks_it(header in "[<>;,=\" a-z]{0,40}") {
            let _ = next(&header);
        }
    }
}
