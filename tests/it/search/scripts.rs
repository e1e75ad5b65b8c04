//! Words of any script, any punctuation, and names of code are found, and marked in the original text.

use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::embeddings::fixtures::register;
use crate::harness;
use crate::logic::fixtures::Fixture;

/// Texts, each with queries that find it.
const FOUND: &[(&str, &[&str])] = &[
    ("Fix “login” flow", &["login", "“login”", "fix login", "\"login flow\""]),
    ("About logic—exponential growth", &["logic", "exponential", "logic—exponential"]),
    ("Кнопка «Вход» сломана", &["вход", "ВХОД", "«Вход»", "кнопка вход"]),
    ("A no\u{a0}break\u{202f}space", &["break", "space", "no\u{a0}break"]),
    ("登录超时。请修复", &["超时", "登录超时", "修复", "请修复", "时", "复", "登录 修复"]),
    ("git commit --no-verify is used", &["--no-verify", "no-verify", "verify", "git --no-verify"]),
    ("It returns -1 on error", &["-1", "returns -1"]),
    ("Port it to C# soon", &["C#", "c#"]),
    ("Port it to C++ soon", &["C++", "c++"]),
    ("The max_retry_count is ignored", &["max_retry_count", "retry count", "retry"]),
    ("A panic in loadInvoiceList here", &["loadInvoiceList", "invoice list", "loadinvoicelist"]),
    ("See src/db/pool.rs:42 for it", &["src/db/pool.rs", "pool.rs", "db/pool", "pool"]),
    ("Released as v1.2.3.", &["v1.2.3", "V1.2.3"]),
    ("Fails with E_CONN-4711!", &["E_CONN-4711", "4711", "e_conn"]),
    ("C:\\Users\\mallory is scanned", &["mallory", "C:\\Users\\mallory", "users/mallory"]),
    ("Set CALLBOARD_POOL=8 (twice)", &["callboard_pool", "twice"]),
    ("Ｆｕｌｌ－ｗｉｄｔｈ Ｌａｔｉｎ", &["full-width", "latin", "Ｌａｔｉｎ"]),
    ("The ﬁnal oﬃce", &["final office", "office"]),
    ("Größe und Straße fehlen", &["groß Strasse", "größe", "GROSSE", "strasse", "STRAẞE"]),
    ("Naïve café crème", &["cafe", "café", "naive", "CRÈME", "cre\u{300}me"]),
    ("Işık İstanbul'da", &["ışık", "isik", "istanbul", "İSTANBUL"]),
    ("Łódź i Ørsted", &["lodz", "łódź", "orsted", "Ørsted"]),
    ("A soft\u{ad}hyphen and zero\u{200b}width", &["softhyphen", "zero", "width", "zerowidth"]),
    ("Bidi \u{202e}override\u{202c} marks", &["override"]),
    ("العـــربيّة مهمة", &["العربية", "مهمة"]),
    ("שָׁלוֹם עולם", &["שלום", "עולם"]),
    ("स्थिति ठीक नहीं है", &["स्थिति", "ठीक"]),
    ("ระบบภาษาไทยค้นหาไม่เจอ", &["ภาษาไทย", "ค้นหา", "ไทย"]),
    ("로그인이 안됩니다", &["로그인", "로그인이", "됩니다"]),
    ("ログインを修正する", &["ログイン", "修正", "ﾛｸﾞｲﾝ"]),
    ("ﾊﾝｶｸ文字", &["ハンカク", "文字"]),
    ("Ёлка и Йод", &["елка", "ёлка", "йод"]),
    ("Η ΟΔΟΣ είναι κλειστή", &["οδός", "οδοσ", "κλειστη"]),
    ("Ship it🚀today", &["🚀", "ship", "today"]),
    ("API超时了 again", &["api", "超时"]),
    ("Is it (parenthesised)? Yes…", &["parenthesised", "yes"]),
];

/// Queries that operators make find nothing, and one word each that they contain.
const EXCLUDED: &[(&str, &str)] = &[
    ("login -flow", "login"),
    ("flow login -\"fix login flow\"", "flow"),
    ("超时 -修复 -api", "超时"),
    ("\"verify commit\"", "verify"),
    ("\"修复登录\"", "修复"),
];

