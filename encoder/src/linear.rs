//! Linear layers with weights and inputs of 16-bit integers.
//!
//! One instruction of AVX2 multiplies sixteen pairs of 16-bit integers and adds neighbours: twice the work of a fused
//! multiply-add of floats. Sums are exact and the same on every processor. Unlike 8-bit weights, these keep vectors
//! comparable with those of 32-bit weights (cosine above 0.9999).

#[cfg(target_arch = "x86_64")]
mod x86;

use crate::pointwise::nearest;
use crate::{LANES, dispatch, larger};

/// Outputs whose weights are stored together, so that one pass over the inputs computes all of them.
const PANEL: usize = LANES;

/// Rows that are computed together without intrinsics.
#[cfg(any(test, not(target_arch = "x86_64")))]
const PLAIN_ROWS: usize = 4;

/// Largest quantized input. Weights are scaled so that no sum of products with such inputs exceeds an `i32`.
const MAX_INPUT: f32 = 4095.0;

/// Rows of inputs as integers, each row with a scale of its own.
#[derive(Debug, Default)]
pub(crate) struct QuantizedRows {
    columns: usize,
    values: Vec<i16>,
    scales: Vec<f32>,
}

impl QuantizedRows {
    /// Replaces the content by these rows; the memory is reused.
    ///
    /// # Panics
    /// If `columns` is no multiple of [`LANES`] or `rows` no multiple of `columns`.
    pub(crate) fn quantize(&mut self, rows: &[f32], columns: usize) {
        assert!(columns.is_multiple_of(LANES) && rows.len().is_multiple_of(columns));
        self.columns = columns;
        self.values.resize(rows.len(), 0);
        self.scales.resize(rows.len() / columns, 0.0);
        quantize(rows, columns, &mut self.values, &mut self.scales);
    }
}

dispatch! {
    fn quantize(rows: &[f32], columns: usize, values: &mut [i16], scales: &mut [f32]) => quantize_body
}

#[inline(always)]
fn quantize_body<const FUSED: bool>(rows: &[f32], columns: usize, values: &mut [i16], scales: &mut [f32]) {
    for ((row, values), scale) in rows.chunks_exact(columns).zip(values.chunks_exact_mut(columns)).zip(scales) {
        let mut maxima = [0f32; LANES];
        for part in row.as_chunks::<LANES>().0 {
            for (max, x) in maxima.iter_mut().zip(part) {
                *max = larger(x.abs(), *max);
            }
        }
        let max = maxima.into_iter().fold(f32::MIN_POSITIVE, larger);
        *scale = max / MAX_INPUT;
        // Not more than the largest float, times which 0 would not be a number.
        let factor = (MAX_INPUT / max).min(f32::MAX);
        for (value, x) in values.iter_mut().zip(row) {
            *value = nearest(x * factor);
        }
    }
}

