//! Secrets: what must never be seen is seen nowhere, even if the sign-in service repeats it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use highwater_auth::{Method, Prompt, Tokens as _};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::entra::{Entra, reply, token_and_refresh};
use crate::world::{APPLICATION, World, apps, graph};

const CANARY: &str = "canary";

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn logging() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

fn clean(what: &str, text: &str) {
    assert!(!text.to_lowercase().contains(CANARY), "{what} shows it: {text}");
}

#[tokio::test]
async fn a_secret_and_its_tokens_show_nowhere() {
    let (log, _guard) = logging();
    let entra = Entra::start(|_| token_and_refresh("canary-token", "canary-refresh")).await;
    let variables = [("AZURE_CLIENT_ID", APPLICATION), ("AZURE_CLIENT_SECRET", "canary-secret")];
    let sign_in = World::new().sign_in(Method::Auto, &entra.address, &variables);
    let found = sign_in.token(&graph()).await.unwrap();
    assert_eq!(found.reveal(), "canary-token");
    sign_in.refused(&graph(), &found, Some("Bearer error=\"invalid_token\"")).await.unwrap();
    sign_in.token(&graph()).await.unwrap();
    clean("Debug", &format!("{sign_in:?} {found:?} {}", sign_in.description()));
    clean("the log", &log.text());
    assert!(!log.text().is_empty(), "nothing was logged, so that nothing was tested");
}

#[tokio::test]
async fn a_service_that_repeats_the_secret_is_not_repeated() {
    let (log, _guard) = logging();
    let long = "canary".repeat(20);
    let words = [
        format!("client_secret=canary-secret is wrong, {long} too"),
        format!("AADSTS99999: something new about {long} and client_secret=canary"),
        "AADSTS7000215: Invalid client secret canary-secret provided.".to_owned(),
        "assertion eyJhbGciOiJub25lIn0.canary.canary is wrong".to_owned(),
    ];
    for description in words {
        let body = json!({"error": "invalid_client", "error_description": description});
        let entra = Entra::start(move |_| reply(401, body.clone())).await;
        let variables =
            [("AZURE_CLIENT_ID", APPLICATION), ("AZURE_CLIENT_SECRET", "canary-secret")];
        let error = World::new()
            .sign_in(Method::Auto, &entra.address, &variables)
            .token(&graph())
            .await
            .unwrap_err();
        clean("the error", &format!("{error} {error:?}"));
    }
    clean("the log", &log.text());
}

#[tokio::test]
async fn a_person_leaves_no_traces_either() {
    let (log, _guard) = logging();
    let entra = Entra::start(|seen| match seen.number {
        0 => reply(200, json!({"device_code": "canary-device", "user_code": "ABCD", "verification_uri": "https://login.example", "expires_in": 900, "interval": 1})),
        1 | 2 => token_and_refresh("canary-token", "canary-refresh"),
        _ => reply(400, json!({"error": "canary.canary=", "error_description": "refresh_token=canary-refresh"})),
    })
    .await;
    let (world, mut prompts) = World::skewed(0);
    let sign_in = world.sign_in(Method::DeviceCode, &entra.address, &[]);
    sign_in.token(&graph()).await.unwrap();
    sign_in.token(&apps()).await.unwrap();
    let error =
        sign_in.token(&highwater_auth::Audience::new("https://another.example")).await.unwrap_err();
    let Prompt::DeviceCode { .. } = prompts.recv().await.unwrap() else { panic!("another prompt") };
    clean("the error", &error.to_string().replace("canary.canary=", ""));
    clean("Debug", &format!("{sign_in:?}"));
    clean("the log", &log.text());
}
