//! The encoder: embeddings of tokens, layers of attention, and the mean over all tokens of a text.
//!
//! Texts of a group are computed together without padding: their tokens are the rows of one matrix, and only
//! attention looks at each text alone.

use serde::Deserialize;

use crate::LANES;
use crate::attention::{AttentionBuffer, HEAD_SIZE, attention};
use crate::linear::{Linear, QuantizedRows};
use crate::pointwise::{add_and_normalize, gelu, nearest};
use crate::weights::Weights;

/// The part of `config.json` that describes the encoder.
#[derive(Debug, Deserialize)]
pub struct Config {
    hidden_act: String,
    hidden_size: usize,
    intermediate_size: usize,
    layer_norm_eps: f32,
    /// Most tokens of a text.
    pub max_position_embeddings: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    type_vocab_size: usize,
    /// Number of different tokens.
    pub vocab_size: usize,
}

impl Config {
    /// Why such a model cannot be computed here, if so.
    pub fn problem(&self) -> Option<&'static str> {
        if self.hidden_act != "gelu" {
            return Some("its activation is not gelu");
        }
        if self.num_attention_heads.checked_mul(HEAD_SIZE) != Some(self.hidden_size) || self.hidden_size == 0 {
            return Some("its heads have another size than 32");
        }
        if !self.intermediate_size.is_multiple_of(LANES) || self.intermediate_size == 0 {
            return Some("its intermediate size is no multiple of 16");
        }
        None
    }
}

/// Scale and shift of a layer norm.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// One layer.
struct Layer {
    /// Queries, keys and values of all heads.
    project: Linear,
    attended: Linear,
    attended_norm: Norm,
    expand: Linear,
    contract: Linear,
    norm: Norm,
}

/// Embeddings of all words as integers, each with a scale of its own: half the memory of floats.
struct Words {
    numbers: Vec<i16>,
    scales: Vec<f32>,
}

/// The loaded encoder.
pub struct Encoder {
    hidden: usize,
    eps: f32,
    words: Words,
    /// For each position; the embedding of the first segment is added, as texts have only one.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

impl Encoder {
    /// Reads the weights. Errors say what is wrong with the file.
    pub fn load(config: &Config, weights: &mut Weights) -> Result<Self, String> {
        let hidden = config.hidden_size;
        let name = |part: &str| format!("embeddings.{part}_embeddings.weight");
        let words = Words::load(weights, &name("word"), config.vocab_size, hidden)?;
        let mut positions = weights.read(&name("position"), &[config.max_position_embeddings, hidden])?;
        let segments = weights.read(&name("token_type"), &[config.type_vocab_size, hidden])?;
        for position in positions.chunks_exact_mut(hidden) {
            for (number, segment) in position.iter_mut().zip(&segments) {
                *number += segment;
            }
        }
        let norm = Norm::load(weights, "embeddings", hidden)?;
        let layers =
            (0..config.num_hidden_layers).map(|place| Layer::load(config, weights, place)).collect::<Result<_, _>>()?;
        Ok(Self { hidden, eps: config.layer_norm_eps, words, positions, norm, layers })
    }

    /// Numbers of a vector.
    pub fn dimensions(&self) -> usize {
        self.hidden
    }

