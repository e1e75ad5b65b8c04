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

/// A file's text with the block, which is replaced if it is there and appended otherwise. The ends of lines stay as they are,
/// and a last line without one.
pub fn with_block(text: &str) -> String {
    let end = if text.contains("\r\n") && !text.replace("\r\n", "").contains('\n') { "\r\n" } else { "\n" };
    let block = format!("{BEGIN}\n{TEXT}{END}").replace('\n', end);
    if let Some((before, after)) = around_block(text) {
        let last = if after.is_empty() && !text.ends_with('\n') { "" } else { end };
        return format!("{before}{block}{last}{after}");
    }
    match text {
        "" => format!("{block}{end}"),
        text if text.ends_with('\n') => format!("{text}{end}{block}{end}"),
        _ => format!("{text}{end}{end}{block}"),
    }
}

/// A file's text without the block and the empty line before it; none if it has no block.
pub fn without_block(text: &str) -> Option<String> {
    let (before, after) = around_block(text)?;
    let shorter = |text: &str| text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned());
    let mut before = before.to_owned();
    // Without an empty line, the line end belongs to the text.
    if before.ends_with("\n\n") || before.ends_with("\n\r\n") {
        before = shorter(&before).unwrap_or(before);
        if after.is_empty() && !text.ends_with('\n') {
            before = shorter(&before).unwrap_or(before);
        }
    }
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
        for text in ["", "\n", "# Ours\n", "# Ours\n\n", "# Ours\n\nText.", "# Ours\r\n", "# Ours\r\n\r\nText."] {
            let once = with_block(text);
            assert!(once.starts_with(text) && once.contains("get_board"), "{once}");
            assert_eq!(once.contains("\r\n"), text.contains("\r\n"));
            assert_eq!(once.replace("\r\n", "").contains('\n'), !text.contains("\r\n"), "{once:?}");
            assert_eq!(with_block(&once), once);
            assert_eq!(without_block(&once).as_deref(), Some(text));
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
