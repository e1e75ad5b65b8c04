//! Programs beside the product: benchmarks and the demo. Nothing else depends on them.

pub mod bench;
pub mod demo;
