//! What is asked while speed is measured.

use pgvector::HalfVector;
use tokio_postgres::Row;

use super::generate::Grown;
use crate::domain::embeddings::Bert;
use crate::tools::bench::test_server::House;
use crate::{Error, Result};

/// Kinds of queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Two words of one ticket that some tickets in a thousand or hundred hold.
    Middling,
    /// The first sentence of a description.
    Sentence,
    /// A word that very many tickets hold, or two of them.
    Common,
    /// The first letters of a word that stands in a title.
    Prefix,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Middling, Self::Sentence, Self::Common, Self::Prefix];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Middling => "two middling words",
            Self::Sentence => "a sentence",
            Self::Common => "one or two common words",
            Self::Prefix => "a prefix",
        }
    }

    /// Texts of this kind, `lot` after `lot` others: $1 how many, $2 which lot.
    fn statement(self) -> &'static str {
        match self {
            Self::Middling => {
                "select string_agg(w.word, ' ') from
                     (select s.n, s.description from bench_sources s where char_length(s.description) between 200 and 5000
                       order by hashint8extended(s.n, 11) limit $1::bigint offset $1::bigint * $2::bigint) s
                  cross join lateral (
                     select distinct m.word[1] as word, hashtext(m.word[1]) as place
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
                "select case when c.place % 3 = 0 and c.second is not null then c.word || ' ' || c.second else c.word end
                   from (select w.word, row_number() over () as place, lead(w.word, 7) over () as second
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

/// A query over a workflow, with its meaning.
pub struct Question {
    /// What kind it is of.
    pub kind: Kind,
    /// Which of the measured workflows is searched, by place.
    pub place: usize,
    /// That workflow's id.
    pub workflow: String,
    /// What is typed.
    pub text: String,
    /// What it means to the model that serves.
    pub vector: HalfVector,
}

/// So many questions of each kind, mixed; other `lot`s hold other texts (except common words).
pub async fn questions(house: &House, bert: &Bert, grown: &Grown, each: i64, lot: i64) -> Result<Vec<Question>> {
    let mut questions = Vec::new();
    for kind in Kind::ALL {
        let rows = house.sql.query(kind.statement(), &[&each, &lot]).await?;
        let texts: Vec<String> = rows.iter().filter_map(|row: &Row| row.get::<_, Option<String>>(0)).collect();
        // A query's words are separated by one blank before the model reads them, as the server does.
        let read: Vec<String> = texts.iter().map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let vectors = tokio::task::block_in_place(|| bert.embed(&read)).map_err(Error::Setup)?;
        for (index, (text, vector)) in texts.into_iter().zip(vectors).enumerate() {
            let place = index % grown.workflows.len();
            let workflow = grown.workflows.get(place).cloned().unwrap_or_default();
            questions.push(Question { kind, place, workflow, text, vector: HalfVector::from_f32_slice(&vector) });
        }
    }
    // Mixed, the same way every time.
    let mut chance = fastrand::Rng::with_seed(7);
    chance.shuffle(&mut questions);
    Ok(questions)
}
