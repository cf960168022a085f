//! Pages: a chain of pages, walked to its end.
//!
//! Guarantees that a chain that goes in circles, or on for ever, is noticed. What is remembered of a page is eight
//! bytes.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{Client, Failure, Next, Page, Read};

/// The pages of a read; [`Pages::next`] gives one after the other.
#[derive(Debug)]
pub struct Pages<'a> {
    client: &'a Client,
    read: &'a Read,
    chain: Chain,
    at: At,
}

#[derive(Debug)]
enum At {
    Page(Option<Next>),
    End,
}

impl<'a> Pages<'a> {
    pub(crate) const fn new(client: &'a Client, read: &'a Read) -> Self {
        Self { client, read, chain: Chain::new(), at: At::Page(None) }
    }

    /// The next page, or why it did not come; nothing after the last one and after a failure.
    pub async fn next(&mut self) -> Option<Result<Page, Failure>> {
        let At::Page(from) = std::mem::replace(&mut self.at, At::End) else { return None };
        if let Err(failure) =
            self.chain.follow(self.read, from.as_ref(), self.client.bounds().pages)
        {
            self.client.inner().failed(self.read, &failure);
            return Some(Err(failure));
        }
        let page = self.client.page(self.read, from.as_ref()).await;
        if let Ok(Page { next: Some(next), .. }) = &page
            && self.read.paging != crate::Paging::First
        {
            self.at = At::Page(Some(next.clone()));
        }
        Some(page)
    }
}

/// What a walker of a chain remembers, for callers that walk page by page and across runs.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    seen: BTreeSet<u64>,
}

impl Chain {
    /// A chain at its beginning.
    pub const fn new() -> Self {
        Self { seen: BTreeSet::new() }
    }

    /// Notes that the page of `read` at `from` is asked for next.
    ///
    /// # Errors
    /// [`Failure::NotFollowed`] if it was asked for before, or if it would be one more than `pages`.
    pub fn follow(&mut self, read: &Read, from: Option<&Next>, pages: u32) -> Result<(), Failure> {
        let not_followed = |reason: String| Err(Failure::NotFollowed { reason });
        if u32::try_from(self.seen.len()).unwrap_or(u32::MAX) >= pages {
            return not_followed(format!("more than {pages} pages"));
        }
        if !self.seen.insert(digest(read, from)) {
            return not_followed("the next page is one that was read already: a loop".to_owned());
        }
        Ok(())
    }
}

/// Links are compared as the addresses they mean.
fn digest(read: &Read, from: Option<&Next>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match from {
        None => (0_u8, read.url.as_str()).hash(&mut hasher),
        Some(Next::Link(link)) => match read.url.join(link) {
            Ok(url) => (0_u8, url.as_str()).hash(&mut hasher),
            Err(_) => (0_u8, link.as_str()).hash(&mut hasher),
        },
        Some(Next::Token(token)) => (1_u8, token).hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use highwater_auth::Audience;
    use url::Url;

    use super::*;
    use crate::{Method, Paging};

    fn read() -> Read {
        Read {
            service: "graph",
            scope: String::new(),
            audience: Audience::new("https://graph.microsoft.com"),
            method: Method::Get,
            url: Url::parse("https://graph.microsoft.com/v1.0/users").unwrap(),
            headers: Vec::new(),
            paging: Paging::ODataNextLink,
        }
    }

    #[test]
    fn a_chain_never_goes_back() {
        let read = read();
        let mut chain = Chain::new();
        let link =
            |n: u32| Next::Link(format!("https://graph.microsoft.com/v1.0/users?$skiptoken={n}"));
        assert_eq!(chain.follow(&read, None, 10), Ok(()));
        assert_eq!(chain.follow(&read, Some(&link(1)), 10), Ok(()));
        assert_eq!(chain.follow(&read, Some(&Next::Token("1".to_owned())), 10), Ok(()));
        assert!(chain.follow(&read, Some(&link(1)), 10).is_err());
        for first in ["https://graph.microsoft.com/v1.0/users", "/v1.0/users", "users"] {
            assert!(chain.follow(&read, Some(&Next::Link(first.to_owned())), 10).is_err());
        }
    }

    #[test]
    fn a_chain_has_an_end() {
        let read = read();
        let mut chain = Chain::new();
        for n in 0..5 {
            assert_eq!(chain.follow(&read, Some(&Next::Token(n.to_string())), 5), Ok(()));
        }
        let failure = chain.follow(&read, Some(&Next::Token("5".to_owned())), 5).unwrap_err();
        assert_eq!(failure.to_string(), "not followed: more than 5 pages");
    }
}
