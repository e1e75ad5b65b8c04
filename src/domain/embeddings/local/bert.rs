//! all-MiniLM-L6-v2 with its reference settings: at most 256 tokens, mean pooling, normalized to length 1.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use tokenizers::{Encoding, PaddingDirection, Tokenizer, TruncationParams};

/// Maximum sequence length of the model; the tokenizer's file has 128, which the reference settings override.
const MAX_TOKENS: usize = 256;

/// Maximum number of tokens per forward pass. More would only add padding, because the texts of a group are padded to
/// the longest.
const MAX_GROUP_TOKENS: usize = 256;

/// The loaded model.
pub struct Bert {
    model: BertModel,
    tokenizer: Tokenizer,
    dimensions: usize,
}

impl std::fmt::Debug for Bert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bert")
    }
}

/// The prefix of a text that the model can see. Almost every word has at least one token, so the rest need not be
/// tokenized.
fn visible_prefix(text: &str) -> &str {
    let mut words = text.split_whitespace();
    match words.nth(2 * MAX_TOKENS) {
        Some(beyond) => &text[..beyond.as_ptr() as usize - text.as_ptr() as usize],
        None => text,
    }
}

impl Bert {
    /// Loads `config.json`, `tokenizer.json` and `model.safetensors` from a folder. Errors are complete sentences.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let file = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|error| {
                format!("The embedding model cannot be read at {} ({error}); run `make setup`.", path.display())
            })
        };
        let broken = |name: &str, why: String| {
            let path = folder.join(name);
            format!(
                "The embedding model's file {} is broken ({why}); remove its folder and run `make setup`.",
                path.display()
            )
        };
        let config: Config =
            serde_json::from_slice(&file("config.json")?).map_err(|e| broken("config.json", e.to_string()))?;
        let mut tokenizer =
            Tokenizer::from_bytes(file("tokenizer.json")?).map_err(|e| broken("tokenizer.json", e.to_string()))?;
        // The file pads and truncates to 128 tokens.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: MAX_TOKENS, ..Default::default() }))
            .map_err(|e| broken("tokenizer.json", e.to_string()))?;
        let weights = VarBuilder::from_buffered_safetensors(file("model.safetensors")?, DType::F32, &Device::Cpu)
            .map_err(|e| broken("model.safetensors", e.to_string()))?;
        let model = BertModel::load(weights, &config).map_err(|e| broken("model.safetensors", e.to_string()))?;
        Ok(Self { model, tokenizer, dimensions: config.hidden_size })
    }

    /// Dimensions of a vector.
    pub fn dimensions(&self) -> i64 {
        i64::try_from(self.dimensions).unwrap_or(i64::MAX)
    }

    /// One vector of length 1 for each text, in order.
    pub fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, String> {
        let prefixes: Vec<&str> = texts.iter().map(|text| visible_prefix(text)).collect();
        let mut encodings: Vec<(usize, Encoding)> = self
            .tokenizer
            .encode_batch(prefixes, true)
            .map_err(|error| format!("The embedding model cannot split the text into tokens: {error}."))?
            .into_iter()
            .enumerate()
            .collect();
        // Grouping texts of similar length reduces padding.
        encodings.sort_by_key(|(_, encoding)| encoding.len());
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut rest = encodings.as_mut_slice();
        while !rest.is_empty() {
            let count = (1..=rest.len()).take_while(|&n| n == 1 || n * rest[n - 1].1.len() <= MAX_GROUP_TOKENS).count();
            let (group, others) = rest.split_at_mut(count);
            let computed = self.forward(group).map_err(|error| format!("The embedding model failed: {error}."))?;
            for ((place, _), vector) in group.iter().zip(computed) {
                vectors[*place] = vector;
            }
            rest = others;
        }
        Ok(vectors)
    }

    /// The vectors of a group of texts ordered by length.
    fn forward(&self, group: &mut [(usize, Encoding)]) -> candle_core::Result<Vec<Vec<f32>>> {
        let (rows, columns) = (group.len(), group.last().map_or(0, |(_, longest)| longest.len()));
        for (_, encoding) in group.iter_mut() {
            encoding.pad(columns, 0, 0, "[PAD]", PaddingDirection::Right);
        }
        let tensor = |part: fn(&Encoding) -> &[u32]| {
            let numbers: Vec<u32> = group.iter().flat_map(|(_, encoding)| part(encoding).iter().copied()).collect();
            Tensor::from_vec(numbers, (rows, columns), &Device::Cpu)
        };
        let (ids, types) = (tensor(|e| e.get_ids())?, tensor(|e| e.get_type_ids())?);
        let mask = tensor(|e| e.get_attention_mask())?;
        let tokens = self.model.forward(&ids, &types, Some(&mask))?;
        // Mean over all tokens except padding.
        let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
        let sum = tokens.broadcast_mul(&mask)?.sum(1)?;
        let mean = sum.broadcast_div(&mask.sum(1)?)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        mean.broadcast_div(&length)?.to_vec2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_visible_prefix_is_tokenized() {
        let short = "just  three words ";
        assert_eq!(visible_prefix(short), short);
        let long = "ein Wört ".repeat(1000);
        assert_eq!(visible_prefix(&long), "ein Wört ".repeat(MAX_TOKENS));
    }
}
