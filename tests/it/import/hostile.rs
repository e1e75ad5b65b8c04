//! Files that are broken, huge or meant to harm.

use callboard::domain::import::{Files, Format, Mapping, UnknownPeople, plan};

use super::development;

fn read(format: Format, name: &str, bytes: &[u8]) -> Result<callboard::domain::import::Batch, String> {
    Files::of_bytes(name, bytes.to_vec()).and_then(|files| format.read(&files))
}

#[test]
fn every_parser_survives_every_text() {
    let deep = "[".repeat(100_000);
    let quotes = "\"".repeat(10_001);
    let texts: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\xff\xfe".to_vec(),
        b"\x00\x00\x00".to_vec(),
        b"{}".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"[1, \"x\", null]".to_vec(),
        b"{\"lists\":5,\"cards\":[[],{},{\"id\":{}}],\"actions\":[{\"data\":{\"card\":{\"id\":\"x\"}}}]}".to_vec(),
        b"{\"tasks\":[{},{\"id\":1,\"subtasks\":[{}]},7]}".to_vec(),
        b"[{\"number\":\"x\",\"labels\":{},\"assignees\":5,\"comments\":\"many\",\"created_at\":[]}]".to_vec(),
        b"---\nid: [\ntitle\nstatus: >\n---".to_vec(),
        b"#,Tracker,Subject\n,,\n\"".to_vec(),
        b"ID,Title,Status,Team\nA,\"unclosed".to_vec(),
        b"PK\x03\x04broken".to_vec(),
        b"PK\x03\x04PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00".to_vec(),
        deep.clone().into_bytes(),
        quotes.into_bytes(),
        "é\u{0}😀;=cmd|' /C calc'!A0\n".repeat(100).into_bytes(),
    ];
    for text in &texts {
        for format in Format::ALL {
            for name in ["a.csv", "issues.json", "x.md"] {
                // Refused or read, but never a panic.
                if let Ok(mut batch) = read(format, name, text) {
                    let names =
                        development().map(&batch, &Mapping::default(), UnknownPeople::NewAgents).expect("names");
                    plan(&mut batch, &development(), &names.mapping());
                }
            }
        }
        if let Ok(files) = Files::of_bytes("a", text.clone()) {
            Format::recognise(&files);
        }
    }
    assert!(read(Format::Github, "a", deep.as_bytes()).is_err());
}

#[test]
fn duplicates_cycles_and_long_lists_are_reported() {
    let mut text = "ID,Title,Status,Parent issue,Blocked by,Labels\n".to_owned();
    for n in 0..10_000 {
        // One circle of parents and one of blockers through all tickets.
        let next = (n + 1) % 10_000;
        text.push_str(&format!("A-{n},Ticket {n},Todo,A-{next},A-{next},x\n"));
    }
    text.push_str("A-5,Again,Todo,,,\n");
    text.push_str(&format!("B,Long,Todo,,\"{}\",{}\n", "A-1,".repeat(5000), "y".repeat(5000)));
    let mut batch = read(Format::Linear, "a.csv", text.as_bytes()).expect("read");
    assert_eq!(batch.tickets.len(), 10_001);
    assert_eq!(batch.bad.iter().map(|bad| bad.reason.as_str()).collect::<Vec<_>>(), ["repeats the id A-5 of line 7"]);
    let last = batch.tickets.last().expect("a ticket");
    assert_eq!((last.blocked_by.len(), last.tags[0].chars().count()), (1, 100));
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    let planned = plan(&mut batch, &development(), &names.mapping());
    let kinds: Vec<_> = planned.cycles.iter().map(|cycle| (cycle.kind, cycle.from.as_str())).collect();
    assert_eq!(kinds, [("blocker", "A-9999"), ("parent", "A-9999")], "one link of each circle");
    assert_eq!(batch.not_taken.count("links that close a cycle"), 2);
}

#[test]
fn texts_beyond_the_limits_are_cut() {
    let text = format!("ID,Title,Status,Team,Description\nA,{},Todo,T,{}\n", "t".repeat(600), "d".repeat(300_000));
    let mut batch = read(Format::Linear, "a.csv", text.as_bytes()).expect("read");
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    let item = plan(&mut batch, &development(), &names.mapping()).items.remove(0);
    assert_eq!((item.title.chars().count(), item.description.chars().count()), (500, 199_000));
    assert!(item.description.starts_with(&"t".repeat(600)));
    let kinds = ["titles over 500 characters", "text beyond 199,000 characters"];
    assert_eq!(kinds.map(|kind| batch.not_taken.count(kind)), [1, 1]);
}

#[test]
fn times_in_the_future_are_those_of_the_import() {
    let text =
        "ID,Title,Status,Team,Created,Completed\nA,From tomorrow,Done,T,2999-01-01T00:00:00Z,2999-01-02T00:00:00Z\n";
    let mut batch = read(Format::Linear, "a.csv", text.as_bytes()).expect("read");
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    let item = plan(&mut batch, &development(), &names.mapping()).items.remove(0);
    assert!(item.created_at <= jiff::Timestamp::now() && item.closed_at <= Some(jiff::Timestamp::now()));
    assert_eq!(batch.not_taken.count("times in the future"), 2);
}
