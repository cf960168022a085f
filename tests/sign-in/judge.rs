//! Judge: the certified OpenID provider `oidc-provider` (npm) says whether our requests are right.
//!
//! `tests/run.sh` installs it and names its folder in `HIGHWATER_TEST_OIDC`; without it these tests skip with a line.

use std::process::Stdio;

use highwater_auth::{Audience, Claims, Method, Prompt, Token, Tokens as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::world::{APPLICATION, PUBLIC_APPLICATION, World, apps, graph};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/sign-in/provider.mjs");

struct Judge {
    address: String,
    _child: Child,
    /// The provider also talks to its output later, and ends if nobody is there.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Judge {
    /// Starts the provider; `None`, with a line that says why, where there is none.
    async fn start() -> Option<Self> {
        let Ok(folder) = std::env::var("HIGHWATER_TEST_OIDC") else {
            println!(
                "skipped: no judge of sign-in (npm oidc-provider): run tests/run.sh where npm is installed"
            );
            return None;
        };
        let mut child = Command::new("node")
            .args([SCRIPT, &folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.starts_with('{') {
                break line;
            }
        };
        let said: Value = serde_json::from_str(&line).unwrap();
        Some(Self {
            address: format!("http://127.0.0.1:{}", said["port"]),
            _child: child,
            _output: lines,
        })
    }

    /// The person opens an address and does there what is asked for.
    async fn person(&self, address: &str) -> Value {
        let client = highwater_auth::tls::client_builder(None).unwrap().no_proxy().build().unwrap();
        let answer = client
            .post(format!("{}/person", self.address))
            .json(&json!({"address": address}))
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    }
}

fn audience_of(token: &Token) -> Option<String> {
    Claims::of(token).unwrap().aud
}

#[tokio::test]
async fn client_credentials_are_accepted_and_a_wrong_secret_is_not() {
    let Some(judge) = Judge::start().await else { return };
    let world = World::new();
    let sign_in = world.application(&judge.address);
    for audience in [graph(), apps()] {
        let token = sign_in.token(&audience).await.unwrap();
        assert_eq!(audience_of(&token).as_deref(), Some(audience.as_str()));
    }
    let variables = [("AZURE_CLIENT_ID", APPLICATION), ("AZURE_CLIENT_SECRET", "wrong")];
    let error = world
        .sign_in(Method::ServicePrincipal, &judge.address, &variables)
        .token(&graph())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("client authentication failed"), "{error}");
}

#[tokio::test]
async fn a_browser_signs_in_with_pkce_and_refresh_tokens_rotate() {
    let Some(judge) = Judge::start().await else { return };
    let (world, mut prompts) = World::skewed(0);
    let sign_in =
        world.sign_in(Method::Browser, &judge.address, &[("AZURE_CLIENT_ID", PUBLIC_APPLICATION)]);
    let first = graph();
    let person = async {
        let Prompt::Browser { address } = prompts.recv().await.unwrap() else {
            panic!("another prompt")
        };
        judge.person(&address).await
    };
    let (token, seen) = tokio::join!(sign_in.token(&first), person);
    assert_eq!(seen["status"], 200, "{seen}");
    assert_eq!(audience_of(&token.unwrap()).as_deref(), Some(first.as_str()));
    // The provider takes the whole grant back if a refresh token is used a second time.
    let third = Audience::new("https://management.azure.com");
    for audience in [apps(), third, graph()] {
        let token = sign_in.token(&audience).await.unwrap();
        assert_eq!(audience_of(&token).as_deref(), Some(audience.as_str()));
        sign_in.refused(&audience, &token, None).await.unwrap();
        sign_in.token(&audience).await.unwrap();
    }
    assert!(prompts.try_recv().is_err(), "a second prompt");
}

#[tokio::test]
async fn a_device_code_is_polled_until_the_person_signed_in() {
    let Some(judge) = Judge::start().await else { return };
    let (world, mut prompts) = World::skewed(0);
    let sign_in = world.sign_in(
        Method::DeviceCode,
        &judge.address,
        &[("AZURE_CLIENT_ID", PUBLIC_APPLICATION)],
    );
    let audience = graph();
    let person = async {
        let Prompt::DeviceCode { address, code, .. } = prompts.recv().await.unwrap() else {
            panic!("another prompt")
        };
        judge.person(&format!("{address}?user_code={code}")).await
    };
    let (token, seen) = tokio::join!(sign_in.token(&audience), person);
    assert_eq!(seen["status"], 200, "{seen}");
    assert_eq!(audience_of(&token.unwrap()).as_deref(), Some(audience.as_str()));
    assert!(!world.sleeps.lock().unwrap().is_empty(), "nobody waited for the person");
    assert_eq!(
        audience_of(&sign_in.token(&apps()).await.unwrap()).as_deref(),
        Some(apps().as_str())
    );
}
