//! Rust's names, numbers and comments as JavaScript's.

/// A table of numbers by name.
pub(in crate::contract) struct Table {
    pub(in crate::contract) name: &'static str,
    pub(in crate::contract) about: &'static [&'static str],
    pub(in crate::contract) rows: &'static [Row],
    pub(in crate::contract) style: Style,
}

/// A number of a table.
pub(in crate::contract) struct Row {
    pub(in crate::contract) name: &'static str,
    pub(in crate::contract) about: &'static [&'static str],
    pub(in crate::contract) number: f64,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy)]
pub(in crate::contract) enum Style {
    /// In tens.
    Count,
    /// In sixteens.
    Bits,
}

/// The beginning of every generated file.
pub(super) fn head(about: &str) -> String {
    format!("'use strict';\n// {about}\n// Generated from src/contract by `npm run contract`.\n")
}

/// `HardTimeout` and `hard_timeout` as `HARD_TIMEOUT`, `L2Error` as `L2_ERROR`.
pub(super) fn constant(name: &str) -> String {
    let mut constant = String::new();
    let is_lower = |at: usize| name[at..].starts_with(|letter: char| letter.is_ascii_lowercase());
    for (at, letter) in name.char_indices() {
        let ends_word = |last: char| last.is_ascii_lowercase() || (last.is_ascii_digit() && is_lower(at + 1));
        let begins = letter.is_ascii_uppercase() && name[..at].ends_with(ends_word);
        if begins {
            constant.push('_');
        }
        constant.push(letter.to_ascii_uppercase());
    }
    constant
}

/// `ttl_ms` as `ttlMs`.
pub(super) fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |camel, part| camel + &part[..1].to_ascii_uppercase() + &part[1..])
}

/// A comment before something that is indented so far.
pub(super) fn comment(about: &[&str], indent: &str) -> String {
    match about {
        [] => String::new(),
        [line] => format!("{indent}/**{line} */\n"),
        lines => {
            let lines: Vec<_> = lines.iter().map(|line| format!("{indent} *{line}\n")).collect();
            format!("{indent}/**\n{}{indent} */\n", lines.concat())
        }
    }
}

/// A number as a literal.
pub(super) fn number(number: f64, style: Style) -> String {
    let digits = match style {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bits are whole")]
        Style::Bits if number >= 1024.0 => format!("{:x}", number as u64),
        _ => format!("{number}"),
    };
    let is_hex = matches!(style, Style::Bits) && number >= 1024.0;
    let (group, prefix) = if is_hex { (4, "0x") } else { (3, "") };
    if digits.len() <= 4 || digits.contains('.') {
        return format!("{prefix}{digits}");
    }
    let first = (digits.len() - 1) % group + 1;
    let mut grouped = digits[..first].to_owned();
    for at in (first..digits.len()).step_by(group) {
        grouped.push('_');
        grouped.push_str(&digits[at..at + group]);
    }
    format!("{prefix}{grouped}")
}

/// A text as a literal.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{escaped}'")
}

/// Texts as the members of an array.
pub(super) fn list(texts: &[&str]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A table as an object.
pub(super) fn object(table: &Table) -> String {
    let rows: String = table
        .rows
        .iter()
        .map(|row| {
            let number = number(row.number, table.style);
            format!("{}  {}: {number},\n", comment(row.about, "  "), constant(row.name))
        })
        .collect();
    let name = constant(table.name);
    format!("\n{}const {name} = Object.freeze({{\n{rows}}});\n", comment(table.about, ""))
}

/// The end of a file that exports these names.
pub(super) fn exports(names: &[String]) -> String {
    format!(
        "\nmodule.exports = {{\n{}}};\n",
        names.iter().map(|name| format!("  {name},\n")).collect::<String>()
    )
}
