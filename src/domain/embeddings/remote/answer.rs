//! Reading what a provider answers.

use serde::Deserialize;

use super::Fault;

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    /// Which text it belongs to; some servers leave it out and keep the order.
    index: Option<usize>,
    embedding: Vec<f32>,
}

/// The vectors of an answer in the order of the texts. Their numbers are checked elsewhere.
pub fn vectors(body: &[u8], count: usize) -> Result<Vec<Vec<f32>>, Fault> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| Fault::Nonsense("It answered something else than vectors.".to_owned()))?;
    let wrong = || Fault::Nonsense(format!("It answered {} vectors for {count} texts.", answer.data.len()));
    if answer.data.len() != count {
        return Err(wrong());
    }
    let mut places: Vec<Option<Vec<f32>>> = vec![None; count];
    for (order, item) in answer.data.iter().enumerate() {
        let place = places.get_mut(item.index.unwrap_or(order)).filter(|place| place.is_none());
        let Some(place) = place else {
            return Err(Fault::Nonsense("It answered two vectors for one text.".to_owned()));
        };
        *place = Some(item.embedding.clone());
    }
    places.into_iter().collect::<Option<_>>().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, count: usize) -> Result<Vec<Vec<f32>>, String> {
        vectors(body.as_bytes(), count).map_err(|fault| match fault {
            Fault::Nonsense(why) => why,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts() {
        let body = r#"{"object": "list", "data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1.5]}]}"#;
        assert_eq!(read(body, 2), Ok(vec![vec![1.5], vec![2.0]]));
        assert_eq!(read(r#"{"data": [{"embedding": [2]}, {"embedding": [1]}]}"#, 2), Ok(vec![vec![2.0], vec![1.0]]));
    }

    #[test]
    fn nonsense_is_refused() {
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
            r#"{"data": [{"embedding": [1e999]}]}"#,
            r#"{"data": [{"index": -1, "embedding": [1]}]}"#,
        ] {
            assert!(read(body, 1).is_err_and(|why| why.contains("something else")), "{body}");
        }
        // Too large for half of the machine's numbers; found when the length is taken.
        assert!(read(r#"{"data": [{"embedding": [1e300]}]}"#, 1).is_ok_and(|v| v[0][0].is_infinite()));
    }
}
