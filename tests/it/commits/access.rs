//! Which repositories, object stores and commits are readable.

use callboard::domain::accounts::Caller;
use callboard::domain::commits::{describe, diff};

use super::{git, repository};

#[tokio::test]
async fn repositories_outside_are_refused() {
    let fixture = repository("commits_outside").await;
    fixture.write("a", "a\n");
    let sha = fixture.commit("Begin");
    let outside = fixture.folder.path().join("outside");
    std::fs::rename(fixture.toy(), &outside).expect("move");
    for path in ["../outside", outside.to_str().expect("a path"), "/etc", "toy"] {
        fixture.attach(path).await;
        let (status, detail) = fixture.refused(&sha).await;
        assert_eq!(status, 409, "{path}: {detail}");
    }
    std::os::unix::fs::symlink(&outside, fixture.toy()).expect("symlink");
    assert!(fixture.refused(&sha).await.1.contains("outside"));
    std::fs::remove_file(fixture.toy()).expect("rm");
    std::fs::create_dir(fixture.toy()).expect("mkdir");
    std::fs::write(fixture.toy().join(".git"), format!("gitdir: {}\n", outside.join(".git").display())).expect("write");
    assert!(fixture.refused(&sha).await.1.contains("outside"));
    std::fs::remove_file(fixture.toy().join(".git")).expect("rm");
    git(&fixture.folder.path().join("home"), &["init", "-q"]);
    assert!(fixture.refused(&sha).await.1.contains("holds no git repository"), "a parent repository does not count");
}

#[tokio::test]
async fn object_stores_outside_are_refused() {
    let fixture = repository("commits_objects").await;
    fixture.write("a", "a\n");
    let sha = fixture.commit("Begin");
    let outside = fixture.folder.path().join("secret-objects");
    let objects = fixture.toy().join(".git/objects");
    // The whole store behind a symbolic link, one of its folders, and the file of one object.
    std::fs::rename(&objects, &outside).expect("move");
    std::os::unix::fs::symlink(&outside, &objects).expect("symlink");
    assert!(fixture.refused(&sha).await.1.contains("outside"));
    std::fs::remove_file(&objects).expect("rm");
    std::fs::rename(&outside, &objects).expect("move back");
    assert_eq!(fixture.diff(&sha).await.commit_sha, sha);
    for inner in [sha[..2].to_owned(), format!("{}/{}", &sha[..2], &sha[2..])] {
        std::fs::rename(objects.join(&inner), &outside).expect("move");
        std::os::unix::fs::symlink(&outside, objects.join(&inner)).expect("symlink");
        assert!(fixture.refused(&sha).await.1.contains("outside"), "{inner}");
        std::fs::remove_file(objects.join(&inner)).expect("rm");
        std::fs::rename(&outside, objects.join(&inner)).expect("move back");
    }
    // Alternates: outside they are refused, inside the folder of repositories they work.
    let inside = fixture.folder.path().join("home/shared");
    std::fs::create_dir_all(objects.join("info")).expect("mkdir");
    for (store, allowed) in [(&outside, false), (&inside, true)] {
        std::fs::create_dir(store).expect("mkdir");
        std::fs::rename(objects.join(&sha[..2]), store.join(&sha[..2])).expect("move");
        std::fs::write(objects.join("info/alternates"), format!("{}\n", store.display())).expect("write");
        if allowed {
            assert_eq!(fixture.diff(&sha).await.commit_sha, sha);
        } else {
            assert!(fixture.refused(&sha).await.1.contains("outside"));
        }
        std::fs::rename(store.join(&sha[..2]), objects.join(&sha[..2])).expect("move back");
    }
}

#[tokio::test]
async fn members_see_linked_commits_only() {
    let fixture = repository("commits_linked").await;
    fixture.write("a", "a\n");
    let (linked, unlinked) = (fixture.commit("Linked"), fixture.commit("Secret"));
    let sql = format!(
        "insert into workflow_members (workflow_id, actor_id, role) values ('{0}', 'other', 'member');
         select logic.create_ticket('admin', '{0}', 'A ticket', 'With a description.')",
        fixture.workflow
    );
    fixture.client.batch_execute(&sql).await.expect("a ticket");
    let ticket: String = fixture.client.query_one("select id from tickets", &[]).await.expect("its id").get(0);
    let member = Caller::trusted("other");
    let link = async |sha: &str| {
        let git = describe(&fixture.db, &fixture.config, &member, &ticket, sha).await.expect("described");
        let sql = "select logic.link_commit('other', $1, $2, null, $3)";
        fixture.client.query_one(sql, &[&ticket, &sha, &git]).await.expect("linked");
        git.is_some()
    };
    let see = async |sha: &str| match diff(&fixture.db, &fixture.config, &member, sha, None).await {
        Ok(shown) => Ok(shown.commit_sha),
        Err(error) => Err(error.as_problem().status),
    };
    assert_eq!(see(&linked).await, Err(404));
    assert!(link(&linked).await, "who knows the id may link it");
    assert_eq!(see(&linked).await.as_deref(), Ok(linked.as_str()));
    assert_eq!(see(&linked[..6]).await.as_deref(), Ok(linked.as_str()), "an abbreviation of a linked commit");
    // Neither reading nor linking reveals a commit by a guessed beginning.
    assert_eq!(see(&unlinked).await, Err(404));
    assert!(!link(&unlinked[..4]).await);
    assert_eq!((see(&unlinked[..4]).await, see(&unlinked).await), (Err(404), Err(404)));
    assert_eq!(fixture.diff(&unlinked[..10]).await.commit_sha, unlinked, "owners see every commit");
    // A linked commit names its parents to owners only: their ids would open the whole history.
    assert!(link(&unlinked).await);
    let parents = async |caller: &Caller| {
        diff(&fixture.db, &fixture.config, caller, &unlinked, None).await.expect("a diff").parents
    };
    assert_eq!((parents(&member).await, parents(&fixture.caller).await), (vec![], vec![linked]));
}
