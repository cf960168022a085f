//! Groups whose members are asked for together: each part has its own answer.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use highwater_http::{Failure, Next, Page, Read};
use highwater_sources::{Asks, Identity, Plan, Recording, Run};
use serde_json::{Value, json};

use crate::tenant::{NOW, TENANT, cloud};
use crate::{block, boundary, exchanges, scratch};

/// A directory of 25 groups: the members of the third may not be read, those of the fifth are two pages.
#[derive(Default)]
struct Directory {
    alone: Mutex<Vec<String>>,
    together: Mutex<Vec<usize>>,
}

impl Directory {
    fn answer(read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        let path = read.url.path();
        let page = |value: Value, next: Option<&str>| Page {
            status: 200,
            headers: Vec::new(),
            body: Bytes::from(value.to_string()),
            next: next.map(|next| Next::Token(next.to_owned())),
        };
        let refused = |status| {
            Err(Failure::Refused { status, code: "Refused".into(), message: "not for you".into() })
        };
        if path.ends_with("/groups") {
            let groups: Vec<Value> = (1..=25)
                .map(|n| json!({"id": format!("g{n:02}"), "assignedLicenses": [{"skuId": "s"}]}))
                .collect();
            return Ok(page(json!({"value": groups}), None));
        }
        let Some(group) = path.split('/').rev().nth(1).filter(|_| path.contains("/groups/")) else {
            return refused(404);
        };
        match (group, from) {
            ("g03", _) => refused(403),
            ("g05", None) => Ok(page(json!({"value": [{"id": "u1"}]}), Some("2"))),
            _ => Ok(page(json!({"value": [{"id": group}]}), None)),
        }
    }
}

#[async_trait]
impl Asks for Directory {
    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure> {
        self.alone.lock().unwrap().push(read.url.path().to_owned());
        Self::answer(read, from)
    }

    async fn pages(&self, reads: &[Read]) -> Vec<Result<Page, Failure>> {
        self.together.lock().unwrap().push(reads.len());
        reads.iter().map(|read| Self::answer(read, None)).collect()
    }
}

fn plan() -> Plan {
    let mut plan = Plan::new(TENANT, Identity::Application, NOW);
    plan.only = ["graph.group_members".to_owned()].into();
    plan
}

#[test]
fn one_part_that_is_refused_takes_no_other_with_it() {
    let (folder, directory) = (scratch().unwrap(), Arc::new(Directory::default()));
    let recording = Recording::create(folder.path(), &plan(), "public").unwrap();
    block(Run::new(directory.clone(), cloud(), plan(), recording, boundary()).run()).unwrap();
    assert_eq!(*directory.together.lock().unwrap(), [20, 5]);
    let alone = directory.alone.lock().unwrap().clone();
    let members: Vec<&String> = alone.iter().filter(|path| path.contains("Members")).collect();
    assert_eq!(members, ["/v1.0/groups/g05/transitiveMembers"], "only what follows a first page");
    let told = exchanges(folder.path(), "graph.group_members");
    let of = |group: &str| -> Vec<&Value> {
        told.iter().filter(|exchange| exchange["parent"] == group).collect()
    };
    assert_eq!((of("g03").len(), &of("g03")[0]["status"]), (1, &json!(403)));
    assert_eq!(of("g05").len(), 2);
    let read = (1..=25).filter(|n| of(&format!("g{n:02}"))[0].get("file").is_some()).count();
    assert_eq!(read, 24);
}

#[test]
fn what_was_read_is_not_asked_for_again() {
    let (folder, directory) = (scratch().unwrap(), Arc::new(Directory::default()));
    let recording = Recording::create(folder.path(), &plan(), "public").unwrap();
    block(Run::new(directory, cloud(), plan(), recording, boundary()).run()).unwrap();
    let path = folder.path().join(".journal");
    let journal = std::fs::read_to_string(&path).unwrap();
    let killed: String = journal
        .split_inclusive('\n')
        .filter(|line| !line.contains("{\"end\"") && !line.contains("\"parent\":\"g07\""))
        .collect();
    std::fs::write(&path, killed).unwrap();
    let again = Arc::new(Directory::default());
    let recording = Recording::resume(folder.path(), &plan(), "public").unwrap();
    block(Run::new(again.clone(), cloud(), plan(), recording, boundary()).run()).unwrap();
    let asked = again.alone.lock().unwrap().clone();
    assert!(again.together.lock().unwrap().is_empty(), "one is asked alone");
    assert_eq!(asked.iter().filter(|path| path.contains("g07")).count(), 1, "{asked:?}");
    assert_eq!(asked.iter().filter(|path| path.contains("Members")).count(), 1, "{asked:?}");
}
