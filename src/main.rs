//! The `callboard` command.

fn main() -> std::process::ExitCode {
    callboard::cli::main()
}
