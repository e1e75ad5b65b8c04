//! Parses responses of the embeddings API.

use serde::Deserialize;

use super::ProviderError;

#[derive(Deserialize)]
struct Response {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    /// The index of its text; some servers omit it and keep the order.
    index: Option<usize>,
    embedding: Vec<f32>,
}

/// The vectors of a response in the order of the texts; their values are validated by `normalized`.
pub fn vectors(body: &[u8], count: usize) -> Result<Vec<Vec<f32>>, ProviderError> {
    let response: Response = serde_json::from_slice(body)
        .map_err(|_| ProviderError::InvalidResponse("It answered something else than vectors.".to_owned()))?;
    let wrong =
        || ProviderError::InvalidResponse(format!("It answered {} vectors for {count} texts.", response.data.len()));
    if response.data.len() != count {
        return Err(wrong());
    }
    let mut slots: Vec<Option<Vec<f32>>> = vec![None; count];
    for (position, item) in response.data.iter().enumerate() {
        let slot = slots.get_mut(item.index.unwrap_or(position)).filter(|slot| slot.is_none());
        let Some(slot) = slot else {
            return Err(ProviderError::InvalidResponse("It answered two vectors for one text.".to_owned()));
        };
        *slot = Some(item.embedding.clone());
    }
    slots.into_iter().collect::<Option<_>>().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, count: usize) -> Result<Vec<Vec<f32>>, String> {
        vectors(body.as_bytes(), count).map_err(|error| match error {
            ProviderError::InvalidResponse(why) => why,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn vectors_are_in_the_order_of_their_texts() {
        let body = r#"{"object": "list", "data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1.5]}]}"#;
        assert_eq!(read(body, 2), Ok(vec![vec![1.5], vec![2.0]]));
        assert_eq!(read(r#"{"data": [{"embedding": [2]}, {"embedding": [1]}]}"#, 2), Ok(vec![vec![2.0], vec![1.0]]));
    }

    #[test]
    fn invalid_responses_are_rejected() {
        let two = r#"{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}"#;
        assert!(read(two, 2).is_err_and(|why| why.contains("two vectors")));
        assert!(read(two, 3).is_err_and(|why| why.contains("2 vectors for 3")));
        for body in [
            "",
            "<html>",
            "null",
            "{}",
            r#"{"data": null}"#,
            r#"{"data": [{"embedding": [null]}]}"#,
            r#"{"data": [{"embedding": [NaN]}]}"#,
            r#"{"data": [{"embedding": "text"}]}"#,
            r#"{"data": [{"embedding": [1e300]}]}"#,
            r#"{"data": [{"embedding": [1e999]}]}"#,
            r#"{"data": [{"index": -1, "embedding": [1]}]}"#,
        ] {
            assert!(read(body, 1).is_err_and(|why| why.contains("something else")), "{body}");
        }
    }
}
