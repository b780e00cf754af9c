//! Worktrees that mix what git knows, each made by a script.

/// Who tells: this module, or another way that it leaves the word to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Both,
    /// By times alone.
    Times,
    /// By content alone.
    Content,
    Neither,
}

/// A repository, and a worktree of it, where the script goes on.
pub(super) const PREPARE: &str = r"
git init -q -b main main && cd main
mkdir -p a/b deep/er/est a-b a.b empty.d vendor
echo one >a/one; echo two >a/b/two; echo x >a-b/x; echo y >a.b/y; echo z >a.c; echo deep >deep/er/est/file
echo top >top; printf '' >empty; echo run >run; chmod +x run; ln -s top link; ln -s a dirlink; echo v >vendor/v
printf '*.log\n/build/\ndeep/**/*.tmp\n!keep.log\n' >.gitignore; printf '*.o\n' >a/.gitignore
git add -A && git commit -qm first
git worktree add -q --detach ../one && cd ../one
";

/// A name, what is done in the worktree, and who can tell.
pub(super) const CASES: &[(&str, &str, Told)] = &[
    ("clean", "", Told::Both),
    ("edited", "echo more >>a/one; echo w >a/b/two", Told::Both),
    ("same size at once", "printf 'TOP\\n' >top", Told::Both),
    ("touched", "touch -d 2001-01-01 top a/one", Told::Both),
    ("chmod", "chmod -x run; chmod +x top", Told::Both),
    ("chmod that nobody asks for", "git config core.fileMode false; chmod -x run; chmod +x top", Told::Both),
    ("link to file", "rm link; echo top >link", Told::Both),
    ("file to link", "rm top; ln -s run top", Told::Both),
    ("another link", "ln -sfn run link", Told::Both),
    ("a same link again", "rm link; ln -s top link", Told::Both),
    ("deleted", "rm top; rm -r deep", Told::Both),
    ("file to directory", "rm top; mkdir top; echo in >top/in", Told::Both),
    ("file to empty directory", "rm top; mkdir top", Told::Both),
    ("directory to file", "rm -r a; echo a >a", Told::Both),
    ("directory to link", "mv a c; ln -s c a", Told::Both),
    ("staged", "echo s >top; git add top; echo n >new; git add new; git rm -q a.c; git rm -q --cached run", Told::Both),
    ("staged and edited", "echo s >top; git add top; echo t >top; git add -A; rm a/one", Told::Both),
    ("staged and back", "echo s >top; git add top; echo top >top", Told::Both),
    ("staged mode", "git update-index --chmod=+x top", Told::Both),
    ("renamed", "git mv top bottom; mv a.c a.d", Told::Both),
    ("committed", "echo c >top; git commit -qam second; echo d >a.c", Told::Both),
    ("untracked", "echo u >new; mkdir -p n/e/w; echo u >n/e/w/f; mkdir -p n/empty; echo u >a/b/u; ln -s nowhere n/l", Told::Both),
    ("pipes", "mkfifo pipe a/pipe; rm top; mkfifo top", Told::Both),
    (
        "ignored",
        "mkdir -p build/x a/build; echo i >build/x/f; echo i >x.log; echo i >a/build/f; echo i >a/x.o; echo u >x.o",
        Told::Both,
    ),
    (
        "ignored in part",
        "mkdir -p new/build; echo u >new/u; echo i >new/i.log; echo k >new/keep.log; echo t >deep/er/t.tmp",
        Told::Both,
    ),
    ("ignored anew", "printf '*\\n!/top\\n' >a/b/.gitignore; echo u >a/b/u; mkdir a/b/d; echo u >a/b/d/u", Told::Both),
    (
        "ignored below untracked",
        "mkdir n; printf '*.x\\r\\n  \\n\\\\#y \\n#z\\n' >n/.gitignore; for f in a.x b '#y' '#z'; do echo u >\"n/$f\"; done",
        Told::Both,
    ),
    (
        "tracked below ignored",
        "mkdir -p build/in/side; echo f >build/in/f; git add -f build/in/f; echo g >build/in/g; echo h >build/in/side/h",
        Told::Both,
    ),
    ("an ignored empty directory", "mkdir build", Told::Both),
    ("ignore file gone", "rm .gitignore a/.gitignore; echo u >x.log; echo u >a/x.o", Told::Both),
    ("ignore file not a file", "rm a/.gitignore; mkdir a/.gitignore; echo u >a/x.o", Told::Both),
    ("ignore file a link", "rm a/.gitignore; ln -s ../.gitignore a/.gitignore; echo u >a/x.o", Told::Neither),
    ("a clean ignore file that is a link", "rm a/.gitignore; ln -s ../.gitignore a/.gitignore; git add -A", Told::Both),
    (
        "info/exclude",
        "echo '*.mine' >../main/.git/info/exclude; echo u >u.mine; echo '!u.mine' >.gitignore; echo u >v.mine",
        Told::Both,
    ),
    (
        "excludesFile",
        "echo '/v*' >../exclude; git config core.excludesFile \"$PWD/../exclude\"; echo u >vx; mkdir vy; echo u >vy/z",
        Told::Both,
    ),
    ("an excludesFile that is somewhere", "git config core.excludesFile exclude; echo '/v*' >exclude; echo u >vx", Told::Neither),
    ("showUntrackedFiles", "git config status.showUntrackedFiles no; echo u >new", Told::Both),
    ("assume-unchanged", "git update-index --assume-unchanged top a.c run; echo h >top; rm a.c", Told::Both),
    ("skip-worktree", "git update-index --skip-worktree top a.c; echo h >top; rm a.c; echo n >new", Told::Both),
    ("a skipped ignore file", "git update-index --skip-worktree a/.gitignore; rm a/.gitignore; echo u >a/x.o", Told::Neither),
    ("intent-to-add", "echo n >new; git add -N new; echo m >more; git add -N more; rm more", Told::Times),
    (
        "conflict",
        "git checkout -qb x; echo x >top; git commit -qam x; git checkout -qb y HEAD~; echo y >top; git rm -q a.c; git commit -qam y; git merge x; true",
        Told::Times,
    ),
    (
        "a conflict of kinds",
        "git checkout -qb x; git rm -q top; mkdir top; echo x >top/x; git add -A; git commit -qm x; git checkout -qb y HEAD~; echo y >top; git commit -qam y; git merge x; true",
        Told::Times,
    ),
    (
        "nested",
        "git init -q n; echo u >n/u; git init -q a/m; git -C a/m commit -q --allow-empty -m m; mkdir o; echo junk >o/.git; echo u >o/u",
        Told::Neither,
    ),
    (
        "nested and clear",
        "git init -q n; echo u >n/u; git init -q build; git worktree add -q --detach a/w; git init -q x.log",
        Told::Both,
    ),
    ("a repository where a file was", "rm top; git init -q top", Told::Neither),
    ("unpopulated submodule", "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; mkdir sub", Told::Both),
    (
        "unpopulated submodule with files",
        "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; mkdir sub; echo u >sub/u",
        Told::Both,
    ),
    (
        "submodule",
        "git submodule --quiet add ../main sub; git commit -qm sub; git -C sub commit -q --allow-empty -m moved; echo u >sub/u",
        Told::Neither,
    ),
    ("submodule gone", "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub", Told::Both),
    (
        "text=auto",
        "echo '* text=auto' >.gitattributes; printf 'a\\r\\nb\\r\\n' >crlf; printf 'a\\0\\r\\n' >bin; git add -A; git commit -qm x; touch top bin",
        Told::Times,
    ),
    (
        "text=auto, edited",
        "echo '* text=auto' >.gitattributes; printf 'a\\nb\\n' >lf; git add -A; git commit -qm x; printf 'a\\r\\nb' >lf; printf 'b\\r\\n' >a.c",
        Told::Neither,
    ),
    (
        "text=auto, edited lines",
        "echo '* text=auto' >.gitattributes; git add -A; git commit -qm x; printf 'TO\\r\\n' >top; printf 'TOP\\n' >vendor/v",
        Told::Neither,
    ),
    (
        "line ends that are already there",
        "git config core.autocrlf false; printf 'a\\r\\nb\\r\\n' >c; git add -A; git commit -qm x; git config core.autocrlf true; touch c top",
        Told::Both,
    ),
    ("text", "printf 'a\\r\\nb\\r\\n' >c; git add c; git commit -qm x; echo 'c text' >.gitattributes; touch c", Told::Neither),
    ("text without returns", "echo '* text eol=lf' >.gitattributes; touch top; echo OP >top; echo u >a/one", Told::Both),
    (
        "ident",
        "echo '* ident' >.gitattributes; printf '$Id: x$\\n' >a.c; printf 'TOP\\n' >top; git add -A; git commit -qm x; touch a.c",
        Told::Neither,
    ),
    (
        "filter",
        "git config filter.up.clean 'tr a-z A-Z'; echo 'a.c filter=up' >.gitattributes; touch -d 2001-01-01 a.c top",
        Told::Neither,
    ),
    (
        "filter that nobody needs",
        "git config filter.up.clean cat; echo 'a.c filter=up' >.gitattributes; git add .gitattributes; git commit -qm x; find . -type f -exec touch -d 2001-01-01 {} +; git update-index --refresh; echo longer >top",
        Told::Times,
    ),
    ("encoding", "echo 'a.c working-tree-encoding=UTF-16' >../main/.git/info/attributes; touch -d 2001-01-01 a.c", Told::Neither),
    (
        "attributes that are gone",
        "echo '*.c text' >.gitattributes; git add -A; git commit -qm x; rm .gitattributes; touch -d 2001-01-01 a.c",
        Told::Neither,
    ),
    (
        "racy",
        "git update-index --really-refresh; printf 'TOP\\n' >top; git update-index --add --cacheinfo 100644,$(git rev-parse :top),n",
        Told::Both,
    ),
    ("no times", "git read-tree HEAD; touch top", Told::Both),
    (
        "checkStat",
        "git config core.checkStat minimal; git config core.trustctime false; touch -d 2001-01-01 top; echo w >vendor/v",
        Told::Both,
    ),
    ("split index", "git update-index --split-index; echo s >top; git add top; echo w >vendor/v", Told::Both),
    ("untracked cache", "git update-index --untracked-cache; git status >/dev/null; echo u >new", Told::Both),
    ("sparse checkout", "git sparse-checkout set --cone --no-sparse-index a; echo w >a/one", Told::Neither),
    ("sparse index", "git sparse-checkout set --cone --sparse-index a; echo w >a/one", Told::Neither),
    (
        "a configuration of its own",
        "git config extensions.worktreeConfig true; git config --worktree core.fileMode false; chmod +x top",
        Told::Both,
    ),
    (
        "a conditional configuration",
        "printf '[core]\\nfileMode=false\\n' >../c; git config \"includeIf.gitdir:**/worktrees/one.path\" \"$PWD/../c\"; chmod +x top",
        Told::Neither,
    ),
    ("ignoreCase", "git config core.ignoreCase true; echo u >TOP", Told::Neither),
    ("no index", "rm \"$(git rev-parse --git-dir)/index\"", Told::Neither),
    ("an index without entries", "git read-tree --empty", Told::Both),
    (
        "odd names",
        "printf u >\"$(printf 'n\\nl\\377')\"; mkdir -p 'sp ace/\"q'; echo u >'sp ace/\"q/\\'; git add 'sp ace'; echo w >'sp ace/\"q/\\'",
        Told::Both,
    ),
];
