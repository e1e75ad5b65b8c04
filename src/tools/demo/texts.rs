//! Comment and ticket texts of the simulated agents. `{key}` and `{title}` are replaced by those of the ticket.

use crate::domain::tickets::Card;

pub const PROGRESS: &[&str] = &[
    "Found where it happens. A test that fails is in place.",
    "Halfway through; the second half is the easy one.",
    "The data from last week makes it visible. Working on a copy of it.",
    "Smaller than I thought: one condition was the wrong way round.",
    "Split it in two commits so that the review is easier to read.",
    "Measured before and after:\n\n| | before | after |\n|---|---|---|\n| p50 | 180 ms | 24 ms |\n| p99 | 2.1 s | 90 ms |",
    "Three other places had the same mistake; fixed with it.",
    "The old behaviour was documented nowhere. Wrote it down while I was there.",
];

pub const TO_REVIEW: &[&str] = &[
    "Ready for review: tests are green, the change is behind a flag.",
    "Ready for review. Please look at the migration with care.",
    "Done on my side; the description says what to look at.",
];

pub const APPROVED: &[&str] = &[
    "Looks good. The names say what they do.",
    "Read it twice, tried it once. On to testing.",
    "Good. One nit that I fixed myself.",
];

pub const REJECTED: &[&str] = &[
    "The error case is not tested: what if the answer never comes?",
    "Works, but it asks the database once for each row. Please in one query.",
    "Please rename the flag; its meaning will be lost in a month.",
];

pub const QUESTIONS: &[&str] = &[
    "@{who} does this also hold for orders from before the move?",
    "@{who} why the second cache? The first one seems enough.",
    "@{who} can we do without the new dependency?",
];

pub const ANSWERS: &[&str] = &["👍", "🎉", "👀", "❤️", "🚀"];

pub const RESOLVED: &[&str] = &[
    "Tested on staging with last week's orders; all as described.",
    "Tested on two phones and three browsers. Done.",
    "Tried everything in the description and some of what is not. Done.",
];

pub const FAILED: &[&str] = &[
    "Fails on Safari: the dialog stays open. Back to you.",
    "With an empty basket it shows an error. Everything else works.",
    "The second run finds the first one's lock. Please look again.",
];

pub const REOPENED: &[&str] = &[
    "It came back in the nightly run.",
    "A customer reports it again, with another browser.",
    "The fix covers only half of the cases; see the new report.",
];

pub const PLANNED: &[&str] = &["Next up.", "Small enough for this week.", "The support team asks for it."];

/// Titles and texts of tickets that come up while working on another one.
pub const FOLLOW_UPS: &[(&str, &str)] = &[
    ("Write down what {key} changed", "“{title}” changed how things work; the handbook still describes the old way."),
    ("Clean up after {key}", "Once “{title}” is live for a week, the old path and its flag can go."),
    ("Watch the numbers after {key}", "Add a chart for “{title}” and look at it for three days."),
    ("Brief the support team on {key}", "What changes for customers with “{title}”, in five sentences."),
];

pub const OBSTACLES: &[(&str, &str)] = &[
    ("Test data for {key}", "“{title}” cannot go on without orders that look like real ones. Anonymize last week's."),
    ("Access to the carrier's sandbox for {key}", "“{title}” needs an account there. Ask for one, store the key."),
    ("Decide on the wording for {key}", "“{title}” shows a new message; the team has to decide on its text."),
];

/// Picks a random element.
pub fn pick<T: Copy>(of: &[T]) -> T {
    of[fastrand::usize(..of.len())]
}

/// Replaces the placeholders of a text.
pub fn fill_in(card: &Card, text: &str) -> String {
    text.replace("{key}", &card.key).replace("{title}", &card.title)
}
