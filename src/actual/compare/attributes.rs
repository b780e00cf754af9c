//! What `.gitattributes` may make of a file on its way into the repository. No path is looked up: what one file of a
//! repository is promised counts for all, since what is unclear is left to git.

/// What some attributes files speak of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each may be so or not, whatever the others are")]
pub(super) struct Attributes {
    /// A program, or another encoding.
    pub(super) filter: bool,
    /// `$Id$` in the text.
    pub(super) ident: bool,
    /// Line ends, of what is text by its looks.
    pub(super) auto: bool,
    /// Line ends, whatever it looks like.
    pub(super) text: bool,
}

impl Attributes {
    /// What cannot be read may speak of anything.
    pub(super) const ANY: Attributes = Attributes { filter: true, ident: true, auto: true, text: true };

    /// Of the text of a file.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut found = Attributes::default();
        let words = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
        for word in words.flat_map(|line| line.split(u8::is_ascii_whitespace)) {
            let name = word.split(|byte| *byte == b'=').next().unwrap_or_default();
            match name {
                b"filter" | b"working-tree-encoding" => found.filter = true,
                b"ident" => found.ident = true,
                b"text" if word == b"text=auto" => found.auto = true,
                b"text" | b"eol" | b"crlf" => found.text = true,
                _ => {}
            }
        }
        found
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Attributes {
            filter: self.filter || other.filter,
            ident: self.ident || other.ident,
            auto: self.auto || other.auto,
            text: self.text || other.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Attributes;

    #[test]
    fn what_a_file_may_ask_for() {
        let none = Attributes::default();
        let cases = [
            ("", none),
            ("*.png binary\n*.rs diff=rust -text\n# filter text", none),
            ("* text=auto", Attributes { auto: true, ..none }),
            ("*.sh\ttext eol=lf\r\n", Attributes { text: true, ..none }),
            ("* crlf=input", Attributes { text: true, ..none }),
            ("a !text\nb eol=crlf", Attributes { text: true, ..none }),
            ("*.bin filter=lfs diff=lfs -text", Attributes { filter: true, ..none }),
            ("[attr]odd working-tree-encoding=UTF-16", Attributes { filter: true, ..none }),
            ("  *.c ident", Attributes { ident: true, ..none }),
        ];
        for (text, expected) in cases {
            assert_eq!(Attributes::of(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(
            Attributes { ident: true, ..none }.and(Attributes { text: true, filter: true, auto: true, ..none }),
            Attributes::ANY
        );
    }
}