#[tokio::test]
async fn words_of_any_script_are_found_in_both_modes() {
    for major in [16, 18] {
        let fixture = Fixture::on(harness::database_of(major, "scripts").await).await;
        find_all(&fixture).await;
    }
}

async fn find_all(fixture: &Fixture) {
    let mut tickets = Vec::new();
    for (text, _) in FOUND {
        let text = json!({"title": "A ticket", "description": format!("{text} (with enough text)")});
        tickets.push(fixture.ticket_with("A ticket", text).await);
    }
    // Vectors that are far from the query's, so that hybrid search finds nothing by meaning.
    let model = register(fixture, "test/plane").await;
    let sql = "insert into ticket_embeddings (workflow_id, model_id, ticket_id, content_hash, embedding)
               select t.workflow_id, $1, t.id, '', '[0,1,0]' from tickets t";
    fixture.client.execute(sql, &[&model]).await.expect("vectors");
    let search = async |query: &str, mode: &str| {
        let arguments =
            json!({"query": query, "search_type": mode, "model": model, "vector": "[1,0,0]", "max_rows": 50});
        fixture.ok("search_tickets", arguments).await
    };
    let matching =
        "select array_agg(s.ticket_id) from ticket_search s where s.document @@ logic.required_words_query($1)";
    for ((text, queries), ticket) in FOUND.iter().zip(&tickets) {
        for (place, query) in queries.iter().enumerate() {
            for mode in if place == 0 { &["keyword", "hybrid"][..] } else { &["keyword"][..] } {
                let found = search(query, mode).await;
                assert_eq!(found["mode"], *mode);
                let result =
                    found["results"].as_array().and_then(|all| all.iter().find(|r| r["ticket_id"] == **ticket));
                let Some(result) = result else { panic!("{query:?} finds {text:?} by {mode}: {found}") };
                let preview = result["preview"].as_str().expect("a preview");
                assert!(preview.contains("<mark>"), "{query:?} is marked in {preview:?}");
            }
            // A saved search by these words.
            let row = fixture.client.query_one(matching, &[query]).await.expect("the matching tickets");
            let matches = row.get::<_, Option<Vec<String>>>(0).unwrap_or_default();
            assert!(matches.contains(ticket), "{query:?} matches {text:?}");
        }
    }
    for (query, word) in EXCLUDED {
        assert_ne!(search(word, "keyword").await["total_found"], 0, "{word}");
        for mode in ["keyword", "hybrid"] {
            assert_eq!(search(query, mode).await["total_found"], 0, "{query} by {mode}");
        }
    }
    // A name of code comes before what only holds its parts.
    for query in ["C#", "C++", "--no-verify", "src/db/pool.rs"] {
        let found = search(query, "keyword").await;
        let place = FOUND.iter().position(|(_, queries)| queries[0] == query).expect("a text");
        assert_eq!(found["results"][0]["ticket_id"], tickets[place].as_str(), "{query}: {found}");
    }
}

