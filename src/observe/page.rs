//! The page and its files, as `dashboard/` builds them. `build.rs` embeds the files that
//! `dashboard/dist/manifest.json` lists.

use super::reply::{self, Headers};

/// A file of the page.
pub(crate) struct File {
    /// Its path below the base.
    pub(crate) path: &'static str,
    /// Its type.
    pub(crate) kind: &'static str,
    pub(crate) plain: &'static [u8],
    /// The same, compressed.
    pub(crate) brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The place of the file that has this path.
pub(crate) fn find(path: &str) -> Option<usize> {
    FILES.iter().position(|file| file.path == path)
}

/// The bytes of a file.
pub(crate) fn bytes(file: usize, brotli: bool) -> &'static [u8] {
    FILES.get(file).map_or(&[], |file| file.brotli.filter(|_| brotli).unwrap_or(file.plain))
}

/// The headers of a file.
pub(crate) fn headers(file: usize, brotli: bool) -> Headers {
    let mut headers = reply::file(FILES[file].kind);
    headers.push("Vary", "Accept-Encoding");
    if brotli {
        headers.push("Content-Encoding", "br");
    }
    headers
}

/// The page, with links that begin with `prefix`.
pub(crate) fn html(prefix: &str) -> String {
    let escaped =
        prefix.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    PAGE.replace("=\"./", &format!("=\"{escaped}"))
}
