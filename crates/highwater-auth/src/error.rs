//! Errors of signing in: what was refused, and what to do.

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
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
