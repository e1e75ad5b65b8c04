//! The block of instructions about the board in `AGENTS.md` and files like it.

const BEGIN: &str = "<!-- callboard: begin -->";
const END: &str = "<!-- callboard: end -->";

/// The instructions.
const TEXT: &str = "\
## Work board

The team's work is on a Callboard, reached with the MCP tools of the server `callboard`.

- Before you start, look at the board (`get_board`) and at what is assigned to you (`whoami`, `get_tickets`). Take a ticket
  with `claim_ticket`, so that nobody else works on it.
- Before you create a ticket, look for the same one with `check_duplicate` or `search_tickets`.
- Keep the ticket current: `change_ticket_status` when you begin and end, `add_ticket_comment` for results, decisions and
  what blocks you. Name its key (`TKT-12`) in commit messages.
- When a person must decide, use `ask_human` and go on with other work; `wait_for_events` reports the answer.
- When the work is done and checked, use `resolve_ticket` with a short summary.
";

/// A file's text with the block, which is replaced if it is there and appended otherwise.
pub fn with_block(text: &str) -> String {
    let block = format!("{BEGIN}\n{TEXT}{END}\n");
    if let Some((before, after)) = around_block(text) {
        return format!("{before}{block}{after}");
    }
    let gap = match text {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{text}{gap}{block}")
}

/// A file's text without the block; none if it has none.
pub fn without_block(text: &str) -> Option<String> {
    let (before, after) = around_block(text)?;
    let before = before.strip_suffix("\n\n").map_or_else(|| before.to_owned(), |kept| format!("{kept}\n"));
    Some(format!("{before}{after}"))
}

/// The texts before and after the block.
fn around_block(text: &str) -> Option<(&str, &str)> {
    let begin = text.find(BEGIN)?;
    let end = begin + text[begin..].find(END)? + END.len();
    let after = &text[end..];
    Some((&text[..begin], after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n')).unwrap_or(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_appended_updated_and_removed() {
        for text in ["", "# Ours\n", "# Ours\n\nText."] {
            let once = with_block(text);
            assert!(once.starts_with(text) && once.contains("get_board"), "{once}");
            assert_eq!(with_block(&once), once);
            assert_eq!(without_block(&once).expect("a block").trim_end(), text.trim_end());
        }
        let changed = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let updated = with_block(&changed);
        assert!(
            updated.starts_with("before\n") && updated.ends_with("after\n") && !updated.contains("old"),
            "{updated}"
        );
        assert_eq!(without_block("nothing"), None);
    }
}
