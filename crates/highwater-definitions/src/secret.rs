//! SecretRule: what makes a literal look like a credential. `pattern` knows shapes of credentials, `word` names,
//! placeholders and randomness. Guarantees: time linear in the text; nothing of the text is kept.
//! Deliberately not here: where literals stand in a definition or script; see `cloud::literal`, `desktop::literal`.

mod pattern;
mod word;

pub(crate) use pattern::Survey;
#[cfg(test)]
pub(crate) use pattern::thorough;
pub(crate) use word::{is_secret_input, is_secret_name, plausible};

use word::{entropy, looks_random};

/// Why a literal looks like a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum SecretRule {
    /// A storage or service bus account key in a connection string.
    AccountKey,
    /// A literal `Bearer` or `Basic` credential.
    AuthHeader,
    /// An access key id of Amazon Web Services.
    AwsKey,
    /// A password or key assigned inside a longer text.
    BodyKeyValue,
    /// A password inside a connection string.
    ConnectionString,
    /// A client secret of Microsoft Entra ID.
    EntraSecret,
    /// Random text in a place for credentials.
    Entropy,
    /// A token of GitHub.
    GithubToken,
    /// An API key of Google.
    GoogleKey,
    /// A JSON web token.
    Jwt,
    /// A literal under a name that says password, secret, key or token.
    KeyName,
    /// A literal typed into a password field.
    PasswordField,
    /// A private key.
    PrivateKey,
    /// A key or token in the query of a URL.
    QueryKey,
    /// A shared access signature.
    SasSignature,
    /// An API key of SendGrid.
    SendgridKey,
    /// A token of Slack.
    SlackToken,
    /// User and password inside a URL.
    UrlCredentials,
}

/// All rules, by id.
pub(crate) const RULES: [SecretRule; 18] = [
    SecretRule::AccountKey,
    SecretRule::AuthHeader,
    SecretRule::AwsKey,
    SecretRule::BodyKeyValue,
    SecretRule::ConnectionString,
    SecretRule::EntraSecret,
    SecretRule::Entropy,
    SecretRule::GithubToken,
    SecretRule::GoogleKey,
    SecretRule::Jwt,
    SecretRule::KeyName,
    SecretRule::PasswordField,
    SecretRule::PrivateKey,
    SecretRule::QueryKey,
    SecretRule::SasSignature,
    SecretRule::SendgridKey,
    SecretRule::SlackToken,
    SecretRule::UrlCredentials,
];

impl SecretRule {
    /// The rule's id, stable.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::AccountKey => "account-key",
            Self::AuthHeader => "auth-header",
            Self::AwsKey => "aws-key",
            Self::BodyKeyValue => "body-key-value",
            Self::ConnectionString => "connection-string",
            Self::EntraSecret => "entra-secret",
            Self::Entropy => "entropy",
            Self::GithubToken => "github-token",
            Self::GoogleKey => "google-key",
            Self::Jwt => "jwt",
            Self::KeyName => "key-name",
            Self::PasswordField => "password-field",
            Self::PrivateKey => "private-key",
            Self::QueryKey => "query-key",
            Self::SasSignature => "sas-signature",
            Self::SendgridKey => "sendgrid-key",
            Self::SlackToken => "slack-token",
            Self::UrlCredentials => "url-credentials",
        }
    }

    /// One sentence: what it looks like and what to do.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::AccountKey => {
                "Looks like an account key; keep it in a vault, read it at run time and renew it."
            }
            Self::AuthHeader => {
                "Looks like a literal credential of a header; read it from a vault and renew it."
            }
            Self::AwsKey => {
                "Looks like an AWS access key id; keep the pair in a vault and renew it."
            }
            Self::BodyKeyValue => {
                "Looks like a password or key inside a text; read it from a vault and renew it."
            }
            Self::ConnectionString => {
                "Looks like a connection string with password; keep it in a vault and renew it."
            }
            Self::EntraSecret => {
                "Looks like an Entra ID client secret; keep it in a vault and renew it."
            }
            Self::Entropy => {
                "Looks like random key material in a place for credentials; read it from a vault."
            }
            Self::GithubToken => "Looks like a GitHub token; keep it in a vault and renew it.",
            Self::GoogleKey => "Looks like a Google API key; keep it in a vault and renew it.",
            Self::Jwt => "Looks like a JSON web token; request tokens at run time.",
            Self::KeyName => {
                "A literal stands under a name for credentials; use a secret environment variable."
            }
            Self::PasswordField => {
                "A literal is typed into a password field; use a credential or sensitive variable."
            }
            Self::PrivateKey => "Looks like a private key; keep it in a vault and renew it.",
            Self::QueryKey => {
                "Looks like a key in the query of a URL; read it from a vault and renew it."
            }
            Self::SasSignature => {
                "Looks like a shared access signature; issue it at run time and renew it."
            }
            Self::SendgridKey => "Looks like a SendGrid key; keep it in a vault and renew it.",
            Self::SlackToken => "Looks like a Slack token; keep it in a vault and renew it.",
            Self::UrlCredentials => {
                "Looks like user and password inside a URL; use a connection and renew it."
            }
        }
    }
}