    /// The vector of each text, normalized to length 1. Memory and time grow with the tokens of all texts.
    ///
    /// # Panics
    /// If a token is not in the vocabulary, or a text is empty or longer than the model allows.
    pub fn embed(&self, texts: &[&[u32]]) -> Vec<Vec<f32>> {
        let tokens: usize = texts.iter().map(|text| text.len()).sum();
        let mut rows = Vec::with_capacity(tokens * self.hidden);
        let mut added = Vec::with_capacity(tokens * self.hidden);
        for text in texts {
            for token in *text {
                self.words.append(*token as usize, self.hidden, &mut rows);
            }
            added.extend_from_slice(&self.positions[..text.len() * self.hidden]);
        }
        self.norm.apply(&mut rows, &added, self.eps);
        let mut buffers = Buffers { out: added, ..Buffers::default() };
        for layer in &self.layers {
            layer.forward(&mut rows, texts, self.hidden, self.eps, &mut buffers);
        }
        let mut rest = rows.as_slice();
        let mut next = |text: &&[u32]| {
            let (rows, others) = rest.split_at(text.len() * self.hidden);
            rest = others;
            mean_direction(rows, self.hidden)
        };
        texts.iter().map(&mut next).collect()
    }
}

/// The mean of rows, scaled to length 1.
fn mean_direction(rows: &[f32], columns: usize) -> Vec<f32> {
    let mut sum = vec![0f32; columns];
    for row in rows.chunks_exact(columns) {
        for (sum, number) in sum.iter_mut().zip(row) {
            *sum += number;
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt();
    sum.iter_mut().for_each(|number| *number /= length);
    sum
}

/// Intermediate results, reused by all layers.
#[derive(Default)]
struct Buffers {
    quantized: QuantizedRows,
    wide: Vec<f32>,
    attended: Vec<f32>,
    out: Vec<f32>,
    attention: AttentionBuffer,
}

impl Layer {
    fn load(config: &Config, weights: &mut Weights, place: usize) -> Result<Self, String> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{place}.{part}");
        // One matrix for queries, keys and values, so that the inputs are read once.
        let (mut projection, mut bias) = (Vec::with_capacity(3 * hidden * hidden), Vec::with_capacity(3 * hidden));
        for part in ["query", "key", "value"] {
            projection.extend(weights.read(&name(&format!("attention.self.{part}.weight")), &[hidden, hidden])?);
            bias.extend(weights.read(&name(&format!("attention.self.{part}.bias")), &[hidden])?);
        }
        // Scaled queries give scaled scores.
        let scale = 1.0 / (HEAD_SIZE as f32).sqrt();
        projection[..hidden * hidden].iter_mut().chain(&mut bias[..hidden]).for_each(|number| *number *= scale);
        let mut linear = |part: &str, inputs: usize, outputs: usize| -> Result<Linear, String> {
            let matrix = weights.read(&name(&format!("{part}.dense.weight")), &[outputs, inputs])?;
            Ok(Linear::new(&matrix, &weights.read(&name(&format!("{part}.dense.bias")), &[outputs])?))
        };
        Ok(Self {
            project: Linear::new(&projection, &bias),
            attended: linear("attention.output", hidden, hidden)?,
            expand: linear("intermediate", hidden, wide)?,
            contract: linear("output", wide, hidden)?,
            attended_norm: Norm::load(weights, &name("attention.output"), hidden)?,
            norm: Norm::load(weights, &name("output"), hidden)?,
        })
    }

    fn forward(&self, rows: &mut [f32], texts: &[&[u32]], hidden: usize, eps: f32, buffers: &mut Buffers) {
        let Buffers { quantized, wide, attended, out, attention: buffer } = buffers;
        apply(&self.project, rows, hidden, quantized, wide);
        attended.resize(rows.len(), 0.0);
        let mut place = 0;
        for text in texts {
            let end = place + text.len() * hidden;
            attention(&wide[3 * place..3 * end], hidden, &mut attended[place..end], buffer);
            place = end;
        }
        apply(&self.attended, attended, hidden, quantized, out);
        self.attended_norm.apply(rows, out, eps);
        apply(&self.expand, rows, hidden, quantized, wide);
        gelu(wide);
        apply(&self.contract, wide, self.expand.outputs(), quantized, out);
        self.norm.apply(rows, out, eps);
    }
}

/// Applies a layer to rows of `columns` numbers.
fn apply(layer: &Linear, rows: &[f32], columns: usize, quantized: &mut QuantizedRows, out: &mut Vec<f32>) {
    quantized.quantize(rows, columns);
    out.resize(rows.len() / columns * layer.outputs(), 0.0);
    layer.apply(quantized, out);
}

impl Norm {
    fn load(weights: &mut Weights, part: &str, size: usize) -> Result<Self, String> {
        let mut read = |kind: &str| weights.read(&format!("{part}.LayerNorm.{kind}"), &[size]);
        Ok(Self { scale: read("weight")?, shift: read("bias")? })
    }

    fn apply(&self, rows: &mut [f32], added: &[f32], eps: f32) {
        add_and_normalize(rows, added, &self.scale, &self.shift, eps);
    }
}

impl Words {
    fn load(weights: &mut Weights, name: &str, count: usize, hidden: usize) -> Result<Self, String> {
        let mut words = Self { numbers: Vec::with_capacity(count * hidden), scales: Vec::with_capacity(count) };
        weights.read_in_parts(name, &[count, hidden], hidden, |row| {
            let max = row.iter().fold(f32::MIN_POSITIVE, |max, number| max.max(number.abs()));
            let scale = max / f32::from(i16::MAX);
            words.numbers.extend(row.iter().map(|number| nearest(number / scale)));
            words.scales.push(scale);
        })?;
        Ok(words)
    }

    /// Appends the embedding of a word.
    fn append(&self, word: usize, hidden: usize, rows: &mut Vec<f32>) {
        let scale = self.scales[word];
        rows.extend(self.numbers[word * hidden..][..hidden].iter().map(|number| f32::from(*number) * scale));
    }
}
