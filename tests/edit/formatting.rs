//! One way to write the file.

use proptest::prelude::*;
use toml_edit::{Document, Item, Value};
use wsctl::edit::format;

use super::NASTY;

#[track_caller]
fn formats(before: &str, after: &str) {
    assert_eq!(format(before).as_deref(), Ok(after));
    assert_eq!(format(after).as_deref(), Ok(after), "not the same twice");
}

#[test]
fn spaces_and_blank_lines() {
    formats(
        "\n\n  version=1   # of it\t\n\n\n\n# a\n#b\t \n[ builders . \"a\" ]# here\n  repos=[\"x\",'y' , ]\n[[ builders.a.files ]]\nto  =  \"f\"",
        "version = 1   # of it\n\n# a\n#b\n[builders.a]      # here\nrepos = [\"x\", 'y']\n\n[[builders.a.files]]\nto = \"f\"\n",
    );
    formats("", "");
    formats("\n\n", "");
    formats("# only", "# only\n");
}

#[test]
fn columns_that_were_meant_stay() {
    let meant = "\
[workspace]
repos_dir    = \"repos\"     # base clones
builders_dir = \".b\"        # builders
                           # and more of that
#off         = 1
layout       = \"sibling\"

url = \"u\"
";
    formats(meant, meant);
    formats("a = 1\nlong = 2\n", "a = 1\nlong = 2\n");
    formats("a       = 1\n\"long\"  = 2\n", "a    = 1\nlong = 2\n");
    formats("a       = 1\n", "a = 1\n");
    formats("#off = 1   # c\n           # d\n  # e\n", "#off = 1   # c\n           # d\n# e\n");
    formats("k=1     # c\n        # d\n", "k = 1   # c\n        # d\n");
}

#[test]
fn keys_are_quoted_only_where_they_have_to_be() {
    formats(
        "[\"builders\".'a b'.\"c.d\"]\n'x' = { \"y\"=1,'z w' = 2 , }\n\"\\u0041\".b = 3\n",
        "[builders.\"a b\".\"c.d\"]\nx = { y = 1, \"z w\" = 2 }\nA.b = 3\n",
    );
}

#[test]
fn lists_and_tables_keep_their_lines() {
    formats(
        "r = [ # all\n\"a\",\"b\" , # two\n\n\n\t'c'#x\n ]\nt={}\nu={a=[{b=1}]}\nv = [\n{ a = 1 }, {\n b = 2,\n}]\n",
        "r = [ # all\n    \"a\", \"b\", # two\n\n    'c' #x\n]\nt = {}\nu = { a = [{ b = 1 }] }\nv = [\n    { a = 1 }, {\n        b = 2,\n    }]\n",
    );
}

#[test]
fn values_are_left_alone() {
    let text = "a = 1979-05-27 07:32:00.5\nb = -1.5e+3\nc = 0xFF_FF\nd = \"\"\"\n  # x  \n\ty = 1\n\n\n\"\"\"\ne = 'a  b'\n";
    formats(text, text);
    let text = "a = '''x\r\ny'''\r\nb = 1\r\n";
    formats(text, text);
    // Line ends of another kind inside a string stay.
    let text = "z = 1\na = '''x\r\ny'''\n";
    formats(text, text);
}

#[test]
fn the_example_is_formatted() {
    let example = include_str!("../../builders.toml.example");
    assert_eq!(format(example).as_deref(), Ok(example));
}

#[test]
fn no_toml_is_refused() {
    assert!(format("a = [").is_err() && format("a = 1\na = 2\n").is_err());
}

fn said(item: &Item) -> String {
    let table = |table: &toml_edit::Table| {
        let pairs: Vec<String> = table.iter().map(|(key, item)| format!("{key:?}:{};", said(item))).collect();
        pairs.concat()
    };
    match item {
        Item::None => String::new(),
        Item::Value(found) => value(found),
        Item::Table(found) => table(found),
        Item::ArrayOfTables(tables) => tables.iter().map(|found| format!("[{}]", table(found))).collect::<Vec<_>>().concat(),
    }
}

