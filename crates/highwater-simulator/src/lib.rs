//! A simulated Microsoft cloud on loopback.
