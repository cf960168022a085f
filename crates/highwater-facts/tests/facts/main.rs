//! Facts over random, empty and half-missing evidence.

mod book;
mod data;
mod laws;
mod portability;
mod portable;
