//! How coding agents are connected to the board over MCP: their configuration files, what is written into them, their
//! hooks and the files of instructions. `callboard connect` and the dashboard render the same table.

pub mod document;
pub mod instructions;
pub mod secrets;
mod tools;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::document::{Document, Format, Invalid};
pub use self::tools::{TOOLS, find};

/// The name of Callboard's entry in the configuration of an agent.
pub const SERVER_NAME: &str = "callboard";
/// The environment variable that holds the key where a file of a project names it.
pub const KEY_VARIABLE: &str = "CALLBOARD_KEY";
/// The fields of an entry that say how a server is reached. Those that the template lacks are removed from an existing entry.
const TRANSPORT_FIELDS: &[&str] = &[
    "args",
    "bearer_token_env_var",
    "command",
    "cwd",
    "env",
    "env_http_headers",
    "headers",
    "http_headers",
    "httpUrl",
    "serverUrl",
    "type",
    "url",
];
/// The fields that may hold the address of a server.
const ADDRESS_FIELDS: &[&str] = &["url", "httpUrl", "serverUrl"];

/// A value of a template. Texts contain `{url}`, `{key}` and `{command}`.
#[derive(Debug, Clone, Copy)]
pub enum Setting {
    /// A text.
    Text(&'static str),
    /// A number.
    Number(u32),
    /// A flag.
    Flag(bool),
    /// A list.
    List(&'static [Setting]),
    /// Fields, in their order.
    Table(&'static [(&'static str, Setting)]),
}

/// What the placeholders of a template stand for.
#[derive(Debug, Clone, Copy)]
pub struct Fill<'a> {
    /// The address of the server's MCP endpoint.
    pub url: &'a str,
    /// The API key.
    pub key: &'a str,
    /// The command of a hook.
    pub command: &'a str,
}

impl Fill<'_> {
    /// A text of a template with the values.
    pub(crate) fn text(&self, template: &str) -> String {
        template.replace("{key}", self.key).replace("{command}", self.command).replace("{url}", self.url)
    }
}

/// Where a file of a tool is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Folders; the first one whose variable is set counts. They begin with `$VARIABLE` or `~`.
    pub folders: &'static [&'static str],
    /// The folder on macOS, if it is another one.
    pub macos: Option<&'static str>,
    /// The folder on Windows, if it is another one. Only the dashboard names it.
    pub windows: Option<&'static str>,
    /// Names of the file; the first that exists counts, else the first.
    pub files: &'static [&'static str],
}

/// The configuration of a tool in a project, which is usually committed, so that it names a variable instead of the key.
#[derive(Debug, Clone, Copy)]
pub struct ProjectFile {
    /// Paths in the project; the first that exists counts, else the first.
    pub files: &'static [&'static str],
    /// The entry.
    pub entry: Setting,
}

/// Commands that a tool runs when a session begins and when the agent stops.
#[derive(Debug, Clone, Copy)]
pub struct Hooks {
    /// The file of the user.
    pub place: Place,
    /// The file in a project.
    pub project: &'static str,
    /// The text of a new file.
    pub fresh: &'static str,
    /// The event of a session's begin.
    pub begin: &'static str,
    /// The event of the agent's stop.
    pub stop: &'static str,
    /// One hook.
    pub hook: Setting,
    /// Whether the tool expects the context as `additional_context` instead of in `hookSpecificOutput`.
    pub flat_output: bool,
}

/// A coding agent that can be connected.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The name on the command line.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The language of its configuration.
    pub format: Format,
    /// The user's configuration.
    pub place: Place,
    /// The configuration in a project, if it may name an environment variable.
    pub project: Option<ProjectFile>,
    /// The text of a new configuration file.
    pub fresh: &'static str,
    /// The field of the configuration that holds the servers.
    pub servers: &'static str,
    /// The entry in the user's configuration.
    pub entry: Setting,
    /// The file in a project that the tool reads as instructions.
    pub instructions: &'static str,
    /// Its hooks, if it has any.
    pub hooks: Option<Hooks>,
    /// How the tool takes up its new configuration.
    pub next_step: &'static str,
}

