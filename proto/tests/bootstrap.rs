//! The generated code is checked in; this test regenerates it and fails when it differs.
//!
//! After a change of a `.proto` file: `make proto` (which runs this test with `REFERENT_WRITE_GENERATED=1`).

use std::path::Path;

const FILES: [&str; 3] = ["calls/v1/calls.proto", "ingest/v1/ingest.proto", "identity/v1/identity.proto"];

#[test]
#[expect(clippy::disallowed_methods, reason = "a test has no config.rs; the variable is `make proto`'s")]
fn generated_code_is_what_the_proto_files_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile(FILES, [root.join("proto")]).expect("the proto files compile");
    let fresh = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(fresh.path())
        .compile_fds(descriptors)
        .expect("code is generated from the descriptors");

    for name in ["calls.v1.rs", "ingest.v1.rs", "identity.v1.rs"] {
        let fresh = std::fs::read_to_string(fresh.path().join(name)).unwrap();
        let checked_in = root.join("src/gen").join(name);
        if std::env::var("REFERENT_WRITE_GENERATED").is_ok() {
            std::fs::create_dir_all(checked_in.parent().unwrap()).unwrap();
            std::fs::write(&checked_in, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(&checked_in).unwrap_or_default();
        assert!(fresh == committed, "{} is stale: run `make proto` and commit the result", checked_in.display());
    }
}
