//! The example of docs/rust-client.md; a documentation test compares the two.

use callboard::client::{Client, Credential, Result, Update};
use callboard::domain::tickets::change::CreateTicket;
use futures_util::StreamExt;

/// Creates a ticket and prints its events until it is resolved.
pub async fn create_and_follow(url: &str, key: &str, workflow: &str) -> Result<()> {
    let client = Client::new(url, Credential::key(key))?;
    let workflow = client.find_workflow(workflow).await?.id;
    let since = client.end_of_stream(&workflow).await?;
    let changelog = CreateTicket {
        title: "Write the changelog".into(),
        description: "What changed since the last release.".into(),
        ..CreateTicket::in_workflow(&workflow)
    };
    let ticket = client.create_ticket(&changelog).await?;
    println!("{}", ticket.key);
    let mut room = client.watch(&format!("workflow:{workflow}"), Some(since));
    while let Some(update) = room.next().await {
        let Update::Event(event) = update? else { continue };
        if event.ticket_id.as_ref() == Some(&ticket.ticket_id) {
            println!("{} {}", event.seq, event.kind);
            if event.kind == "ticket_resolved" {
                break;
            }
        }
    }
    Ok(())
}
