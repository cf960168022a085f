//! World: a clock that tests move, a person who writes down what is asked, and an Azure CLI that says what it is told.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use highwater_auth::{Audience, Cloud, Method, Prompt, Settings, SignIn, Surroundings, Variables};
use tokio::sync::{Notify, mpsc};

pub(crate) const TENANT: &str = "00000000-0000-0000-0000-000000000101";
pub(crate) const APPLICATION: &str = "00000000-0000-0000-0000-000000000201";
pub(crate) const PUBLIC_APPLICATION: &str = "00000000-0000-0000-0000-000000000202";

pub(crate) fn graph() -> Audience {
    Audience::new("https://graph.microsoft.com")
}

pub(crate) fn apps() -> Audience {
    Audience::new("https://service.powerapps.com")
}

/// Longer pauses are a person's patience: they end when the test says so.
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct World {
    start: SystemTime,
    elapsed: Mutex<Duration>,
    numbers: AtomicU64,
    prompts: mpsc::UnboundedSender<Prompt>,
    pub(crate) sleeps: Mutex<Vec<Duration>>,
    pub(crate) impatience: Notify,
    pub(crate) cli: Mutex<(i32, String, String)>,
    pub(crate) commands: Mutex<Vec<String>>,
}

impl World {
    /// A world whose clock is `ahead` seconds before the real one.
    pub(crate) fn skewed(ahead: i64) -> (Arc<Self>, mpsc::UnboundedReceiver<Prompt>) {
        let (prompts, asked) = mpsc::unbounded_channel();
        let distance = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let world = Self {
            start: if ahead < 0 { now - distance } else { now + distance },
            elapsed: Mutex::default(),
            numbers: AtomicU64::new(1),
            prompts,
            sleeps: Mutex::default(),
            impatience: Notify::new(),
            cli: Mutex::new((127, String::new(), "az: not found".to_owned())),
            commands: Mutex::default(),
        };
        (Arc::new(world), asked)
    }

    pub(crate) fn new() -> Arc<Self> {
        Self::skewed(0).0
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap() += by;
    }

    /// A way to sign in at `authority`, with variables of the environment.
    pub(crate) fn sign_in(
        self: &Arc<Self>,
        method: Method,
        authority: &str,
        variables: &[(&str, &str)],
    ) -> SignIn {
        let table = toml::from_str(&format!("authority = \"{authority}\"")).unwrap();
        let cloud = Cloud::with_overrides("mine", &table).unwrap();
        let variables: Variables = variables.iter().copied().collect();
        let settings =
            Settings { method, tenant: Some(TENANT.to_owned()), variables, ..Settings::default() };
        SignIn::new(&settings, &cloud, Arc::clone(self) as Arc<_>).unwrap()
    }

    /// An application with a secret, at `authority`.
    pub(crate) fn application(self: &Arc<Self>, authority: &str) -> SignIn {
        let variables =
            [("AZURE_CLIENT_ID", APPLICATION), ("AZURE_CLIENT_SECRET", "a-secret-of-the-test")];
        self.sign_in(Method::ServicePrincipal, authority, &variables)
    }
}

#[async_trait]
impl Surroundings for World {
    fn now(&self) -> SystemTime {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        if duration > PATIENCE {
            return self.impatience.notified().await;
        }
        self.sleeps.lock().unwrap().push(duration);
        self.advance(duration);
        tokio::task::yield_now().await;
    }

    fn random(&self, bytes: &mut [u8]) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        bytes.fill(u8::try_from(number % 256).unwrap());
    }

    fn ask(&self, prompt: &Prompt) {
        // Nobody may be listening in a test that asks nobody.
        let _ = self.prompts.send(prompt.clone());
    }

    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> std::io::Result<Output> {
        let words: Vec<String> = [program]
            .iter()
            .chain(arguments)
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        self.commands.lock().unwrap().push(words.join(" "));
        let (code, stdout, stderr) = self.cli.lock().unwrap().clone();
        Ok(Output {
            status: ExitStatus::from_raw(code << 8),
            stdout: stdout.into_bytes(),
            stderr: stderr.into_bytes(),
        })
    }
}