/// Whose configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The user's, with the key.
    User,
    /// The project's, with an environment variable.
    Project,
}

impl Tool {
    /// The template of the entry; none if the tool has no such configuration.
    fn template(&self, scope: Scope) -> Option<&Setting> {
        match scope {
            Scope::User => Some(&self.entry),
            Scope::Project => self.project.as_ref().map(|project| &project.entry),
        }
    }

    /// Writes the entry into a configuration. Fields of an existing entry that have nothing to do with the transport stay.
    pub fn connect(&self, document: &mut Document, scope: Scope, fill: &Fill<'_>) -> Result<(), Invalid> {
        let Some(template) = self.template(scope) else { return Ok(()) };
        let path = [self.servers, SERVER_NAME];
        if let (Setting::Table(fields), Some(existing)) = (template, document.value(&path)) {
            for stale in TRANSPORT_FIELDS.iter().filter(|name| !fields.iter().any(|(field, _)| field == *name)) {
                let others = existing.get(stale).and_then(serde_json::Value::as_object);
                if others.is_some_and(|headers| headers.keys().any(|name| name != "Authorization")) {
                    document.remove(&[self.servers, SERVER_NAME, *stale], "Authorization");
                } else if existing.get(stale).is_some() {
                    document.remove(&path, stale);
                }
            }
        }
        document.merge(&[self.servers], SERVER_NAME, template, fill)
    }

    /// Removes the entry, and the table of servers if nothing else is in it; false if there is no entry.
    pub fn disconnect(&self, document: &mut Document) -> bool {
        let removed = document.remove(&[self.servers], SERVER_NAME);
        if removed {
            document.prune(&[self.servers]);
        }
        removed
    }

    /// The entry of a configuration.
    pub fn entry(&self, document: &Document) -> Option<Entry> {
        let value = document.value(&[self.servers, SERVER_NAME])?;
        let url = ADDRESS_FIELDS.iter().find_map(|field| value.get(field)).and_then(serde_json::Value::as_str);
        Some(Entry { url: url.map(str::to_owned), key: secrets::find_key(&value.to_string()).map(str::to_owned) })
    }

    /// The text of a configuration that holds nothing else.
    pub fn example(&self, scope: Scope, fill: &Fill<'_>) -> Result<String, Invalid> {
        let mut document = Document::parse(self.format, self.fresh)?;
        self.connect(&mut document, scope, fill)?;
        Ok(document.to_string())
    }
}

/// Callboard's entry in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The address.
    pub url: Option<String>,
    /// The API key, if the entry holds one.
    pub key: Option<String>,
}

impl Hooks {
    /// Adds or updates the two hooks; other hooks stay.
    pub fn connect(&self, document: &mut Document, tool: &Tool, scope: Scope, program: &str) -> Result<(), Invalid> {
        for (event, action) in [(self.begin, "brief"), (self.stop, "report")] {
            let command = command(program, action, tool, scope);
            let fill = Fill { url: "", key: "", command: &command };
            document.put_element(&["hooks", event], &marker(action, tool), &self.hook, &fill)?;
        }
        Ok(())
    }

    /// Removes the two hooks; false if there are none.
    pub fn disconnect(&self, document: &mut Document, tool: &Tool) -> bool {
        let begin = document.remove_elements(&["hooks", self.begin], &marker("brief", tool));
        let removed = document.remove_elements(&["hooks", self.stop], &marker("report", tool)) || begin;
        if removed {
            document.prune(&["hooks"]);
        }
        removed
    }
}

/// The part of a hook's command by which it is recognized.
fn marker(action: &str, tool: &Tool) -> String {
    format!("agent {action} --tool {}", tool.id)
}

