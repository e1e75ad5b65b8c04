//! What names of states, priorities and types usually mean.

use super::model::Stage;
use super::texts::plain;
use crate::domain::tickets::Priority;

/// States that mean the same, with their progress. Names are compared as letters and digits in lower case.
const STATES: &[(Stage, &[&str])] = &[
    (
        Stage::Open,
        &[
            "backlog", "icebox", "triage", "inbox", "ideas", "idea", "later", "deferred", "someday", "draft", "onhold",
            "paused",
        ],
    ),
    (
        Stage::Open,
        &[
            "todo",
            "ready",
            "selectedfordevelopment",
            "planned",
            "unstarted",
            "upnext",
            "next",
            "readyfordev",
            "readyfordevelopment",
        ],
    ),
    // The initial column, whatever it is called.
    (
        Stage::Open,
        &["open", "new", "pending", "created", "reopened", "reported", "blocked", "waiting", "pinned", "none", ""],
    ),
    (
        Stage::Active,
        &[
            "inprogress",
            "doing",
            "started",
            "active",
            "wip",
            "indevelopment",
            "development",
            "working",
            "hooked",
            "implementing",
            "building",
        ],
    ),
    (
        Stage::Active,
        &[
            "review",
            "inreview",
            "codereview",
            "underreview",
            "peerreview",
            "pullrequest",
            "feedback",
            "awaitingreview",
            "readyforreview",
        ],
    ),
    (
        Stage::Active,
        &[
            "testing",
            "intesting",
            "test",
            "qa",
            "inqa",
            "verification",
            "verify",
            "validating",
            "uat",
            "readyfortest",
            "readyforqa",
            "developed",
        ],
    ),
    (
        Stage::Done,
        &[
            "done",
            "closed",
            "completed",
            "complete",
            "resolved",
            "fixed",
            "shipped",
            "released",
            "merged",
            "finished",
            "deployed",
            "tested",
            "live",
        ],
    ),
    (
        Stage::Done,
        &[
            "canceled",
            "cancelled",
            "wontfix",
            "wontdo",
            "notplanned",
            "duplicate",
            "rejected",
            "abandoned",
            "invalid",
            "declined",
            "obsolete",
            "archived",
            "closedasnotplanned",
            "closedasduplicate",
        ],
    ),
];

/// The progress that a state's name tells; none for an unusual name.
pub fn stage_of_name(name: &str) -> Option<Stage> {
    group(name).map(|(stage, _)| *stage)
}

/// Whether two names of states usually mean the same. Names of the initial state are not compared.
pub fn are_same_state(one: &str, other: &str) -> bool {
    group(one).is_some_and(|(_, names)| !names.contains(&"open") && names.contains(&plain(other).as_str()))
}

fn group(name: &str) -> Option<&'static (Stage, &'static [&'static str])> {
    let name = plain(name);
    STATES.iter().find(|(_, names)| names.contains(&name.as_str()))
}

/// The priority that a name means; none for an unusual name.
pub fn priority_of_name(name: &str) -> Option<Priority> {
    Some(match plain(name).as_str() {
        "critical" | "urgent" | "highest" | "blocker" | "immediate" | "p0" | "emergency" | "showstopper" => {
            Priority::Critical
        }
        "high" | "major" | "important" | "p1" => Priority::High,
        "medium" | "normal" | "moderate" | "p2" | "none" | "nopriority" | "notset" | "default" => Priority::Medium,
        "low" | "lowest" | "minor" | "trivial" | "p3" | "p4" => Priority::Low,
        _ => return None,
    })
}

/// Another usual name of a ticket type.
pub fn type_of_name(name: &str) -> Option<&'static str> {
    Some(match plain(name).as_str() {
        "defect" | "incident" | "fault" | "problem" => "bug",
        "newfeature" | "userstory" | "story" | "featurerequest" => "feature",
        "enhancement" | "refactor" | "refactoring" => "improvement",
        "subtask" | "todo" | "workpackage" => "task",
        "research" | "investigation" => "spike",
        _ => return None,
    })
}
