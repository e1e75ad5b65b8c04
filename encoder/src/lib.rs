//! A BERT encoder on one core, from token numbers to one vector for each text.
//!
//! A crate of its own, because the debug profile optimizes whole crates: compiled with the rest of the server, a
//! ticket would take seconds in the tests.
//!
//! The arithmetic is plain Rust that the compiler vectorizes on every processor, compiled a second time for AVX2, which is
//! chosen at run time. Only the inner loop of the linear layers uses intrinsics.

mod attention;
mod encoder;
mod linear;
mod pointwise;
mod weights;

pub use encoder::{Config, Encoder, Memory};
pub use weights::Weights;

/// Rows of every matrix have a multiple of this many numbers: two registers of AVX2, four of NEON.
const LANES: usize = 16;

/// Defines a function that runs `$body` compiled for AVX2 and FMA if the processor has them. `$body` is generic over
/// whether a fused multiply-add is one instruction; elsewhere it would be a slow call of the C library.
macro_rules! dispatch {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) => $body:ident) => {
        $(#[$doc])*
        $visibility fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn vectorized($($argument: $type),*) {
                    $body::<true>($($argument),*);
                }
                if $crate::has_avx2() {
                    // SAFETY: the processor has both features.
                    unsafe { vectorized($($argument),*) };
                    return;
                }
            }
            $body::<{ cfg!(target_arch = "aarch64") }>($($argument),*);
        }
    };
}
pub(crate) use dispatch;

/// Whether the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    #[cfg(test)]
    if PORTABLE.get() {
        return false;
    }
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(test)]
thread_local! {
    /// Whether this thread computes as on a processor without AVX2.
    pub(crate) static PORTABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// `a * b + c`, in one instruction if `FUSED`.
#[inline(always)]
pub(crate) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// The larger number; unlike `f32::max` one instruction, because it does not look for NaN.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}
