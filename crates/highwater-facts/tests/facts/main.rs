//! Facts over random, empty and half-missing evidence.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod book;
mod data;
mod laws;
mod moved;
mod portability;
mod portable;
