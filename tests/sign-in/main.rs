//! Sign-in, from outside: every method against a sign-in service on loopback, and browser, device code, refresh and
//! client credentials against a certified OpenID provider that others wrote.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod applications;
mod entra;
mod judge;
mod person;
mod secrets;
mod sharing;
mod trust;
mod world;
