//! The themes built in, and what is said of files that are no themes.

use proptest::prelude::*;
use ratatui::style::{Color, Modifier};

use super::file::LONGEST_THEME;
use super::*;

const APPEARANCES: [Appearance; 2] = [Appearance::Dark, Appearance::Light];

/// The backgrounds that terminals have, as far as themes that many people use set them.
fn grounds(appearance: Appearance) -> [(u8, u8, u8); 4] {
    match appearance {
        Appearance::Dark => [(0, 0, 0), (0x1e, 0x1e, 0x2e), (0x28, 0x2c, 0x34), (0x00, 0x2b, 0x36)],
        Appearance::Light => [(255, 255, 255), (0xfa, 0xfa, 0xfa), (0xfd, 0xf6, 0xe3), (0xef, 0xf1, 0xf5)],
    }
}

/// The contrast of two colours by WCAG 2.2, from 1 to 21.
fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |(r, g, b)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (one, other): (f64, f64) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn faults(text: &str) -> String {
    let faults = ThemeFile::parse(text).expect_err("faults");
    let line = |fault: &ThemeFault| format!("{:?}: {} ({})", &text[fault.span.clone()], fault.message, fault.help);
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_built_in_themes_say_how_every_token_looks() {
    for appearance in APPEARANCES {
        let file = ThemeFile::builtin(appearance);
        assert_eq!(file.appearance(), appearance);
        assert!(file.is_whole(), "{}", file.name());
    }
}

#[test]
fn every_file_of_the_folder_of_themes_is_built_in() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../themes");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file = ThemeFile::parse(&text).unwrap();
        assert_eq!(file, ThemeFile::builtin(file.appearance()));
        found += 1;
    }
    assert_eq!(found, APPEARANCES.len());
}

#[test]
fn text_can_be_read_on_every_usual_background() {
    for appearance in APPEARANCES {
        let file = ThemeFile::builtin(appearance);
        // Lines are looked at and not read.
        for name in TOKENS.iter().filter(|name| **name != "border") {
            let token = file.token(name).unwrap();
            let Some(text) = token.foreground else { continue };
            let below = token.background.map_or(grounds(appearance).to_vec(), |ground| vec![ground.rgb]);
            for ground in below {
                let contrast = contrast(text.rgb, ground);
                assert!(contrast >= 4.5, "{} {name} has {contrast:.1} on {ground:?}", file.name());
            }
        }
    }
}

#[test]
fn without_colours_every_token_that_matters_still_stands_out() {
    for appearance in APPEARANCES {
        let theme = ThemeFile::builtin(appearance).theme(Depth::Plain);
        for style in [theme.text, theme.accent, theme.muted, theme.ok, theme.warn, theme.error, theme.border] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        for bar in [theme.focus, theme.found, theme.found_here, theme.banner] {
            assert!(bar.add_modifier.contains(Modifier::REVERSED));
            assert_eq!((bar.fg, bar.bg), (Some(Color::Reset), Some(Color::Reset)));
        }
    }
}

#[test]
fn a_colour_is_taken_as_the_terminal_can_show_it() {
    let file = ThemeFile::builtin(Appearance::Dark);
    assert_eq!(file.theme(Depth::Sixteen).ok.fg, Some(Color::Green));
    assert_eq!(file.theme(Depth::True).ok.fg, Some(Color::Rgb(0x93, 0xd2, 0x8c)));
    assert!(matches!(file.theme(Depth::Indexed).ok.fg, Some(Color::Indexed(16..))));
    assert!(file.theme(Depth::Sixteen).muted.add_modifier.contains(Modifier::DIM));
}

#[test]
fn what_a_theme_leaves_out_is_as_in_the_one_built_in_for_its_background() {
    let text = "name = \"Mine\"\nappearance = \"light\"\n[palette]\npink = { rgb = \"#c00080\", ansi = \"magenta\" }\n\
                [tokens]\nok = { fg = \"pink\", always = [\"bold\"] }\n";
    let theme = ThemeFile::parse(text).unwrap().theme(Depth::True);
    let light = ThemeFile::builtin(Appearance::Light).theme(Depth::True);
    assert_eq!(theme.ok.fg, Some(Color::Rgb(0xc0, 0, 0x80)));
    assert_eq!(theme, Theme { ok: theme.ok, ..light });
}

#[test]
fn every_fault_is_said_at_its_place() {
    let text = "appearance = \"drak\"\n[palette]\nred = { rgb = \"f00\", ansi = \"red\" }\nblue = { ansi = \"bleu\" }\n\
                [tokens]\nok = { fg = \"grean\", always = \"bold\" }\nwran = {}\nerror = 3\ntext = { plain = [\"big\"], on = 1 }\n";
    insta::assert_snapshot!(faults(text), @r##"
    "": `name` is missing ()
    "\"drak\"": `drak` is not known here (allowed: dark, light)
    "\"f00\"": `f00` is not a colour (such as "#7fd1e0")
    "{ ansi = \"bleu\" }": `rgb` is missing ()
    "\"bleu\"": `bleu` is not known here (allowed: default, black, red, green, yellow, blue, magenta, cyan, white, bright-black, bright-red, bright-green, bright-yellow, bright-blue, bright-magenta, bright-cyan, bright-white)
    "\"grean\"": the palette has no colour `grean` (it has blue, red)
    "\"bold\"": not a list (such as ["bold"])
    "wran": unknown key `wran` (allowed: text, accent, muted, heading, ok, warn, error, focus, selection, found, found_here, chosen, border, banner)
    "3": not a table ()
    "\"big\"": `big` is not known here (allowed: bold, dim, italic, underlined, reversed)
    "on": unknown key `on` (allowed: fg, bg, always, sixteen, plain)
    "##);
    insta::assert_snapshot!(faults("name = \n"), @r#""": string values must be quoted, expected literal string ()"#);
    let long = "#".repeat(LONGEST_THEME + 1);
    insta::assert_snapshot!(faults(&long), @r#""": a theme has at most 64 KiB ()"#);
}

proptest! {
    #[test]
    fn no_text_panics_the_reader_and_every_fault_lies_within_it(
        text in "([a-z\"#=\\[\\]{},. \n]|tokens|palette|fg|always|\u{e9}){0,80}"
    ) {
        if let Err(faults) = ThemeFile::parse(&text) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(text.get(fault.span).is_some());
            }
        }
    }
}
