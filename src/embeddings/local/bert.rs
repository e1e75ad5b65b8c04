//! all-MiniLM-L6-v2 as its makers run it: at most 256 tokens, the mean over the tokens, length 1.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use tokenizers::{PaddingParams, PaddingStrategy, Tokenizer, TruncationParams};

/// What the model was made for; the tokenizer's file says 128, which the makers override.
const MAX_TOKENS: usize = 256;

/// Texts computed together. On one thread a larger batch gains nothing and pads more.
const TOGETHER: usize = 4;

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

/// As much of a text as the model can see. A word is a token at least, and almost none is none at all; what
/// follows them need not be taken apart.
fn beginning(text: &str) -> &str {
    let mut words = text.split_whitespace();
    match words.nth(2 * MAX_TOKENS) {
        Some(beyond) => &text[..beyond.as_ptr() as usize - text.as_ptr() as usize],
        None => text,
    }
}

impl Bert {
    /// Loads `config.json`, `tokenizer.json` and `model.safetensors` of a folder; a failure is a sentence.
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
        // The file pads and cuts to 128.
        tokenizer.with_padding(Some(PaddingParams { strategy: PaddingStrategy::BatchLongest, ..Default::default() }));
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: MAX_TOKENS, ..Default::default() }))
            .map_err(|e| broken("tokenizer.json", e.to_string()))?;
        let weights = VarBuilder::from_buffered_safetensors(file("model.safetensors")?, DType::F32, &Device::Cpu)
            .map_err(|e| broken("model.safetensors", e.to_string()))?;
        let model = BertModel::load(weights, &config).map_err(|e| broken("model.safetensors", e.to_string()))?;
        Ok(Self { model, tokenizer, dimensions: config.hidden_size })
    }

    /// Numbers in one vector.
    pub fn dimensions(&self) -> i64 {
        i64::try_from(self.dimensions).unwrap_or(i64::MAX)
    }

    /// One vector of length 1 for each text, in order.
    pub fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, String> {
        // Texts of like length together: the shorter ones are padded to the longest.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&place| texts[place].len());
        let mut vectors = vec![Vec::new(); texts.len()];
        for places in order.chunks(TOGETHER) {
            let batch: Vec<&str> = places.iter().map(|&place| beginning(&texts[place])).collect();
            for (&place, vector) in places.iter().zip(self.forward(batch)?) {
                vectors[place] = vector;
            }
        }
        Ok(vectors)
    }

    fn forward(&self, texts: Vec<&str>) -> Result<Vec<Vec<f32>>, String> {
        let encodings = self
            .tokenizer
            .encode_batch(texts, true)
            .map_err(|error| format!("The embedding model cannot split the text into tokens: {error}."))?;
        let (rows, columns) = (encodings.len(), encodings.first().map_or(0, |e| e.len()));
        let flat = |part: fn(&tokenizers::Encoding) -> &[u32]| -> Vec<u32> {
            encodings.iter().flat_map(|encoding| part(encoding).iter().copied()).collect()
        };
        let compute = || -> candle_core::Result<Vec<Vec<f32>>> {
            let tensor = |numbers| Tensor::from_vec(numbers, (rows, columns), &Device::Cpu);
            let ids = tensor(flat(|e| e.get_ids()))?;
            let types = tensor(flat(|e| e.get_type_ids()))?;
            let mask = tensor(flat(|e| e.get_attention_mask()))?;
            let tokens = self.model.forward(&ids, &types, Some(&mask))?;
            // The mean over the tokens that are not padding.
            let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
            let sum = tokens.broadcast_mul(&mask)?.sum(1)?;
            let mean = sum.broadcast_div(&mask.sum(1)?)?;
            let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
            mean.broadcast_div(&length)?.to_vec2()
        };
        compute().map_err(|error| format!("The embedding model failed: {error}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_model_can_see_is_taken_apart() {
        let short = "just  three words ";
        assert_eq!(beginning(short), short);
        let long = "ein Wört ".repeat(1000);
        assert_eq!(beginning(&long), "ein Wört ".repeat(MAX_TOKENS));
    }
}
