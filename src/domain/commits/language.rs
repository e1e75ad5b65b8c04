//! Maps file names to language names of the syntax highlighter.

const BY_NAME: &[(&str, &str)] = &[
    ("dockerfile", "dockerfile"),
    ("makefile", "makefile"),
    ("gnumakefile", "makefile"),
    ("cmakelists.txt", "cmake"),
    ("gemfile", "ruby"),
    ("rakefile", "ruby"),
    ("cargo.lock", "toml"),
    ("poetry.lock", "toml"),
    ("go.mod", "go"),
    (".bashrc", "bash"),
    (".gitignore", "ini"),
    (".env", "ini"),
];

const BY_EXTENSION: &[(&str, &str)] = &[
    ("rs", "rust"),
    ("py pyi", "python"),
    ("js mjs cjs jsx", "javascript"),
    ("ts mts cts", "typescript"),
    ("tsx", "tsx"),
    ("go", "go"),
    ("java", "java"),
    ("kt kts", "kotlin"),
    ("scala", "scala"),
    ("c h", "c"),
    ("cc cpp cxx hpp hh hxx", "cpp"),
    ("cs", "csharp"),
    ("swift", "swift"),
    ("m mm", "objectivec"),
    ("rb", "ruby"),
    ("php", "php"),
    ("pl pm", "perl"),
    ("lua", "lua"),
    ("r", "r"),
    ("jl", "julia"),
    ("hs", "haskell"),
    ("ex exs", "elixir"),
    ("erl hrl", "erlang"),
    ("clj cljs", "clojure"),
    ("dart", "dart"),
    ("zig", "zig"),
    ("sql", "sql"),
    ("sh bash zsh", "bash"),
    ("ps1", "powershell"),
    ("html htm", "html"),
    ("xml svg xsd", "xml"),
    ("css", "css"),
    ("scss", "scss"),
    ("less", "less"),
    ("vue", "vue"),
    ("svelte", "svelte"),
    ("json jsonl jsonc", "json"),
    ("yaml yml", "yaml"),
    ("toml", "toml"),
    ("ini cfg conf", "ini"),
    ("md markdown mdx", "markdown"),
    ("graphql gql", "graphql"),
    ("proto", "protobuf"),
    ("tf hcl", "hcl"),
    ("nix", "nix"),
    ("tex", "latex"),
    ("diff patch", "diff"),
];

/// The language of a path; `text` if unknown.
pub fn of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    if let Some((_, language)) = BY_NAME.iter().find(|(known, _)| *known == name) {
        return language;
    }
    let Some((_, extension)) = name.rsplit_once('.') else { return "text" };
    let known = BY_EXTENSION.iter().find(|(extensions, _)| extensions.split(' ').any(|known| known == extension));
    known.map_or("text", |(_, language)| language)
}

#[cfg(test)]
mod tests {
    #[test]
    fn languages_follow_from_names_and_extensions() {
        for (path, language) in [
            ("src/main.rs", "rust"),
            ("a/b.PY", "python"),
            ("docker/Dockerfile", "dockerfile"),
            ("x.tar.gz", "text"),
            ("LICENSE", "text"),
            ("dir.rs/plain", "text"),
        ] {
            assert_eq!(super::of(path), language, "{path}");
        }
    }
}