#[tokio::test]
async fn the_original_text_is_marked() {
    let fixture = Fixture::open("marks").await;
    for (text, query, marked) in [
        ("Fix “login” flow", "logins", "Fix “<mark>login</mark>” flow"),
        ("«Вход» <b>", "вход", "«<mark>Вход</mark>» &lt;b&gt;"),
        ("登录超时。请修复", "超时", "登录<mark>超时</mark>。请修复"),
        ("登录超时。请修复", "登录超", "<mark>登录超</mark>时。请修复"),
        ("登录超时。请修复", "时", "登录超<mark>时</mark>。请修复"),
        ("ภาษาไทย", "ไทย", "ภาษา<mark>ไทย</mark>"),
        ("API超时了", "api", "<mark>API</mark>超时了"),
        ("Ship🚀it", "🚀", "Ship<mark>🚀</mark>it"),
        ("git commit --no-verify.", "--no-verify", "git commit <mark>--no-verify</mark>."),
        ("Use C# here", "c#", "Use <mark>C#</mark> here"),
        ("see src/db/pool.rs:12", "src/db/pool.rs", "see <mark>src/db/pool.rs</mark>:12"),
        ("see src/db/pool.rs:12", "pool", "see src/db/<mark>pool</mark>.rs:12"),
        ("a snake_case name", "case", "a snake_<mark>case</mark> name"),
        ("Die Straße, ein Café", "strasse cafe", "Die <mark>Straße</mark>, ein <mark>Café</mark>"),
        ("a soft\u{ad}hyphen", "softhyphen", "a <mark>soft\u{ad}hyphen</mark>"),
        ("A&B <script>", "script", "A&amp;B &lt;<mark>script</mark>&gt;"),
        ("nothing here", "other", "nothing here"),
    ] {
        let sql = "select logic.highlight_html($1, logic.parse_search_terms($2))";
        let row = fixture.client.query_one(sql, &[&text, &query]).await.expect("a highlight");
        assert_eq!(row.get::<_, String>(0), marked, "{query:?} in {text:?}");
    }
    // Previews show where the words are, also without blanks and beyond what folding makes shorter.
    for (text, query, part) in [
        (
            format!("{}超时问题{}", "登录失败请修复".repeat(300), "其他内容".repeat(300)),
            "超时",
            "<mark>超时</mark>问题",
        ),
        (
            format!("{}Ein Café & so fort. {}", "Über alles hinaus. ".repeat(300), "Und weiter. ".repeat(90)),
            "cafe",
            "<mark>Café</mark> &amp; so",
        ),
        (
            format!("Start {} wombat <b> near {} wombat end", "x ".repeat(900), "y ".repeat(150)),
            "wombat",
            "<mark>wombat</mark> &lt;b&gt; near",
        ),
    ] {
        let sql = "select logic.preview_html($1, logic.parse_search_terms($2))";
        let preview: String = fixture.client.query_one(sql, &[&text, &query]).await.expect("a preview").get(0);
        assert!(preview.contains(part) && preview.chars().count() < 1000, "{query:?}: {preview:?}");
    }
}

/// Any text can be indexed, is found when it is the query, and is shown as it was written.
#[test]
fn any_text_is_found_by_itself() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fixture = runtime.block_on(Fixture::open("anytext"));
    let check = |text: String| {
        let text = text.replace(['\0', '\u{1}', '\u{2}', '\u{e000}', '\u{e001}'], " ");
        let sql = "select x.terms = '{}' or logic.text_to_search_vector($1) @@ logic.any_term_query(x.terms),
                          translate(replace(replace(logic.highlight_html($1, x.terms), '<mark>', ''), '</mark>', ''), '', '')
                              = logic.escape_html($1),
                          logic.preview_html($1, x.terms) is not null
                     from (select logic.parse_search_terms($1) as terms) x";
        let row = runtime.block_on(fixture.client.query_one(sql, &[&text])).expect("an answer");
        let facts: (bool, bool, bool) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(facts, (true, true, true), "found, shown, previewed: {text:?}");
    };
    let mut runner = TestRunner::new(ProptestConfig { cases: 120, ..ProptestConfig::default() });
    runner
        .run(&any::<String>(), |text| {
            check(text);
            Ok(())
        })
        .expect("any text");
    let words = "([-#+./@_\"a-cA-C0-9é登录超ไทภอ \u{200b}\u{ad}]{1,30})";
    runner
        .run(&words, |text| {
            check(text);
            Ok(())
        })
        .expect("names and scripts");
}

#[tokio::test]
async fn huge_texts_are_indexed() {
    let fixture = Fixture::open("huge").await;
    for (text, word) in [
        ((0..90_000u32).filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20000)).collect::<String>(), "丁"),
        ("a_b-c/d.e".repeat(9_000), "a_b"),
        (format!("findme {}", "ž".repeat(90_000)), "findme"),
    ] {
        let ticket = fixture.ticket_with("A large one", json!({"description": text})).await;
        let found = fixture.ok("search_tickets", json!({"query": word, "search_type": "keyword"})).await;
        assert!(found["total_found"].as_i64() > Some(0), "{word} finds {ticket}");
    }
}
