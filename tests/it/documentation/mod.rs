//! The documentation: its examples are run as they stand, and what it refers to exists.

mod blocks;
mod examples;
mod guides;
mod references;
mod settings;
