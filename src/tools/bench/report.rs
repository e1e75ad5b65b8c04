//! The tables that the benchmark of search prints.

/// Collects lines under headings for printing at the end.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<String>,
}

impl Report {
    /// Starts a table.
    pub fn heading(&mut self, text: &str) {
        self.lines.push(format!("\n{text}"));
        eprintln!("measuring: {text}");
    }

    /// Adds a single value.
    pub fn line(&mut self, name: &str, value: &str) {
        self.lines.push(format!("  {name:<44} {value}"));
    }

    /// Prints and removes the lines added so far.
    pub fn print(&mut self) {
        for line in self.lines.drain(..) {
            println!("{line}");
        }
    }
}
