//! Build script: the migrations and the dashboard are compiled into the binary, and cargo does not
//! notice new files in those folders.
fn main() {
    for folder in ["migrations", "sql", "frontend/dist"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
