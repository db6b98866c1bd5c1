//! Keys and looks that change while the workspace is open.

use super::keys::notify;
use crate::model::{Model, Notice};
use crate::msg::Cmd;
use crate::settings::Settings;

/// The files were read anew. What cannot be used changes nothing.
pub(super) fn take(model: &mut Model, read: Result<Settings, String>) -> Cmd {
    let before = std::mem::replace(&mut model.settings_fault, read.as_ref().err().cloned());
    match read {
        Err(fault) if before.as_ref() == Some(&fault) => Cmd::none(),
        Err(fault) => notify(model, Notice::error(format!("{fault}; what it said before stays in force"))),
        Ok(Settings { keymap, theme }) if keymap == model.keymap && theme == model.theme_choice => {
            // Mended, to what it was.
            if before.is_some() {
                notify(model, Notice::info("the configuration has no fault any more"))
            } else {
                Cmd::none()
            }
        }
        Ok(Settings { keymap, theme }) => {
            model.theme = theme.theme(model.background, model.theme.depth);
            (model.keymap, model.theme_choice) = (keymap, theme);
            notify(model, Notice::info("took up the changed configuration"))
        }
    }
}
