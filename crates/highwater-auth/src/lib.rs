//! Tokens: a sign-in choice becomes bearer tokens, one for each audience.
//!
//! Guarantees that a token lives only in [`Token`], which prints nothing of it, and that every token is asked
//! for exactly one audience. Owns clouds, sign-in methods, caching, refresh and the words for what Entra refuses.
//! Sends nothing to the services that are read: that is `highwater-http`.

pub mod cloud;
mod error;
mod token;

pub use cloud::Cloud;
pub use error::Error;
pub use token::{Audience, Token, Tokens};
