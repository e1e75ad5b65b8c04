//! The inner loop of linear layers on x86-64: with AVX2, and with SSE2, which every such processor has.

use super::{Linear, PANEL, QuantizedRows};

/// Computes a row of outputs for each row of inputs.
pub(super) fn apply(layer: &Linear, rows: &QuantizedRows, out: &mut [f32]) {
    if crate::has_avx2() {
        // SAFETY: the processor has AVX2.
        unsafe { avx2(layer, rows, out) };
    } else {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { sse2(layer, rows, out) };
    }
}

/// Defines a function that computes `$rows` rows and a panel of outputs at a time, in `$registers` registers for each row.
/// The sums stay in registers, of which there are sixteen.
macro_rules! kernel {
    (
        $name:ident, $feature:literal, rows $rows:literal, $register:ident times $registers:literal,
        $zero:ident, $load:ident, $broadcast:ident, $multiply_and_add_neighbours:ident, $add:ident, $store:ident
    ) => {
        #[target_feature(enable = $feature)]
        fn $name(layer: &Linear, rows: &QuantizedRows, out: &mut [f32]) {
            for (place, panel) in layer.weights.chunks_exact(PANEL * layer.inputs).enumerate() {
                for first in (0..rows.scales.len()).step_by($rows) {
                    match (rows.scales.len() - first).min($rows) {
                        1 => tile::<1>(layer, rows, first, place, panel, out),
                        2 => tile::<2>(layer, rows, first, place, panel, out),
                        3 => tile::<3>(layer, rows, first, place, panel, out),
                        4 => tile::<4>(layer, rows, first, place, panel, out),
                        5 => tile::<5>(layer, rows, first, place, panel, out),
                        _ => tile::<$rows>(layer, rows, first, place, panel, out),
                    }
                }
            }

            /// Computes one panel of outputs for `N` rows.
            #[target_feature(enable = $feature)]
            #[inline]
            fn tile<const N: usize>(
                layer: &Linear,
                rows: &QuantizedRows,
                first: usize,
                place: usize,
                panel: &[i16],
                out: &mut [f32],
            ) {
                use std::arch::x86_64::{
                    $add, $broadcast, $load, $multiply_and_add_neighbours, $register, $store, $zero,
                };
                assert!(panel.len() == PANEL * layer.inputs);
                // Pairs of inputs, each of which is read as one `i32`.
                let inputs: [*const i32; N] = std::array::from_fn(|row| {
                    rows.values[(first + row) * layer.inputs..][..layer.inputs].as_ptr().cast()
                });
                let mut sums = [[$zero(); $registers]; N];
                for pair in 0..layer.inputs / 2 {
                    let mut weights = [$zero(); $registers];
                    for (part, register) in weights.iter_mut().enumerate() {
                        // SAFETY: `panel` has `2 * PANEL` numbers for each pair, which are these registers.
                        *register =
                            unsafe { $load(panel.as_ptr().add(pair * 2 * PANEL).cast::<$register>().add(part)) };
                    }
                    for (inputs, sums) in inputs.iter().zip(&mut sums) {
                        // SAFETY: each row has `layer.inputs` numbers.
                        let both = $broadcast(unsafe { inputs.add(pair).read_unaligned() });
                        for (sum, weights) in sums.iter_mut().zip(weights) {
                            *sum = $add(*sum, $multiply_and_add_neighbours(both, weights));
                        }
                    }
                }
                for (row, sums) in sums.iter().enumerate() {
                    let mut numbers = [0i32; PANEL];
                    for (part, sum) in sums.iter().enumerate() {
                        // SAFETY: the array has the size of these registers.
                        unsafe { $store(numbers.as_mut_ptr().cast::<$register>().add(part), *sum) };
                    }
                    let row = first + row;
                    layer.store(&numbers, rows.scales[row], place, &mut out[row * layer.outputs()..]);
                }
            }
        }
    };
}

kernel!(
    avx2, "avx2", rows 6, __m256i times 2,
    _mm256_setzero_si256, _mm256_loadu_si256, _mm256_set1_epi32, _mm256_madd_epi16, _mm256_add_epi32, _mm256_storeu_si256
);
kernel!(
    sse2, "sse2", rows 3, __m128i times 4,
    _mm_setzero_si128, _mm_loadu_si128, _mm_set1_epi32, _mm_madd_epi16, _mm_add_epi32, _mm_storeu_si128
);
