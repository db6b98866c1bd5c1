//! The colours of the picture: sixteen of our own, and the rest as every terminal has them.

/// Of the text.
pub(crate) const FOREGROUND: &str = "#d7dae0";
/// Of the screen.
pub(crate) const BACKGROUND: &str = "#14161b";
/// Around the screen.
pub(crate) const FRAME: &str = "#2a2e37";

const SIXTEEN: [&str; 16] = [
    "#2a2e37", "#ef6b73", "#8fc76b", "#e3b758", "#6ea8f0", "#c58af0", "#5cc2c9", "#c9ccd3", "#6b7280", "#ff8a91",
    "#a9e085", "#ffd479", "#8fc1ff", "#dba8ff", "#7fe0e6", "#ffffff",
];

/// The colour, or `default`.
pub(crate) fn color(color: vt100::Color, default: &str) -> String {
    match color {
        vt100::Color::Default => default.to_owned(),
        vt100::Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        vt100::Color::Idx(index @ 0..16) => SIXTEEN[usize::from(index)].to_owned(),
        vt100::Color::Idx(index @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
            let cube = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        vt100::Color::Idx(index) => {
            let grey = 8 + (index - 232) * 10;
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}