fn value(found: &Value) -> String {
    match found {
        Value::Array(items) => items.iter().map(|item| format!("({})", value(item))).collect::<Vec<_>>().concat(),
        Value::InlineTable(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, item)| format!("{key:?}:{};", value(item))).collect();
            pairs.concat()
        }
        Value::String(text) => format!("{:?}", text.value()),
        Value::Integer(number) => number.value().to_string(),
        Value::Float(number) => number.value().to_bits().to_string(),
        Value::Boolean(flag) => flag.value().to_string(),
        Value::Datetime(time) => time.value().to_string(),
    }
}

fn check(text: &str) {
    let Ok(document) = Document::parse(text) else { return };
    let once = format(text).unwrap_or_else(|fault| panic!("{fault:?}\n{text:?}"));
    let formatted = Document::parse(once.as_str()).unwrap_or_else(|error| panic!("{error}\n{once:?}"));
    assert_eq!(said(document.as_item()), said(formatted.as_item()), "{text:?}\n{once:?}");
    assert_eq!(format(&once).as_deref(), Ok(once.as_str()), "of {text:?}");
    let comments = |text: &str| text.matches("#c").count();
    assert_eq!(comments(text), comments(&once), "{text:?}\n{once:?}");
    let trailing = once.lines().filter(|line| line.trim_end() != *line && !once.contains("'''") && !once.contains("\"\"\""));
    assert_eq!(trailing.count(), 0, "{once:?}");
}

#[test]
fn nasty_texts_keep_what_they_say() {
    for text in NASTY {
        check(text);
    }
}

/// Pieces of which files are made, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "\"a\"", "'b c'", "a.b", "a . \"c\"", "longer-key", "\"\\u00e9\""]);
    let leaf = prop::sample::select(vec![
        "1",
        "-1.5",
        "true",
        "\"x\"",
        "'y'",
        "1979-05-27 07:32:00",
        "\"\"\"\n #c\n\"\"\"",
        "'''z\r\n'''",
        "[]",
        "{}",
        "\"]\"",
        "\"#\"",
    ]);
    let blank = prop::sample::select(vec!["", " ", "  ", "\t"]);
    let soft = prop::sample::select(vec!["", " ", "\n", " #c\n", "\n\n\n", "\r\n", "\n  #c x\n"]);
    let list = (prop::collection::vec((leaf.clone(), soft.clone(), soft.clone()), 0..4), soft.clone(), any::<bool>()).prop_map(
        |(items, end, comma)| {
            let mut out = "[".to_owned();
            for (at, (item, before, behind)) in items.iter().enumerate() {
                out += before;
                out += item;
                out += behind;
                if at + 1 < items.len() || comma {
                    out.push(',');
                }
            }
            out + end + "]"
        },
    );
    let table = (prop::collection::vec((key.clone(), list.clone(), blank.clone()), 0..3), soft).prop_map(|(items, end)| {
        let items: Vec<String> =
            items.iter().map(|(key, item, blank)| format!("{blank}{key}{blank}={blank}{item}{blank}")).collect();
        format!("{{{}{end}}}", items.join(","))
    });
    let value = prop_oneof![leaf.prop_map(str::to_owned), list, table];
    let end =
        prop::sample::select(vec!["\n", " #c\n", "\t#c x \n", "\r\n", "\n\n\n", "          #c\n          #c\n", "\n\t#c\n"]);
    let entry = (blank.clone(), key.clone(), blank.clone(), value, end.clone())
        .prop_map(|(blank, key, space, value, end)| format!("{blank}{key}{space}={space}{value}{end}"));
    let header = (key, blank, end, any::<bool>()).prop_map(|(key, blank, end, list)| {
        if list { format!("[[{blank}l{blank}.{key}]]{end}") } else { format!("[{blank}t.{key}{blank}]{end}") }
    });
    prop_oneof![3 => entry, 1 => header]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_file_says_stays(pieces in prop::collection::vec(piece(), 0..4)) {
        check(&pieces.concat());
    }
}
