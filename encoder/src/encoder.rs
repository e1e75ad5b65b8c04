//! The encoder: embeddings of tokens, layers of attention, and the mean over all tokens of a text.
//!
//! Texts of a group are computed together without padding: their tokens are the rows of one matrix, and only
//! attention looks at each text alone.

use serde::Deserialize;

use crate::LANES;
use crate::attention::{AttentionBuffer, HEAD_SIZE, attention};
use crate::linear::{Linear, QuantizedRows};
use crate::pointwise::{add_and_normalize, gelu};
use crate::weights::{Rows, Weights};

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

/// The loaded encoder.
pub struct Encoder {
    hidden: usize,
    eps: f32,
    /// For each word; half of all weights, of which a text needs few.
    words: Rows,
    /// For each position; the embedding of the first segment is added, as texts have only one.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

impl Encoder {
    /// Reads the weights. Errors say what is wrong with the file.
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, String> {
        let hidden = config.hidden_size;
        let name = |part: &str| format!("embeddings.{part}_embeddings.weight");
        let words = weights.rows(&name("word"), config.vocab_size, hidden)?;
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

    /// The vector of each text, normalized to length 1. Time and `memory` grow with the tokens of all texts. Fails if the
    /// file of the weights can no longer be read.
    ///
    /// # Panics
    /// If a token is not in the vocabulary, or a text is empty or longer than the model allows.
    pub fn embed(&self, texts: &[&[u32]], memory: &mut Memory) -> std::io::Result<Vec<Vec<f32>>> {
        let Memory { rows, bytes, buffers } = memory;
        rows.clear();
        buffers.out.clear();
        for text in texts {
            assert!(!text.is_empty());
            for token in *text {
                self.words.append_to(rows, bytes, *token as usize)?;
            }
            buffers.out.extend_from_slice(&self.positions[..text.len() * self.hidden]);
        }
        self.norm.apply(rows, &buffers.out, self.eps);
        for layer in &self.layers {
            layer.forward(rows, texts, self.hidden, self.eps, buffers);
        }
        let mut rest = rows.as_slice();
        let mut next = |text: &&[u32]| {
            let (rows, others) = rest.split_at(text.len() * self.hidden);
            rest = others;
            mean_direction(rows, self.hidden)
        };
        Ok(texts.iter().map(&mut next).collect())
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

/// Memory that [`Encoder::embed`] reuses between calls, about 14 kB for each token of the largest.
#[derive(Debug, Default)]
pub struct Memory {
    rows: Vec<f32>,
    bytes: Vec<u8>,
    buffers: Buffers,
}

/// Intermediate results, reused by all layers.
#[derive(Debug, Default)]
struct Buffers {
    quantized: QuantizedRows,
    wide: Vec<f32>,
    attended: Vec<f32>,
    out: Vec<f32>,
    attention: AttentionBuffer,
}

impl Layer {
    fn load(config: &Config, weights: &Weights, place: usize) -> Result<Self, String> {
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
        let linear = |part: &str, inputs: usize, outputs: usize| -> Result<Linear, String> {
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
    fn load(weights: &Weights, part: &str, size: usize) -> Result<Self, String> {
        let read = |kind: &str| weights.read(&format!("{part}.LayerNorm.{kind}"), &[size]);
        Ok(Self { scale: read("weight")?, shift: read("bias")? })
    }

    fn apply(&self, rows: &mut [f32], added: &[f32], eps: f32) {
        add_and_normalize(rows, added, &self.scale, &self.shift, eps);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;
    use crate::PORTABLE;

    const WORDS: usize = 50;
    const POSITIONS: usize = 40;

    /// A small model with the numbers of a fixed sequence.
    fn small_model() -> Encoder {
        let (hidden, wide) = (2 * HEAD_SIZE, 8 * HEAD_SIZE);
        let config = serde_json::json!({
            "hidden_act": "gelu", "hidden_size": hidden, "intermediate_size": wide, "layer_norm_eps": 1e-12,
            "max_position_embeddings": POSITIONS, "num_attention_heads": 2, "num_hidden_layers": 2,
            "type_vocab_size": 2, "vocab_size": WORDS,
        });
        let config: Config = serde_json::from_value(config).expect("a configuration");
        assert_eq!(config.problem(), None);
        let mut tensors: Vec<(String, Vec<usize>)> = ["word", "position", "token_type"]
            .into_iter()
            .zip([WORDS, POSITIONS, 2])
            .map(|(part, count)| (format!("embeddings.{part}_embeddings.weight"), vec![count, hidden]))
            .collect();
        let norm = |name: String, tensors: &mut Vec<_>| {
            tensors.push((format!("{name}.LayerNorm.weight"), vec![hidden]));
            tensors.push((format!("{name}.LayerNorm.bias"), vec![hidden]));
        };
        norm("embeddings".to_owned(), &mut tensors);
        for layer in 0..2 {
            for (part, inputs, outputs) in [
                ("attention.self.query", hidden, hidden),
                ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden),
                ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", hidden, wide),
                ("output.dense", wide, hidden),
            ] {
                tensors.push((format!("encoder.layer.{layer}.{part}.weight"), vec![outputs, inputs]));
                tensors.push((format!("encoder.layer.{layer}.{part}.bias"), vec![outputs]));
            }
            norm(format!("encoder.layer.{layer}.attention.output"), &mut tensors);
            norm(format!("encoder.layer.{layer}.output"), &mut tensors);
        }
        let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
        let mut state = 1u32;
        for (name, shape) in tensors {
            let start = data.len();
            for _ in 0..shape.iter().product::<usize>() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                data.extend_from_slice(&((state >> 8) as f32 / (1 << 23) as f32 - 1.0).to_le_bytes());
            }
            let entry = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
            header.insert(name, entry);
        }
        let header = serde_json::to_vec(&header).expect("a header");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&[&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()).expect("written");
        file.rewind().expect("rewound");
        Encoder::load(&config, &Weights::open(file).expect("weights")).expect("a model")
    }

    fn texts() -> Vec<Vec<u32>> {
        [1, 7, POSITIONS, 2, 16, 17]
            .into_iter()
            .map(|length| (0..length).map(|place| (place * 31 + length * 7) as u32 % WORDS as u32).collect())
            .collect()
    }

    #[test]
    fn a_vector_is_the_same_alone_and_beside_other_texts() {
        let (model, texts, mut memory) = (small_model(), texts(), Memory::default());
        let all: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let together = model.embed(&all, &mut memory).expect("vectors");
        for (text, vector) in all.iter().zip(&together) {
            let alone = model.embed(&[text], &mut memory).expect("a vector");
            assert_eq!(alone[0], *vector, "{} tokens", text.len());
            assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
        }
        assert_eq!(model.embed(&all, &mut memory).expect("vectors"), together, "nothing is left of other calls");
        assert!(model.embed(&[], &mut memory).expect("no vectors").is_empty());
    }

    #[test]
    fn other_processors_compute_the_same() {
        let (model, texts, mut memory) = (small_model(), texts(), Memory::default());
        let all: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let here = model.embed(&all, &mut memory).expect("vectors");
        PORTABLE.set(true);
        let portable = model.embed(&all, &mut memory).expect("vectors");
        PORTABLE.set(false);
        for (here, portable) in here.iter().zip(&portable) {
            let cosine: f32 = here.iter().zip(portable).map(|(x, y)| x * y).sum();
            assert!(cosine > 0.99999, "{cosine}");
        }
        assert_ne!(here[0], here[1]);
    }
}
