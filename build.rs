//! Lets the linker leave the N-API symbols to the Node.js process that loads the addon, and embeds the page of the
//! dashboard.

use std::{env, fmt::Write as _, fs, path::Path};

/// What `dashboard/` builds.
const DIST: &str = "dashboard/dist";

fn main() {
    napi_build::setup();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DIST}");
    let root = env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    let page = page(&Path::new(&root).join(DIST));
    let out = env::var("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join("page.rs"), page).expect("a file that can be written");
}

/// The files that the manifest lists, as Rust; without one the page that says so.
fn page(dist: &Path) -> String {
    let (mut page, mut files) = (String::new(), String::new());
    let manifest = fs::read_to_string(dist.join("manifest.json")).unwrap_or_default();
    for [path, kind] in listed(&manifest) {
        let packed = format!("{path}.br");
        let brotli =
            if dist.join(&packed).exists() { format!("Some({})", bytes(&packed)) } else { "None".to_owned() };
        let plain = bytes(&path);
        writeln!(files, "    File {{ path: {path:?}, kind: {kind:?}, plain: {plain}, brotli: {brotli} }},")
            .expect("a text");
    }
    let is_built = dist.join("index.html").exists();
    let index =
        if is_built { format!("{DIST}/index.html") } else { "src/observe/placeholder.html".to_owned() };
    let source = inside(&index);
    write!(page, "/// The page.\npub(crate) const PAGE: &str = include_str!({source});\n\n").expect("a text");
    write!(page, "/// Its files.\npub(crate) const FILES: &[File] = &[\n{files}];\n").expect("a text");
    page
}

/// What embeds a file of the page.
fn bytes(path: &str) -> String {
    format!("include_bytes!({})", inside(&format!("{DIST}/{path}")))
}

/// A path in this folder, wherever that is when the file is read.
fn inside(path: &str) -> String {
    let path = format!("/{path}");
    format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?})")
}

/// The paths and types in the manifest: `"path": "…", "type": "…"`, in that order.
fn listed(manifest: &str) -> Vec<[String; 2]> {
    let value = |text: &str, name: &str| {
        let (_, rest) = text.split_once(&format!("\"{name}\""))?;
        let (_, rest) = rest.split_once('"')?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    manifest
        .split('{')
        .skip(2)
        .filter_map(|entry| Some([value(entry, "path")?, value(entry, "type")?]))
        .collect()
}
