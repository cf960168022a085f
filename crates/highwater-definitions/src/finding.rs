//! Finding: something to look at in a definition, by rule and place. Never carries the text found there.

use serde::{Serialize, Serializer};

use crate::secret::SecretRule;

/// How much a finding matters, in the words of SARIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Worth changing.
    Warning,
    /// Should not reach production.
    Error,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A literal that looks like a credential.
    Secret(SecretRule),
    /// A trigger URL that anyone can call.
    OpenHttpTrigger,
    /// A secret is read and its outputs stay visible in the run history.
    SecretOutputVisible,
    /// An endpoint over plain `http://`.
    InsecureUrl,
    /// A handler that does nothing anybody would notice.
    SwallowedHandler,
    /// A catch scope that does not run on time-out, or not on failure.
    IncompleteCatch,
    /// A larger flow or script without error handling.
    NoErrorHandling,
    /// A secret-like desktop flow input that is not marked sensitive.
    InputNotSensitive,
    /// Actions nested deeper than is read.
    TooDeep,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The entry of a solution package it stands in, for findings of the package itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Line in the text, from 1.
    pub line: u32,
    /// JSON pointer (RFC 6901) in the document; `None` in scripts and XML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What it is about.
    pub rule: Rule,
    /// Schema name of the environment variable whose value stands there: the same value stands in every flow that
    /// uses it, so count it once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variable: Option<String>,
}

impl Rule {
    /// The rule's id, stable: `secret/key-name`, `open-http-trigger` and so on.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::Secret(rule) => format!("secret/{}", rule.id()),
            Self::OpenHttpTrigger => "open-http-trigger".to_owned(),
            Self::SecretOutputVisible => "secret-output-visible".to_owned(),
            Self::InsecureUrl => "insecure-url".to_owned(),
            Self::SwallowedHandler => "swallowed-handler".to_owned(),
            Self::IncompleteCatch => "incomplete-catch".to_owned(),
            Self::NoErrorHandling => "no-error-handling".to_owned(),
            Self::InputNotSensitive => "input-not-sensitive".to_owned(),
            Self::TooDeep => "too-deep".to_owned(),
        }
    }

    /// How much it matters.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Secret(_) => Level::Error,
            Self::OpenHttpTrigger
            | Self::SecretOutputVisible
            | Self::InsecureUrl
            | Self::SwallowedHandler
            | Self::InputNotSensitive => Level::Warning,
            Self::IncompleteCatch | Self::NoErrorHandling | Self::TooDeep => Level::Note,
        }
    }

    /// One sentence: what is wrong and what to do.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Secret(rule) => rule.help(),
            Self::OpenHttpTrigger => {
                "Anyone who has the URL can start this flow; restrict the trigger to the tenant or to named users."
            }
            Self::SecretOutputVisible => {
                "A secret is read and shows in the run history; switch on secure outputs for this action."
            }
            Self::InsecureUrl => "The endpoint is called without encryption; use https.",
            Self::SwallowedHandler => {
                "The failure branch does nothing anybody would notice; end the run as failed, reply or tell somebody."
            }
            Self::IncompleteCatch => {
                "The catch scope covers only one of failure and time-out; let it run after both."
            }
            Self::NoErrorHandling => {
                "Nothing handles a failure; add a catch scope or error handler."
            }
            Self::InputNotSensitive => {
                "The input is named like a secret and shows in logs; mark it as sensitive in the designer."
            }
            Self::TooDeep => "Actions nested this deep were not analysed; split the flow.",
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.id())
    }
}
