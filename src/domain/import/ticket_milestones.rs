//! Which milestone a ticket of a source is in.

use super::milestones::{Milestone, one_line};
use super::model::Batch;

impl Batch {
    /// Notes the milestone of a ticket. One too many becomes a tag.
    pub fn milestone(&mut self, milestone: Milestone, tags: &mut Vec<String>) -> Option<String> {
        let name = one_line(&milestone.name);
        let noted = self.milestones.note(milestone);
        if noted.is_none() && !name.is_empty() {
            self.not_taken.add("milestones beyond the limit", "a workflow has at most 300; they become tags", &name);
            tags.push(format!("milestone:{name}"));
        }
        noted
    }

    /// The same for a source that says only the name.
    pub fn milestone_named(&mut self, name: Option<&str>, tags: &mut Vec<String>) -> Option<String> {
        self.milestone(Milestone { name: name?.to_owned(), ..Milestone::default() }, tags)
    }

    /// Notes a milestone that is described apart from the tickets.
    pub fn describe_milestone(&mut self, milestone: Milestone) {
        self.milestones.note(milestone);
    }
}
