//! The tables that benchmarks print.

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

    /// Adds a value, its baseline and their ratio.
    pub fn ratio(&mut self, name: &str, value: f64, baseline: f64) {
        let ratio = value / baseline.max(f64::MIN_POSITIVE);
        self.lines.push(format!("  {name:<44} {value:>10.1} {baseline:>10.1}   ratio {ratio:.2}"));
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
