//! The HTTP door, tried from outside.

mod core;
