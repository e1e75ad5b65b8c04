//! Functions of single numbers and of single rows.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

use crate::{LANES, dispatch, multiply_add};

/// Adding this to a number below 2²² leaves the nearest integer in the low bits of the sum.
const ROUNDING: f32 = 12_582_912.0;

/// The nearest integer of a number in the range of `i16`; unlike `f32::round` not a call of the C library.
#[inline(always)]
pub(crate) fn nearest(x: f32) -> i16 {
    (x + ROUNDING).to_bits().wrapping_sub(ROUNDING.to_bits()) as i16
}

/// eˣ for x ≤ 0 with a relative error below 2⁻²², and about 10⁻³⁸ below −87. The polynomial is that of Cephes.
#[inline(always)]
pub(crate) fn exp<const FUSED: bool>(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    // x = n ln 2 + r; ln 2 in two parts, the first of which has zeros at its end.
    let shifted = multiply_add::<FUSED>(x, LOG2_E, ROUNDING);
    let n = shifted - ROUNDING;
    let r = multiply_add::<FUSED>(n, -0.693_359_4, x);
    let r = multiply_add::<FUSED>(n, 2.121_944_4e-4, r);
    let mut sum = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = multiply_add::<FUSED>(sum, r, coefficient);
    }
    let power = multiply_add::<FUSED>(sum, r * r, r + 1.0);
    // n as the exponent of a float.
    let exponent = shifted.to_bits().wrapping_sub(ROUNDING.to_bits()).wrapping_add(127) << 23;
    power * f32::from_bits(exponent)
}

/// x · Φ(x). The error function is formula 7.1.26 of Abramowitz and Stegun, whose error is at most 1.5 · 10⁻⁷.
#[inline(always)]
fn gelu_of<const FUSED: bool>(x: f32) -> f32 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / multiply_add::<FUSED>(0.327_591_1, z, 1.0);
    let mut sum = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = multiply_add::<FUSED>(sum, t, coefficient);
    }
    let complement = sum * t * exp::<FUSED>(-z * z);
    let positive = if x > 0.0 { x } else { 0.0 };
    multiply_add::<FUSED>(-0.5 * x.abs(), complement, positive)
}

#[inline(always)]
fn gelu_body<const FUSED: bool>(numbers: &mut [f32]) {
    for x in numbers {
        *x = gelu_of::<FUSED>(*x);
    }
}

dispatch! {
    /// Replaces each number by its GELU.
    pub(crate) fn gelu(numbers: &mut [f32]) => gelu_body
}

/// The sum of a row, in several lanes that the compiler can vectorize.
#[inline(always)]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    for part in row.as_chunks::<LANES>().0 {
        for (sum, x) in sums.iter_mut().zip(part) {
            *sum += of(*x);
        }
    }
    sums.iter().sum()
}

#[inline(always)]
fn add_and_normalize_body<const FUSED: bool>(rows: &mut [f32], added: &[f32], scale: &[f32], shift: &[f32], eps: f32) {
    let columns = scale.len();
    for (row, added) in rows.chunks_exact_mut(columns).zip(added.chunks_exact(columns)) {
        for (x, added) in row.iter_mut().zip(added) {
            *x += added;
        }
        let mean = sum(row, |x| x) / columns as f32;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / columns as f32;
        let factor = 1.0 / (variance + eps).sqrt();
        for ((x, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
            *x = multiply_add::<FUSED>((*x - mean) * factor, *scale, *shift);
        }
    }
}

dispatch! {
    /// Adds to each row and normalizes the sum: mean 0 and variance 1, then scaled and shifted.
    pub(crate) fn add_and_normalize(rows: &mut [f32], added: &[f32], scale: &[f32], shift: &[f32], eps: f32)
        => add_and_normalize_body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_gelu_are_accurate() {
        for i in 0..=8700 {
            let x = -0.01 * i as f32;
            for y in [exp::<false>(x), exp::<true>(x)] {
                assert!((f64::from(y) / f64::from(x).exp() - 1.0).abs() < 5e-7, "exp({x}) = {y}");
            }
        }
        assert!(exp::<false>(f32::NEG_INFINITY) < 1e-37);
        // Reference values of x · Φ(x).
        for (x, expected) in [
            (0.0, 0.0),
            (1.0, 0.841_344_8),
            (-1.0, -0.158_655_25),
            (2.5, 2.484_475_8),
            (-2.5, -0.015_524_16),
            (9.0, 9.0),
            (-9.0, 0.0),
        ] {
            let mut numbers = [x; LANES];
            gelu(&mut numbers);
            assert!(numbers.iter().all(|y| (y - expected).abs() < 5e-7), "gelu({x}) = {}", numbers[0]);
        }
    }

    #[test]
    fn rows_are_normalized() {
        let mut rows: Vec<f32> = (0..2 * LANES).map(|i| i as f32).collect();
        let (ones, scale, shift) = ([1f32; 2 * LANES], [2f32; LANES], [3f32; LANES]);
        add_and_normalize(&mut rows, &ones, &scale, &shift, 1e-12);
        for row in rows.chunks_exact(LANES) {
            let mean = row.iter().sum::<f32>() / LANES as f32;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / LANES as f32;
            assert!((mean - 3.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-4, "mean {mean}, variance {variance}");
        }
    }
}
