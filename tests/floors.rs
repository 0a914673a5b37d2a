//! The import rule (HOUSE 1), as each crate's `tests/floors.rs` includes it: a module uses only modules that stand above it in the
//! list of `mod` lines of its `lib.rs` or `mod.rs`.

use std::fs;
use std::path::{Path, PathBuf};

/// Fails with every use of a module that stands below its user in the list of `list_file`, a path below the crate's `src`.
pub(crate) fn check(manifest_dir: &str, list_file: &str) {
    let source = Path::new(manifest_dir).join("src");
    let list = fs::read_to_string(source.join(list_file)).expect("the list can be read");
    let folder = Path::new(list_file).parent().expect("a file has a folder").to_path_buf();
    let mut files = Vec::new();
    collect(&source.join(&folder), &mut files);
    let files: Vec<(String, String)> = files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).expect("a source file can be read");
            (file.strip_prefix(&source).expect("it lies below").to_string_lossy().into_owned(), text)
        })
        .collect();
    assert!(files.len() > 10, "only {} files were found below {}", files.len(), source.display());
    let found = offenders(list_file, &list, &files);
    assert!(found.is_empty(), "\n{found}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A line for each use that breaks the rule: `file:line uses x, which stands below y in lib.rs`.
fn offenders(list_file: &str, list: &str, files: &[(String, String)]) -> String {
    let names: Vec<&str> = list.lines().filter_map(module_name).collect();
    let prefix = module_path(list_file);
    let place = |path: &[String]| {
        let inner = path.strip_prefix(prefix.as_slice())?.first()?;
        names.iter().position(|name| name == inner)
    };
    let mut found = Vec::new();
    for (file, text) in files {
        let own = module_path(file);
        let Some(upper) = place(&own) else { continue };
        for (line, path) in used_paths(&own, text) {
            if let Some(lower) = place(&path).filter(|lower| *lower > upper) {
                let (lower, upper) = (names[lower], names[upper]);
                found.push(format!("{file}:{line} uses {lower}, which stands below {upper} in {list_file}\n"));
            }
        }
    }
    found.dedup();
    found.concat()
}

/// `b` of `pub mod b;`.
fn module_name(line: &str) -> Option<&str> {
    let line = line.trim();
    let rest = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
    rest.strip_prefix("mod ")?.strip_suffix(';')
}

/// `["a", "b"]` of `a/b.rs` and `a/b/mod.rs`.
fn module_path(file: &str) -> Vec<String> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// Every path that begins with `crate::` or `super::`, from the root of the crate, with its line.
fn used_paths(own: &[String], text: &str) -> Vec<(usize, Vec<String>)> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for start in ["crate::", "super::"].iter().flat_map(|root| code.match_indices(root).map(|(at, _)| at)) {
        let before = &code[..start];
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            continue;
        }
        // Inside `mod tests { … }` of a file, `super` is the file itself.
        let inline = usize::from(before.contains("\nmod tests {"));
        let line = before.matches('\n').count() + 1;
        let mut trees = Vec::new();
        read_tree(&code[start..], &mut Vec::new(), &mut trees);
        for tree in trees {
            let supers = tree.iter().take_while(|segment| *segment == "super").count();
            let path = if supers == 0 {
                tree[1..].to_vec()
            } else {
                let base = own.len() + inline - supers.min(own.len() + inline);
                own.iter().take(base).cloned().chain(tree[supers..].iter().cloned()).collect()
            };
            found.push((line, path));
        }
    }
    found
}

/// Reads `a::{b, c::d}` into `a::b` and `a::c::d`; gives what is left of the text.
fn read_tree<'a>(text: &'a str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let depth = before.len();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut inner) = rest.strip_prefix('{') {
            while !inner.trim_start().is_empty() && !inner.trim_start().starts_with('}') {
                let left = read_tree(inner, before, found);
                inner = left.trim_start().strip_prefix(',').unwrap_or(left);
                if inner.len() == left.len() && !inner.trim_start().starts_with('}') {
                    break;
                }
            }
            rest = inner.trim_start().strip_prefix('}').unwrap_or(inner);
            break;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        before.push(rest[..end].to_owned());
        rest = &rest[end..];
        let Some(after) = rest.strip_prefix("::") else {
            found.push(before.clone());
            break;
        };
        rest = after;
    }
    before.truncate(depth);
    // `as` gives another name and leads nowhere else.
    match rest.trim_start().strip_prefix("as ") {
        Some(after) => after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    }
}

#[test]
fn a_use_of_a_lower_module_is_found_however_it_is_written() {
    let list = "pub mod a;\nmod b;\npub(crate) mod c;\n";
    let files = [
        ("a.rs", "use crate::b::X;\n"),
        ("b/mod.rs", "use crate::{\n    a,\n    c::{Y as Z, W},\n};\n"),
        ("b/d.rs", "use super::super::c;\nuse super::e;\n// use crate::c;\nfn f() { crate::c::g(); }\n"),
        ("c.rs", "use crate::a;\nuse super::b;\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"),
    ]
    .map(|(file, text)| (file.to_owned(), text.to_owned()));
    let found = offenders("lib.rs", list, &files);
    let expected = "a.rs:1 uses b, which stands below a in lib.rs\n\
                    b/mod.rs:1 uses c, which stands below b in lib.rs\n\
                    b/d.rs:4 uses c, which stands below b in lib.rs\n\
                    b/d.rs:1 uses c, which stands below b in lib.rs\n";
    assert_eq!(found, expected);
}