/// A linear layer.
#[derive(Debug)]
pub(crate) struct Linear {
    inputs: usize,
    /// By panel, pair of inputs, output, and place in the pair.
    weights: Vec<i16>,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// Quantizes weights, a row for each output.
    ///
    /// # Panics
    /// If the numbers of inputs or outputs are no multiples of [`LANES`].
    pub(crate) fn new(weights: &[f32], bias: &[f32]) -> Self {
        let (inputs, outputs) = (weights.len() / bias.len().max(1), bias.len());
        assert!(inputs.is_multiple_of(LANES) && outputs.is_multiple_of(LANES) && weights.len() == inputs * outputs);
        let mut layer = Self { inputs, weights: vec![0; weights.len()], scales: Vec::new(), bias: bias.to_vec() };
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let max = row.iter().map(|weight| weight.abs()).fold(f32::MIN_POSITIVE, larger);
            let total: f64 = row.iter().map(|weight| f64::from(weight.abs())).sum();
            // Rounding adds at most a half to each weight.
            let max_total = f64::from(i32::MAX) / f64::from(MAX_INPUT) - inputs as f64 / 2.0;
            let factor = (f32::from(i16::MAX) / max).min((max_total / total) as f32).min(f32::MAX);
            layer.scales.push(1.0 / factor);
            let panel = &mut layer.weights[output / PANEL * PANEL * inputs..][..PANEL * inputs];
            for (pairs, weights) in panel.chunks_exact_mut(2 * PANEL).zip(row.as_chunks::<2>().0) {
                for (place, weight) in weights.iter().enumerate() {
                    pairs[output % PANEL * 2 + place] = nearest(weight * factor);
                }
            }
        }
        layer
    }

    /// The number of outputs.
    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Computes a row of outputs for each row of inputs.
    ///
    /// # Panics
    /// If the numbers of inputs or outputs are not those of the layer.
    pub(crate) fn apply(&self, rows: &QuantizedRows, out: &mut [f32]) {
        assert!(rows.columns == self.inputs && out.len() == rows.scales.len() * self.outputs());
        #[cfg(target_arch = "x86_64")]
        x86::apply(self, rows, out);
        #[cfg(not(target_arch = "x86_64"))]
        self.apply_plain(rows, out);
    }

    /// The same without intrinsics. The inner loop is one that compilers turn into NEON's widening multiply-add.
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn apply_plain(&self, rows: &QuantizedRows, out: &mut [f32]) {
        for (place, panel) in self.weights.chunks_exact(PANEL * self.inputs).enumerate() {
            for first in (0..rows.scales.len()).step_by(PLAIN_ROWS) {
                // The last row may be computed more than once.
                let inputs: [&[[i16; 2]]; PLAIN_ROWS] = std::array::from_fn(|r| {
                    let row = (first + r).min(rows.scales.len() - 1);
                    rows.values[row * self.inputs..][..self.inputs].as_chunks::<2>().0
                });
                let mut sums = [[0i32; PANEL]; PLAIN_ROWS];
                for (pair, weights) in panel.as_chunks::<{ 2 * PANEL }>().0.iter().enumerate() {
                    for (sums, inputs) in sums.iter_mut().zip(inputs) {
                        let [even, odd] = inputs[pair].map(i32::from);
                        for (output, sum) in sums.iter_mut().enumerate() {
                            let products = even * i32::from(weights[2 * output]);
                            *sum = sum.wrapping_add(products.wrapping_add(odd * i32::from(weights[2 * output + 1])));
                        }
                    }
                }
                for (r, sums) in sums.iter().enumerate().take(rows.scales.len() - first) {
                    self.store(sums, rows.scales[first + r], place, &mut out[(first + r) * self.outputs()..]);
                }
            }
        }
    }

    /// Stores the sums of one row and panel as floats, with their bias.
    #[inline(always)]
    fn store(&self, sums: &[i32; PANEL], input_scale: f32, place: usize, out: &mut [f32]) {
        let here = place * PANEL..(place + 1) * PANEL;
        let layer = self.scales[here.clone()].iter().zip(&self.bias[here.clone()]);
        for ((out, sum), (scale, bias)) in out[here].iter_mut().zip(sums).zip(layer) {
            *out = *sum as f32 * (input_scale * scale) + bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PORTABLE;

    /// Numbers between −1 and 1.
    fn numbers(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * step) % 1009) as f32 / 504.0 - 1.0).collect()
    }

    fn check(weights: &[f32], bias: &[f32], inputs: &[f32], tolerance: f64) {
        let columns = weights.len() / bias.len();
        let layer = Linear::new(weights, bias);
        let mut rows = QuantizedRows::default();
        rows.quantize(inputs, columns);
        let mut out = vec![0f32; inputs.len() / columns * bias.len()];
        layer.apply(&rows, &mut out);
        let mut other = vec![0f32; out.len()];
        layer.apply_plain(&rows, &mut other);
        assert_eq!(out, other, "the same sums without intrinsics");
        PORTABLE.set(true);
        layer.apply(&rows, &mut other);
        PORTABLE.set(false);
        assert_eq!(out, other, "the same sums without AVX2");
        for (place, out) in out.iter().enumerate() {
            let (row, output) = (place / bias.len(), place % bias.len());
            let (inputs, weights) = (&inputs[row * columns..][..columns], &weights[output * columns..][..columns]);
            let expected: f64 = inputs.iter().zip(weights).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
            let error = f64::from(*out) - expected - f64::from(bias[output]);
            assert!(error.abs() <= tolerance, "row {row}, output {output}: {error}");
        }
    }

    #[test]
    fn a_layer_equals_its_definition() {
        for rows in [1, 2, 5, 6, 7, 13] {
            check(&numbers(96 * 48, 7919), &numbers(48, 31), &numbers(rows * 96, 613), 0.01);
        }
    }

    #[test]
    fn the_largest_weights_and_inputs_do_not_overflow() {
        for sign in [1.0, -1.0] {
            check(&vec![1e3; 4096 * 16], &[0.0; 16], &vec![sign * 1e3; 2 * 4096], 2e7);
        }
    }

    #[test]
    fn zeros_and_tiny_numbers_stay_finite() {
        check(&vec![0.0; 32 * 16], &numbers(16, 5), &vec![0.0; 64], 0.0);
        check(&vec![1e-44; 32 * 16], &numbers(16, 5), &vec![1e-44; 64], 1e-40);
    }
}
