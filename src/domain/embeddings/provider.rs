//! What makes vectors: one small trait, and what may go wrong.

use futures_util::future::BoxFuture;

/// Who waits for the vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody who looks at a screen.
    Request,
    /// The queue.
    Background,
}

/// Why there are no vectors. Sentences name the provider's answer, never the texts or the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The provider cannot be used at the moment, whatever the texts.
    #[error("{0}")]
    Provider(String),
    /// The provider let us wait for nothing.
    #[error("{0}")]
    Hung(String),
    /// The provider asks to be left alone for some seconds.
    #[error("The provider asks to wait {0} seconds.")]
    Busy(u64),
    /// The provider refuses these texts; others may do.
    #[error("{0}")]
    Texts(String),
    /// The provider answers something that are no vectors of its model.
    #[error("{0}")]
    Nonsense(String),
    /// The model is being loaded.
    #[error("The embedding model is still being loaded.")]
    Loading,
}

/// Makes vectors of texts.
pub trait Provider: Send + Sync {
    /// Provider and model, e.g. `local/all-MiniLM-L6-v2`. Vectors of one name can be compared.
    fn name(&self) -> &str;

    /// Resolves when vectors can be made: how many numbers one has.
    fn prepare(&self) -> BoxFuture<'_, Result<i64, Fault>>;

    /// One vector for each text, in order. Whoever calls checks them (`Guarded::embed`).
    fn embed<'a>(&'a self, texts: &'a [String], urgency: Urgency) -> BoxFuture<'a, Result<Vec<Vec<f32>>, Fault>>;

    /// How many texts it likes at once.
    fn batch(&self) -> usize;
}

/// Checks vectors and brings them to length 1; what is wrong is told in a sentence.
pub(super) fn normalized(vectors: Vec<Vec<f32>>, count: usize, dimensions: i64) -> Result<Vec<Vec<f32>>, Fault> {
    if vectors.len() != count {
        return Err(Fault::Nonsense(format!("It answered {} vectors for {count} texts.", vectors.len())));
    }
    vectors.into_iter().map(|vector| unit(vector, dimensions)).collect()
}

fn unit(mut vector: Vec<f32>, dimensions: i64) -> Result<Vec<f32>, Fault> {
    if i64::try_from(vector.len()) != Ok(dimensions) {
        return Err(Fault::Nonsense(format!(
            "It answered a vector of {} numbers where the model has {dimensions}.",
            vector.len()
        )));
    }
    // In f64: the squares of large numbers stay finite.
    let length = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    if !length.is_finite() {
        return Err(Fault::Nonsense("It answered a vector with numbers that are not finite.".to_owned()));
    }
    if length == 0.0 {
        return Err(Fault::Nonsense("It answered a vector of zeros, which has no direction.".to_owned()));
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
    fn vectors_get_length_one() {
        let done = normalized(vec![vec![3.0, 4.0], vec![1e30, 0.0]], 2, 2).expect("vectors");
        assert_eq!(done, [vec![0.6, 0.8], vec![1.0, 0.0]]);
    }

    #[test]
    fn nonsense_is_refused() {
        for (vectors, why) in [
            (vec![vec![1.0, 0.0]], "1 vectors for 2"),
            (vec![vec![1.0, 0.0], vec![1.0]], "1 numbers"),
            (vec![vec![1.0, 0.0], vec![f32::NAN, 0.0]], "not finite"),
            (vec![vec![1.0, 0.0], vec![f32::INFINITY, 0.0]], "not finite"),
            (vec![vec![1.0, 0.0], vec![0.0, 0.0]], "no direction"),
        ] {
            let fault = normalized(vectors, 2, 2).expect_err(why);
            assert!(matches!(&fault, Fault::Nonsense(text) if text.contains(why)), "{fault}");
        }
    }
}
