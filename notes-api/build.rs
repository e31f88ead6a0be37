//! The page is part of the binary, so it has to be built before the binary is.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    for name in [
        "index.html",
        "pane.js",
        "more.js",
        "person.js",
        "en.js",
        "embed.html",
        "embed.js",
        "referent-pane.js",
        "areas.html",
        "areas.js",
        "manager.html",
        "manager.js",
    ] {
        let file = format!("pane/dist/{name}");
        println!("cargo::rerun-if-changed={file}");
        if !std::path::Path::new(&file).is_file() {
            println!("cargo::error=notes-api/{file} is missing: the page is not built yet; run `make pane`");
            return;
        }
    }
}