/// A hook's command. It never fails, also without the program, because a failing hook disturbs the tool.
fn command(program: &str, action: &str, tool: &Tool, scope: Scope) -> String {
    let is_plain = program.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let program = if is_plain { program.to_owned() } else { format!("'{}'", program.replace('\'', r"'\''")) };
    let scope = match scope {
        Scope::User => "",
        Scope::Project => " --scope project",
    };
    format!("{program} {}{scope} 2>/dev/null || true", marker(action, tool))
}

/// How a coding agent is connected. The texts contain `{url}`, the address of the server followed by `/mcp`, and `{key}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ToolSetup {
    /// The name in `callboard connect NAME`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The user's configuration file.
    pub user_file: String,
    /// The same on macOS.
    pub user_file_macos: String,
    /// The same on Windows.
    pub user_file_windows: String,
    /// The text of the user's configuration; it holds the key.
    pub user_text: String,
    /// The configuration file in a project, if there is one.
    pub project_file: Option<String>,
    /// The text of the project's configuration; it reads the key from the environment variable `CALLBOARD_KEY`.
    pub project_text: Option<String>,
    /// How the tool takes up its new configuration.
    pub next_step: String,
}

/// How coding agents are connected.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentSetup {
    /// The known coding agents.
    pub tools: Vec<ToolSetup>,
}

/// How coding agents are connected. It is the same for every server, so it is rendered once.
pub fn agent_setup() -> &'static AgentSetup {
    static SETUP: OnceLock<AgentSetup> = OnceLock::new();
    SETUP.get_or_init(|| AgentSetup { tools: TOOLS.iter().map(setup_of).collect() })
}

fn setup_of(tool: &Tool) -> ToolSetup {
    let fill = Fill { url: "{url}", key: "{key}", command: "" };
    // The tests render every template.
    let text = |scope| tool.example(scope, &fill).unwrap_or_default();
    let file = tool.place.files.first().copied().unwrap_or_default();
    // The last folder is the one without a variable.
    let folder = tool.place.folders.last().copied().unwrap_or_default();
    ToolSetup {
        id: tool.id.to_owned(),
        name: tool.name.to_owned(),
        user_file: format!("{folder}/{file}"),
        user_file_macos: format!("{}/{file}", tool.place.macos.unwrap_or(folder)),
        user_file_windows: match tool.place.windows {
            Some(folder) => format!(r"{folder}\{file}"),
            None => format!("{folder}/{file}").replace('~', "%USERPROFILE%").replace('/', r"\"),
        },
        user_text: text(Scope::User),
        project_file: tool.project.and_then(|project| project.files.first().map(|file| (*file).to_owned())),
        project_text: tool.project.map(|_| text(Scope::Project)),
        next_step: tool.next_step.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_renders_and_is_read_back() {
        let key = format!("cb_{}_{}", "0".repeat(32), "a".repeat(46));
        let fill = Fill { url: "http://127.0.0.1:8080/mcp", key: &key, command: "" };
        for tool in TOOLS {
            let text = tool.example(Scope::User, &fill).unwrap_or_else(|error| panic!("{}: {error:?}", tool.id));
            let document = Document::parse(tool.format, &text).expect("valid");
            let entry = tool.entry(&document).expect("an entry");
            assert_eq!(
                (entry.url.as_deref(), entry.key.as_deref()),
                (Some(fill.url), Some(key.as_str())),
                "{}",
                tool.id
            );
            if tool.project.is_some() {
                let text = tool.example(Scope::Project, &fill).expect("valid");
                assert!(!text.contains(&key) && text.contains(KEY_VARIABLE), "{}: {text}", tool.id);
                let entry = tool.entry(&Document::parse(tool.format, &text).expect("valid")).expect("an entry");
                assert_eq!((entry.url.as_deref(), entry.key), (Some(fill.url), None), "{}", tool.id);
            }
        }
        assert!(agent_setup().tools.iter().all(|tool| tool.user_text.contains("{url}")));
    }
}
