//! Tokens: a sign-in choice becomes bearer tokens, one for each audience.
//!
//! Guarantees that a token lives only in [`Token`], which prints nothing of it, and that every token is asked
//! for exactly one audience. Owns clouds, sign-in methods, caching, refresh and the words for what Entra refuses.
//! Sends nothing to the services that are read: that is `highwater-http`.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use highwater_auth::{Claims, Cloud, Error, Method, Settings, SignIn, Surroundings, Tokens as _};
//!
//! async fn whoever_signs_in(here: Arc<dyn Surroundings>) -> Result<Option<Claims>, Error> {
//!     let cloud = Cloud::named("public")?;
//!     let variables = std::env::vars().collect();
//!     let settings = Settings { method: Method::Auto, variables, ..Settings::default() };
//!     let sign_in = SignIn::new(&settings, &cloud, here)?;
//!     let token = sign_in.token(&cloud.service("graph")?.audience).await?;
//!     Ok(Claims::of(&token))
//! }
//! ```

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
pub mod host;
mod method;
mod person;
mod plan;
mod refusal;
mod sign_in;
mod surroundings;
pub mod tls;
mod token;
mod transport;
pub mod validity;

pub use claims::Claims;
pub use cloud::{Cloud, Service};
pub use error::Error;
pub use method::{DEFAULT_PUBLIC_CLIENT, Description, Method, Settings, describe};
pub use sign_in::SignIn;
pub use surroundings::{Prompt, Surroundings, Variables};
pub use token::{Audience, Token, Tokens};
