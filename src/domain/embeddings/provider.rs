//! The interface of embedding providers, and their errors.

use futures_util::future::BoxFuture;

/// What waits for the vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// An interactive request.
    Request,
    /// A write that would answer without the vectors.
    Write,
    /// The background task.
    Background,
}

/// Why a provider returned no vectors. Messages never contain the texts or the API key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The provider is unavailable, independent of the texts.
    #[error("{0}")]
    Unavailable(String),
    /// The provider did not respond in time.
    #[error("{0}")]
    TimedOut(String),
    /// The provider limits the rate of requests; the value is the wait in seconds.
    #[error("The provider limits the rate of requests; retry in {0} seconds.")]
    RateLimited(u64),
    /// The provider rejects these texts; others may succeed.
    #[error("{0}")]
    RejectedInput(String),
    /// The response does not contain valid vectors of the model.
    #[error("{0}")]
    InvalidResponse(String),
    /// The model is being loaded.
    #[error("The embedding model is still being loaded.")]
    Loading,
}

/// Converts texts to vectors.
pub trait Provider: Send + Sync {
    /// Provider and model, e.g. `local/all-MiniLM-L6-v2`. Vectors of the same name can be compared.
    fn name(&self) -> &str;

    /// Prepares the model and returns the dimensions of its vectors.
    fn prepare(&self) -> BoxFuture<'_, Result<i64, ProviderError>>;

    /// One vector for each text, in order. The caller validates them (`GuardedProvider::embed`).
    fn embed<'a>(
        &'a self,
        texts: &'a [String],
        urgency: Urgency,
    ) -> BoxFuture<'a, Result<Vec<Vec<f32>>, ProviderError>>;

    /// Maximum number of texts per call.
    fn batch_size(&self) -> usize;

    /// Whether it computes on this machine. Then writes do not wait for it while no core is free, and that they waited in
    /// vain says nothing about queries.
    fn is_local(&self) -> bool {
        false
    }

    /// Whether a write may wait for it now.
    fn is_free(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(true))
    }
}

/// Validates vectors and normalizes them to length 1.
pub(super) fn normalized(
    vectors: Vec<Vec<f32>>,
    count: usize,
    dimensions: i64,
) -> Result<Vec<Vec<f32>>, ProviderError> {
    if vectors.len() != count {
        return Err(ProviderError::InvalidResponse(format!(
            "It answered {} vectors for {count} texts.",
            vectors.len()
        )));
    }
    vectors.into_iter().map(|vector| unit(vector, dimensions)).collect()
}

fn unit(mut vector: Vec<f32>, dimensions: i64) -> Result<Vec<f32>, ProviderError> {
    if i64::try_from(vector.len()) != Ok(dimensions) {
        return Err(ProviderError::InvalidResponse(format!(
            "It answered a vector of {} numbers where the model has {dimensions}.",
            vector.len()
        )));
    }
    // f64 keeps the squares of large numbers finite.
    let length = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    if !length.is_finite() {
        return Err(ProviderError::InvalidResponse(
            "It answered a vector with numbers that are not finite.".to_owned(),
        ));
    }
    if length == 0.0 {
        return Err(ProviderError::InvalidResponse(
            "It answered a vector of zeros, which has no direction.".to_owned(),
        ));
    }
    for x in &mut vector {
        *x = (f64::from(*x) / length) as f32;
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_normalized() {
        let done = normalized(vec![vec![3.0, 4.0], vec![1e30, 0.0]], 2, 2).expect("vectors");
        assert_eq!(done, [vec![0.6, 0.8], vec![1.0, 0.0]]);
    }

    #[test]
    fn invalid_vectors_are_rejected() {
        for (vectors, why) in [
            (vec![vec![1.0, 0.0]], "1 vectors for 2"),
            (vec![vec![1.0, 0.0], vec![1.0]], "1 numbers"),
            (vec![vec![1.0, 0.0], vec![f32::NAN, 0.0]], "not finite"),
            (vec![vec![1.0, 0.0], vec![f32::INFINITY, 0.0]], "not finite"),
            (vec![vec![1.0, 0.0], vec![0.0, 0.0]], "no direction"),
        ] {
            let error = normalized(vectors, 2, 2).expect_err(why);
            assert!(matches!(&error, ProviderError::InvalidResponse(text) if text.contains(why)), "{error}");
        }
    }
}
