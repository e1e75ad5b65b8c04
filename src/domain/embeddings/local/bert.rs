//! all-MiniLM-L6-v2 with its reference settings: at most 256 tokens, mean pooling, normalized to length 1.

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;

use callboard_encoder::{Config, Encoder, Memory, Weights};
use tokenizers::{Encoding, Tokenizer, TruncationParams};

use crate::domain::embeddings::provider::ProviderError;

/// Maximum sequence length of the model; the tokenizer's file has 128, which the reference settings override.
const MAX_TOKENS: usize = 256;

/// Maximum number of tokens that are computed together. Short texts share the reading of the weights; more tokens
/// would only leave the caches.
const MAX_GROUP_TOKENS: usize = 256;

thread_local! {
    /// Memory of a thread that embeds, reused by all its texts: at most 4 MB, because [`MAX_GROUP_TOKENS`] bounds a group.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The loaded model.
pub struct Bert {
    encoder: Encoder,
    tokenizer: Tokenizer,
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
        let unreadable = |name: &str, error: std::io::Error| {
            let path = folder.join(name);
            format!("The embedding model cannot be read at {} ({error}); run `make setup`.", path.display())
        };
        let file = |name: &str| std::fs::read(folder.join(name)).map_err(|error| unreadable(name, error));
        let broken = |name: &str, why: String| {
            let path = folder.join(name);
            format!(
                "The embedding model's file {} is broken ({why}); remove its folder and run `make setup`.",
                path.display()
            )
        };
        let config: Config =
            serde_json::from_slice(&file("config.json")?).map_err(|e| broken("config.json", e.to_string()))?;
        if let Some(problem) = config.problem() {
            return Err(broken("config.json", problem.to_owned()));
        }
        let mut tokenizer =
            Tokenizer::from_bytes(file("tokenizer.json")?).map_err(|e| broken("tokenizer.json", e.to_string()))?;
        // The file pads and truncates to 128 tokens.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: MAX_TOKENS, ..Default::default() }))
            .map_err(|e| broken("tokenizer.json", e.to_string()))?;
        if tokenizer.get_vocab_size(true) > config.vocab_size || config.max_position_embeddings < MAX_TOKENS {
            return Err(broken("config.json", "it does not fit the tokenizer".to_owned()));
        }
        let weights = File::open(folder.join("model.safetensors")).map_err(|e| unreadable("model.safetensors", e))?;
        let encoder = Weights::open(weights)
            .and_then(|weights| Encoder::load(&config, &weights))
            .map_err(|why| broken("model.safetensors", why))?;
        Ok(Self { encoder, tokenizer })
    }

    /// Dimensions of a vector.
    pub fn dimensions(&self) -> i64 {
        i64::try_from(self.encoder.dimensions()).unwrap_or(i64::MAX)
    }

    /// One vector of length 1 for each text, in order.
    pub fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, String> {
        self.vectors(texts).map_err(|error| error.to_string())
    }

    /// The same, with the kind of the error.
    pub(super) fn vectors(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let encodings: Vec<Encoding> = texts
            .iter()
            .map(|text| self.tokenizer.encode_fast(visible_prefix(text), true))
            .collect::<Result<_, _>>()
            .map_err(|error| {
                let why = format!("The embedding model cannot split the text into tokens: {error}.");
                ProviderError::RejectedInput(why)
            })?;
        let tokens: Vec<&[u32]> = encodings.iter().map(Encoding::get_ids).collect();
        MEMORY.with_borrow_mut(|memory| {
            let mut vectors = Vec::with_capacity(texts.len());
            let mut rest = tokens.as_slice();
            while !rest.is_empty() {
                let mut total = 0;
                let fitting = rest.iter().take_while(|text| {
                    total += text.len();
                    total <= MAX_GROUP_TOKENS
                });
                let (group, others) = rest.split_at(fitting.count().max(1));
                vectors.extend(self.encoder.embed(group, memory).map_err(|error| {
                    let why = format!("The embedding model's weights cannot be read any more: {error}.");
                    ProviderError::Unavailable(why)
                })?);
                rest = others;
            }
            Ok(vectors)
        })
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
