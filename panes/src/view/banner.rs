//! What has to be read now: that the daemon is gone. Laid over the last line of the body, so that panes keep their size.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::keymap::Action;
use crate::model::{Connection, Model};
use crate::text;

pub(super) fn paint(model: &Model, status: Rect, buffer: &mut Buffer) {
    let Connection::Lost { why, overdue } = &model.connection else { return };
    let Some(y) = status.y.checked_sub(1) else { return };
    let text = if *overdue {
        let keymap = &model.keymap;
        let key = if model.is_in_pane() {
            keymap.typed_in_pane(Action::Detach)
        } else {
            keymap.typed_in_list(Action::Detach)
        };
        let end = format!(" · {key} quits");
        let said = why.as_ref().map_or_else(String::new, |why| format!(": {}", text::printable(why)));
        text::fit(&format!(" daemon lost{said}"), status.width.saturating_sub(text::width(&end))) + &end
    } else {
        " daemon lost, reconnecting …".to_owned()
    };
    let area = Rect { y, height: 1, ..status };
    put(buffer, area, area.x, y, &text::pad(&text, area.width), model.theme.banner);
}
