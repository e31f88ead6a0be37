//! The page is part of the binary, so it has to be built before the binary is.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    for file in ["pane/dist/index.html", "pane/dist/pane.js", "pane/dist/areas.html", "pane/dist/areas.js"] {
        println!("cargo::rerun-if-changed={file}");
        if !std::path::Path::new(file).is_file() {
            println!("cargo::error=notes-api/{file} is missing: the page is not built yet; run `make pane`");
            return;
        }
    }
}
