//! The colours a program is told of when it asks (OSC 4, 10, 11 and 12).

/// The terminal's colours, as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The colour of text.
    pub foreground: [u8; 3],
    /// The colour behind it.
    pub background: [u8; 3],
    /// The colour of the cursor.
    pub cursor: [u8; 3],
    /// The first sixteen colours. The other 240 are the same in every terminal.
    pub ansi: [[u8; 3]; 16],
}

impl Default for Palette {
    /// Light text on a dark background.
    fn default() -> Self {
        let ansi = [
            0x00_00_00, 0xcd_31_31, 0x0d_bc_79, 0xe5_e5_10, 0x24_72_c8, 0xbc_3f_bc, 0x11_a8_cd, 0xe5_e5_e5, 0x66_66_66,
            0xf1_4c_4c, 0x23_d1_8b, 0xf5_f5_43, 0x3b_8e_ea, 0xd6_70_d6, 0x29_b8_db, 0xff_ff_ff,
        ];
        let ansi = ansi.map(|color: u32| {
            let [_, red, green, blue] = color.to_be_bytes();
            [red, green, blue]
        });
        Self { foreground: [0xd4; 3], background: [0x1e; 3], cursor: [0xd4; 3], ansi }
    }
}

impl Palette {
    /// One of the 256 colours: the first sixteen, a cube of six steps each way, and greys.
    pub fn indexed(&self, index: u8) -> [u8; 3] {
        let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
        match index {
            0..=15 => self.ansi[usize::from(index)],
            16..=231 => {
                let cube = index - 16;
                [step(cube / 36), step(cube / 6 % 6), step(cube % 6)]
            }
            232..=255 => [8 + 10 * (index - 232); 3],
        }
    }

    /// What a program is told of the colour scheme, dark or light.
    pub(crate) fn scheme_report(&self) -> &'static [u8] {
        if self.is_dark() { b"\x1b[?997;1n" } else { b"\x1b[?997;2n" }
    }

    /// Whether text is lighter than what is behind it.
    pub(crate) fn is_dark(&self) -> bool {
        let sum = |color: [u8; 3]| color.iter().map(|&part| u32::from(part)).sum::<u32>();
        sum(self.background) < sum(self.foreground)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_and_the_greys_are_where_every_terminal_has_them() {
        let palette = Palette::default();
        assert_eq!(palette.indexed(16), [0, 0, 0]);
        assert_eq!(palette.indexed(196), [255, 0, 0]);
        assert_eq!(palette.indexed(110), [135, 175, 215]);
        assert_eq!(palette.indexed(255), [238; 3]);
        assert!(palette.is_dark());
    }
}
