//! A source of its own: evidence made of several answers, and a refusal that is an answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use highwater_auth::cloud::Service;
use highwater_auth::{Audience, Cloud};
use highwater_http::{Failure, Next, Page, Read};

use super::*;
use crate::engine::Parts;
use crate::found::{Composed, Object};
use crate::source::{Each, Grant, Identity};
use crate::{Asks, Plan, Recording, Silent};

static SOURCE: Source = Source {
    id: "github.commits",
    about: "commits",
    service: "github",
    scope: Scope::Each("repository"),
    requests: &[
        Request { path: "/list", evidence: false, ..Request::GET },
        Request { path: "/{key}", each: Each::Found("commit"), evidence: false, ..Request::GET },
    ],
    grant: Grant::both("contents: read"),
    find,
    compose: Some(compose),
    absence,
    ..Source::DEFAULT
};

fn find(answer: &Answer<'_>, found: &mut Found) {
    if answer.key.is_empty() {
        for id in answer.list::<String>() {
            found.key(Object::new("commit", id));
        }
    }
}

fn compose(_: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    let texts: Vec<String> =
        answers.iter().map(|answer| String::from_utf8_lossy(answer.body).into_owned()).collect();
    let body = format!("[{}]", texts.join(",")).into_bytes();
    vec![
        Composed { parent: None, body },
        Composed { parent: Some("Other".into()), body: b"{}".to_vec() },
    ]
}

fn absence(status: u16, message: &str) -> Option<&'static str> {
    (status == 409 && message.contains("empty")).then_some("[]")
}

struct Repository {
    is_empty: bool,
}

#[async_trait]
impl Asks for Repository {
    async fn page(&self, read: &Read, _: Option<&Next>) -> Result<Page, Failure> {
        let body = match read.url.path() {
            "/list" if self.is_empty => {
                let (code, message) = (String::new(), "the repository is empty".to_owned());
                return Err(Failure::Refused { status: 409, code, message });
            }
            "/list" => r#"["b","a"]"#.to_owned(),
            path => format!("\"{path}\""),
        };
        Ok(Page { status: 200, headers: Vec::new(), body: Bytes::from(body), next: None })
    }
}

/// Asks the source once, and returns the outcome and the names and contents of what was written.
async fn asked(is_empty: bool) -> (Outcome, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(
        "00000000-0000-0000-0000-0000000000aa",
        Identity::Application,
        "2026-11-22T06:00:00Z",
    );
    let Recording { state, journal, .. } =
        Recording::create(folder.path(), &plan, "public").unwrap();
    let (writer, handle) = crate::writer::Writer::start(folder.path(), journal).unwrap();
    let base = "https://github.contoso.example";
    let service = Service { base: base.into(), audience: Audience::new(base), hosts: Vec::new() };
    let services = BTreeMap::from([("github".to_owned(), service)]);
    let engine = Engine::new(Parts {
        earlier: None,
        asks: Arc::new(Repository { is_empty }),
        cloud: Cloud { name: "public".into(), authority: base.into(), services },
        now: plan.now.parse().unwrap(),
        plan,
        boundary: Arc::new(|_, body| body),
        progress: Arc::new(Silent),
        folder: folder.path().to_owned(),
        state,
        writer,
        sources: vec![&SOURCE],
    });
    let object = Object::new("repository", "github.com/contoso/app");
    let place = Place { object: Some(&object), ..Place::default() };
    let (outcome, _) = ask(&engine, &SOURCE, place, &[]).await.unwrap();
    drop(engine);
    handle.join().unwrap();
    let visible = std::fs::read_dir(folder.path().join("github.commits")).unwrap();
    let files = visible
        .map(|file| file.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    (outcome, files)
}

#[tokio::test]
async fn records_are_made_of_all_answers_in_their_order() {
    let (outcome, files) = asked(false).await;
    assert_eq!(outcome, Outcome::Read);
    let bodies: Vec<&str> = files.values().map(String::as_str).collect();
    assert_eq!(bodies.len(), 2, "{files:?}");
    assert!(bodies.contains(&r#"[["b","a"],"/a","/b"]"#), "{files:?}");
    assert!(files.keys().any(|name| name.starts_with("other~")), "{files:?}");
}

#[tokio::test]
async fn a_refusal_that_is_an_answer_is_recorded_as_one() {
    let (outcome, files) = asked(true).await;
    assert_eq!(outcome, Outcome::Read);
    assert!(files.values().any(|body| body == "[[]]"), "{files:?}");
}
