//! Every table is in an archive, or there is a reason why not.

use crate::harness;

#[tokio::test]
async fn every_table_is_in_an_archive_or_a_named_exception() {
    let db = harness::database("archive_tables").await;
    let client = harness::connect(&db.url).await;
    let wrong = client
        .query(
            "with
             -- Tables of the schema, without partitions.
             present as (
                 select c.relname::text as name from pg_class c
                  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
             ),
             -- Tables that somebody has thought of.
             known as (
                 select s.section as name from logic.archive_sections() s where s.section <> 'people'
                 union all select e.name from logic.archive_exceptions() e
             )
             select coalesce(p.name, k.name), case when k.name is null then 'is in no archive: add a section or an exception'
                        when p.name is null then 'is not in the schema' else 'is named twice' end
               from present p full join (select k.name, count(*) as times from known k group by k.name) k on k.name = p.name
              where p.name is null or k.name is null or k.times > 1 order by 1",
            &[],
        )
        .await
        .expect("the tables");
    let wrong: Vec<String> =
        wrong.iter().map(|row| format!("{} {}", row.get::<_, String>(0), row.get::<_, String>(1))).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// A new column is in archives automatically: this list is looked at, and what is a secret is left out.
#[tokio::test]
async fn the_columns_of_archives_are_reviewed() {
    let db = harness::database("archive_columns").await;
    let client = harness::connect(&db.url).await;
    let rows = client
        .query("select s.section, array_to_string(logic.archive_fields(s.section), ' ') from logic.archive_sections() s order by s.place", &[])
        .await
        .expect("the sections");
    let list: Vec<String> =
        rows.iter().map(|row| format!("{}: {}", row.get::<_, String>(0), row.get::<_, String>(1))).collect();
    insta::assert_snapshot!("columns", list.join("\n"));
    let secret = ["secret", "password", "hash", "lease_token", "vector"];
    assert!(
        !list.iter().any(|line| line.split([' ', ':']).any(|column| secret.iter().any(|word| column.contains(word))))
    );
}
