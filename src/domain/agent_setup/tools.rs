//! The known coding agents. A new one is an entry here; every test and the dashboard take it from this table.

use super::Setting::{Flag, List, Number, Table, Text};
use super::{Format, Hooks, Place, ProjectFile, Setting, Tool};

/// Folder of settings that follow the XDG specification.
macro_rules! xdg {
    ($folder:literal) => {
        &[concat!("$XDG_CONFIG_HOME/", $folder), concat!("~/.config/", $folder)]
    };
}

const fn place(folders: &'static [&'static str], files: &'static [&'static str]) -> Place {
    Place { folders, macos: None, windows: None, files }
}

/// A header with the key.
const KEY: Setting = Table(&[("Authorization", Text("Bearer {key}"))]);
/// A header with the variable in the syntax of shells.
const SHELL_VARIABLE: Setting = Table(&[("Authorization", Text("Bearer ${CALLBOARD_KEY}"))]);
/// A header with the variable in the syntax of VS Code and the editors made from it.
const EDITOR_VARIABLE: Setting = Table(&[("Authorization", Text("Bearer ${env:CALLBOARD_KEY}"))]);

/// A hook in a group, with a time limit in seconds.
const GROUPED_HOOK: Setting = Table(&[(
    "hooks",
    List(&[Table(&[("type", Text("command")), ("command", Text("{command}")), ("timeout", Number(10))])]),
)]);
/// The same with a time limit in milliseconds.
const GROUPED_HOOK_MILLISECONDS: Setting = Table(&[(
    "hooks",
    List(&[Table(&[("type", Text("command")), ("command", Text("{command}")), ("timeout", Number(10_000))])]),
)]);

const EMPTY: &str = "{}\n";

/// A coding agent with JSON, for the entries below.
const JSON: Tool = Tool {
    id: "",
    name: "",
    format: Format::Json,
    place: place(&[], &[]),
    project: None,
    fresh: EMPTY,
    servers: "mcpServers",
    entry: KEY,
    instructions: "AGENTS.md",
    hooks: None,
    next_step: "",
};

