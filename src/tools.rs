//! Developer tools that ship with the command: benchmarks and the demo.

pub mod bench;
pub mod demo;
