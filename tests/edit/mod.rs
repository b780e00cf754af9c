//! The editor of the file: text to text.

mod adding;
mod formatting;
mod removing;

use wsctl::edit::{Added, Member, NewBuilder, NewRepository};
use wsctl::model::desired::Url;
use wsctl::model::name::{BuilderName, RepoName};

fn builder(name: &str) -> BuilderName {
    BuilderName::new(name).unwrap()
}

fn repo(name: &str) -> RepoName {
    if name == "." { RepoName::root() } else { RepoName::new(name).unwrap() }
}

fn member(name: &str) -> Member {
    Member { repository: repo(name), branch: None, base: None }
}

fn on(name: &str, branch: &str, base: &str) -> Member {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Member { repository: repo(name), branch: said(branch), base: said(base) }
}

fn new(name: &str, members: Vec<Member>) -> NewBuilder {
    NewBuilder { name: builder(name), members, branch: None, base: None, protect: false, include_root: None }
}

fn repository(name: &str, url: &str) -> NewRepository {
    NewRepository { name: repo(name), url: Some(Url::new(url)), path: None }
}

#[track_caller]
fn text(added: Added) -> String {
    match added {
        Added::New(text) => text,
        Added::Same | Added::Other(_) => panic!("{added:?}"),
    }
}

/// Texts that are hard to edit, each with a builder `a` and a builder `b`.
const NASTY: [&str; 18] = [
    "version = 1\n[repos.x]\n[builders.a]\nrepos = [\"x\"]\n[builders.b]\nrepos = [\"x\"]\n",
    "version = 1\nbuilders = { a = { repos = [\"x\"] }, b = { repos = [\"x\"] } }\n",
    "version = 1\nbuilders = { b = { repos = [\"x\"] }, a = { repos = [\"x\"] } } # both\n",
    "version = 1\nbuilders = { a.repos = [\"x\"], b.repos = [\"x\"], a.branch = \"q\" }\n",
    "version = 1\nbuilders.a.repos = [\"x\"]\nbuilders.b.repos = [\"x\"]\nbuilders.a.branch = \"q\"\n",
    "version = 1\n[builders]\na = { repos = [\"x\"] }\n# of b\nb = { repos = [\"x\"] }\n",
    "version = 1\n[builders]\na.repos = [\"x\"]\nb.repos = [\"x\"]\na.checkout.x.base = \"m\"\n[repos.x]\n",
    "version = 1\n[builders.a]\nrepos = [\"x\"]\n[builders.a.checkout.x]\nbase = \"m\"\n[[builders.a.files]]\nto = \"f\"\nfrom = \"f\"\n\n[builders.b]\nrepos = [\"x\"]\n[[builders.a.files]]\nto = \"g\"\nfrom = \"g\"\n",
    "version = 1\n[builders.a.checkout.x]\nbase = \"m\"\n[builders.b]\nrepos = [\"x\"]\n[builders.a]\nrepos = [\"x\"]\n",
    "version = 1\n[ builders . \"a\" ] # here\nrepos = [ # many\n  \"x\", # one\n  \"y\"\n]\n\n\n[ 'builders' . b ]\nrepos=['x']",
    "version = 1\r\n[builders.a]\r\nrepos = [\"x\"]\r\n\r\n[builders.b]\r\nrepos = [\"x\"]\r\n",
    "version = 1\nnote = \"\"\"\n# no comment\n[builders.a]\n\"\"\"\n[builders.a]\nrepos = [\"x\"]\n[builders.b]\nrepos = ['x']\n",
    "version = 1\nnote = '''\n# x\n# y'''\n[builders.a]\nrepos = [\"x\"]\n[builders.b]\nrepos = ['x']\n",
    "version = 1\nbuilders = {\n  # of a\n  a = { repos = [\"x\"] }, # a\n  b = { repos = [\"x\"] } # b\n}\n",
    "version = 1\nbuilders = { b = { repos = [] }, a = { repos = [\"}\", \"]\", \"#\", \"x\"] }, }\n",
    "[builders.a]\nrepos = [\"x\"]\nbranch = \"\\\"[builders.b]\\\"\"\n#off = 1\n\n# --- b ---\n\n# of b\n[builders.b]\nrepos = [\"x\"]\n# end",
    "builders.\"a\".repos = [\"x\"] # c\n\n\n\nbuilders.b = { repos = [\"x\"] }\n[repos]\nx.url = \"u\"\n",
    "[builders]\n[builders.a]\n[builders.b]\n[repos.x]\n",
];