/// The known coding agents.
pub const TOOLS: &[Tool] = &[
    Tool {
        id: "claude",
        name: "Claude Code",
        place: place(&["$CLAUDE_CONFIG_DIR", "~"], &[".claude.json"]),
        entry: Table(&[("type", Text("http")), ("url", Text("{url}")), ("headers", KEY)]),
        project: Some(ProjectFile {
            files: &[".mcp.json"],
            entry: Table(&[("type", Text("http")), ("url", Text("{url}")), ("headers", SHELL_VARIABLE)]),
        }),
        instructions: "CLAUDE.md",
        hooks: Some(Hooks {
            place: place(&["$CLAUDE_CONFIG_DIR", "~/.claude"], &["settings.json"]),
            project: ".claude/settings.json",
            fresh: EMPTY,
            begin: "SessionStart",
            stop: "Stop",
            hook: GROUPED_HOOK,
            flat_output: false,
        }),
        next_step: "Start a new session of Claude Code",
        ..JSON
    },
    Tool {
        id: "codex",
        name: "Codex",
        format: Format::Toml,
        place: place(&["$CODEX_HOME", "~/.codex"], &["config.toml"]),
        fresh: "",
        servers: "mcp_servers",
        entry: Table(&[("url", Text("{url}")), ("http_headers", KEY)]),
        project: Some(ProjectFile {
            files: &[".codex/config.toml"],
            entry: Table(&[("url", Text("{url}")), ("bearer_token_env_var", Text("CALLBOARD_KEY"))]),
        }),
        hooks: Some(Hooks {
            place: place(&["$CODEX_HOME", "~/.codex"], &["hooks.json"]),
            project: ".codex/hooks.json",
            fresh: EMPTY,
            begin: "SessionStart",
            stop: "Stop",
            hook: GROUPED_HOOK,
            flat_output: false,
        }),
        next_step: "Start Codex again",
        ..JSON
    },
    Tool {
        id: "gemini",
        name: "Gemini CLI",
        place: place(&["$GEMINI_CLI_HOME/.gemini", "~/.gemini"], &["settings.json"]),
        entry: Table(&[("httpUrl", Text("{url}")), ("headers", KEY)]),
        project: Some(ProjectFile {
            files: &[".gemini/settings.json"],
            entry: Table(&[("httpUrl", Text("{url}")), ("headers", SHELL_VARIABLE)]),
        }),
        instructions: "GEMINI.md",
        hooks: Some(Hooks {
            place: place(&["$GEMINI_CLI_HOME/.gemini", "~/.gemini"], &["settings.json"]),
            project: ".gemini/settings.json",
            fresh: EMPTY,
            begin: "SessionStart",
            stop: "AfterAgent",
            hook: GROUPED_HOOK_MILLISECONDS,
            flat_output: false,
        }),
        next_step: "Start Gemini CLI again",
        ..JSON
    },
    Tool {
        id: "cursor",
        name: "Cursor",
        place: place(&["~/.cursor"], &["mcp.json"]),
        entry: Table(&[("url", Text("{url}")), ("headers", KEY)]),
        project: Some(ProjectFile {
            files: &[".cursor/mcp.json"],
            entry: Table(&[("url", Text("{url}")), ("headers", EDITOR_VARIABLE)]),
        }),
        hooks: Some(Hooks {
            place: place(&["~/.cursor"], &["hooks.json"]),
            project: ".cursor/hooks.json",
            fresh: "{\n  \"version\": 1\n}\n",
            begin: "sessionStart",
            stop: "stop",
            hook: Table(&[("command", Text("{command}")), ("timeout", Number(10))]),
            flat_output: true,
        }),
        next_step: "Switch the server on in Cursor's settings, under MCP",
        ..JSON
    },
    Tool {
        id: "vscode",
        name: "VS Code",
        place: Place {
            macos: Some("~/Library/Application Support/Code/User"),
            windows: Some(r"%APPDATA%\Code\User"),
            ..place(xdg!("Code/User"), &["mcp.json"])
        },
        servers: "servers",
        entry: Table(&[("type", Text("http")), ("url", Text("{url}")), ("headers", KEY)]),
        project: Some(ProjectFile {
            files: &[".vscode/mcp.json"],
            entry: Table(&[("type", Text("http")), ("url", Text("{url}")), ("headers", EDITOR_VARIABLE)]),
        }),
        next_step: "Start the server with the command “MCP: List Servers” of VS Code",
        ..JSON
    },
    Tool {
        id: "opencode",
        name: "opencode",
        place: place(xdg!("opencode"), &["opencode.json", "opencode.jsonc"]),
        fresh: "{\n  \"$schema\": \"https://opencode.ai/config.json\"\n}\n",
        servers: "mcp",
        entry: Table(&[
            ("type", Text("remote")),
            ("url", Text("{url}")),
            ("enabled", Flag(true)),
            ("oauth", Flag(false)),
            ("headers", KEY),
        ]),
        project: Some(ProjectFile {
            files: &["opencode.json", "opencode.jsonc"],
            entry: Table(&[
                ("type", Text("remote")),
                ("url", Text("{url}")),
                ("enabled", Flag(true)),
                ("oauth", Flag(false)),
                ("headers", Table(&[("Authorization", Text("Bearer {env:CALLBOARD_KEY}"))])),
            ]),
        }),
        next_step: "Start opencode again",
        ..JSON
    },
    Tool {
        id: "copilot",
        name: "Copilot CLI",
        place: place(&["$COPILOT_HOME", "~/.copilot"], &["mcp-config.json"]),
        entry: Table(&[
            ("type", Text("http")),
            ("url", Text("{url}")),
            ("headers", KEY),
            ("tools", List(&[Text("*")])),
        ]),
        project: Some(ProjectFile {
            files: &[".mcp.json"],
            entry: Table(&[
                ("type", Text("http")),
                ("url", Text("{url}")),
                ("headers", SHELL_VARIABLE),
                ("tools", List(&[Text("*")])),
            ]),
        }),
        next_step: "Start Copilot CLI again",
        ..JSON
    },
    Tool {
        id: "qwen",
        name: "Qwen Code",
        place: place(&["~/.qwen"], &["settings.json"]),
        entry: Table(&[("httpUrl", Text("{url}")), ("headers", KEY)]),
        project: Some(ProjectFile {
            files: &[".qwen/settings.json"],
            entry: Table(&[("httpUrl", Text("{url}")), ("headers", SHELL_VARIABLE)]),
        }),
        instructions: "QWEN.md",
        next_step: "Start Qwen Code again",
        ..JSON
    },
    Tool {
        id: "windsurf",
        name: "Windsurf",
        place: place(&["~/.codeium/windsurf"], &["mcp_config.json"]),
        entry: Table(&[("serverUrl", Text("{url}")), ("headers", KEY)]),
        next_step: "Refresh the servers in Windsurf's MCP settings",
        ..JSON
    },
    Tool {
        id: "zed",
        name: "Zed",
        place: Place {
            macos: Some("~/.config/zed"),
            windows: Some(r"%APPDATA%\Zed"),
            ..place(xdg!("zed"), &["settings.json"])
        },
        servers: "context_servers",
        entry: Table(&[("url", Text("{url}")), ("headers", KEY)]),
        next_step: "Look at the servers in the settings of Zed's agent panel",
        ..JSON
    },
    Tool {
        id: "cline",
        name: "Cline",
        // The extension, the command line and the plug-in share it; older extensions move their own file's servers there.
        place: place(&["~/.cline/data/settings"], &["cline_mcp_settings.json"]),
        entry: Table(&[("type", Text("streamableHttp")), ("url", Text("{url}")), ("headers", KEY)]),
        next_step: "Look at the installed servers in Cline's MCP settings",
        ..JSON
    },
    Tool {
        id: "amp",
        name: "Amp",
        place: place(xdg!("amp"), &["settings.json"]),
        servers: "amp.mcpServers",
        entry: Table(&[("url", Text("{url}")), ("headers", KEY)]),
        next_step: "Start Amp again",
        ..JSON
    },
    Tool {
        id: "antigravity",
        name: "Antigravity",
        // Since 2.0, which takes over the file of older versions once; ~/.gemini/antigravity holds only state since then.
        place: place(&["~/.gemini/config"], &["mcp_config.json"]),
        entry: Table(&[("serverUrl", Text("{url}")), ("headers", KEY)]),
        next_step: "Start Antigravity again",
        ..JSON
    },
];

/// A coding agent by its name on the command line.
pub fn find(id: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.id == id)
}
