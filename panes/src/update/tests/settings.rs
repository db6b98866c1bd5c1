//! What changed settings do to an open workspace.

use super::*;
use crate::keymap::{Keymap, Wish};
use crate::settings::Settings;
use crate::theme::{Appearance, Depth, ThemeChoice, ThemeFile};

fn zoom_on(key: &str) -> Settings {
    let wish = Wish { command: "zoom".into(), keys: vec![key.into()] };
    Settings { keymap: Keymap::with(&[wish]).unwrap(), theme: ThemeChoice::Auto }
}

fn told(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| &notice.text)
}

#[test]
fn changed_keys_work_at_once_and_are_told() {
    let mut model = showing(web_and_worker(), (80, 24));
    let cmd = update(&mut model, Msg::Settings(Ok(zoom_on("Z"))));
    assert!(cmd.redraw && told(&model).starts_with("took up"), "{}", told(&model));
    let _ = press(&mut model, "Enter C-b Z");
    assert_eq!(model.arrangement, Arrangement::Zoomed);
}

#[test]
fn settings_that_are_as_they_were_are_not_told() {
    let mut model = showing(web_and_worker(), (80, 24));
    let same = Settings { keymap: Keymap::default(), theme: ThemeChoice::Auto };
    assert_eq!(update(&mut model, Msg::Settings(Ok(same))), Cmd::none());
}

#[test]
fn a_broken_file_changes_nothing_and_stays_told_until_it_is_mended() {
    let mut model = showing(web_and_worker(), (80, 24));
    let _ = update(&mut model, Msg::Settings(Ok(zoom_on("Z"))));
    let fault = "config.toml:2:1: there is no command `zom`";
    let _ = update(&mut model, Msg::Settings(Err(fault.into())));
    assert_eq!(told(&model), format!("{fault}; what it said before stays in force"));
    assert_eq!(model.keymap, zoom_on("Z").keymap);
    let _ = press(&mut model, "j");
    assert_eq!((told(&model), model.troubles()), ("", vec![fault.to_owned()]));
    assert_eq!(update(&mut model, Msg::Settings(Err(fault.into()))), Cmd::none());
    let _ = update(&mut model, Msg::Settings(Ok(zoom_on("Z"))));
    assert!(told(&model).contains("no fault any more") && model.troubles().is_empty());
}

#[test]
fn a_theme_that_follows_the_background_is_the_one_for_the_background_there_is() {
    let mut model = showing(web_and_worker(), (80, 24));
    // With sixteen colours, which are the terminal's own, there is no difference.
    model.theme.depth = Depth::True;
    let _ = update(&mut model, Msg::Background(Appearance::Light));
    let light = model.theme.clone();
    let dark = ThemeChoice::Fixed(ThemeFile::builtin(Appearance::Dark));
    let _ = update(&mut model, Msg::Settings(Ok(Settings { keymap: Keymap::default(), theme: dark })));
    assert_ne!(model.theme, light);
    let _ = update(&mut model, Msg::Settings(Ok(Settings { keymap: Keymap::default(), theme: ThemeChoice::Auto })));
    assert_eq!(model.theme, light);
}
