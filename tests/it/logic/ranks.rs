//! Ticket order inside a column.

use proptest::prelude::*;

use crate::harness;

/// Any sequence of insertions between neighbours keeps the requested order, and all ranks differ.
#[tokio::test(flavor = "multi_thread")]
async fn a_rank_fits_between_any_two() {
    let db = harness::database("ranks").await;
    let client = harness::connect(&db.url).await;
    let runtime = tokio::runtime::Handle::current();
    let result = tokio::task::spawn_blocking(move || {
        let mut runner =
            proptest::test_runner::TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
        runner.run(&prop::collection::vec(any::<prop::sample::Index>(), 1..120), |places| {
            runtime.block_on(async {
                let mut ranks: Vec<String> = Vec::new();
                for (number, place) in places.iter().enumerate() {
                    let at = place.index(ranks.len() + 1);
                    let low = at.checked_sub(1).map(|i| ranks[i].clone());
                    let high = ranks.get(at).cloned();
                    let row = client
                        .query_one("select logic.rank_between($1, $2, $3)", &[&low, &high, &(number as i64)])
                        .await
                        .expect("a rank");
                    ranks.insert(at, row.get(0));
                }
                for pair in ranks.windows(2) {
                    prop_assert!(pair[0].as_bytes() < pair[1].as_bytes(), "{} < {}", pair[0], pair[1]);
                }
                Ok(())
            })
        })
    })
    .await
    .expect("the property test ran");
    result.expect("the property holds");
}

/// Two concurrent drops into the same gap get different ranks.
#[tokio::test]
async fn concurrent_drops_into_one_gap_differ() {
    let db = harness::database("gap").await;
    let client = harness::connect(&db.url).await;
    let row = client
        .query_one("select logic.rank_between('a.1', 'b.2', 7), logic.rank_between('a.1', 'b.2', 8)", &[])
        .await
        .expect("two ranks");
    let (one, two): (String, String) = (row.get(0), row.get(1));
    assert_ne!(one, two);
    for rank in [one, two] {
        assert!("a.1" < rank.as_str() && rank.as_str() < "b.2", "{rank}");
    }
}
