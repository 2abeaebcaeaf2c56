//! Which module of a crate uses which, by the paths in its code. Code of tests does not count.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file of a crate: a module, and those within it that have no file of their own.
#[derive(Default)]
struct Module {
    /// Names that it defines.
    defined: BTreeSet<String>,
    /// Names that it takes from elsewhere, with their paths as written.
    imported: HashMap<String, Vec<String>>,
    /// All paths that it names, as written.
    named: BTreeSet<Vec<String>>,
}

/// The modules of a crate by their paths, `http::photos`; the root is the empty path.
pub(crate) struct Crate {
    modules: BTreeMap<String, Module>,
}

impl Crate {
    /// Reads every file below a crate's `src`.
    pub(crate) fn read(source: &Path) -> Self {
        let mut modules = BTreeMap::new();
        read_directory(source, &[], &mut modules);
        assert!(modules.len() > 3, "no Rust in {}", source.display());
        Self { modules }
    }

    /// Pairs of modules of which the first uses the second.
    pub(crate) fn uses(&self) -> BTreeSet<(String, String)> {
        let mut uses = BTreeSet::new();
        for (path, module) in &self.modules {
            for named in module.named.iter().chain(module.imported.values()) {
                let target = self.resolve(path, named, 0).filter(|target| target != path);
                uses.extend(target.map(|target| (path.clone(), target)));
            }
        }
        uses
    }

    /// Groups of files each of which uses all others of its group, directly or not. What a module uses of those within it
    /// does not count: it is their front.
    pub(crate) fn cycles(&self) -> Vec<Vec<String>> {
        let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let uses = self.uses();
        let is_within = |inner: &str, outer: &str| {
            outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with("::"))
        };
        for (from, to) in uses.iter().filter(|(from, to)| !is_within(to, from)) {
            reached.entry(from).or_default().insert(to);
        }
        loop {
            let mut grown = reached.clone();
            for targets in grown.values_mut() {
                let further: Vec<_> =
                    targets.iter().filter_map(|target| reached.get(target)).flatten().copied().collect();
                targets.extend(further);
            }
            if grown == reached {
                break;
            }
            reached = grown;
        }
        let mut groups = BTreeSet::new();
        for (from, targets) in &reached {
            if targets.contains(from) {
                let both = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(from));
                groups.insert(targets.iter().filter(both).map(ToString::to_string).collect::<Vec<_>>());
            }
        }
        groups.into_iter().collect()
    }

    /// The module in which what a path names is defined; none for other crates.
    fn resolve(&self, from: &str, path: &[String], depth: usize) -> Option<String> {
        if depth > 8 {
            return None;
        }
        let mut at = from.to_owned();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            first if self.modules[from].imported.contains_key(first) || self.is_module(from, first) => {}
            _ => return None,
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            at = at.rsplit_once("::").map(|(parent, _)| parent.to_owned()).unwrap_or_default();
            rest = &rest[1..];
        }
        for (index, segment) in rest.iter().enumerate() {
            if self.is_module(&at, segment) {
                at = join(&at, segment);
                continue;
            }
            let imported = self.modules.get(&at)?.imported.get(segment);
            let defined = self.modules.get(&at)?.defined.contains(segment);
            return match imported {
                Some(target) if !defined && target != path => {
                    let mut target = target.clone();
                    target.extend_from_slice(&rest[index + 1..]);
                    self.resolve(&at, &target, depth + 1)
                }
                _ => Some(at),
            };
        }
        Some(at)
    }

    fn is_module(&self, parent: &str, name: &str) -> bool {
        self.modules.contains_key(&join(parent, name))
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") }
}

fn read_directory(directory: &Path, path: &[String], modules: &mut BTreeMap<String, Module>) {
    for entry in fs::read_dir(directory).unwrap() {
        let file = entry.unwrap().path();
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut inner = path.to_vec();
        if !["lib", "main", "mod"].contains(&stem.as_str()) {
            inner.push(stem.clone());
        }
        if stem == "tests" {
            continue;
        }
        if file.is_dir() {
            read_directory(&file, &inner, modules);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            let code: TokenStream = fs::read_to_string(&file).unwrap().parse().unwrap();
            modules.entry(inner.join("::")).or_default().read(code, true);
        }
    }
}

impl Module {
    /// Reads the items and paths of some code; names are defined at the top of a file only.
    fn read(&mut self, code: TokenStream, top: bool) {
        let tokens: Vec<TokenTree> = code.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == '#' && is_test(tokens.get(at + 1)) => {
                    at = end_of_item(&tokens, at + 2);
                    continue;
                }
                TokenTree::Ident(word) if word == "use" => {
                    let end = end_of_item(&tokens, at);
                    self.import(&tokens[at + 1..end], &[]);
                    at = end;
                    continue;
                }
                TokenTree::Ident(word) => {
                    let kinds = ["fn", "struct", "enum", "trait", "type", "const", "static", "union"];
                    if let (true, Some(TokenTree::Ident(name))) = (top, tokens.get(at + 1))
                        && kinds.iter().any(|kind| word == kind)
                    {
                        self.defined.insert(name.to_string());
                    }
                    let (path, end) = path_at(&tokens, at);
                    if path.len() > 1 {
                        self.named.insert(path);
                    }
                    at = end;
                    continue;
                }
                TokenTree::Group(group) => self.read(group.stream(), false),
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads one tree of a `use`, which follows the path `before`.
    fn import(&mut self, tree: &[TokenTree], before: &[String]) {
        let (mut path, mut at) = (before.to_vec(), 0);
        while let Some(token) = tree.get(at) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    self.named.insert(path.clone());
                    if let Some(TokenTree::Ident(name)) = tree.get(at + 1) {
                        self.imported.insert(name.to_string(), path);
                    }
                    return;
                }
                TokenTree::Ident(word) if word == "self" && !before.is_empty() => break,
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let is_comma =
                        |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',');
                    inner.split(is_comma).for_each(|tree| self.import(tree, &path));
                    return;
                }
                TokenTree::Punct(sign) if sign.as_char() == '*' => {
                    self.named.insert(path);
                    return;
                }
                _ => {}
            }
            at += 1;
        }
        if let Some(name) = path.last().cloned() {
            self.named.insert(path.clone());
            self.imported.insert(name, path);
        }
    }
}

/// Whether the brackets of an attribute hold `cfg(test)`.
fn is_test(brackets: Option<&TokenTree>) -> bool {
    brackets.is_some_and(|brackets| brackets.to_string().replace(' ', "") == "[cfg(test)]")
}

/// Where an item ends: behind its semicolon or its braces.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let is_use = matches!(tokens.get(from), Some(TokenTree::Ident(word)) if word == "use");
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(sign) => sign.as_char() == ';',
        TokenTree::Group(group) => !is_use && group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    let end = tokens[from..].iter().position(ends);
    end.map_or(tokens.len(), |end| from + end + 1)
}

/// The path that begins at an identifier, and the place behind it.
fn path_at(tokens: &[TokenTree], from: usize) -> (Vec<String>, usize) {
    let (mut path, mut at) = (Vec::new(), from);
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        path.push(word.to_string());
        let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
        if !is_colon(tokens.get(at + 1)) || !is_colon(tokens.get(at + 2)) {
            return (path, at + 1);
        }
        at += 3;
    }
    (path, at)
}
