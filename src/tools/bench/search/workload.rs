//! The queries for the measurements of speed and recall.

use pgvector::HalfVector;
use tokio_postgres::Row;

use super::generate::Generated;
use crate::domain::embeddings::Bert;
use crate::tools::bench::test_server::TestServer;
use crate::{Error, Result};

/// The kind of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Two words of one ticket, each in 0.4 to 4 percent of the tickets.
    MediumFrequency,
    /// The first sentence of a description.
    Sentence,
    /// One or two of the most frequent words.
    Common,
    /// The first letters of a word in a title.
    Prefix,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::MediumFrequency, Self::Sentence, Self::Common, Self::Prefix];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::MediumFrequency => "two words of medium frequency",
            Self::Sentence => "a sentence",
            Self::Common => "one or two common words",
            Self::Prefix => "a prefix",
        }
    }

    /// SQL that selects texts of this kind: $1 the batch size, $2 the batch number.
    fn statement(self) -> &'static str {
        match self {
            Self::MediumFrequency => {
                "select string_agg(w.word, ' ') from
                     (select s.n, s.description from bench_sources s where char_length(s.description) between 200 and 5000
                       order by hashint8extended(s.n, 11) limit $1::bigint offset $1::bigint * $2::bigint) s
                  cross join lateral (
                     select distinct m.word[1] as word, hashtext(m.word[1]) as hash
                       from regexp_matches(s.description, '\\m[a-z]{4,15}\\M', 'g') m (word)
                       join search_words c on c.word = (tsvector_to_array(to_tsvector('english', m.word[1])))[1] and c.share between 0.004 and 0.04
                      order by 2 limit 2) w
                  group by s.n having count(*) = 2"
            }
            Self::Sentence => {
                "select s.sentence from (
                     select n, btrim(substring(description from '([A-Z][[:alnum:] ,''()/-]{40,180})[.:\\n]')) as sentence from bench_sources) s
                  where s.sentence is not null order by hashint8extended(s.n, 12) limit $1::bigint offset $1::bigint * $2::bigint"
            }
            Self::Common => {
                "select case when c.number % 3 = 0 and c.second is not null then c.word || ' ' || c.second else c.word end
                   from (select w.word, row_number() over () as number, lead(w.word, 7) over () as second
                           from (select s.word from search_words s where s.word ~ '^[a-z]{3,12}$' and to_tsvector('english', s.word) <> ''
                                  order by s.share desc limit $1::bigint) w) c where $2::bigint >= 0"
            }
            Self::Prefix => {
                "select left(substring(s.title from '[A-Za-z]{6,}'), 3 + (s.n % 3)::int) from bench_sources s
                  where s.title ~ '[A-Za-z]{6,}' order by hashint8extended(s.n, 13) limit $1::bigint offset $1::bigint * $2::bigint"
            }
        }
    }
}

/// A query in one workflow, with its embedding.
pub struct WorkloadQuery {
    /// Its kind.
    pub kind: Kind,
    /// Index of the searched workflow.
    pub index: usize,
    /// Id of the searched workflow.
    pub workflow: String,
    /// The query text.
    pub text: String,
    /// Its embedding by the serving model.
    pub vector: HalfVector,
}

/// Selects `each` queries of every kind, shuffled. Batches differ in their texts, except for common words.
pub async fn workload(
    server: &TestServer,
    bert: &Bert,
    generated: &Generated,
    each: i64,
    batch: i64,
) -> Result<Vec<WorkloadQuery>> {
    let mut queries = Vec::new();
    for kind in Kind::ALL {
        let rows = server.sql.query(kind.statement(), &[&each, &batch]).await?;
        let texts: Vec<String> = rows.iter().filter_map(|row: &Row| row.get::<_, Option<String>>(0)).collect();
        // The server also collapses whitespace before it embeds a query.
        let read: Vec<String> = texts.iter().map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let vectors = tokio::task::block_in_place(|| bert.embed(&read)).map_err(Error::Setup)?;
        for (index, (text, vector)) in texts.into_iter().zip(vectors).enumerate() {
            let index = index % generated.workflows.len();
            let workflow = generated.workflows.get(index).cloned().unwrap_or_default();
            queries.push(WorkloadQuery { kind, index, workflow, text, vector: HalfVector::from_f32_slice(&vector) });
        }
    }
    // Shuffled reproducibly, so that runs are comparable.
    let mut random = fastrand::Rng::with_seed(7);
    random.shuffle(&mut queries);
    Ok(queries)
}