/// A set of rules that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rules(u32);

impl Rules {
    pub(crate) fn add(&mut self, rule: SecretRule) {
        self.0 |= 1 << rule as u32;
    }

    pub(crate) fn has(self, rule: SecretRule) -> bool {
        self.0 & (1 << rule as u32) != 0
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules, sorted by id.
    pub(crate) fn list(self) -> impl Iterator<Item = SecretRule> {
        RULES.into_iter().filter(move |rule| self.has(*rule))
    }

    /// The ids, sorted.
    pub(crate) fn ids(self) -> Vec<&'static str> {
        self.list().map(SecretRule::id).collect()
    }
}

/// Where a literal stands, as far as the rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Under a name for credentials.
    pub(crate) secret_name: bool,
    /// Where credentials are sent or kept: headers, authentication, a variable named like a secret.
    pub(crate) credential: bool,
}

/// Literals shorter than this are never suspected.
pub(crate) const SHORTEST: usize = 6;

/// Judges a whole literal.
pub(crate) fn judge(literal: &str, place: Place) -> Rules {
    judge_surveyed(literal, Survey::of(literal.as_bytes()), || place)
}

/// Judges a whole literal that was surveyed already; asks for its place only where that can matter.
pub(crate) fn judge_surveyed(literal: &str, survey: Survey, place: impl Fn() -> Place) -> Rules {
    if literal.len() < SHORTEST {
        return Rules::default();
    }
    let mut rules = pattern::surveyed(literal, survey);
    let place = place();
    if place.secret_name && plausible(literal) {
        rules.add(SecretRule::KeyName);
    }
    if place.credential && rules.is_empty() && looks_random(literal) {
        rules.add(SecretRule::Entropy);
    }
    rules
}

/// Stands for a computed part in the text around it; no rule takes it for a part of a secret.
pub(crate) const COMPUTED: char = '\u{FFFC}';

/// Judges what stands outside of the expressions of an interpolated string, [`COMPUTED`] in their places.
pub(crate) fn judge_rest(rest: &str, place: Place) -> Rules {
    let mut rules = pattern::rules(rest);
    if place.secret_name && credible_rest(&rest.replace(COMPUTED, "")) {
        rules.add(SecretRule::KeyName);
    }
    rules
}

/// Judges a part of a text by its shape alone.
pub(crate) fn judge_fragment(fragment: &str) -> Rules {
    pattern::rules(fragment)
}

/// Key words such as `id_token ` stand before computed values: ask more of what is left over.
fn credible_rest(rest: &str) -> bool {
    let rest = rest.trim();
    rest.chars().count() >= 12
        && rest.bytes().any(|byte| byte.is_ascii_digit())
        && entropy(rest) >= 3.0
        && plausible(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_listed_by_id() {
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.id()).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        assert_eq!(ids, sorted);
        for (at, rule) in RULES.iter().enumerate() {
            assert_eq!(*rule as usize, at);
        }
    }

    #[test]
    fn names_need_plausible_literals() {
        let place = Place { secret_name: true, credential: true };
        assert_eq!(judge("Hv4-uncommon", place).ids(), ["key-name"]);
        assert!(judge("<your key>", place).is_empty());
        assert!(judge_rest("id_token \u{FFFC}", place).is_empty());
        assert_eq!(judge_rest("Zq8mWp3vLx7t\u{FFFC}", place).ids(), ["key-name"]);
    }
}
