//! Multi-head self-attention of one text.

use crate::pointwise::exp;
use crate::{LANES, dispatch, larger, multiply_add};

/// Numbers of a head. Fixed, so that the loops over them have a length that the compiler knows.
pub(crate) const HEAD_SIZE: usize = 32;

/// Rows that are computed together: each key and value is loaded once for all of them.
const ROWS: usize = 4;

/// Memory that [`attention`] reuses between calls.
#[derive(Debug, Default)]
pub(crate) struct AttentionBuffer {
    /// The keys of a head in panels of [`LANES`] tokens, each panel transposed.
    keys: Vec<f32>,
    /// The values of a head, one row for each token.
    values: Vec<f32>,
    /// The scores of [`ROWS`] tokens.
    scores: Vec<f32>,
}

dispatch! {
    /// For each token the mean of all values, weighted by the softmax of query · key. A row of `projected` holds the
    /// token's queries, keys and values of all heads, `3 * hidden` numbers. The queries are scaled already.
    pub(crate) fn attention(projected: &[f32], hidden: usize, out: &mut [f32], buffer: &mut AttentionBuffer)
        => attention_body
}

#[inline(always)]
fn attention_body<const FUSED: bool>(projected: &[f32], hidden: usize, out: &mut [f32], buffer: &mut AttentionBuffer) {
    let tokens = projected.len() / (3 * hidden);
    let padded = tokens.next_multiple_of(LANES);
    let AttentionBuffer { keys, values, scores } = buffer;
    for (part, rows) in [(&mut *keys, HEAD_SIZE), (&mut *values, HEAD_SIZE), (&mut *scores, ROWS)] {
        part.clear();
        part.resize(rows * padded, 0.0);
    }
    for head in (0..hidden).step_by(HEAD_SIZE) {
        for (token, row) in projected.chunks_exact(3 * hidden).enumerate() {
            let panel = &mut keys[token / LANES * LANES * HEAD_SIZE..][..LANES * HEAD_SIZE];
            for (line, key) in panel.as_chunks_mut::<LANES>().0.iter_mut().zip(&row[hidden + head..][..HEAD_SIZE]) {
                line[token % LANES] = *key;
            }
            values[token * HEAD_SIZE..][..HEAD_SIZE].copy_from_slice(&row[2 * hidden + head..][..HEAD_SIZE]);
        }
        for first in (0..tokens).step_by(ROWS) {
            // The last rows may repeat the last token; their results are dropped.
            let queries: [[f32; HEAD_SIZE]; ROWS] = std::array::from_fn(|r| {
                let token = (first + r).min(tokens - 1);
                let query = &projected[token * 3 * hidden + head..][..HEAD_SIZE];
                std::array::from_fn(|i| query[i])
            });
            score::<FUSED>(&queries, keys, padded, scores);
            // No closure: the compiler might not inline it, and then it would not be compiled for AVX2.
            let mut weights = [0f32; ROWS];
            for (weight, scores) in weights.iter_mut().zip(scores.chunks_exact_mut(padded)) {
                *weight = 1.0 / softmax::<FUSED>(scores, tokens);
            }
            for half in (0..HEAD_SIZE).step_by(LANES) {
                let sums = weigh::<FUSED>(scores, padded, values, half);
                for (r, sums) in sums.iter().enumerate().take(tokens - first) {
                    let out = &mut out[(first + r) * hidden + head + half..][..LANES];
                    for (out, sum) in out.iter_mut().zip(sums) {
                        *out = sum * weights[r];
                    }
                }
            }
        }
    }
}

/// The products of some queries and all keys.
#[inline(always)]
fn score<const FUSED: bool>(queries: &[[f32; HEAD_SIZE]; ROWS], keys: &[f32], padded: usize, scores: &mut [f32]) {
    for (place, panel) in keys.chunks_exact(HEAD_SIZE * LANES).enumerate() {
        let mut sums = [[0f32; LANES]; ROWS];
        for (i, keys) in panel.as_chunks::<LANES>().0.iter().enumerate().take(HEAD_SIZE) {
            for (sums, query) in sums.iter_mut().zip(queries) {
                for (sum, key) in sums.iter_mut().zip(keys) {
                    *sum = multiply_add::<FUSED>(query[i], *key, *sum);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            scores[r * padded + place * LANES..][..LANES].copy_from_slice(sums);
        }
    }
}

/// Replaces scores by their exponentials, those after the last token by nearly 0, and returns their sum.
#[inline(always)]
fn softmax<const FUSED: bool>(scores: &mut [f32], tokens: usize) -> f32 {
    scores[tokens..].fill(f32::NEG_INFINITY);
    let parts = scores.as_chunks_mut::<LANES>().0;
    let mut maxima = [f32::NEG_INFINITY; LANES];
    for part in parts.iter() {
        for (max, score) in maxima.iter_mut().zip(part) {
            *max = larger(*score, *max);
        }
    }
    let max = maxima.into_iter().fold(f32::NEG_INFINITY, larger);
    let mut sums = [0f32; LANES];
    for part in parts {
        for (sum, score) in sums.iter_mut().zip(part) {
            *score = exp::<FUSED>(*score - max);
            *sum += *score;
        }
    }
    sums.iter().sum()
}

/// The sums of half of the values of all tokens, each times its score.
#[inline(always)]
fn weigh<const FUSED: bool>(scores: &[f32], padded: usize, values: &[f32], half: usize) -> [[f32; LANES]; ROWS] {
    let mut sums = [[0f32; LANES]; ROWS];
    let rows: [&[f32]; ROWS] = std::array::from_fn(|r| &scores[r * padded..][..padded]);
    for (token, values) in values.as_chunks::<HEAD_SIZE>().0.iter().enumerate().take(padded) {
        let values = &values[half..half + LANES];
        for (sums, row) in sums.iter_mut().zip(rows) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = multiply_add::<FUSED>(row[token], *value, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attention_equals_its_definition() {
        let hidden = 2 * HEAD_SIZE;
        for tokens in [1, 3, 16, 21] {
            let projected: Vec<f32> =
                (0..tokens * 3 * hidden).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
            let part = |token: usize, part: usize, head: usize| {
                &projected[(token * 3 + part) * hidden + head * HEAD_SIZE..][..HEAD_SIZE]
            };
            for buffer in
                [&mut AttentionBuffer::default(), &mut AttentionBuffer { scores: vec![9.0; 99], ..Default::default() }]
            {
                let mut out = vec![0f32; tokens * hidden];
                attention(&projected, hidden, &mut out, buffer);
                let mut plain = vec![0f32; tokens * hidden];
                attention_body::<false>(&projected, hidden, &mut plain, buffer);
                for (place, (out, plain)) in out.iter().zip(&plain).enumerate() {
                    let (token, head, i) = (place / hidden, place % hidden / HEAD_SIZE, place % HEAD_SIZE);
                    let weights: Vec<f32> = (0..tokens)
                        .map(|other| {
                            part(token, 0, head).iter().zip(part(other, 1, head)).map(|(q, k)| q * k).sum::<f32>().exp()
                        })
                        .collect();
                    let expected =
                        weights.iter().enumerate().map(|(other, w)| w * part(other, 2, head)[i]).sum::<f32>()
                            / weights.iter().sum::<f32>();
                    assert!(
                        (out - expected).abs() < 1e-5 && (plain - expected).abs() < 1e-5,
                        "{out} {plain} {expected}"
                    );
                }
            }
        }
    }
}
