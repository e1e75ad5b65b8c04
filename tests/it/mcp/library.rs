//! The official client library, as used by agents.

use std::collections::HashMap;

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::json;

use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

#[tokio::test]
async fn the_official_client_library_works() {
    let server = open("mcplibrary").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let token = format!("Bearer {}", owner.token.clone().expect("a token"));
    let header = http::HeaderValue::from_str(&token).expect("a header");
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", server.url))
        .custom_headers(HashMap::from([(http::header::AUTHORIZATION, header)]));
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.expect("a session");
    let info = client.peer_info().expect("the initialize result");
    assert_eq!(info.server_info.as_ref().map(|about| about.name.as_str()), Some("callboard"));
    let tools = client.list_all_tools().await.expect("tools");
    assert!(tools.iter().any(|tool| tool.name == "claim_ticket"));
    let arguments = json!({"workflow_id": fixture.workflow, "title": "From outside", "description": "By the library."});
    let call =
        CallToolRequestParams::new("create_ticket").with_arguments(arguments.as_object().cloned().expect("an object"));
    let made = client.call_tool(call).await.expect("an answer");
    assert_eq!(made.is_error, Some(false));
    assert_eq!(made.structured_content.expect("data")["key"], "TKT-1");
    client.cancel().await.expect("a close message");
}
