//! Tokens: a sign-in choice becomes bearer tokens, one for each audience.
//!
//! Guarantees that a token lives only in [`Token`], which prints nothing of it, and that every token is asked
//! for exactly one audience. Owns clouds, sign-in methods, caching, refresh and the words for what Entra refuses.
//! Sends nothing to the services that are read: that is `highwater-http`.

mod azure;
mod browser;
mod cache;
mod certificate;
mod challenge;
pub mod claims;
pub mod cloud;
mod cloud_table;
mod device_code;
mod error;
mod host;
mod method;
mod person;
mod plan;
mod refusal;
mod sign_in;
mod surroundings;
pub mod tls;
mod token;
mod transport;

pub use claims::Claims;
pub use cloud::{Cloud, Service};
pub use error::Error;
pub use method::{DEFAULT_PUBLIC_CLIENT, Description, Method, Settings, describe};
pub use sign_in::SignIn;
pub use surroundings::{Prompt, Surroundings, Variables};
pub use token::{Audience, Token, Tokens};
