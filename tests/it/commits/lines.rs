//! Lines around the changes of a commit.

use callboard::domain::accounts::Caller;
use callboard::domain::commits::{FileLines, LinesQuery, lines};

use super::{RepositoryFixture, git, lines as numbered, repository};

async fn read(fixture: &RepositoryFixture, sha: &str, path: &str, range: (u64, u64)) -> callboard::Result<FileLines> {
    let query = LinesQuery { workflow_id: Some(&fixture.workflow), path, lines: range };
    lines(&fixture.db, &fixture.config, &fixture.caller, sha, &query).await
}

#[tokio::test]
async fn changed_files_are_read_line_by_line() {
    let fixture = repository("commits_lines").await;
    fixture.write("a b.txt", numbered(0..1500));
    fixture.write("picture.png", [0, 1, 2]);
    fixture.write("gone", "x\n");
    fixture.write("secret", "untouched\n");
    let first = fixture.commit("Begin");
    fixture.write("a b.txt", numbered(0..1500).replace("line 700\n", "line seven hundred\r\n\n") + "no line break");
    fixture.write("picture.png", [0, 3, 2]);
    std::fs::remove_file(fixture.toy().join("gone")).expect("rm");
    fixture.write("-n", "one\ntwo");
    let submodule = format!("160000,{first},vendored");
    git(&fixture.toy(), &["update-index", "--add", "--cacheinfo", &submodule]);
    git(&fixture.toy(), &["add", "a b.txt", "picture.png", "gone", "./-n"]);
    git(&fixture.toy(), &["commit", "-q", "-m", "Change"]);
    let sha = git(&fixture.toy(), &["rev-parse", "HEAD"]);

    let around = read(&fixture, &sha[..12], "a b.txt", (700, 703)).await.expect("lines");
    assert_eq!((around.commit_sha.as_str(), around.first_line, around.total_lines), (sha.as_str(), 700, 1502));
    assert_eq!(around.lines, ["line 699", "line seven hundred\r", "", "line 701"]);
    assert!(!around.truncated);
    let end = read(&fixture, &sha, "a b.txt", (1501, 2500)).await.expect("lines");
    assert_eq!(end.lines, ["line 1499", "no line break"]);
    let beyond = read(&fixture, &sha, "a b.txt", (1600, 1600)).await.expect("no lines");
    assert_eq!((beyond.lines.len(), beyond.total_lines), (0, 1502));
    let before = read(&fixture, &first, "a b.txt", (701, 701)).await.expect("lines");
    assert_eq!(before.lines, ["line 700"]);
    assert_eq!(read(&fixture, &sha, "-n", (1, 9)).await.expect("lines").lines, ["one", "two"]);

    // Other files of the repository stay hidden, as in the diff.
    for path in ["secret", "gone", "picture.png", "vendored", "", "./-n", "../toy/-n", "/etc/passwd", ".git/config"] {
        let problem = read(&fixture, &sha, path, (1, 2)).await.expect_err(path).as_problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "path"), "{path}");
    }
    for (range, field) in [((0, 1), "first_line"), ((5, 4), "last_line"), ((1, 1001), "last_line")] {
        let problem = read(&fixture, &sha, "a b.txt", range).await.expect_err("refused").as_problem();
        assert_eq!(problem.errors[0].field, field);
    }
    let stranger = Caller::trusted("other");
    let query = LinesQuery { workflow_id: Some(&fixture.workflow), path: "a b.txt", lines: (1, 2) };
    let refused = lines(&fixture.db, &fixture.config, &stranger, &sha, &query).await.expect_err("a stranger");
    assert_eq!(refused.as_problem().status, 404);
}
