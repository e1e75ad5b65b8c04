//! Transcript texts and results of the simulated workers.

use serde_json::{Value, json};

pub const HELLO: &[&str] = &[
    "I have read the ticket and its comments. I begin with a test that shows the problem.",
    "On it. First I look for where this is decided, then I change as little as I can.",
    "Claimed. The plan: **one** test, **one** change, then the review.",
];

/// For each stage, its steps with their output.
pub const STEPS: [&[(&str, &str)]; 3] = [
    &[
        (
            "Read the code around it",
            "$ rg -n \"price\" src | wc -l\n41\n$ rg -ln \"discount\" src\nsrc/basket.rs\nsrc/checkout.rs",
        ),
        (
            "A test shows the problem",
            "$ cargo test basket\nrunning 14 tests\ntest basket::keeps_the_discount ... FAILED\ntest result: FAILED. 13 passed; 1 failed",
        ),
        (
            "Changed one condition",
            "$ git diff --stat\n src/basket.rs | 4 ++--\n 1 file changed, 2 insertions(+), 2 deletions(-)",
        ),
        (
            "The test passes",
            "$ cargo test basket\nrunning 14 tests\ntest basket::keeps_the_discount ... ok\ntest result: ok. 14 passed; 0 failed",
        ),
    ],
    &[
        (
            "Reviewed the change",
            "$ git show --stat HEAD\n src/basket.rs   | 4 ++--\n tests/basket.rs | 22 ++++++++++++++++++++++",
        ),
        ("Linted", "$ cargo clippy\n    Checking shop v0.9.2\n    Finished in 3.8s"),
        (
            "Found nothing to hold it back",
            "$ git log --oneline -2\n5f1c9ab Discounts survive an empty basket\n9a04d1e A test for empty baskets",
        ),
    ],
    &[
        (
            "Ran everything",
            "$ cargo test\nrunning 212 tests\n........................................\ntest result: ok. 212 passed; 0 failed",
        ),
        (
            "Tried it with last week's orders",
            "$ ./replay --orders last-week.json\n1,904 orders, 0 differences\nslowest 41 ms",
        ),
        ("Measured it", "$ ./bench checkout\nbefore  p50 22 ms  p99 180 ms\nafter   p50 21 ms  p99  96 ms"),
    ],
];

/// A question, its context, and the options to choose from.
pub const QUESTIONS: &[(&str, &str, &[&str])] = &[
    (
        "Old baskets have no currency. What should they get?",
        "There are **1,204** of them, all from before the move.\n\n| | |\n|---|---|\n| with orders | 87 |\n| abandoned | 1,117 |",
        &["Euro, like all others then", "Delete the abandoned ones", "Leave them alone"],
    ),
    (
        "May I add a dependency for parsing the carrier's files?",
        "By hand it is about 200 lines. The library is small, maintained, and does nothing else.",
        &["Yes, take the library", "No, write it by hand"],
    ),
    (
        "Two customers see different totals for a day. Ship it anyway?",
        "Caches are warm for 24 hours. Emptying them costs about *4 s* of slow pages.",
        &["Ship it", "Empty the caches first", "Wait until the night"],
    ),
];

pub const NO_ANSWER: &str = "No answer arrived in time. I take the careful option and note it in the ticket.";

pub const DONE: &[&str] = &[
    "Done. The change is two lines; the test is longer than that, as it should be.",
    "Done. I left one note in the code where the next reader would wonder.",
];

pub const FAILURES: &[&str] = &[
    "The carrier's sandbox answers 503; without it the last test proves nothing.",
    "The nightly copy of the database is incomplete, so the replay stopped halfway.",
];

/// A generated JSON specification.
pub fn spec(title: &str) -> Value {
    json!({
        "name": title,
        "pages": [
            {"path": "/basket", "shows": ["lines", "discount", "total"], "states": ["empty", "filled", "expired"]},
            {"path": "/checkout", "shows": ["address", "carrier", "payment"], "states": ["open", "paid"]},
        ],
        "rules": [
            {"when": "the basket is empty", "then": "the discount is kept for a day"},
            {"when": "the carrier does not answer", "then": "the last known price is shown, and marked"},
        ],
        "limits": {"lines": 200, "response_ms": 150},
    })
}

/// A generated PRD in Markdown.
pub fn description(title: &str) -> String {
    format!(
        "# {title}\n\n## Why\n\nCustomers lose what they had been promised when they come back a day later.\n\n\
         ## What changes\n\n- Discounts stay with the **customer**, not with the basket.\n- A carrier that is away \
         no longer empties the page.\n\n## How it is proven\n\n| Case | Before | After |\n|---|---|---|\n\
         | Empty basket | lost | kept |\n| Carrier away | error | last price |\n"
    )
}
