//! Errors of signing in: what was refused, and what to do.

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sign-in is not configured as its method needs it.
    #[error("{0}")]
    Configuration(String),
    /// Entra or an identity endpoint refused; the text says what to do.
    #[error("sign-in for {audience} was refused: {reason}")]
    Refused {
        /// Resource that was asked for.
        audience: String,
        /// What was refused and what to do next; no token, no secret.
        reason: String,
    },
    /// The identity endpoint could not be reached.
    #[error("sign-in for {audience} failed: {reason}")]
    Unreachable {
        /// Resource that was asked for.
        audience: String,
        /// What happened.
        reason: String,
    },
}

impl Error {
    pub(crate) fn configuration(text: impl Into<String>) -> Self {
        Self::Configuration(text.into())
    }

    pub(crate) fn refused(audience: &crate::Audience, reason: impl Into<String>) -> Self {
        Self::Refused { audience: audience.as_str().to_owned(), reason: reason.into() }
    }

    pub(crate) fn unreachable(audience: &crate::Audience, reason: impl Into<String>) -> Self {
        Self::Unreachable { audience: audience.as_str().to_owned(), reason: reason.into() }
    }
}
