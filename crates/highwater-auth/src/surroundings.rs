//! Surroundings: what the command lends to sign-in, because nothing below it has a clock, chance, or a person.
//!
//! Guarantees that time, randomness and everything a person sees come from one place, which tests replace.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::process::Output;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use zeroize::Zeroizing;

/// Time, randomness, processes and the person in front of the command.
#[async_trait]
pub trait Surroundings: fmt::Debug + Send + Sync {
    /// The time of day as this machine knows it.
    fn now(&self) -> SystemTime;

    /// Time since any fixed moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// Fills `bytes` with unpredictable values. Secrets of one sign-in (PKCE, state) are made of them.
    fn random(&self, bytes: &mut [u8]);

    /// Shows a person what to do; on stderr, never on stdout. A command that can do so opens the browser.
    fn ask(&self, prompt: &Prompt);

    /// Runs a program to its end (Azure CLI) and returns what it said. Nothing is written to its input.
    ///
    /// # Errors
    /// What the system says when the program cannot be started.
    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> std::io::Result<Output> {
        tokio::process::Command::new(program)
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
    }
}

/// What a person is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// Open this address in a browser on this machine and sign in there.
    Browser {
        /// Where to sign in.
        address: String,
    },
    /// Open this address on any device, enter the code there and sign in.
    DeviceCode {
        /// Where to enter it.
        address: String,
        /// The code; it is not a secret of this machine, but whoever enters it signs this machine in.
        code: String,
        /// How long it is good for.
        expires_in: Duration,
    },
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Browser { address } => write!(f, "To sign in, open {address}"),
            Self::DeviceCode { address, code, expires_in } => write!(
                f,
                "To sign in, open {address} on any device and enter the code {code} within {} minutes.",
                expires_in.as_secs().div_ceil(60)
            ),
        }
    }
}

/// Environment variables by name. Values show nowhere, because some of them are secrets; an empty one is not set.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, Zeroizing<String>>);

impl Variables {
    /// The value of a variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a variable is set and not empty.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), Zeroizing::new(value.into())))
                .collect(),
        )
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_show_their_names_alone() {
        let variables: Variables =
            [("AZURE_CLIENT_SECRET", "canary"), ("AZURE_TENANT_ID", "")].into_iter().collect();
        let shown = format!("{variables:?}");
        assert!(shown.contains("AZURE_CLIENT_SECRET") && !shown.contains("canary"), "{shown}");
        assert_eq!(variables.get("AZURE_CLIENT_SECRET"), Some("canary"));
        assert!(!variables.has("AZURE_TENANT_ID"));
    }

    #[test]
    fn a_prompt_says_where_and_what() {
        let prompt = Prompt::DeviceCode {
            address: "https://login.example/device".to_owned(),
            code: "ABCD-EFGH".to_owned(),
            expires_in: Duration::from_secs(899),
        };
        assert_eq!(
            prompt.to_string(),
            "To sign in, open https://login.example/device on any device and enter the code ABCD-EFGH within 15 minutes."
        );
    }
}
