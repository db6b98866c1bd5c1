//! What a `.env` means, as a table, and how its faults read.

use proptest::prelude::*;

use super::*;

/// `SET=set`, `EMPTY=`, and nothing else.
fn environment(name: &str) -> Option<String> {
    match name {
        "SET" => Some("set".into()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn resolve(text: &str) -> Result<Vec<(String, String)>, Faults> {
    DotEnv::parse(Path::new(".env"), text)?.resolve(&environment)
}

fn drawn(text: &str) -> String {
    resolve(text).expect_err("the text has faults").render(false)
}

#[test]
fn a_line_gives_a_variable_its_value() {
    for (text, value) in [
        ("V=value", "value"),
        ("V= value  ", "value"),
        ("V = value", "value"),
        ("  V=value", "value"),
        ("V: value", "value"),
        ("V=", ""),
        ("V=   ", ""),
        ("V=''", ""),
        ("V=\"\"", ""),
        ("export V=value", "value"),
        ("export\tV=value", "value"),
        ("V=a=b", "a=b"),
        ("V=http://x/?a=1&b=2#frag", "http://x/?a=1&b=2#frag"),
        ("V={\"a\": 1}", "{\"a\": 1}"),
        ("V=it's", "it's"),
        ("V=a b c", "a b c"),
        ("V=ключ", "ключ"),
        // Comments
        ("V=value # comment", "value"),
        ("V=value\t# comment", "value"),
        ("V=value#not", "value#not"),
        ("V=#not", "#not"),
        ("V= # comment", ""),
        ("V='value' # comment", "value"),
        ("V=\"value\"# comment", "value"),
        ("V=\"a # b\"", "a # b"),
        ("# first\n\n  # second\nV=value", "value"),
        // Line ends and marks
        ("V=value\r\nW=1\r\n", "value"),
        ("\u{feff}V=value", "value"),
        ("V=\"a\r\nb\"\r\n", "a\nb"),
        // Single quotes
        ("V='$SET ${SET} \\n \\t $$'", "$SET ${SET} \\n \\t $$"),
        ("V='a\nb'", "a\nb"),
        ("V='it\\'s'", "it's"),
        ("V='a\"b'", "a\"b"),
        ("V='a\\\\'", "a\\\\"),
        // Double quotes
        ("V=\"a\\nb\\tc\\rd\"", "a\nb\tc\rd"),
        ("V=\"say \\\"x\\\"\"", "say \"x\""),
        ("V=\"a\\\\b\"", "a\\b"),
        ("V=\"\\$SET\"", "$SET"),
        ("V=\"\\\\$SET\"", "\\set"),
        ("V=\"a\\qb\"", "a\\qb"),
        ("V=\"a\nb\n\"", "a\nb\n"),
        ("V=\"  a  \"", "  a  "),
        ("V=\"it's\"", "it's"),
        ("V=a\\nb", "a\\nb"),
        // References
        ("V=$SET", "set"),
        ("V=${SET}", "set"),
        ("V=\"${SET}\"", "set"),
        ("V=x${SET}y$SET.z", "xsetyset.z"),
        ("V=$UNSET", ""),
        ("V=a${UNSET}b", "ab"),
        ("V=$$SET", "$SET"),
        ("V=$$$SET", "$set"),
        ("V=$", "$"),
        ("V=a$ b", "a$ b"),
        ("V=$5", "$5"),
        ("V=pa$%word", "pa$%word"),
        ("V=$SET # comment", "set"),
        ("V=${SET} x", "set x"),
        ("V=${UNSET:-a b} ", "a b"),
        // Operators
        ("V=${UNSET:-y}", "y"),
        ("V=${EMPTY:-y}", "y"),
        ("V=${SET:-y}", "set"),
        ("V=${UNSET-y}", "y"),
        ("V=${EMPTY-y}", ""),
        ("V=${SET-y}", "set"),
        ("V=${SET:?no}", "set"),
        ("V=${SET?no}", "set"),
        ("V=${EMPTY?no}", ""),
        ("V=${SET:+y}", "y"),
        ("V=${EMPTY:+y}", ""),
        ("V=${UNSET:+y}", ""),
        ("V=${SET+y}", "y"),
        ("V=${EMPTY+y}", "y"),
        ("V=${UNSET+y}", ""),
        ("V=${UNSET:-}", ""),
        ("V=${UNSET:-${SET}}", "set"),
        ("V=${UNSET:-${UNSET2:-${SET:+deep}}}", "deep"),
        ("V=${UNSET:-a${SET}b}c", "asetbc"),
        ("V=${UNSET:-$SET}", "set"),
        ("V=${UNSET:-$$}", "$"),
        ("V=${UNSET:-a #b}", "a #b"),
        ("V=${UNSET:-{\"a\": {}}}", "{\"a\": {}}"),
        ("V=\"${UNSET:-a\nb}\"", "a\nb"),
        ("V=${UNSET:-:-?+}", ":-?+"),
    ] {
        let resolved = resolve(text).unwrap_or_else(|faults| panic!("{text:?}: {faults}"));
        assert_eq!(resolved.first(), Some(&("V".to_owned(), value.to_owned())), "{text:?}");
    }
}

#[test]
fn names_are_those_that_compose_allows() {
    for name in ["A", "a_b", "a.b-c", "A[0]", "1", "ÄB", "export", "exported"] {
        assert_eq!(resolve(&format!("{name}=1")).unwrap()[0].0, name);
    }
    assert_eq!(resolve("export = 1").unwrap()[0].0, "export");
}

#[test]
fn a_name_alone_takes_the_value_of_the_environment_or_is_left_out() {
    let resolved = resolve("SET\nUNSET\nexport EMPTY # comment\n").unwrap();
    assert_eq!(resolved, [("SET".into(), "set".into()), ("EMPTY".into(), String::new())]);
}

#[test]
fn a_reference_sees_earlier_lines_but_the_environment_first() {
    let resolved = resolve("A=1\nB=$A$LATER\nLATER=x\nSET=mine\nC=$SET\nA=2\nD=$A").unwrap();
    let value = |name: &str| resolved.iter().find(|(it, _)| it == name).unwrap().1.as_str();
    assert_eq!((value("B"), value("SET"), value("C"), value("D")), ("1", "mine", "set", "2"));
    assert_eq!(resolved.iter().filter(|(name, _)| name == "A").count(), 1);
}

#[test]
fn a_value_is_not_expanded_a_second_time() {
    assert_eq!(resolve("A='$SET'\nB=$A").unwrap()[1].1, "$SET");
}

#[test]
fn all_faults_of_a_file_come_at_once() {
    insta::assert_snapshot!(drawn("OK=1\na b=1\n=x\nC='x' y\nD=${}\nE=${X!y}\nF=${X\nG*=1\nH=\"open\n"), @r#"
    error: expected `=` after `a`
      ╭▸ .env:2:3
      │
    2 │ a b=1
      ╰╴  ━━━ expected `=`

    error: a line without a name
      ╭▸ .env:3:1
      │
    3 │ =x
      ╰╴━━ expected `NAME=value`

    error: text after the closing quote
      ╭▸ .env:4:7
      │
    4 │ C='x' y
      ╰╴      ━ expected the end of the line

    error: `${` without a name
      ╭▸ .env:5:3
      │
    5 │ D=${}
      │   ━━ expected a name after `${`
      │
      ╰ help: write `$$` for a plain `$`

    error: an unknown operator in `${…}`
      ╭▸ .env:6:6
      │
    6 │ E=${X!y}
      │      ━ unknown operator
      │
      ╰ help: allowed: `:-`, `-`, `:?`, `?`, `:+` and `+`

    error: `${` without its `}`
      ╭▸ .env:7:3
      │
    7 │ F=${X
      ╰╴  ━━ never closed

    error: `*` cannot stand in the name of a variable
      ╭▸ .env:8:2
      │
    8 │ G*=1
      ╰╴ ━ not allowed here

    error: a quote without its end
      ╭▸ .env:9:3
      │
    9 │ H="open
      ╰╴  ━ never closed
    "#);
}

#[test]
fn a_quote_that_closes_lines_later_names_the_line_it_was_opened_on() {
    insta::assert_snapshot!(drawn("A=\"x\nB=\"y\"\n"), @r#"
    error: text after the closing quote
      ╭▸ .env:2:4
      │
    2 │ B="y"
      │    ━━ expected the end of the line
      │
      ╰ help: the quote was opened on line 1
    "#);
}

#[test]
fn a_required_variable_that_is_missing_is_a_fault_when_resolved() {
    insta::assert_snapshot!(drawn("A=${UNSET:?set it to $SET}\nB=${EMPTY:?}\nC=${UNSET?}\n"), @"
    error: `UNSET` is required: set it to set
      ╭▸ .env:1:3
      │
    1 │ A=${UNSET:?set it to $SET}
      ╰╴  ━━━━━━━━━━━━━━━━━━━━━━━━ not set, or empty

    error: `EMPTY` is required
      ╭▸ .env:2:3
      │
    2 │ B=${EMPTY:?}
      ╰╴  ━━━━━━━━━━ not set, or empty

    error: `UNSET` is required
      ╭▸ .env:3:3
      │
    3 │ C=${UNSET?}
      ╰╴  ━━━━━━━━━ not set
    ");
}

#[test]
fn values_cannot_grow_without_bound() {
    let doubling = (1..64).fold("A0=0123456789\n".to_owned(), |text, n| text + &format!("A{n}=$A{0}$A{0}\n", n - 1));
    let faults = resolve(&doubling).unwrap_err();
    assert_eq!(faults.as_slice()[0].message, "the values are larger than 1 MiB together");
}

#[test]
fn defaults_cannot_nest_without_bound() {
    assert!(resolve(&format!("A={}x{}", "${B:-".repeat(32), "}".repeat(32))).is_ok());
    for depth in [33, 100_000] {
        let faults = resolve(&format!("A={}x{}", "${B:-".repeat(depth), "}".repeat(depth))).unwrap_err();
        assert_eq!(faults.as_slice().len(), 1);
    }
}

#[test]
fn a_megabyte_of_anything_is_read_in_one_pass() {
    for piece in [
        "A",
        "A\n",
        "A=1\n",
        "A=$A$A\n",
        "=\n",
        "A='",
        "A=\"\n",
        "A=\"${B:-\n",
        "${",
        "A=${B:-",
        "A=\\'\n",
        "\"",
        "A #",
        "\r",
    ] {
        if let Err(faults) = resolve(&piece.repeat(1024 * 1024 / piece.len())) {
            assert!(faults.as_slice().len() <= 100, "{piece}");
        }
    }
}

#[test]
fn a_nul_is_refused() {
    assert!(resolve("A=a\0b").is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_has_faults_in_it(
        text in prop_oneof![any::<String>(), "(A|=|:|-|\\$|\\{|\\}|\\?|\\+|'|\"|\\\\|#| |\r?\n|\r|ä|\u{feff}|\0|SET|export ){0,40}"]
    ) {
        if let Err(faults) = resolve(&text) {
            crate::faults::tests::check(&faults, &text);
        }
    }

    #[test]
    fn a_single_quoted_value_is_itself(value in "[^'\\\\\0\r]{0,40}") {
        let resolved = resolve(&format!("V='{value}'")).unwrap();
        assert_eq!(&resolved[0].1, &value);
    }
}
